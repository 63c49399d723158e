//! The rows that a statement is about, as SQL: a table, perhaps linked, its conditions, and the parents it was reached from.

use std::sync::Arc;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::sql_types::BigInt;

use crate::def::TableDef;
use crate::query::Fragment;
use crate::relation::Path;

/// What stands behind FROM: conditions, order, limit and offset, each checked against its table already.
#[derive(Clone, Default)]
pub(crate) struct Select<'q> {
    pub(crate) filters: Vec<Arc<dyn Fragment + 'q>>,
    pub(crate) orders: Vec<Arc<dyn Fragment + 'q>>,
    pub(crate) limit: Option<i64>,
    pub(crate) offset: Option<i64>,
}

/// Columns of one table, by name.
#[derive(Clone, Copy)]
pub(crate) struct Columns<'a> {
    pub(crate) table: &'static TableDef,
    pub(crate) names: &'a [&'static str],
}

/// The rows of a table that conditions and parents let through.
pub(crate) struct Rows<'a> {
    pub(crate) table: &'static TableDef,
    pub(crate) select: &'a Select<'a>,
    pub(crate) parents: Option<Parents<'a>>,
}

/// The rows from which others are reached, and the way.
pub(crate) struct Parents<'a> {
    pub(crate) path: Path,
    pub(crate) rows: &'a Rows<'a>,
}

/// Where SQL goes.
pub(crate) trait Out<'b> {
    fn push_sql(&mut self, sql: &str);
    fn push(&mut self, fragment: &'b dyn Fragment) -> QueryResult<()>;
    fn bind(&mut self, value: &'b i64) -> QueryResult<()>;
}

/// Into a fragment of Diesel's.
impl<'b> Out<'b> for AstPass<'_, 'b, Pg> {
    fn push_sql(&mut self, sql: &str) {
        AstPass::push_sql(self, sql);
    }

    fn push(&mut self, fragment: &'b dyn Fragment) -> QueryResult<()> {
        fragment.walk_ast(self.reborrow())
    }

    fn bind(&mut self, value: &'b i64) -> QueryResult<()> {
        self.push_bind_param::<BigInt, _>(value)
    }
}

/// What is a statement of its own.
pub(crate) trait Written {
    fn walk<'b>(&'b self, out: &mut impl Out<'b>) -> QueryResult<()>;
}

/// `SELECT columns FROM rows ORDER BY …`.
pub(crate) struct SelectFrom<'a> {
    pub(crate) columns: &'a [Columns<'a>],
    pub(crate) rows: &'a Rows<'a>,
}

/// `SELECT columns, aggregate FROM rows GROUP BY columns`.
pub(crate) struct AggregateBy<'a> {
    pub(crate) columns: Columns<'a>,
    pub(crate) aggregate: &'a dyn Fragment,
    pub(crate) rows: &'a Rows<'a>,
}

impl Written for SelectFrom<'_> {
    fn walk<'b>(&'b self, out: &mut impl Out<'b>) -> QueryResult<()> {
        let mut separator = "SELECT ";
        for columns in self.columns {
            out.push_sql(separator);
            columns.walk(out)?;
            separator = ", ";
        }
        out.push_sql(" FROM ");
        self.rows.walk(out)?;
        if self.rows.is_cut_as_a_whole() {
            return self.rows.walk_cut(out);
        }
        self.rows.select.walk_orders(" ORDER BY ", ", ", out)?;
        Ok(())
    }
}

impl Written for AggregateBy<'_> {
    fn walk<'b>(&'b self, out: &mut impl Out<'b>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        self.columns.walk(out)?;
        out.push_sql(", ");
        out.push(self.aggregate)?;
        out.push_sql(" FROM ");
        self.rows.walk(out)?;
        out.push_sql(" GROUP BY ");
        self.columns.walk(out)
    }
}

impl Select<'_> {
    fn is_cut(&self) -> bool {
        self.limit.is_some() || self.offset.is_some()
    }

    fn walk_orders<'b>(
        &'b self,
        mut separator: &'static str,
        next: &'static str,
        out: &mut impl Out<'b>,
    ) -> QueryResult<&'static str> {
        for order in &self.orders {
            out.push_sql(separator);
            out.push(&**order)?;
            separator = next;
        }
        Ok(separator)
    }
}

impl Columns<'_> {
    /// `"table"."column"`, with commas between.
    pub(crate) fn walk<'b>(&self, out: &mut impl Out<'b>) -> QueryResult<()> {
        self.walk_each(", ", "", out)
    }

    /// The columns as one value: in parentheses if there are several.
    pub(crate) fn walk_as_value<'b>(&self, out: &mut impl Out<'b>) -> QueryResult<()> {
        if self.names.len() == 1 {
            return self.walk(out);
        }
        out.push_sql("(");
        self.walk(out)?;
        out.push_sql(")");
        Ok(())
    }

    /// `"table"."column" IS NOT NULL`, for each.
    pub(crate) fn walk_not_null<'b>(&self, out: &mut impl Out<'b>) -> QueryResult<()> {
        self.walk_each(" AND ", " IS NOT NULL", out)
    }

    fn walk_each<'b>(&self, separator: &str, behind: &str, out: &mut impl Out<'b>) -> QueryResult<()> {
        for (at, name) in self.names.iter().enumerate() {
            if at > 0 {
                out.push_sql(separator);
            }
            push_table(self.table, out)?;
            out.push_sql(".");
            push_name(name, out)?;
            out.push_sql(behind);
        }
        Ok(())
    }
}

