//! From attributes to plain values; what cannot be read becomes an error at its token.

use proc_macro2::TokenStream;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Ident, LitInt, LitStr, Path, Token, parenthesized};

use crate::ast::{RelationInput, RelationKind};
use crate::constraint::{self, CheckInput, ForeignKeyInput, ForeignKeyOptions, UniqueInput};
use crate::default::DefaultInput;
use crate::identity::IdentityInput;
use crate::relation;
use crate::types::{Declared, Scale};

/// `#[table(…)]`.
#[derive(Default)]
pub(crate) struct TableOptions {
    pub(crate) name: Option<String>,
    pub(crate) schema: Option<String>,
    pub(crate) renamed_from: Option<String>,
    /// `view`, with its query if the declaration has it.
    pub(crate) view: Option<Option<LitStr>>,
}

/// `#[column(…)]`.
#[derive(Default)]
pub(crate) struct ColumnOptions {
    pub(crate) name: Option<String>,
    pub(crate) renamed_from: Option<String>,
    pub(crate) primary_key: bool,
    pub(crate) declared: Option<Declared>,
    /// What the database puts in when an insert does not.
    pub(crate) default: Option<DefaultInput>,
    /// What the program puts in when an insert does not: something to call.
    pub(crate) default_with: Option<Expr>,
    /// What the program puts in when an update does not: something to call.
    pub(crate) on_update: Option<Expr>,
    pub(crate) identity: Option<IdentityInput>,
    pub(crate) generated: Option<LitStr>,
    pub(crate) unique: Option<UniqueInput>,
    pub(crate) checks: Vec<CheckInput>,
}

/// The attribute's name if it is one word, else `""`.
pub(crate) fn name_of(attribute: &Attribute) -> String {
    attribute.path().get_ident().map(ToString::to_string).unwrap_or_default()
}

pub(crate) fn table_options(arguments: TokenStream, errors: &mut Vec<syn::Error>) -> TableOptions {
    let mut options = TableOptions::default();
    if let Some(proc_macro2::TokenTree::Literal(name)) = arguments.clone().into_iter().next() {
        errors.push(syn::Error::new(name.span(), format!("a table's name is said as `name = {name}`")));
        return options;
    }
    let parser = syn::meta::parser(|meta| {
        if meta.path.is_ident("name") {
            options.name = Some(identifier(meta.value()?)?);
        } else if meta.path.is_ident("schema") {
            options.schema = Some(identifier(meta.value()?)?);
        } else if meta.path.is_ident("renamed_from") {
            options.renamed_from = Some(identifier(meta.value()?)?);
        } else if meta.path.is_ident("view") {
            let query = if meta.input.peek(Token![=]) { Some(meta.value()?.parse()?) } else { None };
            options.view = Some(query);
        } else {
            return Err(meta.error(
                "unknown option of `table`: one of `name = \"…\"`, `schema = \"…\"`, `view`, `view = \"SELECT …\"`, \
                 `renamed_from = \"…\"`",
            ));
        }
        Ok(())
    });
    if let Err(error) = parser.parse2(arguments) {
        errors.push(error);
    }
    options
}

pub(crate) fn column_options(
    attribute: &Attribute,
    options: &mut ColumnOptions,
    errors: &mut Vec<syn::Error>,
) {
    let mut seen = Vec::new();
    let result = attribute.parse_nested_meta(|meta| {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        if name != "check" && seen.contains(&name) {
            return Err(meta.error(format!("`{name}` was said already: once is enough")));
        }
        seen.push(name.clone());
        match name.as_str() {
            "primary_key" if meta.input.peek(Token![=]) => {
                return Err(meta.error("`primary_key` stands alone: `#[column(primary_key)]`"));
            }
            "primary_key" => options.primary_key = true,
            "name" => options.name = Some(identifier(meta.value()?)?),
            "renamed_from" => options.renamed_from = Some(identifier(meta.value()?)?),
            "default" => options.default = Some(DefaultInput::read(meta.value()?.parse()?)?),
            "default_with" => options.default_with = Some(meta.value()?.parse()?),
            "on_update" => options.on_update = Some(meta.value()?.parse()?),
            "identity" => options.identity = Some(IdentityInput::read(&meta)?),
            "generated" => options.generated = Some(meta.value()?.parse()?),
            "unique" => options.unique = Some(constraint::unique_column(&meta)?),
            "check" => options.checks.push(constraint::check_column(&meta)?),
            "serial" | "bigserial" | "smallserial" | "auto_increment" => {
                return Err(meta.error(format!(
                    "Aurora DSQL has no `{name}`: use a `Uuid` with `default = gen_random_uuid()`"
                )));
            }
            _ => {
                if let Some(declared) = declared(&meta)? {
                    if options.declared.replace(declared).is_some() {
                        return Err(meta.error("a column has one type: leave the other out"));
                    }
                    return Ok(());
                }
                return Err(meta.error(
                    "unknown option of `column`: one of `primary_key`, `default`, `default_with`, `on_update`, `identity`, \
                     `generated`, `unique`, `check`, `name`, `renamed_from`, or a type such as `varchar(30)`",
                ));
            }
        }
        Ok(())
    });
    if let Err(error) = result {
        errors.push(error);
    }
}

