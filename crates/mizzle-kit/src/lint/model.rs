//! The tables as they are when every text has run, for rules that need more than one statement.

use std::collections::BTreeMap;
use std::ops::Range;

use mizzle::{Action, IndexValue, TableDef, TableKind};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::statement::Statement;
use super::tree::{self, Type, child, children, has};

/// Where something was written; none when it is declared in Rust.
pub(crate) type At = Option<(usize, Range<usize>)>;

/// Tables by name and schema.
#[derive(Debug, Default)]
pub(crate) struct Model {
    tables: BTreeMap<(String, String), Table>,
}

/// One table, as far as its statements say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub(crate) at: At,
    pub(crate) name: String,
    /// Whether the statement that made it was seen, and said everything.
    pub(crate) whole: bool,
    pub(crate) columns: Vec<Column>,
    pub(crate) primary_key: Option<Vec<String>>,
    pub(crate) uniques: Vec<Vec<String>>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
}

#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) at: At,
    pub(crate) name: String,
    /// Without arguments, in lower case.
    pub(crate) type_name: String,
    /// Of text: how many characters at most.
    pub(crate) width: Option<u64>,
    pub(crate) default: Option<String>,
    pub(crate) identity: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub(crate) at: At,
    pub(crate) name: String,
    /// Its keys; none stands for an expression.
    pub(crate) keys: Vec<Option<String>>,
    pub(crate) unique: bool,
    pub(crate) partial: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct ForeignKey {
    pub(crate) at: At,
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<String>,
    pub(crate) target: String,
    /// What a delete of the row referred to does to this table's rows: `CASCADE`, `SET NULL` or `SET
    /// DEFAULT`.
    pub(crate) on_delete: Option<&'static str>,
    pub(crate) on_update: Option<&'static str>,
}

