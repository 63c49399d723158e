//! What a query selects, as a tree: the columns of a table, and beside each row the rows that a path leads to.
//!
//! Each node is one statement of the flight. Its rows are chosen by the parents' own query, keys only, so nothing waits for an
//! answer before it can be sent:
//!
//! ```text
//! SELECT … FROM owner WHERE city = $1
//! SELECT … FROM pet WHERE pet.owner_id = ANY(ARRAY(SELECT owner.id FROM owner WHERE city = $1))
//! ```
//!
//! What stands beside a row is sent before it. The rows come as they are stored, in binary, and `stitch` joins them by key.

use std::fmt;
use std::sync::Arc;

use diesel::QueryResult;
use diesel::result::Error;

use crate::def::{TableDef, TableKind};
use crate::model::Model;
use crate::query::{Condition, Fragment, Order};
use crate::relation::Path;
use crate::rows::{AggregateBy, Columns, Parents, Rows, Select, SelectFrom};
use crate::statement::Statement;
use crate::stitch::{Layout, Reading};

/// How many relations may lead to a row. A shape that contains itself has no end.
const DEPTH: usize = 10;

/// A statement of a flight to be: columns of one table, its conditions, and what stands beside its rows.
#[derive(Clone)]
pub struct Node<'q> {
    table: &'static TableDef,
    columns: Vec<&'static str>,
    pub(crate) select: Select<'q>,
    pub(crate) beside: Vec<Beside<'q>>,
    /// How many relations lead to it.
    depth: usize,
}

/// Related rows, or what is aggregated of them.
#[derive(Clone)]
pub struct Beside<'q> {
    /// The field of the shape that asks for it.
    pub(crate) name: &'static str,
    pub(crate) path: Path,
    pub(crate) node: Node<'q>,
    /// Selected in place of the node's columns, once for each parent.
    pub(crate) aggregate: Option<Arc<dyn Fragment + 'q>>,
    /// What the node's rows are read as.
    pub(crate) read: Reading,
}

/// Where a node's rows stand.
#[derive(Default)]
struct Place {
    /// How they are reached.
    path: Option<Path>,
    /// The columns by which a parent finds them.
    parent: Vec<usize>,
    /// What they are read as.
    read: Option<Reading>,
    /// Whether no row stands beside two.
    once: bool,
}

impl<'q> Node<'q> {
    /// No columns yet of this table's rows.
    pub(crate) fn of_table(table: &'static TableDef) -> Self {
        Self { table, columns: Vec::new(), select: Select::default(), beside: Vec::new(), depth: 0 }
    }

    /// All columns of a model's rows.
    pub(crate) fn of_model<M: Model>() -> Self {
        let columns = M::DEF.columns.iter().map(|column| column.name).collect();
        Self { columns, ..Self::of_table(M::DEF) }
    }

    /// A node one relation further, filled by `fill` unless it is so deep that a shape must contain itself.
    pub(crate) fn deeper(&self, table: &'static TableDef, fill: impl FnOnce(Self) -> Self) -> Self {
        let node = Self { depth: self.depth + 1, ..Self::of_table(table) };
        if node.depth > DEPTH { node } else { fill(node) }
    }

    /// Says more about the relation that a field of a shape asks for.
    pub fn narrow(&mut self, field: &'static str, more: impl FnOnce(Self) -> Self) {
        if let Some(beside) = self.beside.iter_mut().find(|beside| beside.name == field) {
            let empty = Self::of_table(self.table);
            beside.node = more(std::mem::replace(&mut beside.node, empty));
        }
    }

    pub(crate) fn push_column(&mut self, name: &'static str) {
        self.columns.push(name);
    }

