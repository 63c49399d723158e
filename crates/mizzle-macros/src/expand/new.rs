//! `NewOwner`: what an insert needs.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use super::derived::{self, Derived, derived};
use crate::ast::{ColumnInput, TableInput, last_segment};

pub(super) fn expand(input: &TableInput) -> TokenStream {
    let TableInput { visibility, ident, .. } = input;
    let module = input.module();
    let new = format_ident!("New{}", ident);
    let doc = format!(
        "A row to insert into \"{}\"; what is `None` takes its default, or NULL.",
        input.table_name()
    );
    let columns: Vec<_> = input.columns.iter().filter(|column| !column.is_computed()).collect();
    let fields = columns.iter().map(|column| {
        let (visibility, ident, ty) = (&column.visibility, &column.ident, &column.ty);
        let ty = insert_type(column, quote!(#ty));
        let doc = format!("The column \"{}\".", column.column_name());
        quote!(#[doc = #doc] #visibility #ident: #ty)
    });
    // a row of which the database computes everything still names one column
    let (computed, default) = if columns.is_empty() {
        (input.columns.first(), quote!(__list.default();))
    } else {
        (None, TokenStream::new())
    };
    let names = columns.iter().copied().chain(computed).map(ColumnInput::column_name);
    let values = columns.iter().map(|column| {
        let field = &column.ident;
        let method = if column.has_default() { quote!(value_or_default) } else { quote!(value) };
        quote!(__list.#method::<#module::#field, _>(&self.#field)?;)
    });
    let (parameters, arguments): (Vec<_>, Vec<_>) = columns
        .iter()
        .filter(|column| !column.optional_on_insert())
        .map(|column| {
            let (field, ty) = (&column.ident, &column.ty);
            if last_segment(ty) == "String" {
                let parameter = quote!(#field: impl ::core::convert::Into<::std::string::String>);
                (parameter, quote!(#field: #field.into()))
            } else {
                (quote!(#field: #ty), quote!(#field))
            }
        })
        .unzip();
    let absent = columns.iter().filter(|column| column.optional_on_insert()).map(|column| {
        let field = &column.ident;
        match &column.options.default_with {
            Some(function) => {
                let value = made(column, function);
                quote!(#field: #value)
            }
            None => quote!(#field: ::core::option::Option::None),
        }
    });
    let setters = columns.iter().filter(|column| column.optional_on_insert()).map(|column| {
        let (visibility, field) = (&column.visibility, &column.ident);
        let ty = column.value_type();
        let doc = format!("Gives \"{}\" a value.", column.column_name());
        // a literal is of the smaller type only where no conversion is asked for
        let (parameter, given) = match last_segment(ty).as_str() {
            "i16" | "f32" => (quote!(#ty), quote!(value)),
            _ => (quote!(impl ::core::convert::Into<#ty>), quote!(value.into())),
        };
        let some = match (column.has_default(), column.nullable().is_some()) {
            (true, true) => quote!(::core::option::Option::Some(::core::option::Option::Some(#given))),
            (false, false) => given,
            _ => quote!(::core::option::Option::Some(#given)),
        };
        // `new` is what makes the row
        let setter = if field == "new" { format_ident!("with_new") } else { field.clone() };
        quote! {
            #[doc = #doc]
            #[must_use]
            #visibility fn #setter(mut self, value: #parameter) -> Self {
                self.#field = #some;
                self
            }
        }
    });
    let keyword = quote_spanned!(ident.span() => struct);
    let Derived { attribute: derives, impls: derived } =
        derived(input, &new, &derived::ALL, &columns, insert_type);
    quote! {
        #[doc = #doc]
        #derives
        #visibility #keyword #new { #(#fields),* }

        #[allow(clippy::too_many_arguments, clippy::new_without_default, clippy::redundant_closure_call, dead_code)]
        impl #new {
            /// A row with the columns that have neither a default nor NULL.
            #[must_use]
            #visibility fn new(#(#parameters),*) -> Self {
                Self { #(#arguments,)* #(#absent),* }
            }
            #(#setters)*
        }

        const _: () = {
            use ::mizzle::__private::diesel;

            #derived
            #[diagnostic::do_not_recommend]
            impl ::mizzle::NewRow for #new {
                type Model = #ident;
                const COLUMNS: &'static [&'static str] = &[#(#names),*];
                fn push_values<'b>(
                    &'b self,
                    __out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
                ) -> diesel::QueryResult<()> {
                    let mut __list = ::mizzle::__private::List::new(__out);
                    #default
                    #(#values)*
                    ::core::result::Result::Ok(())
                }
            }
            impl diesel::insertable::Insertable<#module::table> for #new {
                type Values = ::mizzle::__private::Values<#new>;
                fn values(self) -> Self::Values { ::mizzle::__private::values(self) }
            }
            impl diesel::query_builder::UndecoratedInsertRecord<#module::table> for #new {}
        };
    }
}

/// Columns with a default are optional; a nullable one with a default tells "default" from "NULL".
fn insert_type(column: &ColumnInput, ty: TokenStream) -> TokenStream {
    if column.has_default() { quote!(::core::option::Option<#ty>) } else { ty }
}

/// The value that the program makes for a column: `function` called.
pub(super) fn made(column: &ColumnInput, function: &Expr) -> TokenStream {
    match column.nullable() {
        // both `T` and `Option<T>` will do
        Some(_) => quote_spanned!(function.span() => ::core::convert::Into::into((#function)())),
        None => quote_spanned!(function.span() => (#function)()),
    }
}