impl Model {
    pub(crate) fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.values()
    }

    /// The table of this name; without a schema, the only one that has it.
    pub(crate) fn table(&self, schema: Option<&str>, name: &str) -> Option<&Table> {
        let exact = (name.to_owned(), schema.unwrap_or_default().to_owned());
        self.tables.get(&exact).or_else(|| {
            let mut same = self.of_name(name).map(|(_, table)| table);
            same.next().filter(|_| same.next().is_none())
        })
    }

    /// The tables of this name, whatever their schemas.
    fn of_name(&self, name: &str) -> impl Iterator<Item = (&(String, String), &Table)> {
        let first = (name.to_owned(), String::new());
        self.tables.range(first..).take_while(move |((other, _), _)| other == name)
    }

    /// Takes in a table that is declared in Rust.
    pub(crate) fn declare(&mut self, def: &TableDef) {
        if def.kind != TableKind::Table {
            return;
        }
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let columns = def.columns.iter().map(|column| {
            let (name, rest) = column.sql_type.split_once('(').unwrap_or((column.sql_type, ""));
            let width = rest.trim_end_matches(')').parse().ok();
            Column {
                at: None,
                name: column.name.to_owned(),
                type_name: name.trim().to_lowercase(),
                width: width.filter(|_| name.contains("char")),
                default: column.default.map(str::to_lowercase),
                identity: column.identity.is_some(),
            }
        });
        let indexes = def.indexes.iter().map(|index| Index {
            at: None,
            name: index.name.to_owned(),
            keys: index
                .keys
                .iter()
                .map(|key| match key.value {
                    IndexValue::Column(name) => Some(name.to_owned()),
                    IndexValue::Expression(_) => None,
                })
                .collect(),
            unique: index.unique,
            partial: index.condition.is_some(),
        });
        let foreign_keys = def.foreign_keys.iter().map(|key| ForeignKey {
            at: None,
            name: Some(key.name.to_owned()),
            columns: owned(key.columns),
            target: key.table.to_owned(),
            on_delete: word_of(key.on_delete),
            on_update: word_of(key.on_update),
        });
        let table = Table {
            at: None,
            name: def.name.to_owned(),
            whole: true,
            columns: columns.collect(),
            primary_key: Some(owned(def.primary_key)).filter(|key| !key.is_empty()),
            uniques: def.uniques.iter().map(|unique| owned(unique.columns)).collect(),
            indexes: indexes.collect(),
            foreign_keys: foreign_keys.collect(),
        };
        self.tables.insert((def.name.to_owned(), def.schema.unwrap_or_default().to_owned()), table);
    }

    /// Takes in what a statement does.
    pub(crate) fn apply(&mut self, statement: &Statement<'_>) {
        let Some(root) = statement.root() else { return };
        for node in root.descendants() {
            match node.kind() {
                K::CREATE_TABLE => self.create(statement, &node),
                K::CREATE_INDEX => self.index(statement, &node),
                _ => {}
            }
        }
        match root.kind() {
            K::ALTER_TABLE => self.alter(statement, root),
            K::DROP_TABLE => {
                for dropped in children(root, K::TABLE_NAME_REF) {
                    let (schema, name) = tree::path(&dropped);
                    self.tables.remove(&(name, schema.unwrap_or_default()));
                }
            }
            K::DROP_INDEX => {
                for dropped in children(root, K::INDEX_REF) {
                    let (_, name) = tree::path(&dropped);
                    self.tables
                        .values_mut()
                        .for_each(|table| table.indexes.retain(|index| index.name != name));
                }
            }
            _ => {}
        }
    }

    fn create(&mut self, statement: &Statement<'_>, node: &SyntaxNode) {
        let Some((schema, name)) = tree::table(node) else { return };
        let key = (name.clone(), schema.unwrap_or_default());
        if child(node, K::IF_NOT_EXISTS).is_some() && self.tables.contains_key(&key) {
            return;
        }
        let at = child(node, K::TABLE_NAME).map(|node| (statement.source, statement.span_of(&node)));
        let whole = !has(node, K::LIKE_CLAUSE) && !has(node, K::INHERITS) && !has(node, K::PARTITION_OF);
        let mut table = Table { at, name, whole, ..Table::default() };
        for column in node.descendants().filter(|node| node.kind() == K::COLUMN) {
            table.columns.extend(Column::of(statement, &column));
            table.foreign_keys.extend(
                children(&column, K::REFERENCES_CONSTRAINT)
                    .filter_map(|key| ForeignKey::of(statement, &key, &column)),
            );
        }
        for key in tree::keys(node) {
            if key.primary {
                table.primary_key = Some(key.columns);
            } else {
                table.uniques.push(key.columns);
            }
        }
        let keys = node.descendants().filter(|node| node.kind() == K::FOREIGN_KEY_CONSTRAINT);
        table.foreign_keys.extend(keys.filter_map(|key| ForeignKey::of(statement, &key, node)));
        self.tables.insert(key, table);
    }

    fn index(&mut self, statement: &Statement<'_>, node: &SyntaxNode) {
        let Some((schema, table)) = tree::table(node) else { return };
        let list = child(node, K::PARTITION_ITEM_LIST);
        let items = list.iter().flat_map(|list| children(list, K::PARTITION_ITEM));
        let column = |item: SyntaxNode| item.first_child().filter(|key| key.kind() == K::NAME_REF);
        let keys: Vec<_> = items.map(|item| column(item).map(|key| tree::name(&key))).collect();
        let named = child(node, K::INDEX).map(|name| tree::path(&name).1);
        let name = named.unwrap_or_else(|| {
            let keys: Vec<&str> = keys.iter().map(|key| key.as_deref().unwrap_or("expr")).collect();
            format!("{table}_{}_idx", keys.join("_"))
        });
        let unique = statement.words.iter().take(2).any(|word| word.text == "unique");
        let partial = child(node, K::WHERE_CLAUSE).is_some();
        let at = Some((statement.source, statement.head_of(node)));
        self.known(schema, table).indexes.push(Index { at, name, keys, unique, partial });
    }

    fn alter(&mut self, statement: &Statement<'_>, node: &SyntaxNode) {
        let Some((schema, name)) = tree::table(node) else { return };
        for action in node.children() {
            let of = |kind| child(&action, kind).map(|node| tree::path(&node).1);
            match action.kind() {
                K::TABLE_RENAME_TO => {
                    let key = (name, schema.unwrap_or_default());
                    if let (Some(mut table), Some(renamed)) = (self.tables.remove(&key), of(K::TABLE_NAME)) {
                        table.name.clone_from(&renamed);
                        self.tables.insert((renamed, key.1), table);
                    }
                    return;
                }
                K::ADD_COLUMN => {
                    let column = Column::of(statement, &action);
                    self.known(schema.clone(), name.clone()).columns.extend(column);
                }
                K::DROP_COLUMN => {
                    let gone = of(K::COLUMN_NAME_REF);
                    self.known(schema.clone(), name.clone()).drop_column(gone.as_deref());
                }
                K::RENAME_COLUMN => {
                    if let (Some(from), Some(to)) = (of(K::COLUMN_NAME_REF), of(K::COLUMN_NAME)) {
                        self.known(schema.clone(), name.clone()).rename_column(&from, &to);
                    }
                }
                K::ADD_CONSTRAINT => {
                    let table = self.known(schema.clone(), name.clone());
                    table.add_constraint(statement, &action);
                }
                K::DROP_CONSTRAINT => {
                    let gone = of(K::CONSTRAINT_NAME_REF);
                    let table = self.known(schema.clone(), name.clone());
                    table.foreign_keys.retain(|key| key.name.is_none() || key.name != gone);
                    table.indexes.retain(|index| Some(&index.name) != gone.as_ref());
                }
                _ => {}
            }
        }
    }

    /// The table, or what is known of one that was made elsewhere.
    fn known(&mut self, schema: Option<String>, name: String) -> &mut Table {
        let same: Vec<_> = self.of_name(&name).map(|(key, _)| key.clone()).collect();
        let exact = (name, schema.unwrap_or_default());
        let key = match &same[..] {
            [only] if !same.contains(&exact) => only.clone(),
            _ => exact,
        };
        let name = key.0.clone();
        self.tables.entry(key).or_insert_with(|| Table { name, ..Table::default() })
    }
}

