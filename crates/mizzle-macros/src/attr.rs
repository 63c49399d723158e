//! From attributes to plain values; what cannot be read becomes an error at its token.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Ident, Lit, LitInt, LitStr, Path, Token, parenthesized};

use crate::ast::{IndexInput, RelationInput, RelationKind};

/// `#[table(…)]`.
#[derive(Default)]
pub(crate) struct TableOptions {
    pub(crate) name: Option<String>,
    pub(crate) schema: Option<String>,
}

/// `#[column(…)]`.
#[derive(Default)]
pub(crate) struct ColumnOptions {
    pub(crate) name: Option<String>,
    pub(crate) primary_key: bool,
    /// The default as SQL text.
    pub(crate) default: Option<String>,
    pub(crate) declared: Option<DeclaredType>,
}

/// A column type that the Rust type alone does not say.
#[derive(Clone)]
pub(crate) enum DeclaredType {
    Text,
    Varchar(LitInt),
    Char(LitInt),
    Numeric(LitInt, Option<LitInt>),
}

/// The attribute's name if it is one word, else `""`.
pub(crate) fn name_of(attribute: &Attribute) -> String {
    attribute.path().get_ident().map(ToString::to_string).unwrap_or_default()
}

pub(crate) fn table_options(arguments: TokenStream, errors: &mut Vec<syn::Error>) -> TableOptions {
    let mut options = TableOptions::default();
    let parser = syn::meta::parser(|meta| {
        if meta.path.is_ident("name") {
            options.name = Some(identifier(meta.value()?)?);
        } else if meta.path.is_ident("schema") {
            options.schema = Some(identifier(meta.value()?)?);
        } else {
            return Err(meta.error("unknown option of `table`: write `name = \"…\"` or `schema = \"…\"`"));
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
    let result = attribute.parse_nested_meta(|meta| {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match name.as_str() {
            "primary_key" => options.primary_key = true,
            "name" => options.name = Some(identifier(meta.value()?)?),
            "default" => options.default = Some(default_sql(&meta.value()?.parse()?)?),
            "text" => options.declared = Some(DeclaredType::Text),
            "varchar" => options.declared = Some(DeclaredType::Varchar(length(meta.input)?)),
            "char" => options.declared = Some(DeclaredType::Char(length(meta.input)?)),
            "numeric" => {
                let arguments = numbers(meta.input)?;
                let mut arguments = arguments.into_iter();
                let precision = arguments.next().ok_or_else(|| meta.error("write `numeric(precision, scale)`"))?;
                options.declared = Some(DeclaredType::Numeric(precision, arguments.next()));
            }
            "serial" | "bigserial" | "smallserial" | "auto_increment" => {
                return Err(meta.error(format!(
                    "Aurora DSQL has no `{name}`: use a `Uuid` with `default = gen_random_uuid()`"
                )));
            }
            _ => {
                return Err(meta.error(
                    "unknown option of `column`: one of `primary_key`, `default = …`, `name = \"…\"`, `varchar(n)`, \
                     `char(n)`, `numeric(p, s)`, `text`",
                ));
            }
        }
        Ok(())
    });
    if let Err(error) = result {
        errors.push(error);
    }
}

pub(crate) fn index(attribute: &Attribute, indexes: &mut Vec<IndexInput>, errors: &mut Vec<syn::Error>) {
    let words = match attribute.parse_args_with(Punctuated::<Ident, Token![,]>::parse_terminated) {
        Ok(words) => words,
        Err(error) => return errors.push(error),
    };
    let unique = words.first().is_some_and(|word| word == "unique");
    let columns: Vec<Ident> = words.into_iter().skip(usize::from(unique)).collect();
    indexes.push(IndexInput { span: attribute.span(), unique, columns });
}

pub(crate) fn belongs_to(
    attribute: &Attribute,
    column: &Ident,
    relations: &mut Vec<RelationInput>,
    errors: &mut Vec<syn::Error>,
) {
    match attribute.parse_args::<Named>() {
        Ok(Named { name, target, option: None }) => {
            let kind = RelationKind::BelongsTo { columns: vec![column.clone()] };
            relations.push(RelationInput { name, target, kind });
        }
        Ok(Named { option: Some((word, _)), .. }) => {
            errors.push(syn::Error::new(
                word.span(),
                "unknown option of `belongs_to`: write `belongs_to(owner: Owner)`",
            ));
        }
        Err(error) => errors.push(error),
    }
}

/// `name: Target` and perhaps `, word = Path`.
struct Named {
    name: Ident,
    target: Path,
    option: Option<(Ident, Path)>,
}

impl Parse for Named {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.parse()?;
        input.parse::<Token![:]>()?;
        let target = input.parse()?;
        let mut option = None;
        if input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            let word = input.parse()?;
            input.parse::<Token![=]>()?;
            option = Some((word, input.parse()?));
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(Self { name, target, option })
    }
}

fn identifier(input: ParseStream<'_>) -> syn::Result<String> {
    let literal: LitStr = input.parse()?;
    let name = literal.value();
    // PostgreSQL cuts longer names silently; a cut name never matches the one in the code.
    if name.is_empty() || name.len() > 63 || name.contains('\0') {
        return Err(syn::Error::new(literal.span(), "a name has 1 to 63 bytes and no NUL"));
    }
    Ok(name)
}

fn numbers(input: ParseStream<'_>) -> syn::Result<Punctuated<LitInt, Token![,]>> {
    let arguments;
    parenthesized!(arguments in input);
    Punctuated::parse_terminated(&arguments)
}

fn length(input: ParseStream<'_>) -> syn::Result<LitInt> {
    let arguments = numbers(input)?;
    match (arguments.first(), arguments.len()) {
        (Some(length), 1) => Ok(length.clone()),
        _ => Err(input.error("one length is needed, as in `varchar(30)`")),
    }
}

/// The SQL text of `default = …`.
fn default_sql(expression: &Expr) -> syn::Result<String> {
    let refuse = || {
        syn::Error::new_spanned(
            expression,
            "a default is a function call such as `gen_random_uuid()`, a literal, or `sql(\"…\")`",
        )
    };
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Ok(quoted(&text.value())),
            Lit::Bool(value) => Ok(value.value.to_string()),
            Lit::Int(value) => Ok(value.base10_digits().to_owned()),
            Lit::Float(value) => Ok(value.base10_digits().to_owned()),
            _ => Err(refuse()),
        },
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => {
            Ok(format!("-{}", default_sql(&unary.expr)?))
        }
        Expr::Path(path) => {
            path.path.get_ident().map(|word| word.to_string().to_lowercase()).ok_or_else(refuse)
        }
        Expr::Call(call) => {
            let Expr::Path(function) = &*call.func else { return Err(refuse()) };
            let name = function.path.get_ident().ok_or_else(refuse)?.to_string();
            if name == "sql" {
                return match (call.args.first(), call.args.len()) {
                    (Some(Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. })), 1) => Ok(text.value()),
                    _ => Err(refuse()),
                };
            }
            let arguments = call.args.iter().map(default_sql).collect::<syn::Result<Vec<_>>>()?;
            Ok(format!("{name}({})", arguments.join(", ")))
        }
        _ => Err(refuse()),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl DeclaredType {
    /// The type as SQL writes it.
    pub(crate) fn to_sql(&self) -> String {
        match self {
            Self::Text => "text".into(),
            Self::Varchar(length) => format!("varchar({length})"),
            Self::Char(length) => format!("char({length})"),
            Self::Numeric(precision, scale) => {
                let scale =
                    scale.as_ref().map_or_else(|| "0".into(), |scale| scale.to_token_stream().to_string());
                format!("numeric({precision},{scale})")
            }
        }
    }
}
