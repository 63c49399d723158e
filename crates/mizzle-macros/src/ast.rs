//! Our view of the struct under `#[table]`: names, columns and relations, every mistake collected.

use proc_macro2::TokenStream;
use syn::{Attribute, Ident, ItemStruct, Path, Type, Visibility};

use crate::attr::{self, ColumnOptions, TableOptions};
use crate::constraint::{self, CheckInput, ForeignKeyInput, IndexInput, UniqueInput};
use crate::relation;
use crate::types::Known;

/// Everything the expansion needs to know about one table.
pub(crate) struct TableInput {
    pub(crate) visibility: Visibility,
    pub(crate) ident: Ident,
    /// Attributes that are not ours: doc comments, derives.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) options: TableOptions,
    pub(crate) indexes: Vec<IndexInput>,
    /// Those on the struct, then those of its columns.
    pub(crate) uniques: Vec<UniqueInput>,
    /// Those on the struct.
    pub(crate) checks: Vec<CheckInput>,
    pub(crate) foreign_keys: Vec<ForeignKeyInput>,
    pub(crate) relations: Vec<RelationInput>,
    pub(crate) columns: Vec<ColumnInput>,
}

/// One field of the struct.
pub(crate) struct ColumnInput {
    pub(crate) visibility: Visibility,
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) options: ColumnOptions,
}

/// A relation and the place where it is declared.
pub(crate) struct RelationInput {
    pub(crate) name: Ident,
    pub(crate) target: Path,
    pub(crate) kind: RelationKind,
}

/// How the rows of the target are found.
pub(crate) enum RelationKind {
    /// The target's columns hold our key; none named: its only `belongs_to` of this table. `one`: in one row at most.
    Has { by: Vec<Ident>, one: bool },
    /// This table's columns hold the target's key.
    BelongsTo { columns: Vec<Ident> },
    /// A link table belongs to both, by the columns named, or else by its only `belongs_to` of each.
    ManyToMany { through: Path, from: Vec<Ident>, to: Vec<Ident> },
}

impl TableInput {
    /// Reads the struct. Mistakes go to `errors`; what can be read is returned so that one mistake does not cause a second.
    pub(crate) fn read(
        arguments: TokenStream,
        item: ItemStruct,
        errors: &mut Vec<syn::Error>,
    ) -> Option<Self> {
        let options = attr::table_options(arguments, errors);
        let syn::Fields::Named(fields) = item.fields else {
            errors.push(syn::Error::new_spanned(
                &item.ident,
                "a table is a struct with named fields, one for each column",
            ));
            return None;
        };
        if !item.generics.params.is_empty() {
            errors.push(syn::Error::new_spanned(
                &item.generics,
                "a table cannot be generic: every column needs one type",
            ));
            return None;
        }
        if is_reserved(&snake_text(&item.ident)) {
            let name = snake_text(&item.ident);
            errors.push(syn::Error::new(
                item.ident.span(),
                format!("the columns of a table are in a module, which cannot be called `{name}`: rename the struct, and say `#[table(name = \"{name}\")]`"),
            ));
        }
        let mut relations = Vec::new();
        let (mut indexes, mut uniques, mut checks) = (Vec::new(), Vec::new(), Vec::new());
        let mut foreign_keys = Vec::new();
        let mut attributes = Vec::new();
        for attribute in item.attrs {
            match attr::name_of(&attribute).as_str() {
                "has_many" => relation::has(&attribute, false, &mut relations, errors),
                "has_one" => relation::has(&attribute, true, &mut relations, errors),
                "belongs_to" => {
                    relation::belongs_to(&attribute, &mut relations, &mut foreign_keys, errors);
                }
                "many_to_many" => relation::many_to_many(&attribute, &mut relations, errors),
                "index" => constraint::read(&attribute, &mut indexes, errors),
                "unique" => constraint::read(&attribute, &mut uniques, errors),
                "check" => constraint::read(&attribute, &mut checks, errors),
                "foreign_key" => constraint::read(&attribute, &mut foreign_keys, errors),
                _ => attributes.push(attribute),
            }
        }
        let columns: Vec<ColumnInput> = fields
            .named
            .into_iter()
            .map(|field| column(field, &mut relations, &mut foreign_keys, errors))
            .collect();
        uniques.extend(columns.iter().filter_map(|column| column.options.unique.clone()));
        Some(Self {
            visibility: item.vis,
            ident: item.ident,
            attributes,
            options,
            indexes,
            uniques,
            checks,
            foreign_keys,
            relations,
            columns,
        })
    }

    /// The module of the Diesel table: the struct's name in snake case.
    pub(crate) fn module(&self) -> Ident {
        snake_case(&self.ident)
    }

    /// The table's name in the database.
    pub(crate) fn table_name(&self) -> String {
        self.options.name.clone().unwrap_or_else(|| snake_text(&self.ident))
    }

    /// Whether it is a view: read, never written.
    pub(crate) fn is_view(&self) -> bool {
        self.options.view.is_some()
    }

    /// The column of a field.
    pub(crate) fn column(&self, field: &Ident) -> Option<&ColumnInput> {
        self.columns.iter().find(|column| column.ident == *field)
    }

