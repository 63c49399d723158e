//! A role has a name and may log in.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "role-option",
    title: "A role has a name and may log in.",
    why: "Who may connect as a role is said by `AWS IAM GRANT role TO 'arn…'`; there are no passwords, no \
           limits on connections and no settings of a role.",
    state: Some("0A000"),
    source: "grammar, lint",
    hint: "CREATE ROLE … WITH LOGIN, then AWS IAM GRANT",
    bad: "CREATE ROLE reader WITH LOGIN PASSWORD 'secret';",
    good: "CREATE ROLE reader WITH LOGIN;",
    severity: Severity::Error,
    says: "`{}` is no option of a role",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let hit = |node: SyntaxNode| {
        let head = statement.head_of(&node);
        let said = if tree::has(&node, K::LITERAL) { head.clone() } else { statement.span_of(&node) };
        let word = statement.said(said).split_whitespace().filter(|word| !word.starts_with('\''));
        Hit::at(script.source, head, RULE.message(&word.collect::<Vec<_>>().join(" ")))
    };
    match statement.kind() {
        Some(K::CREATE_ROLE | K::CREATE_USER | K::CREATE_GROUP) => {
            let refused = [
                K::ROLE_OPTION_PASSWORD,
                K::ROLE_OPTION_ENCRYPTED_PASSWORD,
                K::ROLE_OPTION_CONNECTION_LIMIT,
                K::ROLE_OPTION_VALID_UNTIL,
            ];
            statement.all(&refused).map(hit).collect()
        }
        Some(K::ALTER_ROLE | K::ALTER_USER) => {
            let legal = |kind| matches!(kind, K::ROLE_OPTION_INHERIT | K::ROLE_OPTION_USER);
            let options =
                statement.all(&[K::ROLE_OPTION_LIST]).flat_map(|list| list.children().collect::<Vec<_>>());
            let settings = statement.all(&[K::SET_CONFIG_PARAM, K::RESET_CONFIG_PARAM]);
            options.filter(|option| !legal(option.kind())).chain(settings).map(hit).collect()
        }
        _ => Vec::new(),
    }
}
