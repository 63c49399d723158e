//! The Diesel table and its columns: what `diesel::table!` would give, for PostgreSQL alone and without naming Diesel.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Type};

use crate::ast::{ColumnInput, TableInput, inside, last_segment};
use crate::attr::DeclaredType;

pub(super) fn expand(input: &TableInput) -> TokenStream {
    let module = input.module();
    let visibility = &input.visibility;
    let names: Vec<_> = input.columns.iter().map(|column| &column.ident).collect();
    let key: Vec<_> = input.primary_key().map(|column| &column.ident).collect();
    let key = if let [only] = &key[..] { quote!(#only) } else { quote!((#(#key),*)) };
    let from = from_clause(input);
    let joins = joins();
    let columns = input.columns.iter().map(|column| self::column(input, column));
    let groups = groups(input);
    let relations = super::relation::names(input);
    let doc = format!("The table \"{}\" and its columns.", input.table_name());
    quote! {
        #[doc = #doc]
        #[allow(non_camel_case_types, non_upper_case_globals, dead_code, unused_imports, unreachable_pub, missing_docs)]
        #visibility mod #module {
            use ::mizzle::__private::diesel;
            use diesel::internal::table_macro as nodes;
            use diesel::pg::Pg;
            use diesel::query_builder::{AsQuery, AstPass, QueryFragment, QueryId};
            pub use self::columns::*;

            #[derive(Debug, Clone, Copy, Default)]
            pub struct table;

            /// Every column, in order of declaration.
            pub type Columns = (#(#names,)*);
            pub const all_columns: Columns = (#(#names,)*);
            /// The SQL type of every column.
            pub type SqlType = (#(<#names as diesel::Expression>::SqlType,)*);
            type Simple = nodes::SelectStatement<nodes::FromClause<table>>;

            impl QueryId for table {
                type QueryId = table;
                const HAS_STATIC_QUERY_ID: bool = true;
            }
            #from
            impl QueryFragment<Pg> for table {
                fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> diesel::QueryResult<()> {
                    <table as nodes::StaticQueryFragment>::STATIC_COMPONENT.walk_ast(out)
                }
            }
            impl diesel::QuerySource for table {
                type FromClause = nodes::StaticQueryFragmentInstance<table>;
                type DefaultSelection = Columns;
                fn from_clause(&self) -> Self::FromClause { nodes::StaticQueryFragmentInstance::new() }
                fn default_selection(&self) -> Columns { all_columns }
            }
            impl AsQuery for table {
                type SqlType = SqlType;
                type Query = Simple;
                fn as_query(self) -> Simple { nodes::SelectStatement::simple(self) }
            }
            impl diesel::Table for table {
                type PrimaryKey = #key;
                type AllColumns = Columns;
                fn primary_key(&self) -> Self::PrimaryKey { #key }
                fn all_columns() -> Columns { all_columns }
            }
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
            #joins

            #relations

            pub mod columns {
                use super::{diesel, nodes, table, AstPass, Pg, QueryFragment, QueryId};
                use super::super::*;
                #(#columns)*
                #groups
            }
        }
    }
}

fn from_clause(input: &TableInput) -> TokenStream {
    let name = input.table_name();
    let (component, value) = match &input.options.schema {
        Some(schema) => (
            quote!(nodes::InfixNode<nodes::Identifier<'static>, nodes::Identifier<'static>, &'static str>),
            quote!(nodes::InfixNode::new(nodes::Identifier(#schema), nodes::Identifier(#name), ".")),
        ),
        None => (quote!(nodes::Identifier<'static>), quote!(nodes::Identifier(#name))),
    };
    quote! {
        impl nodes::StaticQueryFragment for table {
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
                fn join_target(source: #source) -> (Self::FromClause, Self::OnClause) {
                    (source, <#source as diesel::JoinTo<table>>::join_target(table).1)
                }
            }
        }
    };
    let join = join_to(
        quote!(Left, Right, Kind),
        quote!(nodes::Join<Left, Right, Kind>),
        quote!(Left: diesel::QuerySource, Right: diesel::QuerySource),
    );
    let join_on = join_to(quote!(Join, On), quote!(nodes::JoinOn<Join, On>), quote!());
    let select = join_to(
        quote!(F, S, D, W, O, L, Of, G),
        quote!(nodes::SelectStatement<nodes::FromClause<F>, S, D, W, O, L, Of, G>),
        quote!(F: diesel::QuerySource),
    );
    let boxed = join_to(
        quote!('a, QS, ST, DB),
        quote!(nodes::BoxedSelectStatement<'a, nodes::FromClause<QS>, ST, DB>),
        quote!(QS: diesel::QuerySource),
    );
    let alias = join_to(quote!(S), quote!(diesel::query_source::Alias<S>), quote!());
    quote! {
        impl diesel::query_source::AppearsInFromClause<table> for table {
            type Count = diesel::query_source::Once;
        }
        impl diesel::query_source::AppearsInFromClause<table> for nodes::NoFromClause {
            type Count = diesel::query_source::Never;
        }
        impl<S: diesel::query_source::AliasSource> diesel::query_source::AppearsInFromClause<diesel::query_source::Alias<S>>
            for table
        {
            type Count = diesel::query_source::Never;
        }
        impl<S> nodes::AliasAppearsInFromClause<S, table> for table
        where
            S: diesel::query_source::AliasSource<Target = table>,
        {
            type Count = diesel::query_source::Never;
        }
        impl<S1, S2> nodes::AliasAliasAppearsInFromClause<table, S2, S1> for table
        where
            S1: diesel::query_source::AliasSource<Target = table>
                + nodes::AliasAliasAppearsInFromClauseSameTable<S2, table>,
            S2: diesel::query_source::AliasSource<Target = table>,
        {
            type Count = <S1 as nodes::AliasAliasAppearsInFromClauseSameTable<S2, table>>::Count;
        }
        impl<S, C> nodes::FieldAliasMapperAssociatedTypesDisjointnessTrick<table, S, C> for table
        where
            S: diesel::query_source::AliasSource<Target = table> + ::core::clone::Clone,
            C: diesel::query_source::Column<Table = table>,
        {
            type Out = diesel::query_source::AliasedField<S, C>;
            fn map(column: C, alias: &diesel::query_source::Alias<S>) -> Self::Out { alias.field(column) }
        }
        #join
        #join_on
        #select
        #boxed
        #alias
    }
}

fn column(input: &TableInput, column: &ColumnInput) -> TokenStream {
    let ident = &column.ident;
    let name = column.column_name();
    let sql_type = sql_type(column);
    let doc = format!("The column \"{name}\" of \"{}\".", input.table_name());
    let operators = operators(column);
    quote_spanned! { ident.span().resolved_at(proc_macro2::Span::mixed_site()) =>
        #[doc = #doc]
        #[derive(Debug, Clone, Copy, Default)]
        pub struct #ident;

        impl QueryId for #ident {
            type QueryId = #ident;
            const HAS_STATIC_QUERY_ID: bool = true;
        }
        impl diesel::expression::Expression for #ident { type SqlType = #sql_type; }
        impl QueryFragment<Pg> for #ident {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> diesel::QueryResult<()> {
                if !out.should_skip_from() {
                    const FROM: nodes::StaticQueryFragmentInstance<table> = nodes::StaticQueryFragmentInstance::new();
                    FROM.walk_ast(out.reborrow())?;
                    out.push_sql(".");
                }
                out.push_identifier(#name)
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
        impl<Join, On> diesel::SelectableExpression<nodes::JoinOn<Join, On>> for #ident where
            #ident: diesel::SelectableExpression<Join> + diesel::AppearsOnTable<nodes::JoinOn<Join, On>>
        {
        }
        impl<From> diesel::SelectableExpression<nodes::SelectStatement<nodes::FromClause<From>>> for #ident
        where
            From: diesel::QuerySource,
            #ident: diesel::SelectableExpression<From>
                + diesel::AppearsOnTable<nodes::SelectStatement<nodes::FromClause<From>>>,
        {
        }
        impl<Left, Right> diesel::SelectableExpression<nodes::Join<Left, Right, nodes::LeftOuter>> for #ident
        where
            #ident: diesel::AppearsOnTable<nodes::Join<Left, Right, nodes::LeftOuter>> + diesel::SelectableExpression<Left>,
            Left: diesel::QuerySource,
            // on the right side of a left join a column may be NULL, and only its nullable form can be selected
            Right: diesel::QuerySource
                + diesel::query_source::AppearsInFromClause<table, Count = diesel::query_source::Never>,
        {
        }
        impl<Left, Right> diesel::SelectableExpression<nodes::Join<Left, Right, nodes::Inner>> for #ident
        where
            #ident: diesel::AppearsOnTable<nodes::Join<Left, Right, nodes::Inner>>,
            Left: diesel::QuerySource + diesel::query_source::AppearsInFromClause<table>,
            Right: diesel::QuerySource + diesel::query_source::AppearsInFromClause<table>,
            (Left::Count, Right::Count): nodes::Pick<Left, Right>,
            #ident: diesel::SelectableExpression<<(Left::Count, Right::Count) as nodes::Pick<Left, Right>>::Selection>,
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
        impl diesel::expression::IsContainedInGroupBy<#ident> for #ident {
            type Output = diesel::expression::is_contained_in_group_by::Yes;
        }
        impl<T> diesel::EqAll<T> for #ident
        where
            T: diesel::expression::AsExpression<#sql_type>,
            diesel::dsl::Eq<#ident, T::Expression>: diesel::Expression<SqlType = diesel::sql_types::Bool>,
        {
            type Output = diesel::dsl::Eq<#ident, T::Expression>;
            fn eq_all(self, value: T) -> Self::Output { diesel::ExpressionMethods::eq(self, value) }
        }
        #operators
    }
}

/// Which column may be selected under GROUP BY another: all of them under a key of one column.
fn groups(input: &TableInput) -> TokenStream {
    let only_key = match &input.primary_key().collect::<Vec<_>>()[..] {
        [key] => Some(key.ident.clone()),
        _ => None,
    };
    let pairs = input
        .columns
        .iter()
        .flat_map(|left| input.columns.iter().map(move |right| (&left.ident, &right.ident)));
    pairs
        .filter(|(left, right)| left != right)
        .map(|(left, right)| {
            let output = if only_key.as_ref() == Some(left) { quote!(Yes) } else { quote!(No) };
            quote! {
                impl diesel::expression::IsContainedInGroupBy<#right> for #left {
                    type Output = diesel::expression::is_contained_in_group_by::#output;
                }
            }
        })
        .collect()
}

/// `+ - * /` on numbers, `+ -` on times.
fn operators(column: &ColumnInput) -> TokenStream {
    let operators: &[&str] = match last_segment(column.value_type()).as_str() {
        "i16" | "i32" | "i64" | "f32" | "f64" | "BigDecimal" => &["Add", "Sub", "Mul", "Div"],
        "NaiveDate" | "NaiveDateTime" | "DateTime" => &["Add", "Sub"],
        _ => &[],
    };
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
                    type Output = nodes::ops::#operator<Self, Rhs::Expression>;
                    fn #method(self, rhs: Rhs) -> Self::Output {
                        nodes::ops::#operator::new(self, rhs.as_expression())
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
    let ty = column.value_type();
    if let Some(declared) = &column.options.declared {
        return match declared {
            DeclaredType::Numeric(..) => quote!(diesel::sql_types::Numeric),
            DeclaredType::Text | DeclaredType::Varchar(_) | DeclaredType::Char(_) => {
                quote!(diesel::sql_types::Text)
            }
        };
    }
    match well_known(ty) {
        Some(name) => {
            let name = Ident::new(name, ty.span());
            quote!(diesel::sql_types::#name)
        }
        None => {
            let ty = ty.to_token_stream();
            quote!(<#ty as ::mizzle::ColumnType>::SqlType)
        }
    }
}

fn well_known(ty: &Type) -> Option<&'static str> {
    Some(match last_segment(ty).as_str() {
        "Uuid" => "Uuid",
        "String" => "Text",
        "NaiveDate" => "Date",
        "NaiveTime" => "Time",
        "NaiveDateTime" => "Timestamp",
        "DateTime" => "Timestamptz",
        "bool" => "Bool",
        "i16" => "SmallInt",
        "i32" => "Integer",
        "i64" => "BigInt",
        "f32" => "Float",
        "f64" => "Double",
        "BigDecimal" => "Numeric",
        "Vec" if inside(ty, "Vec").map(last_segment).as_deref() == Some("u8") => "Binary",
        _ => return None,
    })
}
