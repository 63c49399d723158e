//! A snapshot as Rust source: structs that compile and, declared, differ in nothing from what they were read from.
//!
//! What no declaration can say stands in a comment above the struct: domains, a table without a primary key, a unique
//! constraint with INCLUDE, a primary key under a name of its own.

mod field;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::snapshot::{Action, Deferrable, ForeignKey, Index, KeyValue, Name, PUBLIC, Snapshot, Table, View};
use field::Field;
use values::Values;

/// Words that Rust keeps for itself, or that would hide what the macros emit.
const KEPT: &str = " as async await become box break const continue crate do dyn else enum extern false final fn for gen \
    if impl in let loop macro match mod move mut override priv pub ref return self static struct super trait true try \
    type typeof unsafe unsized use virtual where while yield abstract ";

/// The source of a module `schema.rs`: enums, structs, and the list of them.
pub fn pull(snapshot: &Snapshot) -> String {
    let structs = structs(snapshot);
    let mut body = String::new();
    let mut enums = BTreeSet::new();
    for domain in &snapshot.domains {
        let _ =
            writeln!(body, "\n// The domain {} is no part of any declaration: keep it by hand.", domain.name);
    }
    let mut listed = Vec::new();
    for table in &snapshot.tables {
        let mut pulled = Pulled::of(table, &structs, snapshot);
        pulled.enums(&mut enums, &mut body);
        pulled.write(&mut body);
        if table.primary_key.is_some() {
            listed.push(structs[&table.name].clone());
        }
    }
    for view in &snapshot.views {
        self::view(view, &structs[&view.name], &mut body);
        listed.push(structs[&view.name].clone());
    }
    let mut head = "//! The tables of a database, as they were read from it.\n\n".to_owned();
    head += &imports(&body);
    if listed.is_empty() {
        head + &body
    } else {
        format!("{head}{body}\nmizzle::schema! {{ {} }}\n", listed.join(", "))
    }
}

/// What the fields need, from where it comes.
fn imports(body: &str) -> String {
    let mut chrono: Vec<&str> = ["NaiveDate", "NaiveDateTime", "NaiveTime"]
        .into_iter()
        .filter(|name| body.contains(&format!(": {name},")) || body.contains(&format!("Option<{name}>")))
        .collect();
    if body.contains("DateTime<Utc>") {
        chrono.splice(0..0, ["DateTime"]);
        chrono.push("Utc");
    }
    let mut imports = String::new();
    if body.contains("BigDecimal") {
        imports += "use bigdecimal::BigDecimal;\n";
    }
    match chrono[..] {
        [] => {}
        [one] => imports += &format!("use chrono::{one};\n"),
        _ => imports += &format!("use chrono::{{{}}};\n", chrono.join(", ")),
    }
    imports += "use mizzle::prelude::*;\n";
    if body.contains("Uuid") {
        imports += "use uuid::Uuid;\n";
    }
    imports
}

/// One struct for each table and view, none with another's name.
fn structs(snapshot: &Snapshot) -> BTreeMap<Name, String> {
    let mut taken = BTreeSet::new();
    let names =
        snapshot.tables.iter().map(|table| &table.name).chain(snapshot.views.iter().map(|view| &view.name));
    let mut structs = BTreeMap::new();
    for name in names {
        let plain = camel(&name.name);
        let in_schema = format!("{}{plain}", camel(&name.schema));
        let numbered = (2..).map(|number| format!("{plain}{number}"));
        let free = [plain.clone(), in_schema].into_iter().chain(numbered).find(|name| !taken.contains(name));
        let free = free.unwrap_or(plain);
        taken.insert(free.clone());
        structs.insert(name.clone(), free);
    }
    structs
}

/// What is written of one table.
struct Pulled<'a> {
    table: &'a Table,
    structs: &'a BTreeMap<Name, String>,
    snapshot: &'a Snapshot,
    fields: Vec<Field<'a>>,
    /// Foreign keys that a field declares, by their place.
    belonging: BTreeMap<String, (String, &'a ForeignKey)>,
}

impl<'a> Pulled<'a> {
    fn of(table: &'a Table, structs: &'a BTreeMap<Name, String>, snapshot: &'a Snapshot) -> Self {
        let mut taken = BTreeSet::new();
        let fields: Vec<Field<'a>> =
            table.columns.iter().map(|column| Field::of(table, column, &mut taken)).collect();
        let mut pulled = Self { table, structs, snapshot, fields, belonging: BTreeMap::new() };
        for key in &table.foreign_keys {
            let [column] = &key.columns[..] else { continue };
            let relation = ident(column.strip_suffix("_id").unwrap_or(&key.table.name));
            let whole = pulled.snapshot.table(&key.table).and_then(|far| far.primary_key.as_ref());
            let free = taken.insert(relation.clone());
            if free
                && whole.is_some_and(|far| far.columns == key.references)
                && !pulled.belonging.contains_key(column)
            {
                pulled.belonging.insert(column.clone(), (relation, key));
            }
        }
        pulled
    }

