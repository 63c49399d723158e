//! `OwnerPatch`: what an update may set.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::ast::TableInput;

pub(super) fn expand(input: &TableInput) -> TokenStream {
    let TableInput { visibility, ident, .. } = input;
    let module = input.module();
    let patch = format_ident!("{}Patch", ident);
    let columns: Vec<_> = input.columns.iter().filter(|column| !column.options.primary_key).collect();
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
        let name = column.column_name();
        quote! {
            if let ::core::option::Option::Some(value) = &self.#field {
                if !first { out.push_sql(", "); }
                first = false;
                out.push_identifier(#name)?;
                out.push_sql(" = ");
                ::mizzle::__private::push_value::<#module::#field, _>(value, &mut out)?;
            }
        }
    });
    quote! {
        #[doc = #doc]
        #[derive(Debug, Clone, PartialEq, Default)]
        #visibility struct #patch { #(#fields),* }

        const _: () = {
            use ::mizzle::__private::diesel;

            impl ::mizzle::Patch for #patch {
                type Model = #ident;
                fn push_assignments<'b>(
                    &'b self,
                    mut out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
                ) -> diesel::QueryResult<()> {
                    let mut first = true;
                    #(#assignments)*
                    let _ = first;
                    ::core::result::Result::Ok(())
                }
            }
            impl diesel::query_builder::AsChangeset for #patch {
                type Target = #module::table;
                type Changeset = ::mizzle::__private::Assignments<#patch>;
                fn as_changeset(self) -> Self::Changeset { ::mizzle::__private::Assignments(self) }
            }
            impl<'patch> diesel::query_builder::AsChangeset for &'patch #patch {
                type Target = #module::table;
                type Changeset = ::mizzle::__private::Assignments<&'patch #patch>;
                fn as_changeset(self) -> Self::Changeset { ::mizzle::__private::Assignments(self) }
            }
        };
    }
}
