//! A statistics target goes to 100.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::{Edit, Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "statistics-target",
    title: "A statistics target goes to 100.",
    why: "PostgreSQL allows 10,000.",
    state: Some("22023"),
    source: "skill",
    hint: "100 at most",
    bad: "\
CREATE STATISTICS pet_stats ON name, birth_date FROM pet;
ALTER STATISTICS pet_stats SET STATISTICS 1000;",
    good: "\
CREATE STATISTICS pet_stats ON name, birth_date FROM pet;
ALTER STATISTICS pet_stats SET STATISTICS 100;",
    severity: Severity::Error,
    says: "a statistics target of {} is more than 100",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let target = statement.words.last().filter(|_| statement.kind() == Some(K::ALTER_STATISTICS));
    let Some(word) = target.filter(|word| word.text.parse::<u32>().is_ok_and(|number| number > 100)) else {
        return Vec::new();
    };
    let hit = Hit::at(script.source, word.span.clone(), RULE.message(&word.text));
    vec![hit.fix([Edit::replace(word.span.clone(), "100")])]
}
