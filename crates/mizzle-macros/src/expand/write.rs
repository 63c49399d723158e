//! `Owner::update(…)` and `Owner::delete()`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ast::TableInput;

pub(super) fn expand(input: &TableInput) -> TokenStream {
    let TableInput { ident, visibility, .. } = input;
    let table = input.table_name();
    let delete = format!("A delete from \"{table}\", to be given a filter, or `.all_rows()`.");
    let update = format!("An update of \"{table}\", to be given a filter, or `.all_rows()`.");
    let bound = quote! {
        ::mizzle::__private::Alteration: ::mizzle::__private::Alters<C, #ident>
    };
    quote! {
        #[allow(dead_code)]
        impl #ident {
            #[doc = #delete]
            #visibility fn delete<'q>() -> ::mizzle::Delete<'q, #ident> { ::mizzle::Delete::new() }
            #[doc = #update]
            #visibility fn update<'q, C>(changes: C) -> ::mizzle::Update<'q, #ident>
            where
                C: 'q,
                #bound,
            {
                <::mizzle::__private::Alteration as ::mizzle::__private::Alters<C, #ident>>::update(changes)
            }
        }
    }
}
