//! A client's text as statements: what kind each is, what the backend gets, and why it is refused if it is.

mod blind;
mod copy;
mod depth;
mod edit;
mod kind;
mod rewrite;
mod time;
mod told;
mod tree;

pub(crate) use copy::Copy;
pub(crate) use edit::Shifts;
pub(crate) use kind::Kind;
pub(crate) use told::Told;
pub(crate) use tree::{Mode, Tree};

use squawk_syntax::SyntaxKind as K;

use crate::refusal::Refusal;
use crate::rules;

/// The end of a text that tells the capturing trigger to keep rows until we ask for them.
pub(crate) const MARK: &str = "\n/*local*/";

/// One statement, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) kind: Kind,
    /// What the backend gets.
    pub(crate) sql: String,
    /// The command tag the client gets, when it is not the backend's.
    pub(crate) tag: Option<&'static str>,
    /// Whether `sql` is not the client's text.
    pub(crate) rewritten: bool,
    /// Where things stood in the client's text; none when the backend's positions and contexts mean nothing to it.
    pub(crate) shifts: Option<Shifts>,
    /// What the last columns of the answer tell us alone.
    pub(crate) told: Vec<Told>,
    /// Whether rows are locked by a clause of its own, wherever that stands.
    pub(crate) locks: bool,
    /// How many characters of the client's text come before the statement.
    pub(crate) offset: usize,
    /// Whether the parser understood every part; if not, it may be a syntax error.
    pub(crate) understood: bool,
    /// Whether its rows may be kept for us: see [`MARK`].
    pub(crate) kept: bool,
    /// Whether it writes without looking at any row: then it comes after whoever commits while it runs.
    pub(crate) blind: bool,
    /// Why it is refused whatever the session did before.
    pub(crate) refusal: Option<Refusal>,
    /// Whether it is a COPY that runs where COPY is allowed.
    pub(crate) copy: Option<Copy>,
}

impl Statement {
    /// Whether the client is asked for rows.
    pub(crate) fn copies_in(&self) -> bool {
        self.copy.as_ref().is_some_and(|copy| copy.from)
    }

    /// Reads a text of any number of statements; empty ones are left out.
    #[cfg(test)]
    pub(crate) fn read(text: &str) -> Vec<Statement> {
        Statement::read_as(text, true)
    }

    /// Reads a text of any number of statements; empty ones are left out. Locking reads only `tell` which rows they
    /// lock where whoever reads a table may read all of it.
    pub(crate) fn read_as(text: &str, tell: bool) -> Vec<Statement> {
        let parse = || Tree::read(text).iter().map(|tree| Statement::of(tree, tell)).collect();
        depth::with_stack(text, parse).unwrap_or_else(|| vec![Statement::too_deep(text)])
    }

    fn too_deep(text: &str) -> Statement {
        Statement {
            kind: Kind::Other,
            sql: text.to_owned(),
            tag: None,
            rewritten: false,
            shifts: None,
            told: Vec::new(),
            locks: false,
            offset: 0,
            understood: false,
            kept: false,
            blind: false,
            refusal: Some(Refusal::new("54001", "stack depth limit exceeded")),
            copy: None,
        }
    }

    fn of(tree: &Tree, tell: bool) -> Statement {
        let kind = kind::of(tree);
        let rewrite = rewrite::of(tree, kind, tell);
        let mut statement = Statement {
            kind,
            sql: tree.text().to_owned(),
            tag: None,
            rewritten: false,
            shifts: Some(Shifts::default()),
            told: Vec::new(),
            locks: kind::locks(tree),
            offset: tree.offset(),
            understood: tree.is_whole() || tree.mode() == Mode::Iam && rewrite.is_some(),
            kept: matches!(tree.kind(), Some(K::INSERT | K::UPDATE | K::DELETE))
                && tree.mode() == Mode::Plain
                && tree.is_whole(),
            blind: blind::of(tree),
            refusal: rules::refusal(tree),
            copy: copy::comes_in(tree).map(|from| Copy { from, refusal: rules::refusal_but_copy(tree) }),
        };
        if let Some(rewrite) = rewrite {
            statement.sql = rewrite.sql;
            statement.tag = rewrite.tag;
            statement.rewritten = true;
            statement.shifts = rewrite.shifts;
            statement.told = rewrite.told;
        }
        statement
    }
}

