//! The Diesel table and its columns: what `diesel::table!` would give, for PostgreSQL alone and without naming Diesel.
//!
//! A column is a unit struct, and a binding of its name would be a pattern that it matches: what the module binds begins with `__`.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Visibility};

use super::tuple::tuple;
use crate::ast::{ColumnInput, TableInput};
use crate::types::{self, Declared};

pub(super) fn expand(input: &TableInput) -> TokenStream {
    let module = input.module();
    let visibility = &input.visibility;
    let names: Vec<&Ident> = input.columns.iter().map(|column| &column.ident).collect();
    let key: Vec<_> = input.primary_key().map(|column| &column.ident).collect();
    let key = if let [only] = &key[..] { quote!(#only) } else { quote!((#(#key),*)) };
    let from = from_clause(input);
    let joins = joins();
    let relations = super::relation::names(input);
    let columns = input.columns.iter().enumerate().map(|(at, column)| self::column(input, at, column));
    let (columns_tuple, sql_types) = (tuple(&names), tuple(&sql_types(&names)));
    let typed = typed(input);
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
            #outer use self::columns::*;

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

            #outer mod columns {
                use super::{diesel, __nodes, table, AstPass, Pg, QueryFragment, QueryId};
                use ::mizzle::__private::place as __place;
                #(#columns)*
            }
        }
        #typed
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

/// The types whose SQL type only the compiler knows, resolved where the struct stands and not in the module: a table can stand
/// inside a function, whose imports a module does not see.
fn typed(input: &TableInput) -> TokenStream {
    let module = input.module();
    let own = input.columns.iter().filter(|column| column.known().is_none());
    own.map(|column| {
        let (ident, ty) = (&column.ident, column.value_type());
        let find = column.options.primary_key.then(|| find_own(&quote!(#module::#ident), ty));
        let checked = checked(ty);
        let rust = quote!(<Self as ::mizzle::__private::Typed>::Rust);
        let field = match column.nullable() {
            Some(_) => quote!(::core::option::Option<#rust>),
            None => rust,
        };
        quote! {
            impl ::mizzle::__private::Typed for #module::#ident {
                type Rust = #checked;
                type Field = #field;
            }
            #find
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

fn find_own(column: &TokenStream, ty: &syn::Type) -> TokenStream {
    let find = |lifetime: TokenStream, ty: TokenStream| {
        quote! {
            impl #lifetime diesel::EqAll<#ty> for #column {
                type Output = diesel::dsl::Eq<#column, #ty>;
                fn eq_all(self, __value: #ty) -> Self::Output { diesel::ExpressionMethods::eq(self, __value) }
            }
        }
    };
    let (value, reference) = (find(quote!(), quote!(#ty)), find(quote!(<'key>), quote!(&'key #ty)));
    quote! {
        const _: () = {
            use ::mizzle::__private::diesel;
            #value
            #reference
        };
    }
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

fn column(input: &TableInput, at: usize, column: &ColumnInput) -> TokenStream {
    let ident = &column.ident;
    let name = column.column_name();
    let sql_type = sql_type(column);
    let doc = format!("The column \"{name}\" of \"{}\".", input.table_name());
    let operators = operators(column);
    // a mark on the column's definition is a mark on its field
    let visibility = moved(nested(&input.visibility, 2), ident.span());
    let (position, group, find) = (position(at, ident), group(input, column), find(column));
    // as if the field were the definition: an error that shows it says no word of the macro
    let definition = quote_spanned! { ident.span() =>
        #[doc = #doc]
        #[derive(Debug, Clone, Copy, Default)]
        #visibility struct #ident;
    };
    quote_spanned! { ident.span().resolved_at(proc_macro2::Span::mixed_site()) =>
        #definition

        impl QueryId for #ident {
            type QueryId = #ident;
            const HAS_STATIC_QUERY_ID: bool = true;
        }
        impl diesel::expression::Expression for #ident { type SqlType = #sql_type; }
        impl QueryFragment<Pg> for #ident {
            fn walk_ast<'b>(&'b self, mut __out: AstPass<'_, 'b, Pg>) -> diesel::QueryResult<()> {
                if !__out.should_skip_from() {
                    const __FROM: __nodes::StaticQueryFragmentInstance<table> = __nodes::StaticQueryFragmentInstance::new();
                    __FROM.walk_ast(__out.reborrow())?;
                    __out.push_sql(".");
                }
                __out.push_identifier(#name)
            }
        }
        impl diesel::query_source::Column for #ident {
            type Table = table;
            const NAME: &'static str = #name;
        }
        impl<QS> diesel::AppearsOnTable<QS> for #ident
        where
            QS: diesel::query_source::AppearsInFromClause<table, Count = diesel::query_source::Once>,
        {
        }
        impl diesel::SelectableExpression<table> for #ident {}
        impl<Join, On> diesel::SelectableExpression<__nodes::JoinOn<Join, On>> for #ident where
            #ident: diesel::SelectableExpression<Join> + diesel::AppearsOnTable<__nodes::JoinOn<Join, On>>
        {
        }
        impl<From> diesel::SelectableExpression<__nodes::SelectStatement<__nodes::FromClause<From>>> for #ident
        where
            From: diesel::QuerySource,
            #ident: diesel::SelectableExpression<From>
                + diesel::AppearsOnTable<__nodes::SelectStatement<__nodes::FromClause<From>>>,
        {
        }
        impl<Left, Right> diesel::SelectableExpression<__nodes::Join<Left, Right, __nodes::LeftOuter>> for #ident
        where
            #ident: diesel::AppearsOnTable<__nodes::Join<Left, Right, __nodes::LeftOuter>> + diesel::SelectableExpression<Left>,
            Left: diesel::QuerySource,
            // on the right side of a left join a column may be NULL, and only its nullable form can be selected
            Right: diesel::QuerySource
                + diesel::query_source::AppearsInFromClause<table, Count = diesel::query_source::Never>,
        {
        }
        impl<Left, Right> diesel::SelectableExpression<__nodes::Join<Left, Right, __nodes::Inner>> for #ident
        where
            #ident: diesel::AppearsOnTable<__nodes::Join<Left, Right, __nodes::Inner>>,
            Left: diesel::QuerySource + diesel::query_source::AppearsInFromClause<table>,
            Right: diesel::QuerySource + diesel::query_source::AppearsInFromClause<table>,
            (Left::Count, Right::Count): __nodes::Pick<Left, Right>,
            #ident: diesel::SelectableExpression<<(Left::Count, Right::Count) as __nodes::Pick<Left, Right>>::Selection>,
        {
        }
        impl<GB> diesel::expression::ValidGrouping<GB> for #ident
        where
            GB: diesel::expression::IsContainedInGroupBy<
                #ident,
                Output = diesel::expression::is_contained_in_group_by::Yes,
            >,
        {
            type IsAggregate = diesel::expression::is_aggregate::Yes;
        }
        impl diesel::expression::ValidGrouping<()> for #ident {
            type IsAggregate = diesel::expression::is_aggregate::No;
        }
        #position
        #group
        #find
        #operators
    }
}

/// What `owner::table.find(id)` needs of a column of the key. For a type of one's own see [`typed`].
fn find(column: &ColumnInput) -> TokenStream {
    let ident = &column.ident;
    if !column.options.primary_key || column.known().is_none() {
        return TokenStream::new();
    }
    let sql_type = sql_type(column);
    quote! {
        impl<T> diesel::EqAll<T> for #ident
        where
            T: diesel::expression::AsExpression<#sql_type>,
            diesel::dsl::Eq<#ident, T::Expression>: diesel::Expression<SqlType = diesel::sql_types::Bool>,
        {
            type Output = diesel::dsl::Eq<#ident, T::Expression>;
            fn eq_all(self, __value: T) -> Self::Output { diesel::ExpressionMethods::eq(self, __value) }
        }
    }
}

/// The column's place in the table, a number that the type system can compare.
fn position(at: usize, ident: &Ident) -> TokenStream {
    let bits =
        (0..BITS).map(|bit| if at >> bit & 1 == 1 { quote!(__place::One) } else { quote!(__place::Zero) });
    let place = bits.fold(quote!(()), |rest, bit| quote!((#bit, #rest)));
    quote!(impl __place::Placed for #ident { type Place = #place; })
}

/// Bits of a column's place: 256 columns are one more than a table has.
const BITS: usize = 8;

/// Which columns may be selected under GROUP BY this one: itself, and all of them if it is the only key. One impl for all, where
/// one for each pair would make 65,025 of them in the widest table.
fn group(input: &TableInput, column: &ColumnInput) -> TokenStream {
    let ident = &column.ident;
    let is_only_key = column.options.primary_key && input.primary_key().count() == 1;
    if is_only_key {
        return quote! {
            impl<C: diesel::query_source::Column<Table = table>> diesel::expression::IsContainedInGroupBy<C> for #ident {
                type Output = diesel::expression::is_contained_in_group_by::Yes;
            }
        };
    }
    quote! {
        impl<C> diesel::expression::IsContainedInGroupBy<C> for #ident
        where
            C: diesel::query_source::Column<Table = table> + __place::Placed,
            <#ident as __place::Placed>::Place: __place::Same<C::Place>,
        {
            type Output = <<#ident as __place::Placed>::Place as __place::Same<C::Place>>::Output;
        }
    }
}

/// `+ - * /` on numbers, `+ -` on times.
fn operators(column: &ColumnInput) -> TokenStream {
    let operators: &[&str] = column.known().map_or(&[], |known| known.operators);
    let ident = &column.ident;
    let span = ident.span();
    operators
        .iter()
        .map(|operator| {
            let method = Ident::new(&operator.to_lowercase(), span);
            let operator = Ident::new(operator, span);
            quote! {
                impl<Rhs> ::core::ops::#operator<Rhs> for #ident
                where
                    Rhs: diesel::expression::AsExpression<
                        <<#ident as diesel::Expression>::SqlType as diesel::sql_types::ops::#operator>::Rhs,
                    >,
                {
                    type Output = __nodes::ops::#operator<Self, Rhs::Expression>;
                    fn #method(self, __rhs: Rhs) -> Self::Output {
                        __nodes::ops::#operator::new(self, __rhs.as_expression())
                    }
                }
            }
        })
        .collect()
}

/// The Diesel SQL type. Well-known Rust types are named directly, so that a table can also stand inside a function, whose
/// imports a module does not see; any other type answers through `ColumnType`.
fn sql_type(column: &ColumnInput) -> TokenStream {
    let value = value_sql_type(column);
    match column.nullable() {
        Some(_) => quote!(diesel::sql_types::Nullable<#value>),
        None => value,
    }
}

fn value_sql_type(column: &ColumnInput) -> TokenStream {
    match (column.known(), &column.options.declared) {
        (_, Some(declared @ (Declared::Json | Declared::Jsonb))) => declared.diesel(),
        (Some(_), Some(declared)) => declared.diesel(),
        (Some(known), None) => known.diesel(column.value_type().span()),
        (None, _) => {
            let ident = &column.ident;
            quote!(<<#ident as ::mizzle::__private::Typed>::Rust as ::mizzle::ColumnType>::SqlType)
        }
    }
}
