//! SQL that makes a declared table: what a migration tool would write, for these tests alone.

use mizzle::{
    Action, ColumnDef, Deferrable, ForeignKeyDef, IdentityDef, IndexDef, IndexValue, Nulls, TableDef,
    TableKind,
};
use tokio_postgres::SimpleQueryMessage;

/// The statements that make a table or view, each a transaction of its own.
pub(crate) fn statements(table: &TableDef) -> Vec<String> {
    render(table, &|name| format!("CONSTRAINT {} ", quoted(name)), &|index| quoted(index.name))
}

/// The same without the names that a declaration need not give.
pub(crate) fn unnamed_statements(table: &TableDef) -> Vec<String> {
    let constraint = |name: &str| match is_given(name) {
        true => format!("CONSTRAINT {} ", quoted(name)),
        false => String::new(),
    };
    let index = |index: &IndexDef| if is_given(index.name) { quoted(index.name) } else { String::new() };
    render(table, &constraint, &index)
}

/// Whether the declarations of the kitchen give this name.
pub(crate) fn is_given(name: &str) -> bool {
    ["few_stars", "menu_order", "one_replacement", "the other way round"].contains(&name)
}

/// The background jobs that an answer tells of.
pub(crate) fn jobs(answer: &[SimpleQueryMessage]) -> Vec<String> {
    let rows = answer.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.try_get("job_id").ok().flatten().map(str::to_owned),
        _ => None,
    });
    rows.collect()
}

fn render(
    table: &TableDef,
    named: &dyn Fn(&str) -> String,
    index_name: &dyn Fn(&IndexDef) -> String,
) -> Vec<String> {
    let name = qualified(table.schema, table.name);
    if let TableKind::View { query } = table.kind {
        return vec![format!("CREATE VIEW {name} AS {}", query.expect("the kitchen's views have queries"))];
    }
    let mut parts: Vec<String> = table.columns.iter().map(|column| self::column(column, named)).collect();
    parts.push(format!("{}PRIMARY KEY ({})", named(table.primary_key_name), list(table.primary_key)));
    for unique in table.uniques {
        let nulls = if unique.nulls_not_distinct { "NULLS NOT DISTINCT " } else { "" };
        parts.push(format!("{}UNIQUE {nulls}({})", named(unique.name), list(unique.columns)));
    }
    for check in table.checks {
        parts.push(format!("{}CHECK ({})", named(check.name), check.sql));
    }
    parts.extend(table.foreign_keys.iter().map(|key| foreign_key(key, named)));
    let mut statements = vec![format!("CREATE TABLE {name} ({})", parts.join(", "))];
    statements.extend(table.indexes.iter().map(|index| self::index(&name, index, &index_name(index))));
    if let Some(comment) = table.comment {
        statements.push(format!("COMMENT ON TABLE {name} IS {}", text(comment)));
    }
    for column in table.columns {
        if let Some(comment) = column.comment {
            statements.push(format!("COMMENT ON COLUMN {name}.{} IS {}", quoted(column.name), text(comment)));
        }
    }
    statements
}

fn column(column: &ColumnDef, named: &dyn Fn(&str) -> String) -> String {
    let mut sql = format!("{} {}", quoted(column.name), column.sql_type);
    if !column.nullable {
        sql += " NOT NULL";
    }
    if let Some(default) = column.default {
        sql += &format!(" DEFAULT {default}");
    }
    if let Some(expression) = column.generated {
        sql += &format!(" GENERATED ALWAYS AS ({expression}) STORED");
    }
    if let Some(identity) = column.identity {
        sql += &self::identity(identity);
    }
    if let Some(values) = column.values {
        let list: Vec<String> = values.values.iter().map(|value| text(value)).collect();
        sql += &format!(" {}CHECK ({} IN ({}))", named(values.name), quoted(column.name), list.join(", "));
    }
    sql
}

fn identity(identity: IdentityDef) -> String {
    let how = if identity.always { "ALWAYS" } else { "BY DEFAULT" };
    let start = identity.start.map(|start| format!(" START {start}")).unwrap_or_default();
    let increment = identity.increment.map(|step| format!(" INCREMENT {step}")).unwrap_or_default();
    format!(" GENERATED {how} AS IDENTITY (CACHE {}{start}{increment})", identity.cache)
}

fn foreign_key(key: &ForeignKeyDef, named: &dyn Fn(&str) -> String) -> String {
    let action = |action| match action {
        Action::NoAction => "NO ACTION",
        Action::Restrict => "RESTRICT",
        Action::Cascade => "CASCADE",
        Action::SetNull => "SET NULL",
        Action::SetDefault => "SET DEFAULT",
    };
    let deferrable = match key.deferrable {
        Deferrable::No => "",
        Deferrable::InitiallyImmediate => " DEFERRABLE",
        Deferrable::InitiallyDeferred => " DEFERRABLE INITIALLY DEFERRED",
    };
    format!(
        "{}FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE {} ON UPDATE {}{deferrable}",
        named(key.name),
        list(key.columns),
        qualified(key.schema, key.table),
        list(key.references),
        action(key.on_delete),
        action(key.on_update),
    )
}

fn index(table: &str, index: &IndexDef, name: &str) -> String {
    let keys = index.keys.iter().map(|key| {
        let value = match key.value {
            IndexValue::Column(name) => quoted(name),
            IndexValue::Expression(sql) => format!("({sql})"),
        };
        let nulls = match key.nulls {
            None => "",
            Some(Nulls::First) => " NULLS FIRST",
            Some(Nulls::Last) => " NULLS LAST",
        };
        value + nulls
    });
    let keys: Vec<String> = keys.collect();
    let unique = if index.unique { "UNIQUE " } else { "" };
    let include = match index.include {
        [] => String::new(),
        columns => format!(" INCLUDE ({})", list(columns)),
    };
    let nulls = if index.nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
    let condition = index.condition.map(|sql| format!(" WHERE {sql}")).unwrap_or_default();
    format!("CREATE {unique}INDEX ASYNC {name} ON {table} ({}){include}{nulls}{condition}", keys.join(", "))
}

fn qualified(schema: Option<&str>, name: &str) -> String {
    schema.map(|schema| quoted(schema) + ".").unwrap_or_default() + &quoted(name)
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}
