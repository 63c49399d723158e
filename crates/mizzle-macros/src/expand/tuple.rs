//! Tuples of any length: Diesel's end at 32, so longer ones are tuples of tuples, which SQL and rows read the same way.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// The longest tuple that Diesel is built for here (`32-column-tables`).
const LONGEST: usize = 32;

/// `(a, b,)`; beyond 32 `((…,), (…,),)`.
pub(super) fn tuple<T: ToTokens>(items: &[T]) -> TokenStream {
    if items.len() <= LONGEST {
        return quote!((#(#items,)*));
    }
    let parts: Vec<TokenStream> = items.chunks(LONGEST).map(tuple).collect();
    tuple(&parts)
}
