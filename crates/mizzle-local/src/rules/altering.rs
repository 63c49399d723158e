//! Shapes around changes of tables and the making of indexes.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::shape::{first_word, has};
use crate::statement::{Mode, Tree};

/// The actions that ALTER TABLE knows (page alter-table); what else the parser understands is refused.
const ACTIONS: &[K] = &[
    K::ADD_COLUMN,
    K::ADD_CONSTRAINT,
    K::ALTER_COLUMN,
    K::ALTER_CONSTRAINT,
    K::DROP_COLUMN,
    K::DROP_CONSTRAINT,
    K::OWNER_TO,
    K::RENAME_COLUMN,
    K::RENAME_CONSTRAINT,
    K::SET_SCHEMA,
    K::TABLE_RENAME_TO,
    K::VALIDATE_CONSTRAINT,
    // Accepted for ALL and USER; of one trigger there is none.
    K::ENABLE_TRIGGER,
    K::DISABLE_TRIGGER,
];

/// An ADD COLUMN that says more than a name, a type and a STORAGE.
pub(super) fn added_constraint(tree: &Tree) -> Option<String> {
    let mut added = tree.nodes().filter(|node| node.kind() == K::ADD_COLUMN);
    added.find_map(|column| {
        column.children().find_map(|part| {
            let word = match part.kind() {
                K::NOT_NULL_CONSTRAINT => "NOT NULL",
                K::NULL_CONSTRAINT => "NULL",
                K::DEFAULT_CONSTRAINT => "DEFAULT",
                K::CHECK_CONSTRAINT => "CHECK",
                K::UNIQUE_CONSTRAINT => "UNIQUE",
                K::PRIMARY_KEY_CONSTRAINT => "PRIMARY KEY",
                K::REFERENCES_CONSTRAINT => "REFERENCES",
                K::GENERATED_CONSTRAINT => "GENERATED",
                _ => return None,
            };
            Some(word.to_owned())
        })
    })
}

/// A CHECK or FOREIGN KEY added without NOT VALID.
pub(super) fn added_valid(tree: &Tree) -> Option<String> {
    added(tree).find_map(|constraint| {
        let word = match constraint.kind() {
            K::CHECK_CONSTRAINT => "CHECK",
            K::FOREIGN_KEY_CONSTRAINT => "FOREIGN KEY",
            _ => return None,
        };
        (!has(&constraint, K::NOT_VALID)).then(|| word.to_owned())
    })
}

/// A UNIQUE added without USING INDEX.
pub(super) fn added_unique(tree: &Tree) -> Option<String> {
    let plain = |node: &SyntaxNode| node.kind() == K::UNIQUE_CONSTRAINT && !has(node, K::USING_INDEX_NAME);
    added(tree).any(|constraint| plain(&constraint)).then(String::new)
}

/// An EXCLUDE added.
pub(super) fn added_exclusion(tree: &Tree) -> Option<String> {
    added(tree).any(|constraint| constraint.kind() == K::EXCLUDE_CONSTRAINT).then(String::new)
}

/// A primary key added to a table that exists.
pub(super) fn added_primary_key(tree: &Tree) -> Option<String> {
    added(tree).any(|constraint| constraint.kind() == K::PRIMARY_KEY_CONSTRAINT).then(String::new)
}

/// A CREATE INDEX without ASYNC.
pub(super) fn synchronous_index(tree: &Tree) -> Option<String> {
    let plain = tree.mode() == Mode::Plain;
    (plain && tree.kind() == Some(K::CREATE_INDEX)).then(String::new)
}

/// A VALIDATE CONSTRAINT without ASYNC.
pub(super) fn synchronous_validation(tree: &Tree) -> Option<String> {
    let plain = tree.mode() == Mode::Plain;
    let validates =
        tree.kind() == Some(K::ALTER_TABLE) && tree.nodes().any(|node| node.kind() == K::VALIDATE_CONSTRAINT);
    (plain && validates).then(String::new)
}

/// An ALTER TABLE ASYNC that does anything but validate one constraint.
pub(super) fn asynchronous_action(tree: &Tree) -> Option<String> {
    if tree.mode() != Mode::Async || tree.kind() != Some(K::ALTER_TABLE) {
        return None;
    }
    let actions: Vec<SyntaxNode> = actions(tree).collect();
    match &actions[..] {
        [one] if one.kind() == K::VALIDATE_CONSTRAINT => None,
        [one, ..] if one.kind() != K::VALIDATE_CONSTRAINT => Some(first_word(one).to_uppercase()),
        [_, ..] => Some("VALIDATE CONSTRAINT ... , ...".to_owned()),
        // What the parser did not understand is PostgreSQL's to judge.
        [] => None,
    }
}

/// An action of ALTER TABLE that the service does not know.
pub(super) fn other_action(tree: &Tree) -> Option<String> {
    if tree.kind() != Some(K::ALTER_TABLE) {
        return None;
    }
    actions(tree).find(|action| !ACTIONS.contains(&action.kind())).map(|action| two_words(&action))
}

/// COMPRESSION in a new column, which the parser does not know there.
pub(super) fn added_compression(tree: &Tree) -> Option<String> {
    let unknown = tree.kind() == Some(K::ALTER_TABLE) && !tree.is_whole();
    (unknown && tree.words().iter().any(|word| word == "compression")).then(String::new)
}

/// An action of ALTER INDEX other than RENAME.
pub(super) fn index_action(tree: &Tree) -> Option<String> {
    let index = tree.nodes().next().filter(|node| node.kind() == K::ALTER_INDEX)?;
    let mut parts = index.children();
    let other =
        parts.find(|part| !matches!(part.kind(), K::INDEX_REF | K::IF_EXISTS | K::INDEX_RENAME_TO))?;
    Some(match other.kind() {
        K::SET_OPTIONS => "SET OPTIONS".to_owned(),
        K::RESET_OPTIONS => "RESET OPTIONS".to_owned(),
        _ => two_words(&other),
    })
}

/// A statistics target over 100.
pub(super) fn statistics_target(tree: &Tree) -> Option<String> {
    if tree.kind() != Some(K::ALTER_STATISTICS) {
        return None;
    }
    let target = tree.words().last()?;
    target.parse::<u32>().is_ok_and(|number| number > 100).then(|| target.clone())
}

/// The constraints that an ALTER TABLE adds.
fn added(tree: &Tree) -> impl Iterator<Item = SyntaxNode> {
    let altered = tree.kind() == Some(K::ALTER_TABLE);
    let added = tree.nodes().filter(move |node| altered && node.kind() == K::ADD_CONSTRAINT);
    added.filter_map(|action| action.first_child())
}

/// How an action begins.
fn two_words(action: &SyntaxNode) -> String {
    let text = action.text().to_string().to_uppercase();
    text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

fn actions(tree: &Tree) -> impl Iterator<Item = SyntaxNode> {
    let parts = tree.nodes().take(1).flat_map(|statement| statement.children().collect::<Vec<_>>());
    parts.filter(|part| !matches!(part.kind(), K::TABLE_RELATION_NAME | K::RELATION_NAME | K::IF_EXISTS))
}
