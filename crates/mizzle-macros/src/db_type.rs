//! `#[derive(DbType)]`: a struct of one field is the column that its field is.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Ident, Type};

use crate::ast::last_segment;
use crate::attr;
use crate::types::{self, Declared};

pub(crate) fn expand(input: &DeriveInput) -> TokenStream {
    read(input).map_or_else(|error| error.to_compile_error(), |read| emit(&input.ident, &read))
}

struct Read {
    inner: Type,
    declared: Option<Declared>,
}

fn read(input: &DeriveInput) -> syn::Result<Read> {
    let mut declared = None;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("db_type")) {
        attribute.parse_nested_meta(|meta| {
            declared = Some(attr::declared(&meta)?.ok_or_else(|| {
                meta.error(
                    "unknown option of `db_type`: a column type such as `varchar(254)` or `numeric(12, 2)`",
                )
            })?);
            Ok(())
        })?;
    }
    if !input.generics.params.is_empty() {
        return Err(syn::Error::new_spanned(&input.generics, "a `DbType` cannot be generic"));
    }
    let Data::Struct(data) = &input.data else {
        return Err(syn::Error::new(
            input.ident.span(),
            "`DbType` is for a struct of one field; an enum without fields derives `DbEnum`",
        ));
    };
    let inner = match &data.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields.unnamed[0].ty.clone(),
        _ => {
            return Err(syn::Error::new(
                input.ident.span(),
                "a column type wraps one value: `struct Email(String);`",
            ));
        }
    };
    match types::refusal(&inner) {
        Some(refusal) => Err(syn::Error::new_spanned(inner, refusal)),
        None => Ok(Read { inner, declared }),
    }
}

fn emit(ident: &Ident, Read { inner, declared }: &Read) -> TokenStream {
    let sql_type = match declared {
        Some(declared) => declared.diesel(),
        None => quote!(<#inner as ::mizzle::ColumnType>::SqlType),
    };
    let sql = match declared {
        Some(declared) => {
            let text = declared.to_sql();
            quote!(#text)
        }
        None => quote!(<#inner as ::mizzle::ColumnType>::SQL),
    };
    let key = is_key(inner).then(|| {
        quote! {
            impl ::mizzle::Key for #ident {
                type Plain = <#inner as ::mizzle::Key>::Plain;
                fn plain(&self) -> ::core::option::Option<&Self::Plain> { ::mizzle::Key::plain(&self.0) }
            }
        }
    });
    let expressions = expressions(ident, &quote!(#inner));
    quote! {
        const _: () = {
            use ::mizzle::__private::diesel;

            impl ::mizzle::ColumnType for #ident {
                type SqlType = #sql_type;
                const SQL: &'static str = #sql;
                const VALUES: &'static [&'static str] = <#inner as ::mizzle::ColumnType>::VALUES;
            }
            impl<ST> diesel::deserialize::FromSql<ST, diesel::pg::Pg> for #ident
            where
                #inner: diesel::deserialize::FromSql<ST, diesel::pg::Pg>,
            {
                fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                    <#inner as diesel::deserialize::FromSql<ST, diesel::pg::Pg>>::from_sql(value).map(Self)
                }
            }
            impl<ST> diesel::serialize::ToSql<ST, diesel::pg::Pg> for #ident
            where
                #inner: diesel::serialize::ToSql<ST, diesel::pg::Pg>,
            {
                fn to_sql<'b>(
                    &'b self,
                    out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
                ) -> diesel::serialize::Result {
                    <#inner as diesel::serialize::ToSql<ST, diesel::pg::Pg>>::to_sql(&self.0, out)
                }
            }
            #key
            #expressions
        };
    }
}

/// Whether values of the type compare exactly, as far as its name tells.
fn is_key(inner: &Type) -> bool {
    !matches!(
        last_segment(inner).as_str(),
        "f32" | "f64" | "Value" | "Json" | "Interval" | "PgInterval" | "TimeTz"
    )
}

/// What lets a value stand in an expression wherever one of `like` can, and be read from a row.
pub(crate) fn expressions(ident: &Ident, like: &TokenStream) -> TokenStream {
    let as_expression = |lifetime: TokenStream, value: TokenStream| {
        quote! {
            impl<#lifetime ST> diesel::expression::AsExpression<ST> for #value
            where
                #like: diesel::expression::AsExpression<ST>,
                ST: diesel::sql_types::SqlType + diesel::expression::TypedExpressionType,
            {
                type Expression = diesel::internal::derives::as_expression::Bound<ST, Self>;
                fn as_expression(self) -> Self::Expression {
                    diesel::internal::derives::as_expression::Bound::new(self)
                }
            }
        }
    };
    let (value, reference) =
        (as_expression(quote!(), quote!(#ident)), as_expression(quote!('expr,), quote!(&'expr #ident)));
    quote! {
        #value
        #reference
        impl<ST> diesel::deserialize::Queryable<ST, diesel::pg::Pg> for #ident
        where
            ST: diesel::sql_types::SingleValue,
            Self: diesel::deserialize::FromSql<ST, diesel::pg::Pg>,
        {
            type Row = Self;
            fn build(row: Self) -> diesel::deserialize::Result<Self> { ::core::result::Result::Ok(row) }
        }
    }
}