    /// Writes the enums of the table's columns, each once.
    fn enums(&mut self, taken: &mut BTreeSet<String>, text: &mut String) {
        for field in &mut self.fields {
            let Some(values) = Values::of(self.table, field.column) else { continue };
            let plain = camel(&field.column.name);
            let long = format!("{}{plain}", self.structs[&self.table.name]);
            let is_free =
                |name: &String| !taken.contains(name) && !self.structs.values().any(|other| other == name);
            let Some(name) = [plain, long].into_iter().find(is_free) else { continue };
            taken.insert(name.clone());
            *text += &values.to_source(&name);
            field.values = Some((name, values));
        }
    }

    fn write(&self, text: &mut String) {
        let table = self.table;
        let name = &self.structs[&table.name];
        text.push('\n');
        for note in self.notes() {
            let _ = writeln!(text, "// {note}");
        }
        if table.primary_key.is_none() {
            return;
        }
        doc(text, "", table.comment.as_deref());
        *text += &head(&table.name, name, None);
        for index in &table.indexes {
            let _ = writeln!(text, "#[index({})]", self.index(index));
        }
        for unique in table
            .uniques
            .iter()
            .filter(|unique| unique.include.is_empty() && !self.is_on_field(&unique.columns))
        {
            let nulls = if unique.nulls_not_distinct { ", nulls_not_distinct" } else { "" };
            let given = self.given(&unique.name, &unique.columns, "key");
            let _ = writeln!(text, "#[unique({}{nulls}{given})]", self.fields_of(&unique.columns));
        }
        for check in table.checks.iter().filter(|check| !self.is_enum(&check.name)) {
            let _ = writeln!(text, "#[check({:?}, name = {:?})]", check.sql, check.name);
        }
        for key in &table.foreign_keys {
            if !self.belonging.values().any(|(_, other)| other.name == key.name) {
                let _ = writeln!(text, "#[foreign_key({})]", self.foreign_key(key));
            }
        }
        let _ = writeln!(text, "pub struct {name} {{");
        for field in &self.fields {
            let unique = table
                .uniques
                .iter()
                .find(|unique| unique.columns == [field.column.name.clone()] && unique.include.is_empty());
            field.write(
                text,
                unique.map(|unique| {
                    let given = self.given(&unique.name, &unique.columns, "key");
                    (unique.nulls_not_distinct, given)
                }),
            );
            if let Some((relation, key)) = self.belonging.get(&field.column.name) {
                let far = &self.structs[&key.table];
                let _ = writeln!(
                    text,
                    "    #[belongs_to({relation}: {far}, foreign_key({}))]",
                    self.options(key)
                );
            }
            let _ = writeln!(text, "    pub {}: {},", field.ident, field.rust());
        }
        *text += "}\n";
    }

    /// What the declaration cannot say.
    fn notes(&self) -> Vec<String> {
        let table = self.table;
        let mut notes = Vec::new();
        match &table.primary_key {
            None => notes.push(format!(
                "The table {} has no primary key, without which no struct is one.",
                table.name
            )),
            Some(key) if key.name != format!("{}_pkey", table.name.name) => {
                notes.push(format!(
                    "The primary key is called {}; a declaration calls it by the table.",
                    key.name
                ));
            }
            Some(_) => {}
        }
        let include = table.uniques.iter().filter(|unique| !unique.include.is_empty());
        notes.extend(include.map(|unique| {
            format!(
                "The unique constraint {} stores columns besides, which no declaration says.",
                unique.name
            )
        }));
        let foreign = self.fields.iter().filter(|field| !field.is_known());
        notes.extend(foreign.map(|field| {
            format!(
                "The column {} is {}, which no declaration says.",
                field.column.name, field.column.sql_type
            )
        }));
        notes
    }

    fn index(&self, index: &Index) -> String {
        let mut parts: Vec<String> = Vec::new();
        if index.unique {
            parts.push("unique".into());
        }
        for key in &index.keys {
            let value = match &key.value {
                KeyValue::Column(name) => self.field(name),
                KeyValue::Expression(sql) => format!("sql({sql:?})"),
            };
            parts.push(if key.nulls_first { format!("{value}.nulls_first()") } else { value });
        }
        if index.nulls_not_distinct {
            parts.push("nulls_not_distinct".into());
        }
        if !index.include.is_empty() {
            parts.push(format!("include({})", self.fields_of(&index.include)));
        }
        if let Some(condition) = &index.condition {
            parts.push(format!("where = {condition:?}"));
        }
        parts.push(format!("name = {:?}", index.name));
        parts.join(", ")
    }

    fn foreign_key(&self, key: &ForeignKey) -> String {
        let far = &self.structs[&key.table];
        let columns = self.fields_of(&key.columns);
        let references = match self.snapshot.table(&key.table) {
            Some(table) => {
                let mut taken = BTreeSet::new();
                let fields: Vec<Field<'_>> =
                    table.columns.iter().map(|column| Field::of(table, column, &mut taken)).collect();
                let named = key
                    .references
                    .iter()
                    .filter_map(|name| fields.iter().find(|field| field.column.name == *name));
                named.map(|field| field.ident.clone()).collect::<Vec<_>>().join(", ")
            }
            None => key.references.join(", "),
        };
        format!("{columns} => {far}({references}), {}", self.options(key))
    }

