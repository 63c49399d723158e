//! The table as data: `Owner::DEF`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned;

use super::relation::table_of;
use crate::ast::{ColumnInput, RelationInput, RelationKind, TableInput, doc_text, module_of, text_of};
use crate::constraint::{ForeignKeyInput, IndexInput, KeyValue, UniqueInput};
use crate::identity::IdentityInput;
use crate::named::Named;

pub(super) fn expand(input: &TableInput) -> TokenStream {
    let ident = &input.ident;
    let module = input.module();
    let named = Named::of(input);
    let name = input.table_name();
    let schema = optional(input.options.schema.as_deref());
    let columns = input.columns.iter().map(|column| self::column(input, &named, column));
    let key: Vec<String> = input.primary_key().map(ColumnInput::column_name).collect();
    let primary_key_name = &named.primary_key;
    let said = said_of_table(input, &named);
    let touched = touched(input);
    let (asserts, made) = (asserts(input), made(input));
    quote! {
        impl ::mizzle::Model for #ident {
            type Table = #module::table;
            type Columns = #module::Columns;
            type SqlType = #module::SqlType;
            const DEF: &'static ::mizzle::TableDef = &::mizzle::TableDef {
                name: #name,
                columns: &[#(#columns),*],
                primary_key: &[#(#key),*],
                primary_key_name: #primary_key_name,
                #said
                ..::mizzle::TableDef::PLAIN
            };
            #touched
        }
        #made
        impl ::mizzle::__private::Identity for #module::table {
            const TABLE: Self = Self;
            const SCHEMA: ::core::option::Option<&'static str> = #schema;
            const NAME: &'static str = #name;
            const PRIMARY_KEY: &'static [&'static str] = &[#(#key),*];
        }
        #asserts
    }
}

