//! `#[derive(DbEnum)]`: an enum without fields as text, its variants the values that a CHECK allows.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Ident, LitInt, LitStr, parenthesized};

use crate::ast::{snake_text, text_of};
use crate::sql;

/// Values of an enum with more bytes could not stand in the message of a refused row.
const VARCHAR_BYTES: usize = 65_535;

pub(crate) fn expand(input: &DeriveInput) -> TokenStream {
    let mut errors = Vec::new();
    let output = read(input, &mut errors).map(|read| emit(&input.ident, &read));
    let errors = errors.iter().map(syn::Error::to_compile_error);
    if !input.generics.params.is_empty() {
        return errors.collect();
    }
    // what can be emitted is, so that one mistake does not cause a second
    let output = output.unwrap_or_else(|| emit(&input.ident, &Read::default()));
    quote!(#(#errors)* #output)
}

#[derive(Default)]
struct Read {
    length: Option<LitInt>,
    variants: Vec<(Ident, String)>,
}

fn read(input: &DeriveInput, errors: &mut Vec<syn::Error>) -> Option<Read> {
    let mut read = Read::default();
    let mut style = None;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("db_enum")) {
        let parsed = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("varchar") {
                let inside;
                parenthesized!(inside in meta.input);
                read.length = Some(inside.parse()?);
            } else if meta.path.is_ident("rename_all") {
                let text: LitStr = meta.value()?.parse()?;
                style = Some(style_of(&text)?);
            } else {
                return Err(meta
                    .error("unknown option of `db_enum`: `varchar(n)` or `rename_all = \"…\"` on an enum"));
            }
            Ok(())
        });
        errors.extend(parsed.err());
    }
    let Data::Enum(data) = &input.data else {
        errors.push(syn::Error::new(
            input.ident.span(),
            "`DbEnum` is for enums; a struct of one field derives `DbType`",
        ));
        return None;
    };
    if data.variants.is_empty() {
        errors.push(syn::Error::new(
            input.ident.span(),
            "an enum without variants has no value to store: give it one",
        ));
    }
    if !input.generics.params.is_empty() {
        errors.push(syn::Error::new_spanned(&input.generics, "a `DbEnum` cannot be generic"));
        return None;
    }
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            errors.push(syn::Error::new_spanned(
                &variant.fields,
                "a variant of a `DbEnum` has no fields: store what they hold in columns of their own, or as `Json<…>`",
            ));
        }
        let value = renamed(variant, errors).unwrap_or_else(|| style.unwrap_or(snake)(&variant.ident));
        read.variants.push((variant.ident.clone(), value));
    }
    values(&read, errors);
    errors.is_empty().then_some(read)
}

/// `#[db_enum(rename = "…")]` on a variant.
fn renamed(variant: &syn::Variant, errors: &mut Vec<syn::Error>) -> Option<String> {
    let mut name = None;
    for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("db_enum")) {
        let parsed = attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("rename") {
                return Err(meta.error("unknown option of `db_enum`: `rename = \"…\"` on a variant"));
            }
            name = Some(meta.value()?.parse::<LitStr>()?.value());
            Ok(())
        });
        errors.extend(parsed.err());
    }
    name
}

fn values(read: &Read, errors: &mut Vec<syn::Error>) {
    let longest = match &read.length {
        None => None,
        Some(length) => match length.base10_parse::<usize>() {
            Ok(bytes) if (1..=VARCHAR_BYTES).contains(&bytes) => Some(bytes),
            _ => {
                errors.push(syn::Error::new(length.span(), format!("varchar takes 1 to {VARCHAR_BYTES}")));
                None
            }
        },
    };
    let mut seen: HashMap<&str, &Ident> = HashMap::new();
    for (variant, value) in &read.variants {
        if let Some(first) = seen.insert(value, variant) {
            errors.push(syn::Error::new(
                variant.span(),
                format!("\"{value}\" is already the value of `{first}`: give each variant its own with `#[db_enum(rename = \"…\")]`"),
            ));
        }
        if value.contains('\0') {
            errors.push(syn::Error::new(variant.span(), "text has no NUL: rename the variant"));
        }
        if longest.is_some_and(|longest| value.chars().count() > longest) {
            errors.push(syn::Error::new(
                variant.span(),
                format!("\"{value}\" is longer than the enum's varchar"),
            ));
        }
    }
}

