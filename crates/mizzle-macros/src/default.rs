//! Defaults: which expressions Aurora DSQL computes for a column, and whether the column takes what they give.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, ExprCall, ExprLit, Lit, Type};

use crate::sql;
use crate::types::{Known, Literal};

/// `default = …`.
#[derive(Clone)]
pub(crate) struct DefaultInput {
    pub(crate) expression: Expr,
    pub(crate) value: DefaultValue,
}

#[derive(Clone)]
pub(crate) enum DefaultValue {
    /// SQL text.
    Sql(String),
    /// A variant of a `DbEnum`, which knows how SQL writes it.
    Variant,
}

/// A function of the database, and what it gives.
struct Function {
    name: &'static str,
    gives: &'static [&'static str],
}

const MOMENT: &[&str] = &["DateTime", "NaiveDateTime", "NaiveDate", "NaiveTime"];
/// Functions that a default may call; others through `sql("…")`.
const FUNCTIONS: &[Function] = &[
    Function { name: "gen_random_uuid", gives: &["Uuid", "String"] },
    Function { name: "now", gives: MOMENT },
    Function { name: "clock_timestamp", gives: MOMENT },
    Function { name: "statement_timestamp", gives: MOMENT },
    Function { name: "transaction_timestamp", gives: MOMENT },
    Function { name: "random", gives: &["f64", "f32", "BigDecimal"] },
    Function { name: "nextval", gives: &["i64", "i32", "i16", "BigDecimal"] },
];
/// Functions that SQL calls without parentheses.
const WORDS: &[Function] = &[
    Function { name: "current_timestamp", gives: MOMENT },
    Function { name: "localtimestamp", gives: MOMENT },
    Function { name: "current_date", gives: &["NaiveDate", "NaiveDateTime", "DateTime"] },
    Function { name: "current_time", gives: &["NaiveTime"] },
    Function { name: "localtime", gives: &["NaiveTime"] },
    Function { name: "current_user", gives: &["String"] },
    Function { name: "session_user", gives: &["String"] },
    Function { name: "current_role", gives: &["String"] },
];

impl DefaultInput {
    pub(crate) fn read(expression: Expr) -> syn::Result<Self> {
        let value = match &expression {
            Expr::Path(path) if path.path.segments.len() > 1 => DefaultValue::Variant,
            _ => DefaultValue::Sql(sql_of(&expression)?),
        };
        Ok(Self { expression, value })
    }

