//! One transaction of a cascade: from the parents down to the last grandchild, and up again, deleting.

use super::keys::{Keys, list};
use super::rule::{Action, Rule};
use crate::bulk::{quoted, table_name};
use crate::def::TableDef;
use crate::error::Error;
use crate::methods::Run;
use crate::statement::Statement;
use crate::transaction::Tx;

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
            let all = level.keys.len() as u64 <= left;
            level.keys.truncate(left.try_into().unwrap_or(usize::MAX));
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
        match Keys::of(&rows, rule.table.primary_key.len()) {
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

impl Level<'_> {
    /// Whether nothing that is not to be touched belongs to these rows.
    async fn check(&self, tx: &Tx) -> Result<(), Error> {
        let restricts = || self.rules.iter().filter(|rule| rule.action == Action::Restrict);
        let mut flight = Vec::new();
        for rule in restricts() {
            let mut parameters = Vec::new();
            let belong = self.keys.hold(rule.foreign_key, &mut parameters)?;
            let sql = format!("SELECT 1 FROM {} WHERE {belong} LIMIT 1", table_name(rule.table));
            flight.push(Statement::new(sql, parameters));
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
        let mut parameters = Vec::new();
        let these = self.keys.hold(self.table.primary_key, &mut parameters)?;
        Ok(Statement::new(format!("DELETE FROM {} WHERE {these}", table_name(self.table)), parameters))
    }

    fn delete_children(&self, rule: &Rule, limit: u64) -> Result<Statement, Error> {
        self.change_children(rule, &format!("DELETE FROM {}", table_name(rule.table)), limit)
    }

    fn set_null(&self, rule: &Rule, limit: u64) -> Result<Statement, Error> {
        let nulls: Vec<String> =
            rule.foreign_key.iter().map(|column| format!("{} = NULL", quoted(column))).collect();
        self.change_children(
            rule,
            &format!("UPDATE {} SET {}", table_name(rule.table), nulls.join(", ")),
            limit,
        )
    }

    /// `… WHERE (key) IN (SELECT key FROM table WHERE they belong to these LIMIT limit)`.
    fn change_children(&self, rule: &Rule, change: &str, limit: u64) -> Result<Statement, Error> {
        let (table, key) = (table_name(rule.table), list(rule.table.primary_key));
        let mut parameters = Vec::new();
        let belong = self.keys.hold(rule.foreign_key, &mut parameters)?;
        let some = format!("SELECT {key} FROM {table} WHERE {belong} ORDER BY {key} LIMIT {limit}");
        Ok(Statement::new(format!("{change} WHERE ({key}) IN ({some})"), parameters))
    }

    /// The keys of rows that belong to these, those above excepted.
    fn children(&self, rule: &Rule, above: &[&Keys], limit: u64) -> Result<Statement, Error> {
        let (table, key) = (table_name(rule.table), list(rule.table.primary_key));
        let mut parameters = Vec::new();
        let belong = self.keys.hold(rule.foreign_key, &mut parameters)?;
        let mut sql = format!("SELECT {key} FROM {table} WHERE {belong}");
        for keys in above {
            sql.push_str(&format!(" AND {}", keys.lack(rule.table.primary_key, &mut parameters)?));
        }
        sql.push_str(&format!(" ORDER BY {key} LIMIT {limit}"));
        Ok(Statement::new(sql, parameters))
    }
}