    fn options(&self, key: &ForeignKey) -> String {
        let action = |event: &str, action: Action| match action {
            Action::NoAction => None,
            Action::Restrict => Some(format!("{event} = restrict")),
            Action::Cascade => Some(format!("{event} = cascade")),
            Action::SetNull => Some(format!("{event} = set_null")),
            Action::SetDefault => Some(format!("{event} = set_default")),
        };
        let mut options: Vec<String> = action("on_delete", key.on_delete).into_iter().collect();
        options.extend(action("on_update", key.on_update));
        match key.deferrable {
            Deferrable::No => {}
            Deferrable::InitiallyImmediate => options.push("deferrable".into()),
            Deferrable::InitiallyDeferred => options.push("initially_deferred".into()),
        }
        options.push(format!("name = {:?}", key.name));
        options.join(", ")
    }

    /// `, name = "…"` where the name is not the one that a declaration gives by itself.
    fn given(&self, name: &str, columns: &[String], label: &str) -> String {
        let default = format!("{}_{}_{label}", self.table.name.name, columns.join("_"));
        if name == default && name.len() < 64 { String::new() } else { format!(", name = {name:?}") }
    }

    fn is_on_field(&self, columns: &[String]) -> bool {
        columns.len() == 1
    }

    fn is_enum(&self, check: &str) -> bool {
        self.fields.iter().filter_map(|field| field.values.as_ref()).any(|(_, values)| values.check == check)
    }

    fn field(&self, column: &str) -> String {
        let field = self.fields.iter().find(|field| field.column.name == column);
        field.map_or_else(|| column.to_owned(), |field| field.ident.clone())
    }

    fn fields_of(&self, columns: &[String]) -> String {
        columns.iter().map(|column| self.field(column)).collect::<Vec<_>>().join(", ")
    }
}

fn view(view: &View, name: &str, text: &mut String) {
    let _ = writeln!(text, "\n// The first column is taken for what tells the rows apart.");
    doc(text, "", view.comment.as_deref());
    *text += &head(&view.name, name, Some(&view.query));
    let _ = writeln!(text, "pub struct {name} {{");
    for (at, column) in view.columns.iter().enumerate() {
        let known = field::rust_type(&column.sql_type);
        let mut options: Vec<String> = if at == 0 { vec!["primary_key".into()] } else { Vec::new() };
        let field = ident(&column.name);
        if field != column.name {
            options.push(format!("name = {:?}", column.name));
        }
        options.extend(field::declared(&column.sql_type));
        if !options.is_empty() {
            let _ = writeln!(text, "    #[column({})]", options.join(", "));
        }
        let rust = known.unwrap_or("String");
        let rust = if at == 0 { rust.to_owned() } else { format!("Option<{rust}>") };
        let _ = writeln!(text, "    pub {field}: {rust},");
    }
    *text += "}\n";
}

/// `#[table(…)]`.
fn head(name: &Name, given: &str, query: Option<&str>) -> String {
    let mut options = Vec::new();
    if snake(given) != name.name {
        options.push(format!("name = {:?}", name.name));
    }
    if name.schema != PUBLIC {
        options.push(format!("schema = {:?}", name.schema));
    }
    if let Some(query) = query {
        options.push(format!("view = {query:?}"));
    }
    if options.is_empty() { "#[table]\n".into() } else { format!("#[table({})]\n", options.join(", ")) }
}

fn doc(text: &mut String, indent: &str, comment: Option<&str>) {
    for line in comment.iter().flat_map(|comment| comment.lines()) {
        let _ = writeln!(text, "{}", format!("{indent}/// {line}").trim_end());
    }
}

/// A name of a type.
fn camel(name: &str) -> String {
    let mut camel = String::new();
    for word in name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        camel += &first.to_uppercase();
        camel += &if rest.chars().any(char::is_lowercase) { rest.to_owned() } else { rest.to_lowercase() };
    }
    match camel.chars().next() {
        Some(first) if first.is_alphabetic() => camel,
        _ => format!("T{camel}"),
    }
}

/// What `#[table]` makes of the name of a struct.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        if letter.is_uppercase() && at > 0 {
            let ends = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
            if !letters[at - 1].is_uppercase() || ends {
                snake.push('_');
            }
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// A name of a field.
fn ident(name: &str) -> String {
    let is_plain =
        name.chars().all(|letter| letter == '_' || letter.is_alphanumeric() && !letter.is_uppercase());
    let ident = if is_plain { name.to_owned() } else { snake(&camel(name)) };
    match ident.chars().next() {
        Some(first) if first.is_alphabetic() => {}
        _ => return format!("c{ident}"),
    }
    if KEPT.contains(&format!(" {ident} ")) { format!("{ident}_") } else { ident }
}
