//! Constraints and indexes as the attributes say them: `#[index]`, `#[unique]`, `#[check]`, `#[foreign_key]`.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Ident, LitStr, Path, Token, parenthesized};

use crate::attr::identifier;

/// `#[index(unique, city, name.nulls_first(), include(telephone), where = "…", name = "…")]`.
#[derive(Clone)]
pub(crate) struct IndexInput {
    pub(crate) span: Span,
    pub(crate) name: Option<String>,
    pub(crate) unique: bool,
    pub(crate) keys: Vec<KeyInput>,
    pub(crate) include: Vec<Ident>,
    pub(crate) condition: Option<LitStr>,
    pub(crate) nulls_not_distinct: bool,
}

/// One key of an index.
#[derive(Clone)]
pub(crate) struct KeyInput {
    pub(crate) value: KeyValue,
    /// `Some(true)`: NULLs come first.
    pub(crate) nulls_first: Option<bool>,
}

#[derive(Clone)]
pub(crate) enum KeyValue {
    Column(Ident),
    Expression(LitStr),
}

/// `#[unique(a, b, nulls_not_distinct, name = "…")]`, or `unique` on a column.
#[derive(Clone)]
pub(crate) struct UniqueInput {
    pub(crate) span: Span,
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<Ident>,
    pub(crate) nulls_not_distinct: bool,
}

/// `#[check("…", name = "…")]`, or `check(…)` on a column.
#[derive(Clone)]
pub(crate) struct CheckInput {
    pub(crate) name: Option<String>,
    pub(crate) sql: LitStr,
}

/// `#[foreign_key(a, b => Target(x, y), on_delete = cascade)]`, or `foreign_key(…)` of a `belongs_to`.
#[derive(Clone)]
pub(crate) struct ForeignKeyInput {
    pub(crate) span: Span,
    pub(crate) columns: Vec<Ident>,
    pub(crate) target: Path,
    /// The target's fields; none: its primary key.
    pub(crate) references: Vec<Ident>,
    pub(crate) options: ForeignKeyOptions,
}

