//! SQL as text: names, types, expressions and the statements that make what a snapshot holds.

mod expression;
mod render;
mod types;
mod word;

pub(crate) use expression::{canonical, mentions, renamed, same, strings, words_of};
pub(crate) use render::{
    add_foreign_key, check, comment, create_domain, create_index, create_table, create_view, identity,
};
pub(crate) use types::{is_immutable, is_wider, keeps_apart, type_name};
pub(crate) use word::quoted;

pub(crate) use crate::name::literal;