impl Table {
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether some index, whole, begins with these columns in any order.
    pub(crate) fn finds_by(&self, columns: &[String]) -> bool {
        let begins = |keys: &[Option<String>]| {
            keys.len() >= columns.len()
                && keys[..columns.len()]
                    .iter()
                    .all(|key| key.as_ref().is_some_and(|key| columns.contains(key)))
        };
        let named = |names: &Vec<String>| begins(&names.iter().cloned().map(Some).collect::<Vec<_>>());
        self.primary_key.as_ref().is_some_and(named)
            || self.uniques.iter().any(named)
            || self.indexes.iter().any(|index| !index.partial && begins(&index.keys))
    }

    /// Whether at most one row has the same values in these columns.
    pub(crate) fn is_unique_by(&self, columns: &[String]) -> bool {
        let within = |names: &Vec<String>| names.iter().all(|name| columns.contains(name));
        let index = |index: &&Index| {
            let keys: Option<Vec<String>> = index.keys.iter().cloned().collect();
            index.unique && !index.partial && keys.as_ref().is_some_and(within)
        };
        self.primary_key.as_ref().is_some_and(within)
            || self.uniques.iter().any(within)
            || self.indexes.iter().any(|found| index(&found))
    }

    fn add_constraint(&mut self, statement: &Statement<'_>, action: &SyntaxNode) {
        let Some(constraint) = action.first_child() else { return };
        match constraint.kind() {
            K::FOREIGN_KEY_CONSTRAINT => {
                self.foreign_keys.extend(ForeignKey::of(statement, &constraint, action));
            }
            K::UNIQUE_CONSTRAINT => {
                let used = child(&constraint, K::USING_INDEX_NAME).map(|index| tree::path(&index).1);
                let renamed =
                    child(&constraint, K::CONSTRAINT_NAME_CLAUSE).and_then(|node| node.first_child());
                let index = self.indexes.iter_mut().find(|index| Some(&index.name) == used.as_ref());
                if let (Some(index), Some(renamed)) = (index, renamed) {
                    index.name = tree::name(&renamed);
                }
            }
            _ => {}
        }
    }

