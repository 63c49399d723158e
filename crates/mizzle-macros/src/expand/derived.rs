//! `Debug`, `Clone` and `PartialEq` of what is emitted: derived, or written out where a type that is no column would be refused by
//! each of them once more.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;

use super::row::checked_type;
use crate::ast::{ColumnInput, TableInput, text_of};

/// The three of them, in the order in which they are emitted.
pub(super) const ALL: [&str; 3] = ["Debug", "Clone", "PartialEq"];

/// An attribute that derives `traits` for a struct, and the impls of those that are not derived.
pub(super) struct Derived {
    pub(super) attribute: TokenStream,
    pub(super) impls: TokenStream,
}

/// For the struct `ident` with these columns as fields, each of the type that `wrap` makes of the column's.
pub(super) fn derived(
    input: &TableInput,
    ident: &Ident,
    traits: &[&str],
    columns: &[&ColumnInput],
    wrap: impl Fn(&ColumnInput, TokenStream) -> TokenStream,
) -> Derived {
    if columns.iter().all(|column| column.known().is_some()) {
        let paths = traits.iter().map(|name| path(name));
        return Derived { attribute: quote!(#[derive(#(#paths),*)]), impls: TokenStream::new() };
    }
    let fields: Vec<(&Ident, TokenStream)> =
        columns.iter().map(|column| (&column.ident, wrap(column, checked_type(input, column)))).collect();
    let impls = traits.iter().map(|name| {
        let (path, body) = (path(name), body(name, ident, &fields));
        quote!(impl #path for #ident { #body })
    });
    Derived { attribute: TokenStream::new(), impls: quote!(#(#impls)*) }
}

fn path(name: &str) -> TokenStream {
    match name {
        "Debug" => quote!(::core::fmt::Debug),
        "Clone" => quote!(::core::clone::Clone),
        _ => quote!(::core::cmp::PartialEq),
    }
}

fn body(name: &str, ident: &Ident, fields: &[(&Ident, TokenStream)]) -> TokenStream {
    let (names, types): (Vec<_>, Vec<_>) = fields.iter().cloned().unzip();
    let (of, texts) = (text_of(ident), fields.iter().map(|(name, _)| text_of(name)));
    match name {
        "Debug" => quote! {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#of)
                    #(.field(#texts, { let value: &#types = &self.#names; value }))*
                    .finish()
            }
        },
        "Clone" => quote! {
            fn clone(&self) -> Self {
                Self { #(#names: <#types as ::core::clone::Clone>::clone(&self.#names)),* }
            }
        },
        _ => quote! {
            fn eq(&self, other: &Self) -> bool {
                #(<#types as ::core::cmp::PartialEq>::eq(&self.#names, &other.#names))&&*
            }
        },
    }
}
