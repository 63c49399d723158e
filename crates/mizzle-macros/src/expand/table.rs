//! The Diesel table and its columns: what `diesel::table!` would give, for PostgreSQL alone and without naming Diesel.
//!
//! What is the same for every column stands once in `mizzle`, as `Col`: see there. A column is a constant, and a binding of its name
//! would be a pattern that it matches: what the expansion binds begins with `__`.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Visibility};

use super::row::checked_type;
use super::tuple::tuple;
use crate::ast::{ColumnInput, TableInput};
use crate::types::{self, Declared};

pub(super) fn expand(input: &TableInput) -> TokenStream {
    let module = input.module();
    let visibility = &input.visibility;
    let columns: Vec<&Ident> = input.columns.iter().map(|column| &column.ident).collect();
    let key: Vec<_> = input.primary_key().map(|column| &column.ident).collect();
    let key = if let [only] = &key[..] { quote!(#only) } else { quote!((#(#key),*)) };
    let from = from_clause(input);
    let joins = joins();
    let relations = super::relation::names(input);
    let (columns_tuple, sql_types) = (tuple(&columns), tuple(&sql_types(&columns)));
    let (names, fields, typed) = (names(input), fields(input), typed(input));
    let write = (!input.is_view()).then(write_target);
    let outer = nested(visibility, 1);
    let doc = format!("The table \"{}\" and its columns.", input.table_name());
    quote! {
        #[doc = #doc]
        #[allow(non_camel_case_types, non_upper_case_globals, dead_code, unused_imports, unreachable_pub, missing_docs)]
        #visibility mod #module {
            use ::mizzle::__private::diesel;
            use diesel::internal::table_macro as __nodes;
            use diesel::pg::Pg;
            use diesel::query_builder::{AsQuery, AstPass, QueryFragment, QueryId};
            #outer use self::__names::*;

            #[derive(Debug, Clone, Copy, Default)]
            #outer struct table;

            /// Every column, in order of declaration.
            #outer type Columns = #columns_tuple;
            #outer const all_columns: Columns = #columns_tuple;
            /// The SQL type of every column.
            #outer type SqlType = #sql_types;
            type Simple = __nodes::SelectStatement<__nodes::FromClause<table>>;

            impl QueryId for table {
                type QueryId = table;
                const HAS_STATIC_QUERY_ID: bool = true;
            }
            #from
            impl QueryFragment<Pg> for table {
                fn walk_ast<'b>(&'b self, __out: AstPass<'_, 'b, Pg>) -> diesel::QueryResult<()> {
                    <table as __nodes::StaticQueryFragment>::STATIC_COMPONENT.walk_ast(__out)
                }
            }
            impl diesel::QuerySource for table {
                type FromClause = __nodes::StaticQueryFragmentInstance<table>;
                type DefaultSelection = Columns;
                fn from_clause(&self) -> Self::FromClause { __nodes::StaticQueryFragmentInstance::new() }
                fn default_selection(&self) -> Columns { all_columns }
            }
            impl AsQuery for table {
                type SqlType = SqlType;
                type Query = Simple;
                fn as_query(self) -> Simple { __nodes::SelectStatement::simple(self) }
            }
            impl diesel::Table for table {
                type PrimaryKey = #key;
                type AllColumns = Columns;
                fn primary_key(&self) -> Self::PrimaryKey { #key }
                fn all_columns() -> Columns { all_columns }
            }
            #write
            #joins

            #relations

            #names
        }
        #typed
        #fields
    }
}

/// The table's visibility as a module inside says it: a column is as private as the types it may have.
pub(super) fn nested(visibility: &Visibility, depth: usize) -> TokenStream {
    let up = vec![quote!(super); depth];
    match visibility {
        Visibility::Public(_) => quote!(pub),
        Visibility::Inherited => quote!(pub(in #(#up)::*)),
        Visibility::Restricted(restricted) => {
            let path = &restricted.path;
            match path.segments.first().map(|first| first.ident.to_string()).as_deref() {
                Some("super") => quote!(pub(in #(#up)::*::#path)),
                Some("self") => quote!(pub(in #(#up)::*)),
                _ => quote!(#restricted),
            }
        }
    }
}

/// The same words, as if written there.
pub(super) fn moved(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|token| match token {
            TokenTree::Group(group) => {
                let mut there = Group::new(group.delimiter(), moved(group.stream(), span));
                there.set_span(span);
                TokenTree::Group(there)
            }
            mut token => {
                token.set_span(span);
                token
            }
        })
        .collect()
}

/// The types whose SQL type only the compiler knows.
fn typed(input: &TableInput) -> TokenStream {
    let module = input.module();
    let own = input.columns.iter().filter(|column| column.known().is_none());
    own.map(|column| {
        let (ident, ty) = (&column.ident, column.value_type());
        let checked = checked(ty);
        let rust = quote!(<Self as ::mizzle::__private::Typed>::Rust);
        let field = match column.nullable() {
            Some(_) => quote!(::core::option::Option<#rust>),
            None => rust,
        };
        quote! {
            impl ::mizzle::__private::Typed for #module::columns::#ident {
                type Rust = #checked;
                type Field = #field;
            }
        }
    })
    .collect()
}

/// The type, or one error if no column has it: what a constant that does not evaluate is part of counts as refused already, so
/// no second wave follows.
fn checked(ty: &syn::Type) -> TokenStream {
    let message = types::unknown(ty);
    let evidence = quote_spanned!(ty.span() => {
        #[allow(unused_imports)]
        use ::mizzle::__private::NoColumn as _;
        ::mizzle::__private::is_column(<::mizzle::__private::Probe<#ty>>::IS_COLUMN, #message)
    });
    quote!(<::mizzle::__private::Checked<#ty, #evidence> as ::mizzle::__private::Column>::Type)
}

fn sql_types(columns: &[&Ident]) -> Vec<TokenStream> {
    columns.iter().map(|column| quote!(<#column as diesel::Expression>::SqlType)).collect()
}

/// What makes `diesel::update` and `diesel::delete` take the table, or a query on it.
fn write_target() -> TokenStream {
    quote! {
            impl diesel::associations::HasTable for table {
                type Table = table;
                fn table() -> table { table }
            }
            impl diesel::query_builder::IntoUpdateTarget for table {
                type WhereClause = <Simple as diesel::query_builder::IntoUpdateTarget>::WhereClause;
                fn into_update_target(self) -> diesel::query_builder::UpdateTarget<table, Self::WhereClause> {
                    diesel::query_builder::IntoUpdateTarget::into_update_target(self.as_query())
                }
            }
            impl<T> diesel::insertable::Insertable<T> for table where Simple: diesel::insertable::Insertable<T> {
                type Values = <Simple as diesel::insertable::Insertable<T>>::Values;
                fn values(self) -> Self::Values { self.as_query().values() }
            }
    }
}

fn from_clause(input: &TableInput) -> TokenStream {
    let name = input.table_name();
    let (component, value) = match &input.options.schema {
        Some(schema) => (
            quote!(
                __nodes::InfixNode<__nodes::Identifier<'static>, __nodes::Identifier<'static>, &'static str>
            ),
            quote!(__nodes::InfixNode::new(__nodes::Identifier(#schema), __nodes::Identifier(#name), ".")),
        ),
        None => (quote!(__nodes::Identifier<'static>), quote!(__nodes::Identifier(#name))),
    };
    quote! {
        impl __nodes::StaticQueryFragment for table {
            type Component = #component;
            const STATIC_COMPONENT: &'static Self::Component = &#value;
        }
    }
}

/// Where the table may stand in a FROM clause: alone, in joins, under an alias.
fn joins() -> TokenStream {
    let join_to = |generics: TokenStream, source: TokenStream, bounds: TokenStream| {
        quote! {
            impl<#generics> diesel::JoinTo<#source> for table where #source: diesel::JoinTo<table>, #bounds {
                type FromClause = #source;
                type OnClause = <#source as diesel::JoinTo<table>>::OnClause;
                fn join_target(__source: #source) -> (Self::FromClause, Self::OnClause) {
                    (__source, <#source as diesel::JoinTo<table>>::join_target(table).1)
                }
            }
        }
    };
    let join = join_to(
        quote!(Left, Right, Kind),
        quote!(__nodes::Join<Left, Right, Kind>),
        quote!(Left: diesel::QuerySource, Right: diesel::QuerySource),
    );
    let join_on = join_to(quote!(Join, On), quote!(__nodes::JoinOn<Join, On>), quote!());
    let select = join_to(
        quote!(F, S, D, W, O, L, Of, G),
        quote!(__nodes::SelectStatement<__nodes::FromClause<F>, S, D, W, O, L, Of, G>),
        quote!(F: diesel::QuerySource),
    );
    let boxed = join_to(
        quote!('a, QS, ST, DB),
        quote!(__nodes::BoxedSelectStatement<'a, __nodes::FromClause<QS>, ST, DB>),
        quote!(QS: diesel::QuerySource),
    );
    let alias = join_to(quote!(S), quote!(diesel::query_source::Alias<S>), quote!());
    quote! {
        impl diesel::query_source::AppearsInFromClause<table> for table {
            type Count = diesel::query_source::Once;
        }
        impl diesel::query_source::AppearsInFromClause<table> for __nodes::NoFromClause {
            type Count = diesel::query_source::Never;
        }
        impl<S: diesel::query_source::AliasSource> diesel::query_source::AppearsInFromClause<diesel::query_source::Alias<S>>
            for table
        {
            type Count = diesel::query_source::Never;
        }
        impl<S> __nodes::AliasAppearsInFromClause<S, table> for table
        where
            S: diesel::query_source::AliasSource<Target = table>,
        {
            type Count = diesel::query_source::Never;
        }
        impl<S1, S2> __nodes::AliasAliasAppearsInFromClause<table, S2, S1> for table
        where
            S1: diesel::query_source::AliasSource<Target = table>
                + __nodes::AliasAliasAppearsInFromClauseSameTable<S2, table>,
            S2: diesel::query_source::AliasSource<Target = table>,
        {
            type Count = <S1 as __nodes::AliasAliasAppearsInFromClauseSameTable<S2, table>>::Count;
        }
        impl<S, C> __nodes::FieldAliasMapperAssociatedTypesDisjointnessTrick<table, S, C> for table
        where
            S: diesel::query_source::AliasSource<Target = table> + ::core::clone::Clone,
            C: diesel::query_source::Column<Table = table>,
        {
            type Out = diesel::query_source::AliasedField<S, C>;
            fn map(__column: C, __alias: &diesel::query_source::Alias<S>) -> Self::Out { __alias.field(__column) }
        }
        #join
        #join_on
        #select
        #boxed
        #alias
    }
}

/// The column by its name, and the type that its field is declared for.
fn names(input: &TableInput) -> TokenStream {
    let (outer, visibility) = (nested(&input.visibility, 1), nested(&input.visibility, 2));
    let fields: Vec<_> = input.columns.iter().map(|column| &column.ident).collect();
    // a mark on the column's definition is a mark on its field
    let own = |ident: &Ident| ident.span().resolved_at(Span::mixed_site());
    let names = input.columns.iter().map(|column| {
        let ident = &column.ident;
        let visibility = moved(visibility.clone(), ident.span());
        let doc = format!("The column \"{}\" of \"{}\".", column.column_name(), input.table_name());
        quote_spanned! { own(ident) =>
            #visibility type #ident = Col<super::columns::#ident>;
            #[doc = #doc]
            #visibility const #ident: #ident = Col::NEW;
        }
    });
    quote! {
        /// The types that the columns are declared for.
        #outer mod columns { #(#visibility enum #fields {})* }

        #[doc(hidden)]
        #outer mod __names {
            use ::mizzle::__private::Col;
            #(#names)*
        }
    }
}

/// What each column is. Where the struct stands and not in the module: a table can stand inside a function, whose imports a
/// module does not see.
fn fields(input: &TableInput) -> TokenStream {
    let fields = input.columns.iter().enumerate().map(|(at, column)| field(input, at, column));
    quote! {
        const _: () = {
            use ::mizzle::__private::{diesel, place as __place};
            #(#fields)*
        };
    }
}

fn field(input: &TableInput, at: usize, column: &ColumnInput) -> TokenStream {
    let (model, module) = (&input.ident, input.module());
    let (ident, ty) = (&column.ident, checked_type(input, column));
    let (name, sql_type) = (column.column_name(), sql_type(&module, column));
    let place = place(at);
    // under GROUP BY the only key every column may be selected
    let is_only_key = column.options.primary_key && input.primary_key().count() == 1;
    let groups = if is_only_key { quote!(__place::Every) } else { quote!(Self::Place) };
    quote_spanned! { ident.span().resolved_at(Span::mixed_site()) =>
        impl ::mizzle::__private::Field for #module::columns::#ident {
            type Model = #model;
            type Table = #module::table;
            type Value = #ty;
            type SqlType = #sql_type;
            type Place = #place;
            type Groups = #groups;
            const NAME: &'static str = #name;
            #[allow(clippy::misnamed_getters)]
            fn value(__model: &#model) -> &#ty { &__model.#ident }
        }
    }
}

/// The column's place in the table, a number that the type system can compare. 256 columns are one more than a table has.
fn place(at: usize) -> TokenStream {
    let digit = |digit: usize| format_ident!("Digit{digit}");
    let (low, high) = (digit(at % 16), digit(at / 16 % 16));
    quote!(__place::#low<__place::#high<()>>)
}

/// The Diesel SQL type. Well-known Rust types are named directly; any other type answers through `ColumnType`.
fn sql_type(module: &Ident, column: &ColumnInput) -> TokenStream {
    let value = value_sql_type(module, column);
    match column.nullable() {
        Some(_) => quote!(diesel::sql_types::Nullable<#value>),
        None => value,
    }
}

fn value_sql_type(module: &Ident, column: &ColumnInput) -> TokenStream {
    match (column.known(), &column.options.declared) {
        (_, Some(declared @ (Declared::Json | Declared::Jsonb))) => declared.diesel(),
        (Some(_), Some(declared)) => declared.diesel(),
        (Some(known), None) => known.diesel(column.value_type().span()),
        (None, _) => {
            let ident = &column.ident;
            quote!(<<#module::columns::#ident as ::mizzle::__private::Typed>::Rust as ::mizzle::ColumnType>::SqlType)
        }
    }
}