    fn drop_column(&mut self, gone: Option<&str>) {
        let Some(gone) = gone else { return };
        self.columns.retain(|column| column.name != gone);
        self.indexes.retain(|index| !index.keys.iter().any(|key| key.as_deref() == Some(gone)));
        self.foreign_keys.retain(|key| !key.columns.iter().any(|column| column == gone));
        self.uniques.retain(|key| !key.iter().any(|column| column == gone));
    }

    fn rename_column(&mut self, from: &str, to: &str) {
        let names = self.columns.iter_mut().map(|column| &mut column.name);
        let keys = self.indexes.iter_mut().flat_map(|index| index.keys.iter_mut().flatten());
        let foreign = self.foreign_keys.iter_mut().flat_map(|key| &mut key.columns);
        let unique = self.uniques.iter_mut().chain(&mut self.primary_key).flatten();
        names.chain(keys).chain(foreign).chain(unique).filter(|name| *name == from).for_each(|name| {
            to.clone_into(name);
        });
    }
}

impl Column {
    fn of(statement: &Statement<'_>, node: &SyntaxNode) -> Option<Column> {
        let name = child(node, K::COLUMN_NAME)?;
        let found: Type = tree::type_of(statement, node)?;
        Some(Column {
            at: Some((statement.source, statement.span_of(&name))),
            name: tree::name(&name),
            width: found.width(),
            type_name: found.name,
            default: tree::default(node),
            identity: has(node, K::GENERATED_IDENTITY),
        })
    }
}

impl ForeignKey {
    /// A constraint, of a column or of a table.
    fn of(statement: &Statement<'_>, node: &SyntaxNode, owner: &SyntaxNode) -> Option<ForeignKey> {
        let columns = match node.kind() {
            K::REFERENCES_CONSTRAINT => vec![tree::name(&child(owner, K::COLUMN_NAME)?)],
            _ => tree::columns(&child(node, K::FOREIGN_KEY_COLUMN_LIST)?),
        };
        let target = child(node, K::TABLE_NAME_REF)?;
        let name = child(node, K::CONSTRAINT_NAME_CLAUSE).and_then(|clause| clause.first_child());
        Some(ForeignKey {
            at: Some((statement.source, statement.span_of(node))),
            name: name.map(|name| tree::name(&name)),
            columns,
            target: tree::path(&target).1,
            on_delete: child(node, K::ON_DELETE_ACTION).and_then(|action| word_in(&action)),
            on_update: child(node, K::ON_UPDATE_ACTION).and_then(|action| word_in(&action)),
        })
    }
}

fn word_in(action: &SyntaxNode) -> Option<&'static str> {
    action.children().find_map(|part| match part.kind() {
        K::CASCADE => Some("CASCADE"),
        K::SET_NULL_COLUMNS => Some("SET NULL"),
        K::SET_DEFAULT_COLUMNS => Some("SET DEFAULT"),
        _ => None,
    })
}

fn word_of(action: Action) -> Option<&'static str> {
    match action {
        Action::NoAction | Action::Restrict => None,
        Action::Cascade => Some("CASCADE"),
        Action::SetNull => Some("SET NULL"),
        Action::SetDefault => Some("SET DEFAULT"),
    }
}
