//! `#[derive(FromRow)]`: a struct read from a row by the names of its columns.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, LitStr};

use crate::ast::text_of;

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let expanded = syn::parse2::<DeriveInput>(item).and_then(|input| from_row(&input));
    expanded.unwrap_or_else(|error| error.to_compile_error())
}

fn from_row(input: &DeriveInput) -> syn::Result<TokenStream> {
    let Data::Struct(syn::DataStruct { fields: Fields::Named(fields), .. }) = &input.data else {
        return Err(syn::Error::new(
            input.ident.span(),
            "a row is read into a struct with named fields, one for each column; tuples need no derive",
        ));
    };
    let reads = fields.named.iter().map(|field| {
        let (ident, ty) = (&field.ident, &field.ty);
        let mut name = ident.as_ref().map(text_of).unwrap_or_default();
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("row")) {
            attribute.parse_nested_meta(|meta| {
                if !meta.path.is_ident("name") {
                    return Err(meta.error("unknown option of `row`: write `#[row(name = \"…\")]`"));
                }
                name = meta.value()?.parse::<LitStr>()?.value();
                Ok(())
            })?;
        }
        let span = ty.span().resolved_at(Span::call_site());
        Ok(quote_spanned!(span => #ident: row.get::<#ty>(#name)?))
    });
    let reads = reads.collect::<syn::Result<Vec<_>>>()?;
    let ident = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        impl #generics ::mizzle::FromRow for #ident #arguments #bounds {
            fn from_row(row: &::mizzle::PgRow) -> ::mizzle::__private::diesel::QueryResult<Self> {
                ::core::result::Result::Ok(Self { #(#reads),* })
            }
        }
    })
}