impl Rows<'_> {
    fn walk<'b>(&'b self, out: &mut impl Out<'b>) -> QueryResult<()> {
        match &self.parents {
            Some(parents) if self.select.is_cut() => self.walk_ranked(parents, out),
            _ => {
                self.walk_tables(out)?;
                self.walk_conditions(out)
            }
        }
    }

    /// Whether a limit holds for all rows together; related rows are cut for each parent, by their rank.
    fn is_cut_as_a_whole(&self) -> bool {
        self.parents.is_none() && self.select.is_cut()
    }

    fn key(&self) -> Columns<'static> {
        Columns { table: self.table, names: self.table.primary_key }
    }

    fn walk_tables<'b>(&self, out: &mut impl Out<'b>) -> QueryResult<()> {
        push_table(self.table, out)?;
        self.parents.as_ref().map_or(Ok(()), |parents| parents.path.walk_link(out))
    }

    fn walk_conditions<'b>(&'b self, out: &mut impl Out<'b>) -> QueryResult<()> {
        let mut separator = " WHERE ";
        if let Some(parents) = &self.parents {
            out.push_sql(separator);
            parents.walk(out)?;
            separator = " AND ";
        }
        push_filters(&self.select.filters, separator, out)
    }

    /// `ORDER BY … LIMIT … OFFSET …`. The key comes last: the statements of one flight must agree on which rows are within.
    fn walk_cut<'b>(&'b self, out: &mut impl Out<'b>) -> QueryResult<()> {
        let separator = self.select.walk_orders(" ORDER BY ", ", ", out)?;
        out.push_sql(separator);
        self.key().walk(out)?;
        if let Some(limit) = &self.select.limit {
            out.push_sql(" LIMIT ");
            out.bind(limit)?;
        }
        if let Some(offset) = &self.select.offset {
            out.push_sql(" OFFSET ");
            out.bind(offset)?;
        }
        Ok(())
    }

    /// The rows whose rank among those of their parent is within the limit.
    fn walk_ranked<'b>(&'b self, parents: &'b Parents<'_>, out: &mut impl Out<'b>) -> QueryResult<()> {
        // what tells one row from another: the table's key, or that of the link, through which a row may come several times
        let identity = match parents.path.through {
            Some(through) => Columns { table: through.table, names: through.table.primary_key },
            None => self.key(),
        };
        let names: Vec<String> = (1..=identity.names.len()).map(|at| format!("\"key{at}\"")).collect();
        let names = names.join(", ");
        self.walk_tables(out)?;
        out.push_sql(" WHERE (");
        identity.walk(out)?;
        out.push_sql(") IN (SELECT ");
        out.push_sql(&names);
        out.push_sql(" FROM (SELECT ");
        identity.walk(out)?;
        out.push_sql(", row_number() OVER (PARTITION BY ");
        parents.path.near().walk(out)?;
        let separator = self.select.walk_orders(" ORDER BY ", ", ", out)?;
        out.push_sql(separator);
        self.key().walk(out)?;
        if parents.path.through.is_some() {
            out.push_sql(", ");
            identity.walk(out)?;
        }
        out.push_sql(") FROM ");
        self.walk_tables(out)?;
        self.walk_conditions(out)?;
        out.push_sql(") AS \"ranked\" (");
        out.push_sql(&names);
        out.push_sql(", \"rank\") WHERE \"rank\" > ");
        let offset = self.select.offset.as_ref().unwrap_or(&0);
        out.bind(offset)?;
        if let Some(limit) = &self.select.limit {
            // not offset + limit, which may be more than a bigint holds
            out.push_sql(" AND \"rank\" - ");
            out.bind(offset)?;
            out.push_sql(" <= ");
            out.bind(limit)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl Parents<'_> {
    fn walk<'b>(&'b self, out: &mut impl Out<'b>) -> QueryResult<()> {
        let near = self.path.near();
        near.walk_as_value(out)?;
        // an array of keys is one index scan; `IN (SELECT …)` was measured to be planned as a scan of the whole table. An array
        // of rows, though, is looked up in no index
        let single = near.names.len() == 1;
        out.push_sql(if single { " = ANY(ARRAY(SELECT " } else { " IN (SELECT " });
        Columns { table: self.rows.table, names: self.path.parent }.walk(out)?;
        out.push_sql(" FROM ");
        self.rows.walk(out)?;
        if self.rows.is_cut_as_a_whole() {
            self.rows.walk_cut(out)?;
        }
        out.push_sql(if single { "))" } else { ")" });
        Ok(())
    }
}

/// Conditions in parentheses, joined by AND.
pub(crate) fn push_filters<'b>(
    filters: &'b [Arc<dyn Fragment + '_>],
    mut separator: &str,
    out: &mut impl Out<'b>,
) -> QueryResult<()> {
    for filter in filters {
        out.push_sql(separator);
        out.push_sql("(");
        out.push(&**filter)?;
        out.push_sql(")");
        separator = " AND ";
    }
    Ok(())
}

/// `"schema"."table"`.
pub(crate) fn push_table<'b>(table: &TableDef, out: &mut impl Out<'b>) -> QueryResult<()> {
    if let Some(schema) = table.schema {
        push_name(schema, out)?;
        out.push_sql(".");
    }
    push_name(table.name, out)
}

/// `"name"`, without the copy that doubles the quotes in it where there are none.
pub(crate) fn push_name<'b>(name: &str, out: &mut impl Out<'b>) -> QueryResult<()> {
    if name.contains('"') {
        out.push_sql(&format!("\"{}\"", name.replace('"', "\"\"")));
        return Ok(());
    }
    out.push_sql("\"");
    out.push_sql(name);
    out.push_sql("\"");
    Ok(())
}
