//! `Owner::pets()` and the traits that tell which column holds whose key.

use std::collections::HashMap;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Path};

use super::table::nested;
use crate::ast::{ColumnInput, RelationInput, RelationKind, TableInput, module_of, text_of};

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
        quote! {
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
    let columns = input.columns.iter().map(ColumnInput::column_name);
    let links = input.relations.iter().map(|relation| {
        let RelationInput { name, target, kind } = relation;
        let text = text_of(name);
        let kind_type = kind_type(input, kind);
        let path = path(input, relation);
        let ownership = ownership(input, relation);
        quote_spanned! { name.span().resolved_at(Span::mixed_site()) =>
            impl ::mizzle::Link for #module::relations::#name {
                type Parent = #ident;
                type Child = #target;
                type Kind = ::mizzle::#kind_type;
                const NAME: &'static str = #text;
                const PATH: ::mizzle::Path = #path;
            }
            impl ::mizzle::StartsFrom<#ident> for #module::relations::#name {}
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
                ::core::result::Result::Ok(Self { #(#fields: row.get(#columns)?),* })
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
    let span = target.span().resolved_at(Span::mixed_site());
    let key =
        |holder: &Path, columns: &[Ident], held: &dyn ToTokens| foreign_key(span, holder, columns, held);
    match kind {
        RelationKind::Has { by, .. } => {
            let by = key(target, by, ident);
            quote_spanned!(span => ::mizzle::Path::has::<#ident, #target, #by>())
        }
        RelationKind::BelongsTo { columns } => {
            let own = key(&ident.clone().into(), columns, target);
            quote_spanned!(span => ::mizzle::Path::belongs_to::<#ident, #own, #target>())
        }
        RelationKind::ManyToMany { through, from, to } => {
            let (near, far) = (key(through, from, ident), key(through, to, target));
            quote_spanned!(span => ::mizzle::Path::through::<#ident, #through, #near, #far, #target>())
        }
    }
}

/// The columns named, or the only ones of `holder` that belong to `held`.
fn foreign_key(span: Span, holder: &Path, columns: &[Ident], held: &dyn ToTokens) -> TokenStream {
    match columns {
        [] => quote_spanned!(span => <#holder as ::mizzle::BelongsTo<#held>>::ForeignKey),
        _ => {
            let module = module_of(holder);
            quote!((#(#module::#columns,)*))
        }
    }
}

/// Whose rows hold the key: those of the other table, or these.
fn ownership(input: &TableInput, relation: &RelationInput) -> TokenStream {
    let (ident, module, RelationInput { name, target, kind }) = (&input.ident, input.module(), relation);
    match kind {
        RelationKind::Has { by, .. } => {
            let span = target.span().resolved_at(Span::mixed_site());
            let key = foreign_key(span, target, by, ident);
            quote!(impl ::mizzle::Owning for #module::relations::#name { type ForeignKey = #key; })
        }
        RelationKind::BelongsTo { .. } => {
            quote!(impl ::mizzle::Belonging for #module::relations::#name {})
        }
        RelationKind::ManyToMany { .. } => TokenStream::new(),
    }
}

/// `BelongsTo<Owner>` and Diesel's joins, for each target that only one relation points to.
fn belongs_to(input: &TableInput) -> TokenStream {
    let (ident, module) = (&input.ident, input.module());
    let mut count: HashMap<String, usize> = HashMap::new();
    let belonging = || {
        input.relations.iter().filter_map(|relation| match &relation.kind {
            RelationKind::BelongsTo { columns } => Some((&relation.target, columns)),
            _ => None,
        })
    };
    for (target, _) in belonging() {
        *count.entry(target.to_token_stream().to_string()).or_default() += 1;
    }
    belonging()
        .filter(|(target, _)| count[&target.to_token_stream().to_string()] == 1)
        .map(|(target, columns)| {
            let itself = target.is_ident(ident);
            // the names of the key's columns, if it has several, are known to the other table alone
            let joins = match &columns[..] {
                [column] if !itself => joins(&module, column, &module_of(target)),
                _ => TokenStream::new(),
            };
            quote! {
                impl ::mizzle::BelongsTo<#target> for #ident {
                    type ForeignKey = (#(#module::#columns,)*);
                }
                #joins
            }
        })
        .collect()
}

/// Diesel's joins, both ways round, on the column and the far table's key.
fn joins(module: &Ident, column: &Ident, far: &Path) -> TokenStream {
    let join = |left: TokenStream, right: TokenStream| {
        quote! {
            impl diesel::JoinTo<#right::table> for #left::table {
                type FromClause = #right::table;
                type OnClause = diesel::dsl::Eq<
                    diesel::internal::table_macro::NullableExpression<#module::#column>,
                    diesel::internal::table_macro::NullableExpression<<#far::table as diesel::Table>::PrimaryKey>,
                >;
                fn join_target(__right: #right::table) -> (Self::FromClause, Self::OnClause) {
                    use diesel::{ExpressionMethods, NullableExpressionMethods, Table};
                    (__right, #module::#column.nullable().eq(#far::table.primary_key().nullable()))
                }
            }
        }
    };
    let there = join(quote!(#module), quote!(#far));
    let back = join(quote!(#far), quote!(#module));
    quote! {
        const _: () = {
            use ::mizzle::__private::diesel;
            #there
            #back
        };
    }
}
