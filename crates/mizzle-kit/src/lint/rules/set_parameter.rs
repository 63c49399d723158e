//! A session sets few parameters.

use std::ops::Range;

use squawk_syntax::SyntaxKind as K;

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::calls;

pub(super) static RULE: Rule = Rule {
    id: "set-parameter",
    title: "A session sets few parameters.",
    why: "Time-outs, memory and the like belong to the service: a transaction has five minutes, a query 128 \
           MiB. The settable ones are application_name, client_encoding, datestyle, extra_float_digits, \
           intervalstyle, role, search_path, timezone, dsql.enable_batched_nestloop and PostgreSQL's \
           enable_bitmapscan, enable_hashjoin, enable_indexonlyscan, enable_indexscan, enable_material, \
           enable_mergejoin, enable_nestloop and enable_seqscan.",
    state: Some("0A000"),
    source: "skill",
    hint: "Leave it out; limit the time of a statement in the client",
    bad: "SET lock_timeout = '5s';",
    good: "SET search_path = public;",
    severity: Severity::Error,
    says: "the parameter `{}` cannot be set",
    look: Look::Statement(look),
};

/// What may be set.
const SETTABLE: &[&str] = &[
    "application_name",
    "client_encoding",
    "datestyle",
    "dsql.enable_batched_nestloop",
    "enable_bitmapscan",
    "enable_hashjoin",
    "enable_indexonlyscan",
    "enable_indexscan",
    "enable_material",
    "enable_mergejoin",
    "enable_nestloop",
    "enable_seqscan",
    "extra_float_digits",
    "intervalstyle",
    "role",
    "search_path",
    "timezone",
];

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let hit = |span: Range<usize>, name: &str| {
        let settable = SETTABLE.contains(&name.to_lowercase().as_str());
        (!settable).then(|| Hit::at(script.source, span, RULE.message(&name.to_lowercase())))
    };
    let sets = matches!(statement.kind(), Some(K::SET | K::RESET | K::CREATE_FUNCTION));
    let set =
        statement.all(&[K::CONFIG_PARAMETER_REF, K::SET_XML_OPTION]).filter(|_| sets).filter_map(|node| {
            let span = statement.span_of(&node);
            let xml = node.kind() == K::SET_XML_OPTION;
            hit(span.clone(), if xml { "xmloption" } else { statement.said(span).trim_matches('"') })
        });
    let called = calls::of(statement).filter(|call| call.name == "set_config").filter_map(|call| {
        let span = statement.span_of(call.arguments.first()?);
        let name = statement.said(span.clone()).strip_prefix('\'')?.strip_suffix('\'')?;
        hit(span, name)
    });
    set.chain(called).collect()
}
