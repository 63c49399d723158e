//! `identity(…)`: a bigint that the database counts up.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{LitInt, Token};

/// How the numbers are given out.
#[derive(Clone)]
pub(crate) struct IdentityInput {
    pub(crate) span: Span,
    /// An insert cannot give a number of its own.
    pub(crate) always: bool,
    /// Numbers that a session takes at once: 1, or 65,536 and more.
    pub(crate) cache: Option<LitInt>,
    pub(crate) start: Option<LitInt>,
    pub(crate) increment: Option<LitInt>,
}

/// What `CACHE` may be beside 1: `CACHE (100) must be greater than or equal to 65536 or equal to 1`.
pub(crate) const CACHE: i64 = 65_536;

impl IdentityInput {
    pub(crate) fn read(meta: &ParseNestedMeta<'_>) -> syn::Result<Self> {
        let mut identity =
            Self { span: meta.path.span(), always: false, cache: None, start: None, increment: None };
        if meta.input.peek(syn::token::Paren) {
            meta.parse_nested_meta(|option| {
                let name = option.path.get_ident().map(ToString::to_string).unwrap_or_default();
                let number = || option.input.parse::<Token![=]>().and_then(|_| option.input.parse::<LitInt>());
                match name.as_str() {
                    "always" => identity.always = true,
                    "cache" => identity.cache = Some(number()?),
                    "start" => identity.start = Some(number()?),
                    "increment" => identity.increment = Some(number()?),
                    _ => {
                        return Err(option.error(
                            "unknown option of `identity`: one of `cache = 1`, `always`, `start = …`, `increment = …`",
                        ));
                    }
                }
                Ok(())
            })?;
        }
        Ok(identity)
    }

    /// What keeps Aurora DSQL from taking it.
    pub(crate) fn refusal(&self) -> Option<syn::Error> {
        let cure = "write `cache = 1` for numbers in order, `cache = 65536` for speed";
        match &self.cache {
            None => Some(syn::Error::new(self.span, format!("an identity says its cache: {cure}"))),
            Some(cache) => match cache.base10_parse::<i64>() {
                Ok(size) if size == 1 || size >= CACHE => None,
                _ => Some(syn::Error::new(
                    cache.span(),
                    format!("the cache of an identity is 1, or 65,536 and more: {cure}"),
                )),
            },
        }
    }
}