fn emit(ident: &Ident, read: &Read) -> TokenStream {
    let name = text_of(ident);
    let (variants, values): (Vec<_>, Vec<_>) = read.variants.iter().cloned().unzip();
    let literals = values.iter().map(|value| sql::quoted(value));
    let sql = match &read.length {
        Some(length) => format!("varchar({})", length.base10_digits()),
        None => "text".into(),
    };
    let sql_type = quote!(::mizzle::SqlEnum<#ident>);
    let written =
        [written(ident, &sql_type), written(ident, &quote!(diesel::sql_types::Nullable<#sql_type>))];
    quote! {
        const _: () = {
            use ::mizzle::__private::diesel;

            impl ::mizzle::DbEnum for #ident {
                const NAME: &'static str = #name;
                const VARIANTS: &'static [Self] = &[#(Self::#variants),*];
                const VALUES: &'static [&'static str] = &[#(#values),*];
                fn value(&self) -> &'static str {
                    match *self { #(Self::#variants => #values,)* #[allow(unreachable_patterns)] _ => "" }
                }
            }
            impl #ident {
                #[doc(hidden)]
                #[allow(dead_code)]
                pub const fn __mizzle_literal(&self) -> &'static str {
                    match *self { #(Self::#variants => #literals,)* #[allow(unreachable_patterns)] _ => "" }
                }
            }
            impl ::mizzle::ColumnType for #ident {
                type SqlType = ::mizzle::SqlEnum<Self>;
                const SQL: &'static str = #sql;
                const VALUES: &'static [&'static str] = <Self as ::mizzle::DbEnum>::VALUES;
            }
            impl diesel::deserialize::FromSql<::mizzle::SqlEnum<Self>, diesel::pg::Pg> for #ident {
                fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                    ::mizzle::__private::enum_from_sql(value)
                }
            }
            impl diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::pg::Pg> for #ident {
                fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                    ::mizzle::__private::enum_from_sql(value)
                }
            }
            impl<ST> diesel::deserialize::Queryable<ST, diesel::pg::Pg> for #ident
            where
                ST: diesel::sql_types::SingleValue,
                Self: diesel::deserialize::FromSql<ST, diesel::pg::Pg>,
            {
                type Row = Self;
                fn build(row: Self) -> diesel::deserialize::Result<Self> { ::core::result::Result::Ok(row) }
            }
            #(#written)*
            impl ::mizzle::Key for #ident {
                type Plain = &'static str;
                fn plain(&self) -> ::core::option::Option<&Self::Plain> {
                    match *self { #(Self::#variants => ::core::option::Option::Some(&#values),)* #[allow(unreachable_patterns)] _ => ::core::option::Option::None }
                }
            }
        };
    }
}

/// How a value is written where this SQL type is wanted.
fn written(ident: &Ident, sql_type: &TokenStream) -> TokenStream {
    let as_expression = |lifetime: TokenStream, value: TokenStream| {
        quote! {
            impl #lifetime diesel::expression::AsExpression<#sql_type> for #value {
                type Expression = diesel::internal::derives::as_expression::Bound<#sql_type, Self>;
                fn as_expression(self) -> Self::Expression {
                    diesel::internal::derives::as_expression::Bound::new(self)
                }
            }
        }
    };
    let value = as_expression(quote!(), quote!(#ident));
    let reference = as_expression(quote!(<'expr>), quote!(&'expr #ident));
    quote! {
        impl diesel::serialize::ToSql<#sql_type, diesel::pg::Pg> for #ident {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                ::mizzle::__private::enum_to_sql(self, out)
            }
        }
        #value
        #reference
    }
}

type Style = fn(&Ident) -> String;

fn style_of(text: &LitStr) -> syn::Result<Style> {
    Ok(match text.value().as_str() {
        "snake_case" => snake,
        "kebab-case" => |ident| snake(ident).replace('_', "-"),
        "SCREAMING_SNAKE_CASE" => |ident| snake(ident).to_uppercase(),
        "lowercase" => |ident| text_of(ident).to_lowercase(),
        "UPPERCASE" => |ident| text_of(ident).to_uppercase(),
        "PascalCase" => text_of,
        "camelCase" => |ident| {
            let text = text_of(ident);
            let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
            first.to_lowercase() + rest
        },
        _ => {
            return Err(syn::Error::new(
                text.span(),
                "one of `snake_case`, `kebab-case`, `SCREAMING_SNAKE_CASE`, `lowercase`, `UPPERCASE`, `PascalCase`, \
                 `camelCase` is needed",
            ));
        }
    })
}

fn snake(ident: &Ident) -> String {
    snake_text(ident)
}