    /// The names of all columns in the database.
    pub(crate) fn column_names(&self) -> Vec<String> {
        self.columns.iter().map(ColumnInput::column_name).collect()
    }

    /// The columns of the primary key, in order of declaration.
    pub(crate) fn primary_key(&self) -> impl Iterator<Item = &ColumnInput> {
        self.columns.iter().filter(|column| column.options.primary_key)
    }
}

impl ColumnInput {
    /// The column's name in the database.
    pub(crate) fn column_name(&self) -> String {
        self.options.name.clone().unwrap_or_else(|| text_of(&self.ident))
    }

    /// The type inside `Option<…>`, if the column is nullable.
    pub(crate) fn nullable(&self) -> Option<&Type> {
        inside(&self.ty, "Option")
    }

    /// The type of a value that is present.
    pub(crate) fn value_type(&self) -> &Type {
        self.nullable().unwrap_or(&self.ty)
    }

    /// What is known of the type of a value, from its name alone.
    pub(crate) fn known(&self) -> Option<&'static Known> {
        Known::of(self.value_type())
    }

    /// Whether the database fills the column when an insert does not.
    pub(crate) fn has_default(&self) -> bool {
        self.options.default_with.is_none()
            && (self.options.default.is_some() || self.options.identity.is_some())
    }

    /// Whether an insert may leave the column out.
    pub(crate) fn optional_on_insert(&self) -> bool {
        self.has_default() || self.options.default_with.is_some() || self.nullable().is_some()
    }

    /// Whether only the database gives the column its value.
    pub(crate) fn is_computed(&self) -> bool {
        self.options.generated.is_some()
            || self.options.identity.as_ref().is_some_and(|identity| identity.always)
    }
}

/// The text of doc comments, without the space that stands behind `///`.
pub(crate) fn doc_text(attributes: &[Attribute]) -> Option<String> {
    let lines: Vec<String> = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            syn::Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
                syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        })
        .map(|line| line.strip_prefix(' ').map(str::to_owned).unwrap_or(line))
        .collect();
    let text = lines.join("\n").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn column(
    field: syn::Field,
    relations: &mut Vec<RelationInput>,
    foreign_keys: &mut Vec<ForeignKeyInput>,
    errors: &mut Vec<syn::Error>,
) -> ColumnInput {
    let ident = field.ident.expect("fields of a struct with named fields have names");
    let mut options = ColumnOptions::default();
    let mut attributes = Vec::new();
    for attribute in field.attrs {
        match attr::name_of(&attribute).as_str() {
            "column" => attr::column_options(&attribute, &mut options, errors),
            "belongs_to" => attr::belongs_to(&attribute, &ident, relations, foreign_keys, errors),
            "cfg" | "cfg_attr" => errors.push(syn::Error::new_spanned(
                &attribute,
                "a column is in the table whatever the program is built for: leave the condition out",
            )),
            _ => attributes.push(attribute),
        }
    }
    if let Some(unique) = &mut options.unique {
        unique.columns.insert(0, ident.clone());
    }
    ColumnInput { visibility: field.vis, ident, ty: field.ty, attributes, options }
}

/// `T` of `Wrapper<T>`, by the last segment of the path.
pub(crate) fn inside<'t>(ty: &'t Type, wrapper: &str) -> Option<&'t Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    if last.ident != wrapper {
        return None;
    }
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

/// The last segment of a type's path, `""` for anything that is not a path.
pub(crate) fn last_segment(ty: &Type) -> String {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default(),
        _ => String::new(),
    }
}

/// The module that `#[table]` emits beside the struct at this path.
pub(crate) fn module_of(path: &Path) -> Path {
    let mut path = path.clone();
    if let Some(last) = path.segments.last_mut() {
        last.ident = snake_case(&last.ident);
    }
    path
}

/// An identifier's text without the `r#` of a raw one.
pub(crate) fn text_of(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map(str::to_owned).unwrap_or(text)
}

/// `SpecialtyToVet` → `specialty_to_vet`, `Type` → `r#type`.
pub(crate) fn snake_case(ident: &Ident) -> Ident {
    let text = snake_text(ident);
    match syn::parse_str::<Ident>(&text) {
        Ok(_) => Ident::new(&text, ident.span()),
        Err(_) if is_reserved(&text) => Ident::new(&format!("{text}_"), ident.span()),
        Err(_) => Ident::new_raw(&text, ident.span()),
    }
}

/// Whether nothing can be called so, not even with `r#`.
pub(crate) fn is_reserved(text: &str) -> bool {
    ["crate", "self", "super", "_"].contains(&text)
}

/// `SpecialtyToVet` → `specialty_to_vet`, `HTTPLog` → `http_log`, `Type` → `type`.
pub(crate) fn snake_text(ident: &Ident) -> String {
    let text = text_of(ident);
    let letters: Vec<char> = text.chars().collect();
    let mut snake = String::new();
    for (at, letter) in letters.iter().enumerate() {
        if letter.is_uppercase() {
            let after_lower = at > 0 && !letters[at - 1].is_uppercase() && letters[at - 1] != '_';
            let before_lower = at > 0
                && letters[at - 1] != '_'
                && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
            if after_lower || before_lower {
                snake.push('_');
            }
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
