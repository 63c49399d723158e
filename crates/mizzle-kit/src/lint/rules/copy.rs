//! There is no COPY.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "copy",
    title: "There is no COPY.",
    why: "Public sources disagree: AWS's `dsql-lint` lets `FROM STDIN` and `TO STDOUT` pass, its `dsql` skill \
           and the service's grammar have no COPY. Nobody says that files work. AWS's own loader inserts.",
    state: Some("0A000"),
    source: "skill, grammar",
    hint: "INSERT in batches of at most 3,000 rows and 10 MiB; `aurora-dsql-loader` does so from CSV and \
           Parquet",
    bad: "COPY pet (name) TO STDOUT;",
    good: "INSERT INTO pet (name) VALUES ('Rex'), ('Leo');",
    severity: Severity::Error,
    says: "`{}` copies rows in or out",
    look: Look::Kinds(&[K::COPY]),
};