    /// Keeps the rows for which the condition is true.
    #[must_use]
    pub fn filter<T, C: Condition<T> + 'q>(mut self, condition: C) -> Self {
        self.select.filters.push(Arc::new(condition));
        self
    }

    /// Orders the rows that are equal so far.
    #[must_use]
    pub fn order_by<T, O: Order<T> + 'q>(mut self, order: O) -> Self {
        self.select.orders.push(Arc::new(order));
        self
    }

    /// Gives at most this many rows; of each parent's, if it is that of a relation.
    #[must_use]
    pub fn limit(mut self, rows: i64) -> Self {
        self.select.limit = Some(rows);
        self
    }

    /// Skips this many rows.
    #[must_use]
    pub fn offset(mut self, rows: i64) -> Self {
        self.select.offset = Some(rows);
        self
    }

    /// The statements, each before those of what stands beside its rows, and how their answers are put together.
    pub(crate) fn plan(mut self, read: Option<Reading>) -> QueryResult<(Vec<Statement>, Vec<Layout>)> {
        let mut flight = (Vec::new(), Vec::new());
        let select = std::mem::take(&mut self.select);
        let rows = Rows { table: self.table, select: &select, parents: None };
        self.walk(&rows, Place { read, once: true, ..Place::default() }, &mut flight)?;
        Ok(flight)
    }

    /// Adds the statement of these rows and those of what stands beside them.
    fn walk(
        mut self,
        rows: &Rows<'_>,
        place: Place,
        flight: &mut (Vec<Statement>, Vec<Layout>),
    ) -> QueryResult<()> {
        let Place { path, parent, read, once } = place;
        if self.depth > DEPTH {
            let text = format!(
                "a shape of \"{}\" contains itself: give the innermost a struct of its own",
                self.table.name
            );
            return Err(Error::QueryBuilderError(text.into()));
        }
        if self.columns.is_empty() {
            // a row is a row, even if nothing of it is read
            self.columns.extend(self.table.primary_key.first());
        }
        let from_parent: Vec<_> =
            self.beside.iter().map(|beside| positions(&mut self.columns, beside.path.parent)).collect();
        // the key by which a row is given to its parent: columns of its own, or of the link's
        let near = path.map(|path| path.near());
        let linked = near.filter(|_| path.is_some_and(|path| path.through.is_some()));
        let key = match near {
            Some(near) if linked.is_none() => positions(&mut self.columns, near.names),
            Some(near) => (self.columns.len()..self.columns.len() + near.names.len()).collect(),
            None => Vec::new(),
        };
        let own = Columns { table: self.table, names: &self.columns };
        let columns: Vec<_> = std::iter::once(own).chain(linked).collect();
        flight.0.push(Statement::written(&SelectFrom { columns: &columns, rows })?);
        flight.1.push(Layout { key, parent, read: read.filter(|_| once), beside: self.beside.len() });
        // a link may lead to a row several times, and of a view nobody knows whether its key is one
        let distinct = linked.is_none() && self.table.kind == TableKind::Table;
        for (beside, parent) in self.beside.into_iter().zip(from_parent) {
            let once = once && distinct && beside.path.parent == self.table.primary_key;
            beside.walk(rows, parent, once, flight)?;
        }
        Ok(())
    }
}

impl Beside<'_> {
    fn walk(
        mut self,
        parents: &Rows<'_>,
        parent: Vec<usize>,
        once: bool,
        flight: &mut (Vec<Statement>, Vec<Layout>),
    ) -> QueryResult<()> {
        let select = std::mem::take(&mut self.node.select);
        let path = self.path;
        let rows =
            Rows { table: self.node.table, select: &select, parents: Some(Parents { path, rows: parents }) };
        let Some(aggregate) = &self.aggregate else {
            let place = Place { path: Some(path), parent, read: Some(self.read), once };
            return self.node.walk(&rows, place, flight);
        };
        let near = path.near();
        flight.0.push(Statement::written(&AggregateBy {
            columns: near,
            aggregate: &**aggregate,
            rows: &rows,
        })?);
        flight.1.push(Layout { key: (0..near.names.len()).collect(), parent, read: None, beside: 0 });
        Ok(())
    }
}

/// Where these columns are among the selected ones; those that are not are selected as well.
fn positions(columns: &mut Vec<&'static str>, names: &[&'static str]) -> Vec<usize> {
    let mut position = |name: &'static str| {
        columns.iter().position(|column| *column == name).unwrap_or_else(|| {
            columns.push(name);
            columns.len() - 1
        })
    };
    names.iter().map(|name| position(name)).collect()
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (statements, _) = self.clone().plan(None).map_err(|_| fmt::Error)?;
        f.debug_list().entries(statements.iter().map(|statement| &statement.sql)).finish()
    }
}