/// The fields of `TableDef` that this declaration fills and others do not.
fn said_of_table(input: &TableInput, named: &Named<'_>) -> TokenStream {
    let options = &input.options;
    let kind = options.view.as_ref().map(|query| {
        let query = optional(query.as_ref().map(syn::LitStr::value).as_deref());
        quote!(kind: ::mizzle::TableKind::View { query: #query },)
    });
    let uniques = named.uniques.iter().map(|(name, unique)| self::unique(input, name, unique));
    let checks = named.checks.iter().map(|(name, check)| {
        let sql = &check.sql;
        quote!(::mizzle::CheckDef { name: #name, sql: #sql })
    });
    let foreign_keys = named.foreign_keys.iter().map(|(name, key)| foreign_key(input, name, key));
    let relations = input.relations.iter().filter_map(|relation| belongs_to(input, relation));
    let indexes = named.indexes.iter().map(|(name, index)| self::index(input, name, index));
    let lists = [
        said_list("uniques", &uniques.collect::<Vec<_>>()),
        said_list("checks", &checks.collect::<Vec<_>>()),
        said_list("foreign_keys", &foreign_keys.collect::<Vec<_>>()),
        said_list("relations", &relations.collect::<Vec<_>>()),
        said_list("indexes", &indexes.collect::<Vec<_>>()),
    ];
    let texts = [
        said("schema", options.schema.as_deref()),
        said("comment", doc_text(&input.attributes).as_deref()),
        said("renamed_from", options.renamed_from.as_deref()),
    ];
    quote!(#kind #(#lists)* #(#texts)*)
}

fn column(input: &TableInput, named: &Named<'_>, column: &ColumnInput) -> TokenStream {
    let module = input.module();
    let options = &column.options;
    let name = column.column_name();
    let (ident, field) = (&column.ident, text_of(&column.ident));
    let nullable = column.nullable().is_some();
    let rust = match column.known() {
        Some(_) => {
            let value = column.value_type();
            quote!(#value)
        }
        None => quote!(<#module::columns::#ident as ::mizzle::__private::Typed>::Rust),
    };
    let sql_type = match &options.declared {
        Some(declared) => {
            let text = declared.to_sql();
            quote!(#text)
        }
        None => quote!(<#rust as ::mizzle::ColumnType>::SQL),
    };
    let default = options.default.as_ref().map(|default| {
        let default = default.to_tokens(&rust);
        quote!(default: ::core::option::Option::Some(#default),)
    });
    let values = named.values.iter().find(|(_, field)| *field == ident).map(
        |(name, _)| quote!(values: ::mizzle::ValuesDef::of(#name, <#rust as ::mizzle::ColumnType>::VALUES),),
    );
    let identity = options.identity.as_ref().map(self::identity);
    let texts = [
        said("generated", options.generated.as_ref().map(syn::LitStr::value).as_deref()),
        said("comment", doc_text(&column.attributes).as_deref()),
        said("renamed_from", options.renamed_from.as_deref()),
    ];
    quote! {
        ::mizzle::ColumnDef {
            name: #name,
            field: #field,
            sql_type: #sql_type,
            nullable: #nullable,
            #default
            #values
            #identity
            #(#texts)*
            ..::mizzle::ColumnDef::PLAIN
        }
    }
}

/// `name: Some("text"),`, if there is a text.
fn said(name: &str, text: Option<&str>) -> TokenStream {
    let name = Ident::new(name, Span::call_site());
    text.map(|text| quote!(#name: ::core::option::Option::Some(#text),)).unwrap_or_default()
}

/// `name: &[…],`, if there is anything in it.
fn said_list(name: &str, items: &[TokenStream]) -> TokenStream {
    let name = Ident::new(name, Span::call_site());
    if items.is_empty() { TokenStream::new() } else { quote!(#name: &[#(#items),*],) }
}

fn identity(identity: &IdentityInput) -> TokenStream {
    let always = identity.always;
    let cache = identity.cache.as_ref().map_or(quote!(1), |cache| quote!(#cache));
    let number = |number: &Option<syn::LitInt>| match number {
        Some(number) => quote!(::core::option::Option::Some(#number)),
        None => quote!(::core::option::Option::None),
    };
    let (start, increment) = (number(&identity.start), number(&identity.increment));
    quote! {
        identity: ::core::option::Option::Some(::mizzle::IdentityDef {
            always: #always, cache: #cache, start: #start, increment: #increment,
        }),
    }
}

fn unique(input: &TableInput, name: &str, unique: &UniqueInput) -> TokenStream {
    let columns = names(input, &unique.columns);
    let nulls_not_distinct = unique.nulls_not_distinct;
    quote!(::mizzle::UniqueDef { name: #name, columns: &[#(#columns),*], nulls_not_distinct: #nulls_not_distinct })
}

fn index(input: &TableInput, name: &str, index: &IndexInput) -> TokenStream {
    let (unique, nulls_not_distinct) = (index.unique, index.nulls_not_distinct);
    let keys = index.keys.iter().map(|key| {
        let value = match &key.value {
            KeyValue::Column(field) => {
                let name = names(input, std::slice::from_ref(field));
                quote!(Column(#(#name)*))
            }
            KeyValue::Expression(sql) => quote!(Expression(#sql)),
        };
        let nulls = match key.nulls_first {
            None => quote!(::core::option::Option::None),
            Some(true) => quote!(::core::option::Option::Some(::mizzle::Nulls::First)),
            Some(false) => quote!(::core::option::Option::Some(::mizzle::Nulls::Last)),
        };
        quote!(::mizzle::IndexKey { value: ::mizzle::IndexValue::#value, nulls: #nulls })
    });
    let include = names(input, &index.include);
    let condition = optional(index.condition.as_ref().map(syn::LitStr::value).as_deref());
    quote! {
        ::mizzle::IndexDef {
            name: #name,
            keys: &[#(#keys),*],
            unique: #unique,
            include: &[#(#include),*],
            condition: #condition,
            nulls_not_distinct: #nulls_not_distinct,
        }
    }
}

fn foreign_key(input: &TableInput, name: &str, key: &ForeignKeyInput) -> TokenStream {
    let columns = names(input, &key.columns);
    let far = table_of(&key.target);
    let references = if key.references.is_empty() {
        quote!(<#far as ::mizzle::__private::Identity>::PRIMARY_KEY)
    } else {
        let (module, references) = (module_of(&key.target), &key.references);
        quote!(&[#(<#module::#references as ::mizzle::diesel::query_source::Column>::NAME),*])
    };
    let action = |action: &Option<(Ident, &str)>| {
        let action = Ident::new(action.as_ref().map_or("NoAction", |(_, action)| action), Span::call_site());
        quote!(::mizzle::Action::#action)
    };
    let (on_delete, on_update) = (action(&key.options.on_delete), action(&key.options.on_update));
    let deferrable = Ident::new(key.options.deferrable.unwrap_or("No"), Span::call_site());
    quote! {
        ::mizzle::ForeignKeyDef {
            name: #name,
            columns: &[#(#columns),*],
            schema: <#far as ::mizzle::__private::Identity>::SCHEMA,
            table: <#far as ::mizzle::__private::Identity>::NAME,
            references: #references,
            on_delete: #on_delete,
            on_update: #on_update,
            deferrable: ::mizzle::Deferrable::#deferrable,
        }
    }
}

/// Whose key the columns hold; nothing for a relation that others hold the key of.
fn belongs_to(input: &TableInput, relation: &RelationInput) -> Option<TokenStream> {
    let RelationKind::BelongsTo { columns } = &relation.kind else { return None };
    let (name, columns) = (text_of(&relation.name), names(input, columns));
    let far = table_of(&relation.target);
    Some(quote! {
        ::mizzle::RelationDef {
            name: #name,
            columns: &[#(#columns),*],
            schema: <#far as ::mizzle::__private::Identity>::SCHEMA,
            table: <#far as ::mizzle::__private::Identity>::NAME,
            references: <#far as ::mizzle::__private::Identity>::PRIMARY_KEY,
        }
    })
}

/// What every update sets, for those that are not given as a patch.
fn touched(input: &TableInput) -> TokenStream {
    let module = input.module();
    let columns: Vec<_> = made_by_updates(input)
        .map(|(column, _)| {
            let (field, ty) = (&column.ident, &column.ty);
            quote!(::mizzle::__private::Touched::new::<#module::#field, #ty>(#module::columns::#field::made()))
        })
        .collect();
    if columns.is_empty() || input.is_view() {
        return TokenStream::new();
    }
    quote! {
        fn touched() -> ::std::vec::Vec<::mizzle::__private::Touched> { ::std::vec![#(#columns),*] }
    }
}

/// The columns with `on_update`, and what it calls.
fn made_by_updates(input: &TableInput) -> impl Iterator<Item = (&ColumnInput, &syn::Expr)> {
    input.columns.iter().filter_map(|column| Some((column, column.options.on_update.as_ref()?)))
}

/// What an update makes for a column: once, so that a function that gives something else is one mistake.
fn made(input: &TableInput) -> TokenStream {
    let module = input.module();
    made_by_updates(input)
        .filter(|_| !input.is_view())
        .map(|(column, function)| {
            let (field, ty, value) = (&column.ident, &column.ty, super::new::made(column, function));
            quote! {
                #[allow(dead_code, clippy::redundant_closure_call)]
                impl #module::columns::#field {
                    fn made() -> #ty { #value }
                }
            }
        })
        .collect()
}

/// What only the compiler can tell of types with a name of their own, and of other tables.
fn asserts(input: &TableInput) -> TokenStream {
    let module = input.module();
    let sql = |column: &ColumnInput| {
        let field = &column.ident;
        quote!(<<#module::columns::#field as ::mizzle::__private::Typed>::Rust as ::mizzle::ColumnType>::SQL)
    };
    let own = || input.columns.iter().filter(|column| column.known().is_none());
    let declared = own().filter_map(|column| {
        let (declared, sql) = (column.options.declared.as_ref()?.to_sql(), sql(column));
        Some(quote_spanned!(column.ty.span() => ::mizzle::__private::declared_agrees(#declared, #sql);))
    });
    let identities = own().filter(|column| column.options.identity.is_some()).map(|column| {
        let sql = sql(column);
        quote_spanned!(column.ty.span() => ::mizzle::__private::is_bigint(#sql);)
    });
    let keys = own().filter(|column| !input.is_view() && is_key(input, &column.ident)).map(|column| {
        let sql = sql(column);
        quote_spanned!(column.ty.span() => ::mizzle::__private::can_be_a_key(#sql);)
    });
    let references = input.foreign_keys.iter().filter(|key| key.references.is_empty()).map(|key| {
        let (far, count) = (table_of(&key.target), key.columns.len());
        quote_spanned! { key.target.span() =>
            ::mizzle::__private::refers_to(#count, <#far as ::mizzle::__private::Identity>::PRIMARY_KEY);
        }
    });
    let asserts: Vec<TokenStream> = declared
        .chain(identities)
        .chain(keys)
        .chain(references)
        .map(|assert| quote!(const _: () = #assert))
        .collect();
    quote!(#(#asserts)*)
}

fn is_key(input: &TableInput, field: &Ident) -> bool {
    let in_index = input.indexes.iter().flat_map(|index| &index.keys).any(|key| match &key.value {
        KeyValue::Column(column) => column == field,
        KeyValue::Expression(_) => false,
    });
    let in_unique = input.uniques.iter().any(|unique| unique.columns.contains(field));
    in_index || in_unique || input.primary_key().any(|column| column.ident == *field)
}

/// The names in the database of these fields.
fn names(input: &TableInput, fields: &[Ident]) -> Vec<String> {
    fields.iter().filter_map(|field| input.column(field)).map(ColumnInput::column_name).collect()
}

fn optional(text: Option<&str>) -> TokenStream {
    match text {
        Some(text) => quote!(::core::option::Option::Some(#text)),
        None => quote!(::core::option::Option::None),
    }
}
