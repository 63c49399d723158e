//! A field and the column or relation that it is to hold, compared once: what is refused there is not refused again.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, Type};

use super::FieldInput;
use crate::ast::inside;

/// `<OwnerCard as Held<0>>::Part`: the column or relation of a field.
pub(super) fn part(shape: &Ident, field: &FieldInput) -> TokenStream {
    let place = field.place;
    quote_spanned!(field.ident.span() => <#shape as ::mizzle::__private::Held<#place>>::Part)
}

/// The comparison, as an impl of `Held`.
pub(super) fn expand(shape: &Ident, field: &FieldInput, part: &TokenStream) -> TokenStream {
    if field.aggregate.is_some() {
        return TokenStream::new();
    }
    let (place, ty) = (field.place, &field.ty);
    let other = match inside(ty, "Option") {
        Some(inside) => quote!(#inside),
        None => quote!(::core::option::Option<#ty>),
    };
    let Words { option, column, many, maybe, one } = Words::of(field);
    quote_spanned! { field.ident.span() =>
        impl ::mizzle::__private::Held<#place> for #shape {
            type Part = <::mizzle::__private::Holding<#part, {
                #[allow(unused_imports)]
                use ::mizzle::__private::{NoRelation as _, NotHeld as _};
                ::mizzle::__private::is_held(
                    <::mizzle::__private::ProbePart<#part, #ty>>::HOLDS,
                    <::mizzle::__private::ProbePart<#part, #other>>::HOLDS,
                    <::mizzle::__private::ProbeLink<#part>>::LEADS,
                    [#option, #column, #many, #maybe, #one],
                )
            }> as ::mizzle::__private::HeldPart>::Part;
        }
    }
}

/// What to say of a field that cannot hold what it names.
struct Words {
    /// A column that can be NULL as a plain value, or one that is never NULL as an `Option`.
    option: String,
    /// A column as another type.
    column: String,
    /// Relations by the number of their rows.
    many: String,
    maybe: String,
    one: String,
}

impl Words {
    fn of(field: &FieldInput) -> Self {
        let name = field.from.as_ref().unwrap_or(&field.ident);
        let ty = spelled(&field.ty);
        let row = |wrapper: &str, rows: &str, fields: &str| match inside(&field.ty, wrapper) {
            Some(item) => format!(
                "`{}` is no shape of the table that the relation `{name}` leads to: take that table's struct, or a shape of it",
                spelled(item)
            ),
            None => format!(
                "the relation `{name}` leads to {rows}: make the field {fields}, where `S` is a shape of the related table"
            ),
        };
        Self {
            option: match inside(&field.ty, "Option") {
                Some(plain) => {
                    format!("the column `{name}` is never NULL: make the field a `{}`", spelled(plain))
                }
                None => format!("the column `{name}` can be NULL: make the field an `Option<{ty}>`"),
            },
            column: format!(
                "the column `{name}` is not read as `{ty}`: give the field the type that it has in the table"
            ),
            many: row("Vec", "any number of rows", "a `Vec<S>`"),
            maybe: row("Option", "a row that may be missing", "an `Option<S>`"),
            one: row("", "one row", "an `S` or, as it may be gone, an `Option<S>`"),
        }
    }
}

/// A type as it was written.
fn spelled(ty: &Type) -> String {
    ty.to_token_stream().to_string().replace(' ', "")
}
