//! One transaction of a cascade: from the parents down to the last grandchild, and up again, deleting.

use tokio_postgres::types::Type;

use super::rule::{Action, Rule};
use crate::bulk::{array, array_type, quoted, table_name};
use crate::def::TableDef;
use crate::error::Error;
use crate::methods::Run;
use crate::row::PgRow;
use crate::statement::{Parameter, Statement};
use crate::transaction::Tx;

/// Keys of one column.
#[derive(Clone)]
pub(super) struct Keys {
    ty: Type,
    values: Vec<Parameter>,
}

/// Rows that are to go, and how far we are with what belongs to them.
struct Level<'r> {
    table: &'static TableDef,
    keys: Keys,
    rules: &'r [Rule],
    /// The rule that is next.
    at: usize,
}

/// Deletes these rows and what belongs to them, children first, as far as `budget` rows reach. Gives how many rows it changed, and
/// whether all are gone.
pub(super) async fn remove(
    tx: &Tx,
    table: &'static TableDef,
    keys: Keys,
    rules: &[Rule],
    budget: u64,
) -> Result<(u64, bool), Error> {
    let mut left = budget;
    let mut levels = vec![Level { table, keys, rules, at: 0 }];
    levels[0].check(tx).await?;
    // not a recursion: a tree of one table may be as deep as it has rows
    while let Some(level) = levels.last_mut() {
        if left == 0 {
            return Ok((budget, false));
        }
        let Some(rule) = level.rules.get(level.at) else {
            let all = level.keys.values.len() as u64 <= left;
            level.keys.values.truncate(left.try_into().unwrap_or(usize::MAX));
            left = left.saturating_sub(change(tx, level.delete()?).await?);
            if !all {
                return Ok((budget - left, false));
            }
            levels.pop();
            continue;
        };
        let below: &[Rule] = match &rule.action {
            Action::Restrict => {
                level.at += 1;
                continue;
            }
            Action::SetNull => {
                left = left.saturating_sub(change(tx, level.set_null(rule, left)?).await?);
                level.at += 1;
                continue;
            }
            Action::Delete(below) if below.is_empty() => {
                left = left.saturating_sub(change(tx, level.delete_children(rule, left)?).await?);
                level.at += 1;
                continue;
            }
            Action::Delete(below) => below,
            Action::DeleteAlike => level.rules,
        };
        // a row that is among its own ancestors goes with them
        let above: Vec<&Keys> = match rule.action {
            Action::DeleteAlike => levels.iter().map(|level| &level.keys).collect(),
            _ => Vec::new(),
        };
        let level = &levels[levels.len() - 1];
        let select = level.children(rule, &above, left)?;
        let rows = tx.run(vec![select]).await?.remove(0).rows;
        match Keys::of(&rows) {
            Some(keys) => {
                let level = Level { table: rule.table, keys, rules: below, at: 0 };
                level.check(tx).await?;
                levels.push(level);
            }
            None => {
                if let Some(level) = levels.last_mut() {
                    level.at += 1;
                }
            }
        }
    }
    Ok((budget - left, true))
}

async fn change(tx: &Tx, statement: Statement) -> Result<u64, Error> {
    Ok(tx.run(vec![statement]).await?.iter().map(|answer| answer.changed).sum())
}

impl Keys {
    /// The first column of these rows, if there are any.
    pub(super) fn of(rows: &[PgRow]) -> Option<Self> {
        let (ty, _) = rows.first()?.raw(0);
        Some(Self { ty, values: rows.iter().map(|row| Parameter(row.raw(0).1)).collect() })
    }

    /// The keys as one parameter.
    fn parameter(&self) -> Result<(Type, Parameter), Error> {
        let ty = array_type(&self.ty).ok_or_else(|| {
            Error::build(diesel::result::Error::QueryBuilderError(
                format!("a key of type {} is not known", self.ty).into(),
            ))
        })?;
        Ok((ty, array(&self.ty, self.values.iter())))
    }
}

impl Level<'_> {
    /// Whether nothing that is not to be touched belongs to these rows.
    async fn check(&self, tx: &Tx) -> Result<(), Error> {
        let restricts = || self.rules.iter().filter(|rule| rule.action == Action::Restrict);
        let mut flight = Vec::new();
        for rule in restricts() {
            let (table, column) = (table_name(rule.table), quoted(rule.foreign_key));
            let sql = format!("SELECT 1 FROM {table} WHERE {column} = ANY($1) LIMIT 1");
            flight.push(Statement::new(sql, [self.keys.parameter()?]));
        }
        if flight.is_empty() {
            return Ok(());
        }
        let answers = tx.run(flight).await?;
        match restricts().zip(answers).find(|(_, answer)| !answer.rows.is_empty()) {
            Some((rule, _)) => Err(Error::restricted(self.table.name, rule.table.name)),
            None => Ok(()),
        }
    }

    fn delete(&self) -> Result<Statement, Error> {
        let (table, key) = (table_name(self.table), quoted(self.table.primary_key[0]));
        Ok(Statement::new(format!("DELETE FROM {table} WHERE {key} = ANY($1)"), [self.keys.parameter()?]))
    }

    fn delete_children(&self, rule: &Rule, limit: u64) -> Result<Statement, Error> {
        let sql = format!("DELETE FROM {} WHERE {}", table_name(rule.table), some_children(rule, limit));
        Ok(Statement::new(sql, [self.keys.parameter()?]))
    }

    fn set_null(&self, rule: &Rule, limit: u64) -> Result<Statement, Error> {
        let (table, column) = (table_name(rule.table), quoted(rule.foreign_key));
        let sql = format!("UPDATE {table} SET {column} = NULL WHERE {}", some_children(rule, limit));
        Ok(Statement::new(sql, [self.keys.parameter()?]))
    }

    /// The keys of rows that belong to these, those above excepted.
    fn children(&self, rule: &Rule, above: &[&Keys], limit: u64) -> Result<Statement, Error> {
        let (table, column) = (table_name(rule.table), quoted(rule.foreign_key));
        let key = key(rule.table).join(", ");
        let mut sql = format!("SELECT {key} FROM {table} WHERE {column} = ANY($1)");
        let mut parameters = vec![self.keys.parameter()?];
        for keys in above {
            parameters.push(keys.parameter()?);
            sql.push_str(&format!(" AND {key} <> ALL(${})", parameters.len()));
        }
        sql.push_str(&format!(" ORDER BY {key} LIMIT {limit}"));
        Ok(Statement::new(sql, parameters))
    }
}

/// `(key) IN (SELECT key FROM table WHERE column = ANY($1) LIMIT limit)`
fn some_children(rule: &Rule, limit: u64) -> String {
    let (table, column, key) = (table_name(rule.table), quoted(rule.foreign_key), key(rule.table).join(", "));
    format!("({key}) IN (SELECT {key} FROM {table} WHERE {column} = ANY($1) ORDER BY {key} LIMIT {limit})")
}

fn key(table: &TableDef) -> Vec<String> {
    table.primary_key.iter().map(|name| quoted(name)).collect()
}
