//! `Owner::pets()` and the traits that tell which column holds whose key.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Ident, Path};

use crate::ast::{RelationInput, RelationKind, TableInput, module_of};

pub(super) fn expand(input: &TableInput) -> TokenStream {
    let ident = &input.ident;
    let visibility = &input.visibility;
    let methods = input.relations.iter().map(|relation| method(input, relation));
    let ownership = belongs_to(input);
    let table = input.table_name();
    let query = format!("A query on \"{table}\": all rows until it is filtered.");
    quote! {
        #[allow(dead_code)]
        impl #ident {
            #[doc = #query]
            #visibility fn query<'q>() -> ::mizzle::Query<'q, #ident> { ::mizzle::Query::new() }
            #(#methods)*
        }
        #ownership
    }
}

fn method(input: &TableInput, relation: &RelationInput) -> TokenStream {
    let (ident, visibility) = (&input.ident, &input.visibility);
    let RelationInput { name, target, kind } = relation;
    let module = input.module();
    let far = module_of(target);
    match kind {
        RelationKind::HasMany { by } => {
            let doc = format!("The rows of `{}` that belong to this row.", target.to_token_stream());
            let key = match by {
                Some(column) => quote!(#far::#column),
                None => quote!(<#target as ::mizzle::BelongsTo<#ident>>::ForeignKey),
            };
            quote! {
                #[doc = #doc]
                #visibility fn #name<'q>()
                    -> ::mizzle::HasMany<'q, #ident, #target, #key>
                { ::mizzle::HasMany::new() }
            }
        }
        RelationKind::BelongsTo { column } => {
            let doc = format!(
                "The row of `{}` whose key this row holds, if it is there.",
                target.to_token_stream()
            );
            quote! {
                #[doc = #doc]
                #visibility fn #name<'q>()
                    -> ::mizzle::BelongsToOne<'q, #ident, #module::#column, #target>
                { ::mizzle::BelongsToOne::new() }
            }
        }
        RelationKind::ManyToMany { through } => {
            let doc = format!("The rows of `{}` linked to this row.", target.to_token_stream());
            quote! {
                #[doc = #doc]
                #visibility fn #name<'q>()
                    -> ::mizzle::ManyToMany<'q, #ident, #through, #target>
                { ::mizzle::ManyToMany::new() }
            }
        }
    }
}

/// `BelongsTo<Owner>` and Diesel's joins, for each target that only one column points to.
fn belongs_to(input: &TableInput) -> TokenStream {
    let (ident, module) = (&input.ident, input.module());
    let mut columns: HashMap<String, usize> = HashMap::new();
    let belonging = || {
        input.relations.iter().filter_map(|relation| match &relation.kind {
            RelationKind::BelongsTo { column } => Some((&relation.target, column)),
            _ => None,
        })
    };
    for (target, _) in belonging() {
        *columns.entry(target.to_token_stream().to_string()).or_default() += 1;
    }
    belonging()
        .filter(|(target, _)| columns[&target.to_token_stream().to_string()] == 1)
        .map(|(target, column)| {
            let far = module_of(target);
            let itself = target.is_ident(ident);
            let joins = (!itself).then(|| joins(&module, column, &far));
            quote! {
                impl ::mizzle::BelongsTo<#target> for #ident {
                    type ForeignKey = #module::#column;
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
                fn join_target(right: #right::table) -> (Self::FromClause, Self::OnClause) {
                    use diesel::{ExpressionMethods, NullableExpressionMethods, Table};
                    (right, #module::#column.nullable().eq(#far::table.primary_key().nullable()))
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
