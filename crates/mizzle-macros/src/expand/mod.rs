//! From the checked input to Rust: each file emits one kind of item.

mod constraint;
mod def;
mod derived;
mod new;
mod patch;
mod relation;
mod row;
mod table;
mod tuple;
mod write;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemStruct;

use crate::ast::TableInput;
use crate::check;

/// The whole of `#[table]`. With mistakes, each is reported at its token and a repaired table is still emitted, so that the
/// rest of the program does not add a second wave of errors.
pub(crate) fn table(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let parsed: ItemStruct = match syn::parse2(item.clone()) {
        Ok(parsed) => parsed,
        Err(_) => {
            let error = syn::Error::new_spanned(item, "`#[table]` stands on a struct with named fields")
                .to_compile_error();
            return quote!(#error #item);
        }
    };
    let mut errors = Vec::new();
    let Some(mut input) = TableInput::read(arguments, parsed, &mut errors) else {
        return errors.iter().map(syn::Error::to_compile_error).collect();
    };
    check::check(&input, &mut errors);
    if input.columns.is_empty() {
        return errors.iter().map(syn::Error::to_compile_error).collect();
    }
    if !errors.is_empty() {
        crate::repair::repair(&mut input);
    }
    let errors = errors.iter().map(syn::Error::to_compile_error);
    let row = row::expand(&input);
    let table = table::expand(&input);
    let relations = relation::expand(&input);
    let def = def::expand(&input);
    let written = (!input.is_view()).then(|| written(&input));
    quote! { #(#errors)* #row #table #relations #def #written }
}

/// What a table has and a view has not.
fn written(input: &TableInput) -> TokenStream {
    let new = new::expand(input);
    let patch = patch::expand(input);
    let statements = write::expand(input);
    let constraint = constraint::expand(input);
    quote! { #new #patch #statements #constraint }
}
