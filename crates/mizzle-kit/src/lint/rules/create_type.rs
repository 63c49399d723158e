//! There are no types of one's own.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "create-type",
    title: "There are no types of one's own.",
    why: "Enums, composites and ranges do not exist. A domain over text with a check is what comes nearest to \
           an enum, and its values can change.",
    state: Some("0A000"),
    source: "dsqlbase, lint",
    hint: "Use text with a CHECK, or a domain over it",
    bad: "CREATE TYPE kind AS ENUM ('cat', 'dog');",
    good: "CREATE DOMAIN kind AS text CHECK (value IN ('cat', 'dog'));",
    severity: Severity::Error,
    says: "`{}` is about a type of one's own",
    look: Look::Kinds(&[K::CREATE_TYPE, K::ALTER_TYPE, K::DROP_TYPE]),
};
