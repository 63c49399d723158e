//! Schemas as a person writes them down in a story, one line for each thing; the grammar stands in `testdata/columns.txt`.

use mizzle_kit::snapshot::{
    Action, Check, Column, Deferrable, Domain, ForeignKey, Identity, Index, Key, KeyValue, Name, PUBLIC,
    PrimaryKey, Schema, Snapshot, Table, Unique, View,
};

/// Reads a schema.
pub(crate) fn snapshot(text: &str) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (rest, comment) = cut_last(rest, " -- ");
        match word {
            "schema" => snapshot.schemas.push(Schema { name: rest.trim().into(), comment }),
            "domain" => snapshot.domains.push(domain(&rest)),
            "view" => snapshot.views.push(view(&rest, comment)),
            "table" => snapshot.tables.push(table(&rest, comment)),
            _ => member(snapshot.tables.last_mut().expect("a table before what is in it"), line),
        }
    }
    snapshot.normalise();
    snapshot
}

fn name(text: &str) -> Name {
    match text.trim().split_once('.') {
        Some((schema, name)) => Name::new(schema, name),
        None => Name::new(PUBLIC, text.trim()),
    }
}

fn domain(text: &str) -> Domain {
    let (text, check) = cut(text, " check ");
    let (text, default) = cut(&text, " = ");
    let (domain, sql_type) = text.split_once(' ').expect("domain NAME TYPE");
    let name = name(domain);
    let checks = check.map(|sql| Check { name: format!("{}_check", name.name), sql, valid: true });
    Domain {
        sql_type: sql_type.trim_end_matches('?').into(),
        nullable: sql_type.ends_with('?'),
        default,
        checks: checks.into_iter().collect(),
        name,
    }
}

fn view(text: &str, comment: Option<String>) -> View {
    let (head, query) = text.split_once(": ").expect("view NAME: SELECT …");
    let (head, renamed_from) = cut(head, " was ");
    View { name: name(&head), renamed_from, query: query.into(), columns: Vec::new(), comment }
}

fn table(text: &str, comment: Option<String>) -> Table {
    let (head, renamed_from) = cut(text, " was ");
    Table {
        name: name(&head),
        renamed_from,
        comment,
        columns: Vec::new(),
        primary_key: None,
        uniques: Vec::new(),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        indexes: Vec::new(),
    }
}

fn member(table: &mut Table, line: &str) {
    let (word, rest) = line.split_once(' ').expect("two words at least");
    match word {
        "key" => {
            let (columns, given) = cut(rest, " as ");
            let name = given.unwrap_or_else(|| format!("{}_pkey", table.name.name));
            table.primary_key = Some(PrimaryKey { name, columns: list(&columns) });
        }
        "check" => {
            let (name, sql) = rest.split_once(' ').expect("check NAME CONDITION");
            table.checks.push(Check { name: name.into(), sql: sql.into(), valid: true });
        }
        "unique" if rest.starts_with("index ") => {
            let index = index(table, &rest["index ".len()..], true);
            table.indexes.push(index);
        }
        "index" => {
            let index = index(table, rest, false);
            table.indexes.push(index);
        }
        "unique" => {
            let (rest, given) = cut(rest, " as ");
            let (rest, nulls) = flag(&rest, " nulls not distinct");
            let (columns, include) = cut(&rest, " include ");
            let columns = list(&columns);
            let name = given.unwrap_or_else(|| format!("{}_{}_key", table.name.name, columns.join("_")));
            let include = include.map(|names| list(&names)).unwrap_or_default();
            table.uniques.push(Unique { name, columns, include, nulls_not_distinct: nulls });
        }
        "fk" => {
            let key = foreign_key(table, rest);
            table.foreign_keys.push(key);
        }
        _ => table.columns.push(column(line)),
    }
}

fn column(line: &str) -> Column {
    let (line, comment) = cut_last(line, " -- ");
    let (line, renamed_from) = cut_last(&line, " was ");
    let (line, generated) = cut(&line, " := ");
    let (line, default) = cut(&line, " = ");
    let (line, identity) = cut(&line, " identity ");
    let (name, sql_type) = line.split_once(' ').expect("NAME TYPE");
    Column {
        name: name.into(),
        renamed_from,
        sql_type: sql_type.trim().trim_end_matches('?').into(),
        nullable: sql_type.ends_with('?'),
        not_null: None,
        default,
        identity: identity.map(|text| self::identity(&text)),
        generated,
        comment,
    }
}