#[derive(Clone, Default)]
pub(crate) struct ForeignKeyOptions {
    pub(crate) name: Option<String>,
    pub(crate) on_delete: Option<(Ident, &'static str)>,
    pub(crate) on_update: Option<(Ident, &'static str)>,
    /// `deferrable` → immediate until told, `initially_deferred`.
    pub(crate) deferrable: Option<&'static str>,
}

/// What a referenced row's change does, by the name of the variant of `Action`.
const ACTIONS: &[(&str, &str)] = &[
    ("no_action", "NoAction"),
    ("restrict", "Restrict"),
    ("cascade", "Cascade"),
    ("set_null", "SetNull"),
    ("set_default", "SetDefault"),
];

/// Reads the arguments of an attribute on the struct; mistakes go to `errors`.
pub(crate) fn read<T: Parse>(attribute: &Attribute, into: &mut Vec<T>, errors: &mut Vec<syn::Error>) {
    match attribute.parse_args::<T>() {
        Ok(value) => into.push(value),
        Err(error) => errors.push(error),
    }
}

impl Parse for IndexInput {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut index = Self {
            span: input.span(),
            name: None,
            unique: false,
            keys: Vec::new(),
            include: Vec::new(),
            condition: None,
            nulls_not_distinct: false,
        };
        while !input.is_empty() {
            if input.peek(Token![where]) {
                input.parse::<Token![where]>()?;
                input.parse::<Token![=]>()?;
                index.condition = Some(input.parse()?);
            } else {
                index.item(input)?;
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(index)
    }
}

impl IndexInput {
    fn item(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if input.peek(LitStr) {
            return Err(
                input.error("an index is on fields, `#[index(owner_id)]`; SQL is a key as `sql(\"…\")`")
            );
        }
        let word: Ident = input.parse()?;
        if word == "unique" && self.keys.is_empty() {
            self.unique = true;
        } else if word == "nulls_not_distinct" {
            self.nulls_not_distinct = true;
        } else if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            if word != "name" {
                return Err(syn::Error::new(
                    word.span(),
                    "unknown option of `index`: one of `unique`, `include(…)`, `where = \"…\"`, `name = \"…\"`, \
                     `nulls_not_distinct`; a key is a field or `sql(\"…\")`",
                ));
            }
            self.name = Some(identifier(input)?);
        } else if word == "include" && input.peek(syn::token::Paren) {
            self.include = fields(input)?;
        } else {
            let value = if word == "sql" && input.peek(syn::token::Paren) {
                KeyValue::Expression(text(input)?)
            } else {
                KeyValue::Column(word)
            };
            self.keys.push(KeyInput { value, nulls_first: nulls(input)? });
        }
        Ok(())
    }
}

impl Parse for UniqueInput {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut unique =
            Self { span: input.span(), name: None, columns: Vec::new(), nulls_not_distinct: false };
        while !input.is_empty() {
            let word: Ident = input.parse()?;
            if input.peek(Token![=]) {
                input.parse::<Token![=]>()?;
                if word != "name" {
                    return Err(unknown(&word, "unique", "fields, `nulls_not_distinct`, `name = \"…\"`"));
                }
                unique.name = Some(identifier(input)?);
            } else if word == "nulls_not_distinct" {
                unique.nulls_not_distinct = true;
            } else {
                unique.columns.push(word);
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(unique)
    }
}

impl Parse for CheckInput {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let sql = input.parse()?;
        let mut name = None;
        if input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            let word: Ident = input.parse()?;
            if word != "name" {
                return Err(unknown(&word, "check", "the condition as SQL, then `name = \"…\"`"));
            }
            input.parse::<Token![=]>()?;
            name = Some(identifier(input)?);
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(Self { name, sql })
    }
}

impl Parse for ForeignKeyInput {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let span = input.span();
        let mut columns = Vec::new();
        while !input.peek(Token![=>]) {
            columns.push(input.parse()?);
            input.parse::<Option<Token![,]>>()?;
        }
        input.parse::<Token![=>]>()?;
        let target = Path::parse_mod_style(input)?;
        let references = if input.peek(syn::token::Paren) { fields(input)? } else { Vec::new() };
        let mut options = ForeignKeyOptions::default();
        if input.parse::<Option<Token![,]>>()?.is_some() {
            options = input.parse()?;
        }
        Ok(Self { span, columns, target, references, options })
    }
}

impl Parse for ForeignKeyOptions {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut options = Self::default();
        while !input.is_empty() {
            let word: Ident = input.parse()?;
            match word.to_string().as_str() {
                "on_delete" => options.on_delete = Some(action(input)?),
                "on_update" => options.on_update = Some(action(input)?),
                "deferrable" => options.deferrable = Some("InitiallyImmediate"),
                "initially_deferred" => options.deferrable = Some("InitiallyDeferred"),
                "name" => {
                    input.parse::<Token![=]>()?;
                    options.name = Some(identifier(input)?);
                }
                _ => {
                    return Err(unknown(
                        &word,
                        "foreign_key",
                        "`on_delete = …`, `on_update = …`, `deferrable`, `initially_deferred`, `name = \"…\"`",
                    ));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

fn action(input: ParseStream<'_>) -> syn::Result<(Ident, &'static str)> {
    input.parse::<Token![=]>()?;
    let word: Ident = input.parse()?;
    match ACTIONS.iter().find(|(name, _)| word == name) {
        Some((_, variant)) => Ok((word, variant)),
        None => Err(syn::Error::new(
            word.span(),
            "one of `no_action`, `restrict`, `cascade`, `set_null`, `set_default` is needed",
        )),
    }
}

/// `(a, b)`.
fn fields(input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    let inside;
    parenthesized!(inside in input);
    Ok(Punctuated::<Ident, Token![,]>::parse_terminated(&inside)?.into_iter().collect())
}

/// `("…")`.
fn text(input: ParseStream<'_>) -> syn::Result<LitStr> {
    let inside;
    parenthesized!(inside in input);
    inside.parse()
}

/// `.nulls_first()` or `.nulls_last()`, as Diesel orders.
fn nulls(input: ParseStream<'_>) -> syn::Result<Option<bool>> {
    if input.parse::<Option<Token![.]>>()?.is_none() {
        return Ok(None);
    }
    let word: Ident = input.parse()?;
    let inside;
    parenthesized!(inside in input);
    match word.to_string().as_str() {
        "nulls_first" if inside.is_empty() => Ok(Some(true)),
        "nulls_last" if inside.is_empty() => Ok(Some(false)),
        "asc" | "desc" => Err(syn::Error::new(
            word.span(),
            "Aurora DSQL keeps every index ascending and reads it both ways: leave the direction out",
        )),
        _ => Err(syn::Error::new(word.span(), "a key takes `.nulls_first()` or `.nulls_last()`")),
    }
}

fn unknown(word: &Ident, attribute: &str, known: &str) -> syn::Error {
    syn::Error::new(word.span(), format!("unknown option of `{attribute}`: it takes {known}"))
}

/// `unique` or `unique(…)` on a column.
pub(crate) fn unique_column(meta: &syn::meta::ParseNestedMeta<'_>) -> syn::Result<UniqueInput> {
    let mut unique = if meta.input.peek(syn::token::Paren) {
        let inside;
        parenthesized!(inside in meta.input);
        inside.parse::<UniqueInput>()?
    } else {
        syn::parse_str("")?
    };
    unique.span = meta.path.span();
    Ok(unique)
}

/// `check("…")` on a column.
pub(crate) fn check_column(meta: &syn::meta::ParseNestedMeta<'_>) -> syn::Result<CheckInput> {
    if meta.input.peek(Token![=]) {
        return Ok(CheckInput { name: None, sql: meta.value()?.parse()? });
    }
    let inside;
    parenthesized!(inside in meta.input);
    inside.parse()
}
