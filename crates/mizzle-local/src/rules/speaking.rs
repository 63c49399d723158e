//! Shapes around what is said to the session, and about roles and functions.

use squawk_syntax::SyntaxKind as K;

use super::shape::{self, bare, first_word};
use super::{settable, setting};
use crate::statement::Tree;

/// `SET` or `RESET` of a parameter that is not to be set, by itself or for the time of a function.
pub(super) fn set_parameter(tree: &Tree) -> Option<String> {
    if !matches!(tree.kind(), Some(K::SET | K::RESET | K::CREATE_FUNCTION)) {
        return None;
    }
    let mut names = tree.nodes().filter_map(|node| match node.kind() {
        K::CONFIG_PARAMETER_REF => Some(bare(&node.text().to_string())),
        K::SET_XML_OPTION => Some("xmloption".to_owned()),
        _ => None,
    });
    names.find(|name| !settable(name))
}

/// `set_config` of a parameter that is not to be set.
pub(super) fn set_config(tree: &Tree) -> Option<String> {
    let mut calls = tree.nodes().filter(|node| node.kind() == K::CALL_EXPR);
    calls.find_map(|call| {
        if shape::function_name(&call)? != "set_config" {
            return None;
        }
        let list = call.children().find(|child| child.kind() == K::ARG_LIST)?;
        let name = list.first_child()?.text().to_string();
        let name = name.trim_matches('\'').to_lowercase();
        (!setting::settable(&name)).then_some(name)
    })
}

/// The language of a function that is not SQL.
pub(super) fn function_language(tree: &Tree) -> Option<String> {
    if tree.kind() != Some(K::CREATE_FUNCTION) {
        return None;
    }
    let language = tree.nodes().find(|node| node.kind() == K::LANGUAGE_FUNC_OPTION)?;
    let text = language.text().to_string();
    let name = bare(text.split_whitespace().last()?.trim_matches('\''));
    (name != "sql").then_some(name)
}

/// An isolation level other than the only one.
pub(super) fn isolation(tree: &Tree) -> Option<String> {
    tree.nodes().find_map(|node| match node.kind() {
        K::SERIALIZABLE => Some("SERIALIZABLE".to_owned()),
        K::READ_COMMITTED => Some("READ COMMITTED".to_owned()),
        K::READ_UNCOMMITTED => Some("READ UNCOMMITTED".to_owned()),
        _ => None,
    })
}

/// `SET TRANSACTION`, with or without a scope; `SET SESSION CHARACTERISTICS AS TRANSACTION` is another statement.
pub(super) fn set_transaction(tree: &Tree) -> Option<String> {
    let scopes: [&[&str]; 3] = [&[], &["local"], &["session"]];
    let said = |scope: &[&str]| tree.starts_with(&[&["set"], scope, &["transaction"]].concat());
    scopes.into_iter().any(said).then(String::new)
}

/// `SET SESSION AUTHORIZATION` of anybody but the default.
pub(super) fn session_authorization(tree: &Tree) -> Option<String> {
    let words = tree.words();
    let other =
        tree.kind() == Some(K::SET_SESSION_AUTH) && words.last().is_some_and(|word| word != "default");
    other.then(String::new)
}

/// `DEALLOCATE` of one name.
pub(super) fn deallocate(tree: &Tree) -> Option<String> {
    let one = tree.kind() == Some(K::DEALLOCATE) && tree.words().last().is_none_or(|word| word != "all");
    one.then(String::new)
}

/// `ANALYZE` of everything, of some columns, or with options.
pub(super) fn analyze(tree: &Tree) -> Option<String> {
    let more = |word: &String| matches!(word.as_str(), "(" | "verbose" | ",");
    let plain = tree.words().len() > 1 && !tree.words().iter().any(more);
    (tree.kind() == Some(K::ANALYZE) && !plain).then(String::new)
}

/// An option that CREATE ROLE does not take.
pub(super) fn created_role(tree: &Tree) -> Option<String> {
    if !matches!(tree.kind(), Some(K::CREATE_ROLE | K::CREATE_USER | K::CREATE_GROUP)) {
        return None;
    }
    tree.nodes().find_map(|option| match option.kind() {
        K::ROLE_OPTION_PASSWORD | K::ROLE_OPTION_ENCRYPTED_PASSWORD => Some("PASSWORD".to_owned()),
        K::ROLE_OPTION_CONNECTION_LIMIT => Some("CONNECTION LIMIT".to_owned()),
        K::ROLE_OPTION_VALID_UNTIL => Some("VALID UNTIL".to_owned()),
        _ => None,
    })
}

/// COMMENT on what takes none. The service's own grammar has the kinds listed here; statistics are younger than it.
pub(super) fn commented(tree: &Tree) -> Option<String> {
    const COMMENTED: &[K] = &[
        K::OBJECT_TABLE,
        K::OBJECT_COLUMN,
        K::OBJECT_SEQUENCE,
        K::OBJECT_VIEW,
        K::OBJECT_INDEX,
        K::OBJECT_SCHEMA,
        K::OBJECT_ROLE,
        K::OBJECT_CONSTRAINT,
        K::OBJECT_FUNCTION,
        K::OBJECT_ROUTINE,
        K::OBJECT_STATISTICS,
    ];
    let object = tree.nodes().next().filter(|node| node.kind() == K::COMMENT_ON)?.first_child()?;
    (!COMMENTED.contains(&object.kind())).then(String::new)
}

/// An option that ALTER ROLE does not take.
pub(super) fn altered_role(tree: &Tree) -> Option<String> {
    if !matches!(tree.kind(), Some(K::ALTER_ROLE | K::ALTER_USER)) {
        return None;
    }
    let mut options = tree.nodes().filter(|node| node.kind() == K::ROLE_OPTION_LIST);
    options.find_map(|list| {
        let legal = |kind| matches!(kind, K::ROLE_OPTION_INHERIT | K::ROLE_OPTION_USER);
        list.children().find(|option| !legal(option.kind())).map(|option| first_word(&option).to_uppercase())
    })
}