/// `always cache 1 start 10 increment 5`, each part but the cache optional.
fn identity(text: &str) -> Identity {
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |word: &str| {
        let at = words.iter().position(|found| *found == word)?;
        words.get(at + 1)?.parse::<i64>().ok()
    };
    let increment = number("increment").unwrap_or(1);
    Identity {
        always: words.contains(&"always"),
        cache: number("cache").expect("cache N"),
        start: number("start").unwrap_or(if increment < 0 { -1 } else { 1 }),
        increment,
    }
}

fn foreign_key(table: &Table, text: &str) -> ForeignKey {
    let (text, given) = cut(text, " as ");
    let (text, deferred) = flag(&text, " deferred");
    let (text, deferrable) = flag(&text, " deferrable");
    let (text, on_update) = cut(&text, " on update ");
    let (text, on_delete) = cut(&text, " on delete ");
    let (columns, target) = text.split_once("->").expect("fk COLUMNS -> TABLE(COLUMNS)");
    let (far, references) = target.trim().trim_end_matches(')').split_once('(').expect("TABLE(COLUMNS)");
    let columns = list(columns);
    ForeignKey {
        name: given.unwrap_or_else(|| format!("{}_{}_fkey", table.name.name, columns.join("_"))),
        columns,
        table: name(far),
        references: list(references),
        on_delete: action(on_delete.as_deref()),
        on_update: action(on_update.as_deref()),
        deferrable: match (deferred, deferrable) {
            (true, _) => Deferrable::InitiallyDeferred,
            (false, true) => Deferrable::InitiallyImmediate,
            (false, false) => Deferrable::No,
        },
        valid: true,
    }
}

fn action(word: Option<&str>) -> Action {
    match word {
        None => Action::NoAction,
        Some("restrict") => Action::Restrict,
        Some("cascade") => Action::Cascade,
        Some("set null") => Action::SetNull,
        Some("set default") => Action::SetDefault,
        Some(word) => panic!("{word} is no action"),
    }
}

fn index(table: &Table, text: &str, unique: bool) -> Index {
    let (text, given) = cut_last(text, " as ");
    let (text, condition) = cut(&text, " where ");
    let (text, nulls_not_distinct) = flag(&text, " nulls not distinct");
    let (text, include) = cut(&text, " include ");
    let keys: Vec<Key> = keys(&text).iter().map(|key| self::key(key)).collect();
    let parts = keys.iter().map(|key| match &key.value {
        KeyValue::Column(name) => name.as_str(),
        KeyValue::Expression(_) => "expr",
    });
    let named = format!("{}_{}_idx", table.name.name, parts.collect::<Vec<_>>().join("_"));
    Index {
        name: given.unwrap_or(named),
        keys,
        unique,
        include: include.map(|names| list(&names)).unwrap_or_default(),
        condition,
        nulls_not_distinct,
        valid: true,
    }
}

/// Cut at commas outside of parentheses.
fn keys(text: &str) -> Vec<String> {
    let mut keys = vec![String::new()];
    let mut depth = 0;
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                keys.push(String::new());
                continue;
            }
            _ => {}
        }
        keys.last_mut().expect("one at least").push(letter);
    }
    keys
}

fn key(text: &str) -> Key {
    let (text, nulls_first) = flag(text, " nulls first");
    let text = text.trim();
    let expression = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    let value = match expression {
        Some(sql) => KeyValue::Expression(sql.into()),
        None => KeyValue::Column(text.into()),
    };
    Key { value, nulls_first }
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(|name| name.trim().to_owned()).collect()
}

fn cut(text: &str, at: &str) -> (String, Option<String>) {
    match text.split_once(at) {
        Some((before, behind)) => (before.trim_end().into(), Some(behind.trim().into())),
        None => (text.into(), None),
    }
}

fn cut_last(text: &str, at: &str) -> (String, Option<String>) {
    match text.rsplit_once(at) {
        Some((before, behind)) => (before.trim_end().into(), Some(behind.trim().into())),
        None => (text.into(), None),
    }
}

fn flag(text: &str, flag: &str) -> (String, bool) {
    match text.split_once(flag) {
        Some((before, behind)) => (format!("{before}{behind}"), true),
        None => (text.into(), false),
    }
}
