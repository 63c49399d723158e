//! The struct itself, read from a row of its table.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Ident, Path, Token, punctuated::Punctuated};

use super::derived::{self, Derived, derived};
use super::tuple::tuple;
use crate::ast::{ColumnInput, TableInput};

pub(super) fn expand(input: &TableInput) -> TokenStream {
    let TableInput { visibility, ident, attributes, .. } = input;
    let module = input.module();
    let Derived { attribute: derives, impls: derived } = missing_derives(input);
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
    // a row with a table is one that Diesel updates and deletes
    let identifiable = (!input.is_view()).then(|| {
        quote! {
            impl diesel::associations::HasTable for #ident {
                type Table = #module::table;
                fn table() -> Self::Table { #module::table }
            }
            #identifiable
        }
    });
    let keyword = quote_spanned!(ident.span() => struct);
    let (row, pattern) = (tuple(&types), tuple(&fields));
    quote! {
        #(#attributes)*
        #derives
        #visibility #keyword #ident { #(#definitions),* }

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
            #identifiable
            #derived
        };
    }
}

/// The field's type; one that only the compiler knows as the column's, of which it has refused what is no column.
pub(super) fn checked_type(input: &TableInput, column: &ColumnInput) -> TokenStream {
    let (module, ident, ty) = (input.module(), &column.ident, &column.ty);
    match column.known() {
        Some(_) => quote!(#ty),
        None => quote!(<#module::columns::#ident as ::mizzle::__private::Typed>::Field),
    }
}

/// `Debug`, `Clone` and `PartialEq`, less those that the struct derives itself.
fn missing_derives(input: &TableInput) -> Derived {
    let itself: Vec<Ident> = input
        .attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"))
        .filter_map(|attribute| {
            attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated).ok()
        })
        .flatten()
        .filter_map(|path| path.segments.last().map(|last| last.ident.clone()))
        .collect();
    let missing: Vec<&str> =
        derived::ALL.into_iter().filter(|name| !itself.iter().any(|it| it == name)).collect();
    let columns: Vec<_> = input.columns.iter().collect();
    derived(input, &input.ident, &missing, &columns, |_, ty| ty)
}
