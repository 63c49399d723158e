//! `#[derive(DbType)]`: a struct of one field is the column that its field is.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Data, DeriveInput, Fields, GenericParam, Ident, Type, WherePredicate};

use crate::ast::last_segment;
use crate::attr;
use crate::types::{self, Declared};

pub(crate) fn expand(input: &DeriveInput) -> TokenStream {
    read(input).map_or_else(|error| error.to_compile_error(), |read| emit(input, &read))
}

struct Read {
    inner: Type,
    /// How the value is put into the struct, beside markers that hold nothing.
    wrap: TokenStream,
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
    let Data::Struct(data) = &input.data else {
        return Err(syn::Error::new(
            input.ident.span(),
            "`DbType` is for a struct of one field; an enum without fields derives `DbEnum`",
        ));
    };
    let (inner, markers) = match &data.fields {
        Fields::Unnamed(fields) if fields.unnamed.iter().skip(1).all(|field| is_marker(&field.ty)) => {
            let mut types = fields.unnamed.iter().map(|field| &field.ty);
            (types.next().filter(|ty| !is_marker(ty)).cloned(), types.len())
        }
        _ => (None, 0),
    };
    let inner = inner.ok_or_else(|| {
        syn::Error::new(
            input.ident.span(),
            "a column type wraps one value: `struct Email(String);`, `struct Id<T>(Uuid, PhantomData<T>);`",
        )
    })?;
    if let Some(refusal) = types::refusal(&inner) {
        return Err(syn::Error::new_spanned(inner, refusal));
    }
    let markers = (0..markers).map(|_| quote!(::core::marker::PhantomData));
    Ok(Read { inner, wrap: quote!(|value| Self(value, #(#markers),*)), declared })
}

fn is_marker(ty: &Type) -> bool {
    last_segment(ty) == "PhantomData"
}

fn emit(input: &DeriveInput, Read { inner, wrap, declared }: &Read) -> TokenStream {
    let of = Of::new(input);
    let (ident, generics, arguments) = (&of.ident, &of.generics, &of.arguments);
    let (bounds, debug) = (&of.bounds, of.debug());
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
            impl<#generics> ::mizzle::Key for #ident<#arguments> where #(#bounds,)* {
                type Plain = <#inner as ::mizzle::Key>::Plain;
                fn plain(&self) -> ::core::option::Option<&Self::Plain> { ::mizzle::Key::plain(&self.0) }
            }
        }
    });
    let expressions = expressions(&of, &quote!(#inner));
    quote! {
        const _: () = {
            use ::mizzle::__private::diesel;

            impl<#generics> ::mizzle::ColumnType for #ident<#arguments> where #(#bounds,)* #debug {
                type SqlType = #sql_type;
                const SQL: &'static str = #sql;
                const VALUES: &'static [&'static str] = <#inner as ::mizzle::ColumnType>::VALUES;
            }
            impl<#generics ST> diesel::deserialize::FromSql<ST, diesel::pg::Pg> for #ident<#arguments>
            where
                #(#bounds,)*
                #inner: diesel::deserialize::FromSql<ST, diesel::pg::Pg>,
            {
                fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                    <#inner as diesel::deserialize::FromSql<ST, diesel::pg::Pg>>::from_sql(value).map(#wrap)
                }
            }
            impl<#generics ST> diesel::serialize::ToSql<ST, diesel::pg::Pg> for #ident<#arguments>
            where
                #(#bounds,)*
                #debug
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

/// The struct's name and its parameters, each with a comma behind it.
struct Of {
    ident: Ident,
    /// `T: Owned,`
    generics: TokenStream,
    /// `T,`
    arguments: TokenStream,
    bounds: Vec<WherePredicate>,
}

impl Of {
    fn new(input: &DeriveInput) -> Self {
        let mut generics = input.generics.clone();
        let bounds = generics.where_clause.take().map(|clause| clause.predicates.into_iter().collect());
        let parameters = generics.params.iter().map(|parameter| {
            let mut parameter = parameter.clone();
            match &mut parameter {
                GenericParam::Type(ty) => ty.default = None,
                GenericParam::Const(constant) => constant.default = None,
                GenericParam::Lifetime(_) => {}
            }
            quote!(#parameter,)
        });
        let arguments = generics.params.iter().map(|parameter| match parameter {
            GenericParam::Type(ty) => ty.ident.to_token_stream(),
            GenericParam::Const(constant) => constant.ident.to_token_stream(),
            GenericParam::Lifetime(lifetime) => lifetime.lifetime.to_token_stream(),
        });
        Self {
            ident: input.ident.clone(),
            arguments: quote!(#(#arguments,)*),
            generics: parameters.collect(),
            bounds: bounds.unwrap_or_default(),
        }
    }

    /// Diesel writes values that have `Debug`; whether `Id<T>` has it depends on `T`.
    fn debug(&self) -> TokenStream {
        if self.generics.is_empty() { TokenStream::new() } else { quote!(Self: ::core::fmt::Debug,) }
    }
}

/// What lets a value stand in an expression wherever one of `like` can, and be read from a row.
fn expressions(of: &Of, like: &TokenStream) -> TokenStream {
    let Of { ident, generics, arguments, bounds } = of;
    let as_expression = |lifetime: TokenStream, value: TokenStream| {
        quote! {
            impl<#lifetime #generics ST> diesel::expression::AsExpression<ST> for #value
            where
                #(#bounds,)*
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
    let value = as_expression(quote!(), quote!(#ident<#arguments>));
    let reference = as_expression(quote!('expr,), quote!(&'expr #ident<#arguments>));
    quote! {
        #value
        #reference
        impl<#generics ST> diesel::deserialize::Queryable<ST, diesel::pg::Pg> for #ident<#arguments>
        where
            #(#bounds,)*
            ST: diesel::sql_types::SingleValue,
            Self: diesel::deserialize::FromSql<ST, diesel::pg::Pg>,
        {
            type Row = Self;
            fn build(row: Self) -> diesel::deserialize::Result<Self> { ::core::result::Result::Ok(row) }
        }
    }
}
