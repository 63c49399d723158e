//! Asks the database which of its expressions are those wanted, in other words.
//!
//! Both are explained: `EXPLAIN (VERBOSE, COSTS OFF) SELECT (…) FROM the table`. PostgreSQL reads each into its tree, folds
//! what is constant and prints the plan; equal plans are equal expressions. Nothing is made, no row is read, and what
//! cannot be read, such as the name of a column that is yet to come, is another expression.

use std::collections::BTreeMap;

use tokio_postgres::{Client, SimpleQueryMessage};

use super::qualified;
use crate::Error;
use crate::snapshot::{KeyValue, Name, Snapshot, Table, View};
use crate::sql::{renamed, same};

/// How many pairs are asked about in one round trip.
const CHUNK: usize = 64;

/// Two expressions that may be one, each as the statement that is explained.
struct Pair {
    found: String,
    wanted: String,
    place: Place,
    /// What takes the place of what was found if they are one.
    text: String,
}

/// Where an expression stands in a snapshot, as numbers.
enum Place {
    Default(usize, usize),
    Generated(usize, usize),
    Check(usize, usize),
    Key(usize, usize, usize),
    Condition(usize, usize),
    View(usize),
    DomainDefault(usize),
    DomainCheck(usize, usize),
}

/// Gives the expressions of a snapshot that was just read the words of the wanted one, wherever both mean the same.
///
/// # Errors
/// When the server cannot be asked.
pub async fn settle(client: &Client, read: &mut Snapshot, wanted: &Snapshot) -> Result<(), Error> {
    let mut pairs = pairs(read, wanted);
    pairs.extend(views(client, read, wanted).await?);
    for chunk in pairs.chunks(CHUNK) {
        for (pair, one) in chunk.iter().zip(are_one(client, chunk).await?) {
            if one {
                put(read, &pair.place, &pair.text);
            }
        }
    }
    Ok(())
}

/// Which pairs are one expression. A statement that is refused ends its batch, so then each pair is asked about alone.
async fn are_one(client: &Client, pairs: &[Pair]) -> Result<Vec<bool>, Error> {
    let batch: Vec<String> = pairs.iter().map(explained).collect();
    match plans(client, &batch.join(";")).await {
        Ok(plans) => Ok(plans.chunks(2).map(|two| two[0] == two[1]).collect()),
        Err(error) if error.as_db_error().is_none() => Err(Error::introspection(error)),
        Err(_) => {
            let mut answers = Vec::new();
            for text in &batch {
                match plans(client, text).await {
                    Ok(plans) => answers.push(plans[0] == plans[1]),
                    Err(error) if error.as_db_error().is_none() => return Err(Error::introspection(error)),
                    Err(_) => answers.push(false),
                }
            }
            Ok(answers)
        }
    }
}

fn explained(pair: &Pair) -> String {
    const EXPLAIN: &str = "EXPLAIN (VERBOSE, COSTS OFF)";
    format!("{EXPLAIN} {}; {EXPLAIN} {}", pair.found, pair.wanted)
}

/// The plan of each statement.
async fn plans(client: &Client, sql: &str) -> Result<Vec<Vec<String>>, tokio_postgres::Error> {
    let mut plans = Vec::new();
    let mut plan = Vec::new();
    for message in client.simple_query(sql).await? {
        match message {
            SimpleQueryMessage::Row(row) => plan.push(row.try_get(0)?.unwrap_or_default().to_owned()),
            SimpleQueryMessage::CommandComplete(_) => plans.push(std::mem::take(&mut plan)),
            _ => {}
        }
    }
    Ok(plans)
}

fn pairs(read: &Snapshot, wanted: &Snapshot) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for target in &wanted.tables {
        let found = read.tables.iter().position(|table| table.name == target.name).or_else(|| {
            let former = Name::new(&target.name.schema, target.renamed_from.as_ref()?);
            read.tables.iter().position(|table| table.name == former)
        });
        if let Some(at) = found {
            table(&read.tables[at], at, target, &mut pairs);
        }
    }
    for (at, domain) in read.domains.iter().enumerate() {
        let Some(target) = wanted.domains.iter().find(|target| target.name == domain.name) else { continue };
        let mut ask = |found: &str, wanted: &str, place, select: &dyn Fn(&str) -> String| {
            if !same(found, wanted) {
                let (text, found, wanted) = (wanted.to_owned(), select(found), select(wanted));
                pairs.push(Pair { found, wanted, place, text });
            }
        };
        if let (Some(found), Some(wanted)) = (&domain.default, &target.default) {
            ask(found, wanted, Place::DomainDefault(at), &|sql| {
                format!("SELECT ({sql})::{}", domain.sql_type)
            });
        }
        for (number, check) in domain.checks.iter().enumerate() {
            if let Some(wanted) = target.checks.iter().find(|wanted| wanted.name == check.name) {
                let from = format!("(SELECT NULL::{} AS value OFFSET 0) domain", domain.sql_type);
                let select = |sql: &str| format!("SELECT ({sql}) FROM {from}");
                ask(&check.sql, &wanted.sql, Place::DomainCheck(at, number), &select);
            }
        }
    }
    pairs
}

