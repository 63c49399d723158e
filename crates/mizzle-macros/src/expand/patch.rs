//! `OwnerPatch`: what an update may set.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;

use super::derived::{self, Derived, derived};
use crate::ast::{ColumnInput, TableInput};

pub(super) fn expand(input: &TableInput) -> TokenStream {
    let TableInput { visibility, ident, .. } = input;
    let module = input.module();
    let patch = format_ident!("{}Patch", ident);
    let columns: Vec<_> =
        input.columns.iter().filter(|column| !column.options.primary_key && !column.is_computed()).collect();
    if columns.is_empty() {
        // a link table has nothing to update
        return TokenStream::new();
    }
    let doc = format!("Changes to a row of \"{}\"; what is `None` stays as it is.", input.table_name());
    let fields = columns.iter().map(|column| {
        let (visibility, ident, ty) = (&column.visibility, &column.ident, &column.ty);
        let doc = match column.nullable() {
            Some(_) => format!("The new \"{}\"; `Some(None)` sets it to NULL.", column.column_name()),
            None => format!("The new \"{}\".", column.column_name()),
        };
        quote!(#[doc = #doc] #visibility #ident: ::core::option::Option<#ty>)
    });
    let assignments = columns.iter().map(|column| {
        let field = &column.ident;
        quote!(__list.assign::<#module::#field, _>(&self.#field)?;)
    });
    let touch = touch(&module, &columns);
    let keyword = quote_spanned!(ident.span() => struct);
    let optional = |_: &ColumnInput, ty| quote!(::core::option::Option<#ty>);
    let Derived { attribute: derives, impls: derived } =
        derived(input, &patch, &derived::ALL, &columns, optional);
    quote! {
        #[doc = #doc]
        #derives
        #[derive(Default)]
        #visibility #keyword #patch { #(#fields),* }

        const _: () = {
            use ::mizzle::__private::diesel;

            #derived
            impl ::mizzle::Patch for #patch {
                type Model = #ident;
                fn push_assignments<'b>(
                    &'b self,
                    __out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
                ) -> diesel::QueryResult<()> {
                    let mut __list = ::mizzle::__private::List::new(__out);
                    #(#assignments)*
                    ::core::result::Result::Ok(())
                }
                #touch
            }
            impl diesel::query_builder::AsChangeset for #patch {
                type Target = #module::table;
                type Changeset = ::mizzle::__private::Assignments<#patch>;
                fn as_changeset(self) -> Self::Changeset { ::mizzle::__private::assignments(self) }
            }
            impl diesel::query_builder::AsChangeset for &#patch {
                type Target = #module::table;
                type Changeset = ::mizzle::__private::Assignments<#patch>;
                fn as_changeset(self) -> Self::Changeset {
                    ::mizzle::__private::assignments(::core::clone::Clone::clone(self))
                }
            }
        };
    }
}

/// Fills the columns that every change sets, if anything changes.
fn touch(module: &Ident, columns: &[&ColumnInput]) -> TokenStream {
    let fields = columns.iter().map(|column| &column.ident);
    let touched: Vec<_> = columns
        .iter()
        .filter(|column| column.options.on_update.is_some())
        .map(|column| {
            let field = &column.ident;
            quote! {
                if self.#field.is_none() {
                    self.#field = ::core::option::Option::Some(#module::columns::#field::made());
                }
            }
        })
        .collect();
    if touched.is_empty() {
        return TokenStream::new();
    }
    quote! {
        fn touch(&mut self) {
            if #(self.#fields.is_some())||* { #(#touched)* }
        }
    }
}
