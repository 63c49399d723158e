//! The columns of a relation, compared once with the key that they hold.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, Path};

use super::table_of;
use crate::ast::{RelationInput, RelationKind, TableInput, module_of};

/// The impl of `Keys` for a relation.
pub(super) fn keys(input: &TableInput, relation: &RelationInput) -> TokenStream {
    let RelationInput { name, target, kind } = relation;
    let (module, own) = (input.module(), Path::from(input.ident.clone()));
    let (near, far) = match kind {
        RelationKind::Has { by, .. } => (key(target, by, &own, target), quote!(())),
        RelationKind::BelongsTo { columns } => (checked(&own, columns, target, target), quote!(())),
        RelationKind::ManyToMany { through, from, to } => {
            (key(through, from, &own, through), key(through, to, target, through))
        }
    };
    quote! {
        impl ::mizzle::__private::Keys for #module::relations::#name {
            type Near = #near;
            type Far = #far;
        }
    }
}

/// The columns named, or the only ones of `holder` that belong to `held`. What is wrong with them is said at `place`.
fn key(holder: &Path, columns: &[Ident], held: &Path, place: &Path) -> TokenStream {
    if !columns.is_empty() {
        return checked(holder, columns, held, place);
    }
    let message = format!(
        "`{holder}` does not say which of its columns belong to `{held}`: give it `#[belongs_to(name: {held})]`; of several, name one here",
        holder = spelled(holder),
        held = spelled(held),
    );
    let evidence = quote_spanned!(span(place) => {
        #[allow(unused_imports)]
        use ::mizzle::__private::NotOwned as _;
        ::mizzle::__private::is_owned(<::mizzle::__private::ProbeOwned<#holder, #held>>::IS_OWNED, #message)
    });
    quote!(<::mizzle::__private::Owned<#holder, #held, #evidence> as ::mizzle::__private::OwnedKey>::Columns)
}

fn checked(holder: &Path, columns: &[Ident], held: &Path, place: &Path) -> TokenStream {
    let (module, far, count) = (module_of(holder), table_of(held), columns.len());
    let tuple = quote_spanned!(span(place) => (#(#module::#columns,)*));
    let names: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
    let (names, held_name) = (names.join(", "), spelled(held));
    let types = format!(
        "{names} cannot hold the primary key of `{held_name}`: both sides of a relation have the same types, which compare exactly"
    );
    let length = match columns {
        [column] => format!(
            "the primary key of `{held_name}` is not one column as `{column}` is: name all that hold it, on the struct, as \
             `#[belongs_to(name: {held_name}, by = (…, …))]`"
        ),
        _ => format!(
            "the primary key of `{held_name}` does not have {count} columns as {names} are: name those that hold it"
        ),
    };
    let evidence = quote_spanned!(span(place) => {
        #[allow(unused_imports)]
        use ::mizzle::__private::NoKey as _;
        ::mizzle::__private::is_key(
            <::mizzle::__private::ProbeKey<#holder, #tuple, #held>>::IS_KEY,
            #count,
            <#far as ::mizzle::__private::Identity>::PRIMARY_KEY,
            [#types, #length],
        )
    });
    quote!(<::mizzle::__private::CheckedKey<#tuple, #evidence> as ::mizzle::__private::KeyOf>::Columns)
}

/// Where a relation names a table.
fn span(path: &Path) -> Span {
    path.segments.last().map_or_else(Span::call_site, |last| last.ident.span())
}

fn spelled(path: &Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}
