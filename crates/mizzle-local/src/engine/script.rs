//! The boot script: what every cluster holds before the first client comes, and how a folder of an older one gets it.

use sha2::{Digest, Sha256};

use super::backend::Backend;
use crate::Error;
use crate::wire::Fields;

/// What every cluster holds, statement by statement, each ended by a semicolon and an empty line.
const BOOT: &str =
    concat!(include_str!("boot.sql"), include_str!("limits.sql"), include_str!("../jobs/jobs.sql"));

/// This crate's version, which says whether a folder is of an older one or a newer one.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Gives tables that are there the triggers that a new one gets.
const TRIGGERS: &str = include_str!("triggers.sql");

/// Takes an older version's functions away, with the triggers that call them: their arguments and results may be
/// others now.
const CLEAR: &str = "DO $up$ DECLARE old record; BEGIN \
    FOR old IN SELECT evtname FROM pg_event_trigger WHERE evtname LIKE 'local\\_%' LOOP \
      EXECUTE format('DROP EVENT TRIGGER %I', old.evtname); END LOOP; \
    FOR old IN SELECT oid::regprocedure AS name FROM pg_proc \
        WHERE pronamespace = 'sys'::regnamespace AND proname LIKE 'local\\_%' LOOP \
      EXECUTE format('DROP ROUTINE %s CASCADE', old.name); END LOOP; END $up$";

/// The script with its stamp.
pub(super) fn stamped() -> String {
    format!(
        "{BOOT}\ncreate table sys.local_version (version text not null, script text not null);\n\n\
         insert into sys.local_version values ('{VERSION}', '{}');\n\n",
        digest()
    )
}

/// What tells one script from another.
pub(super) fn digest() -> String {
    hex::encode(Sha256::digest(BOOT))[..12].to_owned()
}

/// Brings a data folder up to this script, in one transaction.
///
/// # Errors
/// When the folder is of a newer version, or something in it is in the way.
pub(crate) async fn bring_up(control: &mut Backend) -> Result<(), Error> {
    let broken = |error| Error::new("PostgreSQL went away while its data was looked at").with_source(error);
    let stamp =
        control.command("SELECT version, script FROM sys.local_version", &[]).await.map_err(broken)?;
    // Without a stamp it is older than the stamps.
    let stamp = stamp.unwrap_or_default().into_iter().next().unwrap_or_default();
    let stamp: Vec<&str> = stamp.iter().flatten().map(String::as_str).collect();
    if let [version, script] = stamp[..] {
        if numbers(version) > numbers(VERSION) {
            return Err(Error::new(format!(
                "the data folder was made by version {version}, and this is version {VERSION}"
            ))
            .with_hint("use that version, or name another data folder"));
        }
        if script == digest() {
            return Ok(());
        }
    }
    let statements = upgrade();
    let statements: Vec<(&str, &[&str])> = statements.iter().map(|sql| (sql.as_str(), &[][..])).collect();
    match control.script(&statements).await.map_err(broken)? {
        Ok(_) => Ok(()),
        Err(fields) => {
            let _ = control.command("ROLLBACK", &[]).await;
            Err(cannot(&fields))
        }
    }
}

fn cannot(fields: &Fields) -> Error {
    Error::new(format!("the data folder cannot be brought up to version {VERSION}: {}", fields.message()))
        .with_hint("nothing in it was changed: use the version that made it, or name another data folder")
}

fn numbers(version: &str) -> Vec<u32> {
    version.split(['.', '-']).map_while(|part| part.parse().ok()).collect()
}

/// The statements that make an older folder one of this script.
fn upgrade() -> Vec<String> {
    let mut statements = vec![
        "BEGIN".to_owned(),
        "SET LOCAL allow_system_table_mods = on".to_owned(),
        "SET LOCAL check_function_bodies = off".to_owned(),
        // Nothing of ours is to watch what we do.
        CLEAR.to_owned(),
    ];
    let script = stamped();
    let (watching, rest): (Vec<_>, Vec<_>) =
        pieces(&script).partition(|statement| statement.starts_with("create event trigger "));
    statements.extend(rest.into_iter().flat_map(|statement| again(statement).unwrap_or_default()));
    statements.extend(watching.into_iter().map(str::to_owned));
    statements.push(TRIGGERS.to_owned());
    statements.push("COMMIT".to_owned());
    statements
}

