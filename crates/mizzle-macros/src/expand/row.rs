//! The struct itself, read from a row of its table.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Ident, Path, Token, punctuated::Punctuated};

use super::tuple::tuple;
use crate::ast::{ColumnInput, TableInput};

pub(super) fn expand(input: &TableInput) -> TokenStream {
    let TableInput { visibility, ident, attributes, .. } = input;
    let module = input.module();
    let derives = missing_derives(input);
    let fields: Vec<_> = input.columns.iter().map(|column| &column.ident).collect();
    let types: Vec<_> = input.columns.iter().map(|column| &column.ty).collect();
    let definitions = input.columns.iter().map(|column| {
        let (attributes, visibility, ident, ty) =
            (&column.attributes, &column.visibility, &column.ident, &column.ty);
        quote!(#(#attributes)* #visibility #ident: #ty)
    });
    let key: Vec<_> = input.primary_key().map(|column| &column.ident).collect();
    let key_types: Vec<_> = input.primary_key().map(|column| &column.ty).collect();
    let id = match (&key[..], &key_types[..]) {
        ([field], [ty]) => quote! { type Id = &'row #ty; fn id(self) -> Self::Id { &self.#field } },
        _ => quote! { type Id = (#(&'row #key_types),*); fn id(self) -> Self::Id { (#(&self.#key),*) } },
    };
    // Diesel wants a hash of it; the types that surely have one are known by name
    let hashed = |column: &ColumnInput| column.known().is_some_and(|known| known.is_hashed);
    let identifiable = input
        .primary_key()
        .all(hashed)
        .then(|| quote!(impl<'row> diesel::associations::Identifiable for &'row #ident { #id }));
    let (row, pattern) = (tuple(&types), tuple(&fields));
    quote! {
        #(#attributes)*
        #derives
        #visibility struct #ident { #(#definitions),* }

        const _: () = {
            use ::mizzle::__private::diesel;

            impl diesel::deserialize::Queryable<#module::SqlType, diesel::pg::Pg> for #ident {
                type Row = #row;
                fn build(#pattern: Self::Row) -> diesel::deserialize::Result<Self> {
                    ::core::result::Result::Ok(Self { #(#fields),* })
                }
            }
            impl diesel::expression::Selectable<diesel::pg::Pg> for #ident {
                type SelectExpression = #module::Columns;
                fn construct_selection() -> Self::SelectExpression { #module::all_columns }
            }
            impl diesel::associations::HasTable for #ident {
                type Table = #module::table;
                fn table() -> Self::Table { #module::table }
            }
            #identifiable
        };
    }
}

/// `Debug`, `Clone` and `PartialEq`, less those that the struct derives itself.
fn missing_derives(input: &TableInput) -> TokenStream {
    let derived: Vec<Ident> = input
        .attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"))
        .filter_map(|attribute| {
            attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated).ok()
        })
        .flatten()
        .filter_map(|path| path.segments.last().map(|last| last.ident.clone()))
        .collect();
    let missing = [
        ("Debug", quote!(::core::fmt::Debug)),
        ("Clone", quote!(::core::clone::Clone)),
        ("PartialEq", quote!(::core::cmp::PartialEq)),
    ]
    .into_iter()
    .filter(|(name, _)| !derived.iter().any(|derived| derived == name))
    .map(|(_, path)| path);
    quote!(#[derive(#(#missing),*)])
}
