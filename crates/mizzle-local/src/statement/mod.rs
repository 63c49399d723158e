//! A client's text as statements: what kind each is, what the backend gets, and why it is refused if it is.

mod depth;
mod kind;
mod rewrite;
mod tree;

pub(crate) use kind::Kind;
pub(crate) use tree::{Mode, Tree};

use crate::refusal::Refusal;
use crate::rules;

/// One statement, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) kind: Kind,
    /// What the backend gets.
    pub(crate) sql: String,
    /// The command tag the client gets, when it is not the backend's.
    pub(crate) tag: Option<&'static str>,
    /// Whether `sql` is our own text: then the backend's positions and contexts mean nothing to the client.
    pub(crate) rewritten: bool,
    /// How many characters of the client's text come before the statement.
    pub(crate) offset: usize,
    /// Whether the parser understood every part; if not, it may be a syntax error.
    pub(crate) understood: bool,
    /// Why it is refused whatever the session did before.
    pub(crate) refusal: Option<Refusal>,
}

impl Statement {
    /// Reads a text of any number of statements; empty ones are left out.
    pub(crate) fn read(text: &str) -> Vec<Statement> {
        let parse = || Tree::read(text).iter().map(Statement::of).collect();
        depth::with_stack(text, parse).unwrap_or_else(|| vec![Statement::too_deep(text)])
    }

    fn too_deep(text: &str) -> Statement {
        Statement {
            kind: Kind::Other,
            sql: text.to_owned(),
            tag: None,
            rewritten: false,
            offset: 0,
            understood: false,
            refusal: Some(Refusal::new("54001", "stack depth limit exceeded")),
        }
    }

    fn of(tree: &Tree) -> Statement {
        let kind = kind::of(tree);
        let rewrite = rewrite::of(tree);
        let mut statement = Statement {
            kind,
            sql: tree.text().to_owned(),
            tag: None,
            rewritten: false,
            offset: tree.offset(),
            understood: tree.is_whole() || tree.mode() == Mode::Iam && rewrite.is_some(),
            refusal: rules::refusal(tree),
        };
        if let Some(rewrite) = rewrite {
            statement.sql = rewrite.sql;
            statement.tag = rewrite.tag;
            statement.rewritten = true;
        }
        statement
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str, expect: &str) {
        let seen: Vec<String> = Statement::read(sql)
            .iter()
            .map(|statement| match statement.rewritten {
                true => format!("{:?} => {}", statement.kind, statement.sql),
                false => format!("{:?}", statement.kind),
            })
            .collect();
        assert_eq!(seen.join("; "), expect, "{sql}");
    }

    #[test]
    fn statements_are_cut_apart_and_named() {
        check("", "");
        check(" ; -- nothing\n;", "");
        check("select 1; insert into t values (';')", "Read; Write");
        check(
            "begin; start transaction read only; commit; end; abort; rollback",
            "Begin { read_only: None }; Begin { read_only: Some(true) }; Commit; Commit; Rollback; Rollback",
        );
        check("with x as (delete from t returning *) select * from x", "Write");
        check("explain analyze insert into t values (1)", "Write");
        check("explain insert into t values (1)", "Read");
        check("select * from t for update", "Lock");
        check("select * from t for key share", "LockKey");
        check("select * from t, u for key share of t for update of u", "Lock");
        check("create table t (id int); grant select on t to r", "Ddl; Ddl");
        check("create function f() returns int language sql begin atomic select 1; select 2; end", "Ddl");
        check("set search_path = a; show search_path; reset all", "Set; Read; Set");
        check("selec 1; select 2", "Other; Read");
        check("alter table t disable trigger all", "Nothing");
        check("merge into t using u on true when matched then delete", "Write");
    }

    #[test]
    fn asynchronous_and_iam_forms_become_calls_of_our_own() {
        check(
            "create unique index async if not exists i on a.t (x)",
            "Ddl => SELECT sys.local_async_index('create        index       if not exists i on a.t (x)', true) AS job_id",
        );
        check(
            "create index async unique on a.t (x)",
            "Ddl => SELECT sys.local_async_index('create index       unique on a.t (x)', false) AS job_id",
        );
        check(
            "alter table async only a.t validate constraint \"C\";",
            "Ddl => SELECT sys.local_async_validate('a.t', 'C', false) AS job_id",
        );
        check(
            "create index async on t (a) where b = 'it'",
            "Ddl => SELECT sys.local_async_index('create index       on t (a) where b = ''it''', false) AS job_id",
        );
        check("AWS IAM GRANT \"My Role\" TO 'arn:x'", "Ddl => CALL sys.local_iam_grant('My Role', 'arn:x')");
        check("aws iam revoke R from 'arn:x'", "Ddl => CALL sys.local_iam_revoke('r', 'arn:x')");
        check("call sys.wait_for_job('x')", "Wait");
    }

    #[test]
    fn nobody_is_asked_to_wait_or_to_skip() {
        check("select 1 from t for update nowait", "Lock => select 1 from t for update       ");
        check(
            "with x as (select 1 from t for update skip locked) select 'nowait' from x",
            "Lock => with x as (select 1 from t for update            ) select 'nowait' from x",
        );
    }

    #[test]
    fn a_bare_numeric_has_six_places() {
        check(
            "create table t (a numeric, b decimal(3), c pg_catalog.numeric, d text default 'numeric')",
            "Ddl => create table t (a numeric(18,6), b decimal(3), c pg_catalog.numeric(18,6), d text default 'numeric')",
        );
        check("select 1::numeric", "Read");
    }

    #[test]
    fn the_server_version_is_the_one_of_aurora_dsql() {
        check("SHOW server_version;", "Read => SELECT '16.13'::text AS server_version");
        check("show server_version_num", "Read => SELECT '160013'::text AS server_version_num");
    }

    #[test]
    fn a_statement_knows_where_it_stood() {
        let read = Statement::read("select 'é';  select 2");
        assert_eq!((read[1].sql.as_str(), read[1].offset), ("select 2", 13));
    }
}
