//! `OwnerConstraint`: the names that a refused row is refused by.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;

use crate::ast::TableInput;
use crate::named::Named;

pub(super) fn expand(input: &TableInput) -> TokenStream {
    let TableInput { ident, visibility, .. } = input;
    let constraint = format_ident!("{}Constraint", ident);
    let table = input.table_name();
    let doc = format!("The constraints of \"{table}\", which tell by name what was wrong with a row.");
    let variants = variants(input);
    let names: Vec<&String> = variants.values().collect();
    let docs = names.iter().map(|name| format!("`{name}`"));
    let idents: Vec<Ident> = variants.keys().map(|variant| Ident::new(variant, ident.span())).collect();
    quote! {
        #[doc = #doc]
        #[allow(dead_code)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #visibility enum #constraint { #(#[doc = #docs] #idents),* }

        impl ::mizzle::Constraint for #constraint {
            const ALL: &'static [Self] = &[#(Self::#idents),*];
            fn name(self) -> &'static str {
                match self { #(Self::#idents => #names),* }
            }
        }
        impl ::mizzle::Constrained for #ident {
            type Constraint = #constraint;
        }
    }
}

/// Variants by name: the constraint's without the table's in front.
fn variants(input: &TableInput) -> BTreeMap<String, String> {
    let named = Named::of(input);
    let uniques = named.uniques.iter().map(|(name, _)| name);
    let indexes = named.indexes.iter().filter(|(_, index)| index.unique).map(|(name, _)| name);
    let checks = named.checks.iter().map(|(name, _)| name).chain(named.values.iter().map(|(name, _)| name));
    let foreign_keys = named.foreign_keys.iter().map(|(name, _)| name);
    let table = input.table_name();
    let mut variants = BTreeMap::new();
    for name in
        std::iter::once(&named.primary_key).chain(uniques).chain(indexes).chain(checks).chain(foreign_keys)
    {
        let rest = name.strip_prefix(&table).map_or(&**name, |rest| rest.trim_start_matches('_'));
        let mut variant = pascal_case(rest);
        while variants.contains_key(&variant) {
            variant.push('_');
        }
        variants.insert(variant, name.clone());
    }
    variants
}

/// `email_key` → `EmailKey`; what no identifier can hold is left out.
fn pascal_case(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let variant: String = words
        .map(|word| {
            let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
            first.to_uppercase() + rest
        })
        .collect();
    let starts_well = variant.starts_with(|letter: char| letter.is_alphabetic());
    if starts_well && variant != "Self" { variant } else { format!("C{variant}") }
}
