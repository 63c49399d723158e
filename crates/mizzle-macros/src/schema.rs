//! `schema!`: every table once, and any two of them in one query.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Path, Token};

use crate::ast::module_of;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let tables: Vec<Path> = match Punctuated::<Path, Token![,]>::parse_terminated.parse2(input) {
        Ok(tables) => tables.into_iter().collect(),
        Err(error) => return error.to_compile_error(),
    };
    let mut seen = HashSet::new();
    for table in &tables {
        if !seen.insert(table) {
            return syn::Error::new_spanned(table, "this table stands here already: each is listed once")
                .to_compile_error();
        }
    }
    let modules: Vec<Path> = tables.iter().map(module_of).collect();
    let pairs = modules.iter().enumerate().flat_map(|(at, left)| {
        modules[at + 1..].iter().map(move |right| {
            quote! {
                impl ::mizzle::__private::diesel::query_source::TableNotEqual<#left::table> for #right::table {}
                impl ::mizzle::__private::diesel::query_source::TableNotEqual<#right::table> for #left::table {}
            }
        })
    });
    quote! {
        /// Every table of this schema, in order of declaration.
        pub static TABLES: &[&::mizzle::TableDef] = &[#(<#tables as ::mizzle::Model>::DEF),*];
        #(#pairs)*
    }
}
