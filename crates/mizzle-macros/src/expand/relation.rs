//! `Owner::pets()` and the traits that tell which column holds whose key.

mod key;

use std::collections::HashMap;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Path};

use super::row::checked_type;
use super::table::{moved, nested};
use crate::ast::{ColumnInput, RelationInput, RelationKind, TableInput, text_of};

pub(super) fn expand(input: &TableInput) -> TokenStream {
    let ident = &input.ident;
    let visibility = &input.visibility;
    let methods = input.relations.iter().map(|relation| method(input, relation));
    let ownership = belongs_to(input);
    let links = links(input);
    let table = input.table_name();
    let query = format!("A query on \"{table}\": all rows until it is filtered.");
    quote! {
        #[allow(dead_code)]
        impl #ident {
            #[doc = #query]
            #visibility fn query<'q>() -> ::mizzle::Query<'q, #ident> { ::mizzle::Query::new() }
            #(#methods)*
        }
        #links
        #ownership
    }
}

/// `Owner::pets()`: the relation as declared.
fn method(input: &TableInput, relation: &RelationInput) -> TokenStream {
    let visibility = &input.visibility;
    let RelationInput { name, target, kind } = relation;
    let module = input.module();
    let target = target.to_token_stream();
    let doc = match kind {
        RelationKind::Has { one: false, .. } => format!("The rows of `{target}` that belong to this row."),
        RelationKind::Has { one: true, .. } => {
            format!("The row of `{target}` that belongs to this row, if there is one.")
        }
        RelationKind::BelongsTo { .. } => {
            format!("The row of `{target}` whose key this row holds, if it is there.")
        }
        RelationKind::ManyToMany { .. } => format!("The rows of `{target}` linked to this row."),
    };
    quote! {
        #[doc = #doc]
        #visibility fn #name<'q>() -> ::mizzle::Related<'q, #module::relations::#name> {
            ::mizzle::Related::new()
        }
    }
}

/// The names of the relations, and of all that a shape can have: for the table's module.
pub(super) fn names(input: &TableInput) -> TokenStream {
    let (outer, visibility) = (nested(&input.visibility, 1), nested(&input.visibility, 2));
    let relations = input.relations.iter().map(|relation| {
        let name = &relation.name;
        let doc = format!("The relation `{name}` of \"{}\".", input.table_name());
        let visibility = moved(visibility.clone(), name.span());
        quote_spanned! { name.span() =>
            #[doc = #doc]
            #[derive(Debug, Clone, Copy)]
            #visibility struct #name;
        }
    });
    quote! {
        /// The relations that start from this table.
        #outer mod relations { #(#relations)* }

        /// What a shape of this table can have: its columns and its relations.
        #[doc(hidden)]
        #outer mod __parts {
            #visibility use super::__names::*;
            #visibility use super::relations::*;
        }
    }
}

/// The table's key, and `Link` for each relation: where it starts, where it leads, and by which columns.
fn links(input: &TableInput) -> TokenStream {
    let (ident, module) = (&input.ident, input.module());
    let key = input.primary_key().map(|column| &column.ident);
    let fields = input.columns.iter().map(|column| &column.ident);
    let columns = input.columns.iter().map(|column| {
        let (name, ty) = (column.column_name(), checked_type(input, column));
        quote!(row.get::<#ty>(#name)?)
    });
    let links = input.relations.iter().map(|relation| {
        let RelationInput { name, target, kind } = relation;
        let text = text_of(name);
        let kind_type = kind_type(input, kind);
        let (keys, path) = (key::keys(input, relation), path(input, relation));
        let ownership = ownership(input, relation);
        quote_spanned! { name.span().resolved_at(Span::mixed_site()) =>
            impl ::mizzle::Link for #module::relations::#name {
                type Parent = #ident;
                type Child = #target;
                type Kind = ::mizzle::#kind_type;
                const NAME: &'static str = #text;
                const PATH: ::mizzle::Path = #path;
            }
            impl ::mizzle::StartsFrom<#ident> for #module::relations::#name { type Then<T> = T; }
            #keys
            #ownership
            impl<T: ::mizzle::Holds<#module::relations::#name>> ::mizzle::Part<T> for #module::relations::#name {
                type Query<'q> = <T::Item as ::mizzle::Shape>::Query<'q>;
                fn add(field: &'static str, parts: &mut ::mizzle::__private::Parts<'_>) {
                    parts.relate::<Self, T>(field);
                }
                fn read(row: &mut ::mizzle::__private::Reader<'_>) -> ::mizzle::__private::diesel::QueryResult<T> {
                    ::mizzle::__private::read_related::<Self, T>(row)
                }
                fn narrow<'q>(
                    node: ::mizzle::__private::Node<'q>,
                    more: impl FnOnce(Self::Query<'q>) -> Self::Query<'q>,
                ) -> ::mizzle::__private::Node<'q> {
                    more(node.into()).into()
                }
            }
        }
    });
    quote! {
        impl ::mizzle::Keyed for #ident { type Key = (#(#module::#key,)*); }
        impl ::mizzle::Shape for #ident {
            type Of = Self;
            type Query<'q> = ::mizzle::Query<'q, Self>;
            fn parts(parts: &mut ::mizzle::__private::Parts<'_>) { parts.model::<Self>(); }
            fn read(row: &mut ::mizzle::__private::Reader<'_>) -> ::mizzle::__private::diesel::QueryResult<Self> {
                row.model()
            }
        }
        impl ::mizzle::FromRow for #ident {
            fn from_row(row: &::mizzle::PgRow) -> ::mizzle::__private::diesel::QueryResult<Self> {
                ::core::result::Result::Ok(Self { #(#fields: #columns),* })
            }
        }
        #(#links)*
    }
}

