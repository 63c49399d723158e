//! What may share a transaction.

use crate::refusal::Refusal;
use crate::statement::Kind;

/// What a transaction has seen so far.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    ddl: bool,
    dml: bool,
}

impl Seen {
    /// Says no to a statement that does not go with the ones before it, else remembers it.
    ///
    /// One DDL statement a transaction, and none beside DML, in either order.
    pub(crate) fn enter(&mut self, kind: Kind) -> Result<(), Refusal> {
        let (ddl, dml) = (kind == Kind::Ddl, kind == Kind::Write);
        if kind == Kind::Wait {
            return Err(Refusal::new("25001", "sys.wait_for_job cannot run inside a transaction block"));
        }
        if kind == Kind::Analyze {
            return Err(Refusal::new("25001", "ANALYZE cannot run inside a transaction block"));
        }
        if ddl && self.dml || dml && self.ddl {
            return Err(Refusal::new("0A000", "ddl and dml are not supported in the same transaction"));
        }
        if ddl && self.ddl {
            return Err(Refusal::new("0A000", "multiple ddl statements not supported in a transaction"));
        }
        self.ddl |= ddl;
        self.dml |= dml;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::Statement;

    fn check(sql: &str, expect: &str) {
        let mut seen = Seen::default();
        let outcome: Result<(), Refusal> =
            Statement::read(sql).iter().try_for_each(|statement| seen.enter(statement.kind));
        let message = outcome.err().map_or(String::new(), |refusal| refusal.message);
        assert_eq!(message, expect, "{sql}");
    }

    #[test]
    fn ddl_stands_alone() {
        let mixed = "ddl and dml are not supported in the same transaction";
        let multiple = "multiple ddl statements not supported in a transaction";
        check("insert into t values (1); update t set a = 2; select 1", "");
        check("create table t (a int); select 1; set search_path = x", "");
        check("create table t (a int); insert into t values (1)", mixed);
        check("delete from t; drop table t", mixed);
        check("create table t (a int); grant select on t to r", multiple);
        check("create index async on t (a); create index async on t (b)", multiple);
        check(
            "create index async on t (a); with x as (insert into t values (1) returning a) select * from x",
            mixed,
        );
        check("analyze t", "ANALYZE cannot run inside a transaction block");
        check("call sys.wait_for_job('x')", "sys.wait_for_job cannot run inside a transaction block");
    }
}
