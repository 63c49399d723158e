//! The table as data: `Owner::DEF`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ast::{ColumnInput, TableInput, text_of};

pub(super) fn expand(input: &TableInput) -> TokenStream {
    let ident = &input.ident;
    let module = input.module();
    let name = input.table_name();
    let schema = optional(input.options.schema.as_deref());
    let columns = input.columns.iter().map(column);
    let key = input.primary_key().map(ColumnInput::column_name);
    let indexes = input.indexes.iter().map(|index| {
        let unique = index.unique;
        let columns = index.columns.iter().filter_map(|name| {
            input.columns.iter().find(|column| column.ident == *name).map(ColumnInput::column_name)
        });
        quote!(::mizzle::IndexDef { columns: &[#(#columns),*], unique: #unique })
    });
    quote! {
        impl ::mizzle::Model for #ident {
            type Table = #module::table;
            type Columns = #module::Columns;
            type SqlType = #module::SqlType;
            const DEF: &'static ::mizzle::TableDef = &::mizzle::TableDef {
                schema: #schema,
                name: #name,
                columns: &[#(#columns),*],
                primary_key: &[#(#key),*],
                indexes: &[#(#indexes),*],
            };
        }
    }
}

fn column(column: &ColumnInput) -> TokenStream {
    let name = column.column_name();
    let field = text_of(&column.ident);
    let nullable = column.nullable().is_some();
    let default = optional(column.options.default.as_deref());
    let value = column.value_type();
    let sql_type = match &column.options.declared {
        Some(declared) => {
            let text = declared.to_sql();
            quote!(#text)
        }
        None => quote!(<#value as ::mizzle::ColumnType>::SQL),
    };
    quote! {
        ::mizzle::ColumnDef {
            name: #name, field: #field, sql_type: #sql_type, nullable: #nullable, default: #default,
        }
    }
}

fn optional(text: Option<&str>) -> TokenStream {
    match text {
        Some(text) => quote!(::core::option::Option::Some(#text)),
        None => quote!(::core::option::Option::None),
    }
}
