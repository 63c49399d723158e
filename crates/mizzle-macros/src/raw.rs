//! `sql!`: text with parameters and names between braces.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Expr, LitStr};

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let expanded = syn::parse2::<LitStr>(input)
        .map_err(|error| {
            syn::Error::new(error.span(), "`sql!` takes one string: what changes stands in it as `{value}`")
        })
        .and_then(|text| calls(&text));
    expanded.unwrap_or_else(|error| error.to_compile_error())
}

/// `let statement = RawSql::default().text("…"); let statement = value.bind_to(statement); … statement`.
fn calls(literal: &LitStr) -> syn::Result<TokenStream> {
    let wrong = |message: &str| syn::Error::new(literal.span(), message);
    let text = literal.value();
    let mut rest = &text[..];
    // of the macro, so that `{statement}` is still the caller's
    let statement = Ident::new("statement", Span::mixed_site());
    let (mut plain, mut calls) = (String::new(), TokenStream::new());
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        let (brace, behind) = rest[at..].split_at(1);
        rest = behind;
        if let Some(behind) = rest.strip_prefix(brace) {
            plain.push_str(brace);
            rest = behind;
            continue;
        }
        if brace == "}" {
            return Err(wrong("a `}` without its `{`: write `}}` for a brace"));
        }
        let end = end_of(rest).ok_or_else(|| wrong("a `{` without its `}`: write `{{` for a brace"))?;
        let expression: Expr = LitStr::new(&rest[..end], literal.span())
            .parse()
            .map_err(|_| wrong(&format!("`{{{}}}` is no value, table or column", &rest[..end])))?;
        rest = &rest[end + 1..];
        let text = std::mem::take(&mut plain);
        calls.extend(quote!(let #statement = #statement.text(#text);));
        calls.extend(match &expression {
            Expr::Path(path) if path.path.segments.len() > 1 => {
                quote_spanned!(literal.span() => let #statement = #statement.name(&#expression);)
            }
            // a method, so that a reference to a value is as good as the value
            _ => quote_spanned!(literal.span() => let #statement = (#expression).bind_to(#statement);),
        });
    }
    plain.push_str(rest);
    Ok(quote! {{
        #[allow(unused_imports)]
        use ::mizzle::Bind as _;
        let #statement = ::mizzle::RawSql::default();
        #calls
        #statement.text(#plain)
    }})
}

/// Where the brace that closes the expression is.
fn end_of(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}