/// The pairs of one table.
fn table(found: &Table, at: usize, wanted: &Table, pairs: &mut Vec<Pair>) {
    let former = former_names(found, wanted);
    // Columns are called as they are now while the database is asked, and as they are now afterwards.
    let back = |sql: &str| former.iter().fold(sql.to_owned(), |sql, (new, old)| renamed(&sql, new, old));
    let from = qualified(&found.name);
    let mut ask = |found: &str, wanted: &str, place, cast: &str| {
        let text = back(wanted);
        if !same(found, &text) {
            let select = |sql: &str| format!("SELECT ({sql}){cast} FROM {from}");
            pairs.push(Pair { found: select(found), wanted: select(&text), place, text });
        }
    };
    for (number, column) in found.columns.iter().enumerate() {
        let Some(target) = wanted
            .columns
            .iter()
            .find(|target| former.get(&target.name).unwrap_or(&target.name) == &column.name)
        else {
            continue;
        };
        let cast = format!("::{}", column.sql_type);
        if let (Some(found), Some(wanted)) = (&column.default, &target.default) {
            ask(found, wanted, Place::Default(at, number), &cast);
        }
        if let (Some(found), Some(wanted)) = (&column.generated, &target.generated) {
            ask(found, wanted, Place::Generated(at, number), &cast);
        }
    }
    for (number, check) in found.checks.iter().enumerate() {
        // One that will get another name is found by its text.
        let by_name = wanted.checks.iter().find(|target| target.name == check.name);
        for target in by_name.map_or_else(|| wanted.checks.iter().collect(), |target| vec![target]) {
            ask(&check.sql, &target.sql, Place::Check(at, number), "");
        }
    }
    for (number, index) in found.indexes.iter().enumerate() {
        let Some(target) = wanted.indexes.iter().find(|target| target.name == index.name) else { continue };
        if let (Some(found), Some(wanted)) = (&index.condition, &target.condition) {
            ask(found, wanted, Place::Condition(at, number), "");
        }
        for (key, (found, wanted)) in index.keys.iter().zip(&target.keys).enumerate() {
            if let (KeyValue::Expression(found), KeyValue::Expression(wanted)) = (&found.value, &wanted.value)
            {
                ask(found, wanted, Place::Key(at, number, key), "");
            }
        }
    }
}

/// What columns that are to be renamed are called now, by what they will be called.
fn former_names(found: &Table, wanted: &Table) -> BTreeMap<String, String> {
    let renamed = wanted.columns.iter().filter_map(|column| {
        let former = column.renamed_from.as_ref()?;
        let pending = found.column(&column.name).is_none() && found.column(former).is_some();
        pending.then(|| (column.name.clone(), former.clone()))
    });
    renamed.collect()
}

/// The pairs of views whose columns have the same names: a plan does not show them.
async fn views(client: &Client, read: &Snapshot, wanted: &Snapshot) -> Result<Vec<Pair>, Error> {
    let mut pairs = Vec::new();
    for (at, view) in read.views.iter().enumerate() {
        let is_former = |target: &&View| {
            let former = target.renamed_from.as_ref().map(|name| Name::new(&target.name.schema, name));
            former.as_ref() == Some(&view.name) && read.view(&target.name).is_none()
        };
        let named = wanted.views.iter().find(|target| target.name == view.name);
        let Some(target) = named.or_else(|| wanted.views.iter().find(is_former)) else { continue };
        if same(&view.query, &target.query) {
            continue;
        }
        match client.prepare(&target.query).await {
            Ok(prepared) => {
                let columns = prepared.columns().iter().map(|column| column.name());
                if columns.eq(view.columns.iter().map(|column| column.name.as_str()))
                    || !target.columns.is_empty()
                {
                    let (found, wanted) = (view.query.clone(), target.query.clone());
                    pairs.push(Pair { found, text: wanted.clone(), wanted, place: Place::View(at) });
                }
            }
            Err(error) if error.as_db_error().is_some() => {}
            Err(error) => return Err(Error::introspection(error)),
        }
    }
    Ok(pairs)
}

fn put(read: &mut Snapshot, place: &Place, text: &str) {
    let text = text.to_owned();
    match *place {
        Place::Default(table, at) => read.tables[table].columns[at].default = Some(text),
        Place::Generated(table, at) => read.tables[table].columns[at].generated = Some(text),
        Place::Check(table, at) => read.tables[table].checks[at].sql = text,
        Place::Key(table, at, key) => {
            read.tables[table].indexes[at].keys[key].value = KeyValue::Expression(text);
        }
        Place::Condition(table, at) => read.tables[table].indexes[at].condition = Some(text),
        Place::View(at) => read.views[at].query = text,
        Place::DomainDefault(at) => read.domains[at].default = Some(text),
        Place::DomainCheck(at, check) => read.domains[at].checks[check].sql = text,
    }
}