/// The statements of a script, without what is said before them.
fn pieces(script: &str) -> impl Iterator<Item = &str> {
    script.split(";\n\n").filter_map(|piece| {
        let mut piece = piece.trim();
        while piece.starts_with("--") {
            piece = piece.split_once('\n').map_or("", |(_, rest)| rest.trim_start());
        }
        (!piece.is_empty()).then_some(piece)
    })
}

/// A statement of the script in a form that does no harm where it ran before; none for one that nobody thought of.
fn again(statement: &str) -> Option<Vec<String>> {
    let first = statement.lines().next().unwrap_or_default();
    let kept =
        |what: &str, instead: &str| statement.strip_prefix(what).map(|rest| vec![format!("{instead}{rest}")]);
    if let Some(more) = kept("create function ", "create or replace function ")
        .or_else(|| kept("create procedure ", "create or replace procedure "))
        .or_else(|| kept("create view ", "create or replace view "))
        .or_else(|| kept("create sequence ", "create sequence if not exists "))
        .or_else(|| kept("create schema ", "create schema if not exists "))
    {
        return Some(more);
    }
    if statement.starts_with("insert into sys.local_version ") {
        return Some(vec!["delete from sys.local_version".to_owned(), statement.to_owned()]);
    }
    if let Some(rest) = statement.strip_prefix("create table ") {
        let name = rest.split(' ').next().unwrap_or_default();
        let columns = statement.lines().filter_map(column).flat_map(|column| {
            let add = format!("alter table {name} add column if not exists {column}");
            let (plain, default) = column.split_once(" default ").unwrap_or((column, "null"));
            let column = plain.split(' ').next().unwrap_or_default();
            [add, format!("alter table {name} alter column {column} set default {default}")]
        });
        return Some([format!("create table if not exists {rest}")].into_iter().chain(columns).collect());
    }
    if let Some((function, to)) =
        first.strip_prefix("alter function ").and_then(|rest| rest.split_once(" rename to "))
    {
        let arguments = &function[function.find('(')?..];
        return Some(vec![format!(
            "DO $up$ BEGIN IF to_regprocedure('pg_catalog.{to}{arguments}') IS NULL THEN {statement}; END IF; END $up$"
        )]);
    }
    let once = ["create role ", "drop database ", "update pg_catalog.pg_database "];
    let harmless =
        ["create or replace ", "do ", "alter schema ", "revoke ", "grant ", "create event trigger "];
    match () {
        () if once.iter().any(|start| statement.starts_with(start)) => Some(Vec::new()),
        () if harmless.iter().any(|start| statement.starts_with(start)) => Some(vec![statement.to_owned()]),
        () => None,
    }
}

/// The definition of a column that stands on a line of its own.
fn column(line: &str) -> Option<&str> {
    let definition = line.strip_prefix("  ")?.trim_end_matches(',');
    let name = definition.split(' ').next()?;
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    (plain && !matches!(name, "unique" | "primary" | "foreign" | "check" | "constraint"))
        .then_some(definition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_of_the_script_can_run_again() {
        let script = stamped();
        let odd: Vec<&str> = pieces(&script).filter(|statement| again(statement).is_none()).collect();
        assert_eq!(odd, [""; 0], "say in `again` how these run in a folder that has them");
        assert!(pieces(&script).count() > 40);
    }

    #[test]
    fn columns_that_are_new_are_added_and_have_todays_defaults() {
        let table = "create table sys.x (\n  a text primary key,\n  -- why\n  b int not null default 1,\n  unique (a, b)\n)";
        assert_eq!(
            again(table).unwrap()[1..],
            [
                "alter table sys.x add column if not exists a text primary key",
                "alter table sys.x alter column a set default null",
                "alter table sys.x add column if not exists b int not null default 1",
                "alter table sys.x alter column b set default 1"
            ]
        );
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert!(numbers("0.10.0") > numbers("0.9.3") && numbers("1.0.0-rc1") >= numbers("1.0.0"));
    }
}