    /// The default as an expression of type `&'static str`.
    ///
    /// `rust` is the column's type as far as it was checked: of one that was refused, the default is not looked at.
    pub(crate) fn to_tokens(&self, rust: &TokenStream) -> TokenStream {
        match &self.value {
            DefaultValue::Sql(text) => quote!(#text),
            DefaultValue::Variant => {
                let variant = &self.expression;
                quote!(::mizzle::__private::unless_refused::<#rust, _>(&#variant).__mizzle_literal())
            }
        }
    }

    /// What keeps the default from being one of a column of this type.
    pub(crate) fn refusal(&self, ty: &Type) -> Option<String> {
        let known = Known::of(ty)?;
        let name = crate::ast::last_segment(ty);
        match &self.expression {
            Expr::Call(call) if function_name(call) == "sql" => None,
            Expr::Call(call) => {
                let function = function_name(call);
                disagreement(FUNCTIONS, &function, &name).then(|| format!("`{function}()` gives no `{name}`"))
            }
            Expr::Path(path) if path.path.segments.len() == 1 => {
                let word = path.path.segments[0].ident.to_string().to_lowercase();
                disagreement(WORDS, &word, &name).then(|| format!("`{word}` gives no `{name}`"))
            }
            Expr::Path(_) => Some(format!("a variant of an enum is no `{name}`")),
            literal if !is_value_of(literal, known.literal, false) => {
                Some(format!("this literal is no default of a `{name}`"))
            }
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => text_refusal(&text.value(), &name),
            _ => None,
        }
    }

    /// Whether the default grows with time, so that as a key it would send every insert to the same place.
    pub(crate) fn is_monotone(&self) -> bool {
        match &self.expression {
            Expr::Call(call) => {
                let name = function_name(call);
                name == "nextval" || FUNCTIONS.iter().any(|known| known.name == name && known.gives == MOMENT)
            }
            Expr::Path(path) => path
                .path
                .get_ident()
                .is_some_and(|word| WORDS.iter().any(|known| *word == known.name && known.gives == MOMENT)),
            _ => false,
        }
    }
}

/// What keeps a text from being a value of the type, where the type tells.
///
/// SQL reads `'now'` as a moment, but once: when the table is made, and every row has that one.
fn text_refusal(text: &str, ty: &str) -> Option<String> {
    const ONCE: [&str; 4] = ["now", "today", "tomorrow", "yesterday"];
    let in_time = MOMENT.contains(&ty);
    let word = text.trim().to_lowercase();
    let call = word.split_once('(').map_or(&*word, |(name, _)| name);
    let known = || FUNCTIONS.iter().chain(WORDS).any(|function| function.name == call);
    if (in_time || ty == "Uuid") && known() {
        return Some(format!("in quotes this is text, and no `{ty}`: write it without them"));
    }
    if in_time && ONCE.contains(&&*word) {
        return Some(format!(
            "'{word}' would be the moment at which the table is made, for every row: write `now()` or `current_date`"
        ));
    }
    let digits = || word.chars().filter(|letter| letter.is_ascii_hexdigit()).count() == 32;
    (ty == "Uuid" && !digits()).then(|| "this is no `Uuid`: it has 32 hexadecimal digits".to_owned())
}

fn disagreement(functions: &[Function], name: &str, ty: &str) -> bool {
    functions.iter().any(|function| function.name == name && !function.gives.contains(&ty))
}

fn is_value_of(expression: &Expr, literal: Literal, negative: bool) -> bool {
    match expression {
        Expr::Unary(unary) => !negative && is_value_of(&unary.expr, literal, true),
        Expr::Lit(ExprLit { lit, .. }) => match (lit, literal) {
            (Lit::Bool(_), Literal::Bool) => !negative,
            (Lit::Str(_), Literal::Text) => !negative,
            (Lit::Int(value), Literal::Whole(low, high)) => {
                let value = value.base10_parse::<i128>().map(|value| if negative { -value } else { value });
                value.is_ok_and(|value| (i128::from(low)..=i128::from(high)).contains(&value))
            }
            (Lit::Int(_) | Lit::Float(_), Literal::Number) => true,
            _ => false,
        },
        _ => true,
    }
}

/// The SQL text of a default.
fn sql_of(expression: &Expr) -> syn::Result<String> {
    let refuse = |message: &str| Err(syn::Error::new_spanned(expression, message));
    let shape = "a default is a literal, a function such as `gen_random_uuid()`, a variant of a `DbEnum`, or `sql(\"…\")`";
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Ok(sql::quoted(&text.value())),
            Lit::Bool(value) => Ok(value.value.to_string()),
            Lit::Int(value) => Ok(value.base10_digits().to_owned()),
            Lit::Float(value) => Ok(value.base10_digits().to_owned()),
            _ => refuse(shape),
        },
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => {
            Ok(format!("-{}", sql_of(&unary.expr)?))
        }
        Expr::Path(path) => match path.path.get_ident().map(|word| word.to_string().to_lowercase()) {
            Some(word) if WORDS.iter().any(|known| known.name == word) => Ok(word),
            Some(word) if word == "null" => refuse("a column that can be NULL needs no default for it"),
            _ => refuse(
                "not a default Aurora DSQL computes: write `current_timestamp`, `now()`, a literal, or `sql(\"…\")`",
            ),
        },
        Expr::Call(call) => {
            let name = function_name(call);
            if name == "sql" {
                return match (call.args.first(), call.args.len()) {
                    (Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })), 1) => {
                        match sql::names(&text.value(), &[]) {
                            Ok(_) => Ok(text.value()),
                            Err(message) => Err(syn::Error::new(text.span(), message)),
                        }
                    }
                    _ => refuse("`sql` takes the text of one SQL expression"),
                };
            }
            if !FUNCTIONS.iter().any(|known| known.name == name) {
                return refuse(
                    "not a function Mizzle knows a default by: write `sql(\"…\")` if Aurora DSQL has it, \
                     or `default_with = …` to compute it here",
                );
            }
            let arguments = call.args.iter().map(sql_of).collect::<syn::Result<Vec<_>>>()?;
            Ok(format!("{name}({})", arguments.join(", ")))
        }
        _ => refuse(shape),
    }
}

fn function_name(call: &ExprCall) -> String {
    match &*call.func {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string).unwrap_or_default(),
        _ => String::new(),
    }
}