fn kind_type(input: &TableInput, kind: &RelationKind) -> Ident {
    let name = match kind {
        RelationKind::Has { one: false, .. } | RelationKind::ManyToMany { .. } => "Many",
        RelationKind::Has { one: true, .. } => "Maybe",
        RelationKind::BelongsTo { columns } => {
            let nullable =
                |column: &ColumnInput| columns.contains(&column.ident) && column.nullable().is_some();
            if input.columns.iter().any(nullable) { "Maybe" } else { "One" }
        }
    };
    Ident::new(name, Span::call_site())
}

fn path(input: &TableInput, relation: &RelationInput) -> TokenStream {
    let ident = &input.ident;
    let RelationInput { target, kind, .. } = relation;
    let near = quote!(<Self as ::mizzle::__private::Keys>::Near);
    match kind {
        RelationKind::Has { .. } => quote!(::mizzle::Path::has::<#ident, #target, #near>()),
        RelationKind::BelongsTo { .. } => quote!(::mizzle::Path::belongs_to::<#ident, #near, #target>()),
        RelationKind::ManyToMany { through, .. } => {
            let far = quote!(<Self as ::mizzle::__private::Keys>::Far);
            quote!(::mizzle::Path::through::<#ident, #through, #near, #far, #target>())
        }
    }
}

/// Whose rows hold the key: those of the other table, or these.
fn ownership(input: &TableInput, relation: &RelationInput) -> TokenStream {
    let (module, RelationInput { name, kind, .. }) = (input.module(), relation);
    match kind {
        RelationKind::Has { .. } => quote! {
            impl ::mizzle::Owning for #module::relations::#name {
                type ForeignKey = <Self as ::mizzle::__private::Keys>::Near;
            }
        },
        RelationKind::BelongsTo { .. } => {
            quote!(impl ::mizzle::Belonging for #module::relations::#name {})
        }
        RelationKind::ManyToMany { .. } => {
            quote!(impl ::mizzle::Linking for #module::relations::#name {})
        }
    }
}

/// `BelongsTo<Owner>` and Diesel's joins, for each target that only one relation points to.
fn belongs_to(input: &TableInput) -> TokenStream {
    let (ident, module) = (&input.ident, input.module());
    let mut count: HashMap<String, usize> = HashMap::new();
    let belonging = || {
        input.relations.iter().filter_map(|relation| match &relation.kind {
            RelationKind::BelongsTo { columns } => Some((relation, columns)),
            _ => None,
        })
    };
    let spelled = |relation: &RelationInput| relation.target.to_token_stream().to_string();
    for (relation, _) in belonging() {
        *count.entry(spelled(relation)).or_default() += 1;
    }
    belonging()
        .filter(|(relation, _)| count[&spelled(relation)] == 1)
        .map(|(RelationInput { name, target, .. }, columns)| {
            let itself = target.is_ident(ident);
            let key = quote!(<#module::relations::#name as ::mizzle::__private::Keys>::Near);
            // the names of the key's columns, if it has several, are known to the other table alone
            let joins = match &columns[..] {
                [column] if !itself => joins(&module, column, &key, target),
                _ => TokenStream::new(),
            };
            quote! {
                impl ::mizzle::BelongsTo<#target> for #ident {
                    type ForeignKey = #key;
                }
                #joins
            }
        })
        .collect()
}

/// Diesel's joins, both ways round, on the column and the far table's key.
fn joins(module: &Ident, column: &Ident, key: &TokenStream, far: &Path) -> TokenStream {
    let checked = quote!(<#key as ::mizzle::__private::Joined>::Column);
    let (near, far) = (quote!(#module::table), table_of(far));
    let join = |left: &TokenStream, right: &TokenStream| {
        quote! {
            impl diesel::JoinTo<#right> for #left {
                type FromClause = #right;
                type OnClause = diesel::dsl::Eq<
                    diesel::internal::table_macro::NullableExpression<#checked>,
                    diesel::internal::table_macro::NullableExpression<<#far as diesel::Table>::PrimaryKey>,
                >;
                fn join_target(__right: #right) -> (Self::FromClause, Self::OnClause) {
                    let __column: #checked = #module::#column;
                    let __key = diesel::Table::primary_key(&<#far as ::mizzle::__private::Identity>::TABLE);
                    let __on = diesel::ExpressionMethods::eq(
                        diesel::NullableExpressionMethods::nullable(__column),
                        diesel::NullableExpressionMethods::nullable(__key),
                    );
                    (__right, __on)
                }
            }
        }
    };
    let (there, back) = (join(&near, &far), join(&far, &near));
    quote! {
        const _: () = {
            use ::mizzle::__private::diesel;
            #there
            #back
        };
    }
}

/// The Diesel table of the struct at this path, which alone may have been imported.
pub(super) fn table_of(target: &Path) -> TokenStream {
    quote_spanned!(target.span() => <#target as ::mizzle::Model>::Table)
}