pub(crate) fn belongs_to(
    attribute: &Attribute,
    column: &Ident,
    relations: &mut Vec<RelationInput>,
    foreign_keys: &mut Vec<ForeignKeyInput>,
    errors: &mut Vec<syn::Error>,
) {
    match attribute.parse_args::<Belonging>() {
        Ok(Belonging { name, target, foreign_key }) => {
            if let Some(options) = foreign_key {
                foreign_keys.push(ForeignKeyInput {
                    span: name.span(),
                    columns: vec![column.clone()],
                    target: target.clone(),
                    references: Vec::new(),
                    options,
                });
            }
            let kind = RelationKind::BelongsTo { columns: vec![column.clone()] };
            relations.push(RelationInput { name, target, kind });
        }
        Err(error) => errors.push(error),
    }
}

/// `name: Target` and perhaps `, foreign_key(…)`.
struct Belonging {
    name: Ident,
    target: Path,
    foreign_key: Option<ForeignKeyOptions>,
}

impl Parse for Belonging {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (name, target) = relation::name_and_target(input)?;
        let mut foreign_key = None;
        if input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            let word: Ident = input.parse()?;
            if word != "foreign_key" {
                return Err(syn::Error::new(
                    word.span(),
                    "unknown option of `belongs_to`: write `belongs_to(owner: Owner)` or \
                     `belongs_to(owner: Owner, foreign_key(on_delete = cascade))`",
                ));
            }
            foreign_key = Some(relation::foreign_key(input)?);
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(Self { name, target, foreign_key })
    }
}

/// A column type by its name in SQL; `None`: no such type that needs saying.
pub(crate) fn declared(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<Declared>> {
    let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
    Ok(Some(match name.as_str() {
        "text" => Declared::Text,
        "varchar" => Declared::Varchar(length(&name, meta.input)?),
        "char" => Declared::Char(length(&name, meta.input)?),
        "json" => Declared::Json,
        "jsonb" => Declared::Jsonb,
        "time" => Declared::Time(length(&name, meta.input)?),
        "timestamp" => Declared::Timestamp(length(&name, meta.input)?),
        "timestamptz" => Declared::Timestamptz(length(&name, meta.input)?),
        "numeric" => numeric(meta.input)?,
        _ => return Ok(None),
    }))
}

/// The name of something in the database.
pub(crate) fn identifier(input: ParseStream<'_>) -> syn::Result<String> {
    let literal: LitStr = input.parse()?;
    let name = literal.value();
    // PostgreSQL cuts longer names silently; a cut name never matches the one in the code.
    if name.is_empty() || name.len() > crate::naming::LENGTH || name.contains('\0') {
        return Err(syn::Error::new(literal.span(), "a name has 1 to 63 bytes and no NUL"));
    }
    Ok(name)
}

/// `(n)`.
fn length(name: &str, input: ParseStream<'_>) -> syn::Result<LitInt> {
    if !input.peek(syn::token::Paren) {
        return Err(input.error(format!("one number is needed, as in `{name}(3)`")));
    }
    let arguments;
    parenthesized!(arguments in input);
    let arguments = Punctuated::<LitInt, Token![,]>::parse_terminated(&arguments)?;
    match (arguments.first(), arguments.len()) {
        (Some(length), 1) => Ok(length.clone()),
        _ => Err(input.error(format!("one number is needed, as in `{name}(3)`"))),
    }
}

/// `(precision)` or `(precision, scale)`.
fn numeric(input: ParseStream<'_>) -> syn::Result<Declared> {
    if !input.peek(syn::token::Paren) {
        return Err(input.error("write `numeric(precision, scale)`"));
    }
    let arguments;
    parenthesized!(arguments in input);
    let precision = arguments.parse()?;
    let mut scale = Scale { negative: false, digits: None };
    if arguments.parse::<Option<Token![,]>>()?.is_some() && !arguments.is_empty() {
        scale.negative = arguments.parse::<Option<Token![-]>>()?.is_some();
        scale.digits = Some(arguments.parse()?);
    }
    if !arguments.is_empty() {
        return Err(arguments.error("write `numeric(precision, scale)`"));
    }
    Ok(Declared::Numeric(precision, scale))
}