/// An identifier as PostgreSQL stores it.
fn bare(name: &str) -> String {
    let name = name.trim();
    match name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => name.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::Modes;

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
        check("select 1 for update", "Lock");
        check("select 1 for key share", "LockKey");
        check("select 1 for key share of t for update of u", "Lock");
        check("create table t (id int); grant select on t to r", "Ddl; Ddl");
        check("create function f() returns int language sql begin atomic select 1; select 2; end", "Ddl");
        check("set search_path = a; show search_path; reset all", "Set; Read; Set");
        check("selec 1; select 2", "Other; Read");
        check("alter table t disable trigger all", "Nothing");
        check("copy t from stdin; copy (select 1 from x) to stdout (format csv)", "Write; Read");
        check("copy (delete from t returning *) to stdout; copy t to 'file'", "Write; Write");
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
            "alter table async owner validate constraint c",
            "Ddl => SELECT sys.local_async_validate('owner', 'c', false) AS job_id",
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
        check(
            "select 1 from t for update nowait",
            "Lock => select 1, sys.local_row(t.*) from t for update       ",
        );
        check(
            "with x as (select 1 from t for update skip locked) select 'nowait' from x",
            "Lock => with x as (select 1 from t for update            ) select 'nowait' from x",
        );
    }

    #[test]
    fn rows_that_are_locked_tell_so_where_they_are_the_rows_of_the_answer() {
        for (sql, expect) in [
            ("select * from t where id = $1 for update", "t.*"),
            ("select id from a.t as x join \"U\" on true order by 1 limit 3 for key share", "x.* \"U\".*"),
            ("select id from t, u for update of T for key share of nobody", "t.*"),
            ("select id from t left join u using (id) for update of t", "t.*"),
            ("select id from t offset 1 for update", ""),
            ("select distinct id from t for update", ""),
            ("select id from t group by id for update", ""),
            ("select id from t fetch first 1 row with ties for update", ""),
            ("select id from (select id from t for update) q", ""),
            ("select id from t, (select 1) q for update", ""),
            ("select id from t, (select 1 from u for update) q for update of t", ""),
            ("select id from (t join u using (id)) for update", ""),
            ("with t as (select 1) select id from t for update", ""),
            ("select id from t, f(1) for update", ""),
            ("select id from t where exists (select 1 from u for update) for update", ""),
            ("select from t for update", ""),
            ("update t set a = 1 where id in (select id from u for update)", ""),
            ("select id from t", ""),
        ] {
            let statement = &Statement::read(sql)[0];
            let parts = statement.sql.split("sys.local_row(").skip(1);
            let columns: Vec<&str> = parts.filter_map(|part| part.split(')').next()).collect();
            assert_eq!(columns.join(" "), expect, "{sql}");
            assert_eq!(columns.len(), statement.told.len());
            assert_eq!(statement.locks, sql.contains("for "), "{sql}");
        }
        let told = &Statement::read("select 1 from A.\"T\" x for key share of x for update")[0].told;
        let modes = Modes::KEY_SHARE | Modes::UPDATE;
        assert_eq!(*told, [Told { schema: Some("a".to_owned()), table: "T".to_owned(), modes }]);
    }

    #[test]
    fn the_time_of_a_transaction_is_asked_of_functions() {
        check("select CURRENT_DATE", "Read => select pg_catalog.\"current_date\"()");
        check(
            "insert into t values (current_timestamp(3) + '1 h', localtime, 'current_time', \"current_time\")",
            "Write => insert into t values (pg_catalog.\"current_timestamp\"()::pg_catalog.timestamptz(3) + '1 h', \
             pg_catalog.\"localtime\"(), 'current_time', \"current_time\")",
        );
        check("create view v as select localtimestamp", "Ddl");
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
