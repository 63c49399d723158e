//! What an application's structs declare, as its schema binary prints it for the `mizzle` command.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::ExitCode;

use mizzle::{RelationDef, TableDef, TableKind};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::snapshot::{Name, PUBLIC, Snapshot};

/// The version of the format.
const VERSION: u32 = 1;

/// What structs declare: the schema, and what is no part of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Declaration {
    /// The schema.
    pub snapshot: Snapshot,
    /// Views that structs read and somebody else makes: those whose declaration leaves out the query.
    pub elsewhere: Vec<Name>,
    /// Every `belongs_to`, also those that the database knows nothing of.
    pub relations: Vec<Relation>,
}

/// Columns that hold the key of another table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// The table whose columns they are.
    pub table: Name,
    /// The columns, in order.
    pub columns: Vec<String>,
    /// The other table.
    pub far: Name,
    /// The columns of its key, in the order of `columns`.
    pub references: Vec<String>,
}

/// The document that goes from the application to the command.
#[derive(Serialize, Deserialize)]
struct Document {
    declaration: u32,
    snapshot: serde_json::Value,
    #[serde(default)]
    elsewhere: Vec<Name>,
    #[serde(default)]
    relations: Vec<Relation>,
}

/// The whole of an application's schema binary: prints what the structs declare, for the `mizzle` command.
///
/// ```no_run
/// use std::process::ExitCode;
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String }
/// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String }
///
/// // src/bin/schema.rs
/// fn main() -> ExitCode {
///     mizzle_kit::main(mizzle::tables![Owner, Pet])
/// }
/// ```
///
/// `mizzle generate` and its kin find the binary by its name, `schema` or `…-schema`, and run it with cargo. Run by hand it
/// prints the same document, which those commands take with `--declaration` where cargo is not what builds the application.
pub fn main(tables: &[&TableDef]) -> ExitCode {
    let text = match Declaration::of(tables) {
        Ok(declaration) => declaration.to_json(),
        Err(error) => {
            let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            eprintln!("error: {error}{hint}");
            return ExitCode::FAILURE;
        }
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

impl Declaration {
    /// What these structs declare: `tables` is what `mizzle::tables!` or `mizzle::schema!` lists.
    ///
    /// # Errors
    /// When two of them declare one table.
    pub fn of(tables: &[&TableDef]) -> Result<Self, Error> {
        let mut names = BTreeSet::new();
        for def in tables {
            let name = name(def.schema, def.name);
            if names.contains(&name) {
                return Err(Error::declared_twice(&name));
            }
            names.insert(name);
        }
        let elsewhere = tables.iter().filter(|def| def.kind == TableKind::View { query: None });
        let relations = tables.iter().flat_map(|def| {
            let table = name(def.schema, def.name);
            def.relations.iter().map(move |relation| self::relation(&table, relation))
        });
        Ok(Self {
            snapshot: Snapshot::declared(tables),
            elsewhere: elsewhere.map(|def| name(def.schema, def.name)).collect(),
            relations: relations.collect(),
        })
    }

    /// What is wanted of a database that has this: the declared schema, and beside it what structs say nothing of, domains
    /// and views that somebody else makes, which a plan leaves alone.
    pub fn beside(&self, found: &Snapshot) -> Snapshot {
        let mut wanted = self.snapshot.clone();
        let known: BTreeSet<&Name> = self.snapshot.domains.iter().map(|domain| &domain.name).collect();
        let domains = found.domains.iter().filter(|domain| !known.contains(&domain.name));
        wanted.domains.extend(domains.cloned());
        wanted.views.extend(found.views.iter().filter(|view| self.elsewhere.contains(&view.name)).cloned());
        for schema in &found.schemas {
            let holds = wanted.domains.iter().any(|domain| domain.name.schema == schema.name)
                || wanted.views.iter().any(|view| view.name.schema == schema.name);
            if holds && !wanted.schemas.iter().any(|known| known.name == schema.name) {
                wanted.schemas.push(schema.clone());
            }
        }
        wanted.normalise();
        wanted
    }

    /// What stands in `public` stands in this schema instead.
    #[must_use]
    pub fn in_schema(&self, schema: &str) -> Self {
        let moved =
            |name: &Name| if name.schema == PUBLIC { Name::new(schema, &name.name) } else { name.clone() };
        let relations = self.relations.iter().map(|relation| Relation {
            table: moved(&relation.table),
            far: moved(&relation.far),
            ..relation.clone()
        });
        Self {
            snapshot: self.snapshot.moved(PUBLIC, schema),
            elsewhere: self.elsewhere.iter().map(moved).collect(),
            relations: relations.collect(),
        }
    }

    /// The document as the schema binary prints it.
    pub fn to_json(&self) -> String {
        let snapshot = serde_json::from_str(&self.snapshot.to_json()).expect("it was written by us");
        let Self { elsewhere, relations, .. } = self.clone();
        let document = Document { declaration: VERSION, snapshot, elsewhere, relations };
        serde_json::to_string_pretty(&document).expect("names and texts are JSON") + "\n"
    }

    /// Reads the document.
    ///
    /// # Errors
    /// When it is none, or one of a newer version.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Versioned {
            declaration: u32,
        }
        let Versioned { declaration } = serde_json::from_str(text).map_err(Error::unreadable_declaration)?;
        if declaration > VERSION {
            return Err(Error::newer_declaration(declaration, VERSION));
        }
        let document: Document = serde_json::from_str(text).map_err(Error::unreadable_declaration)?;
        let Document { snapshot, elsewhere, relations, .. } = document;
        Ok(Self { snapshot: Snapshot::from_json(&snapshot.to_string())?, elsewhere, relations })
    }
}

impl From<Snapshot> for Declaration {
    /// A schema of which no struct says more, as one that was read from a database.
    fn from(snapshot: Snapshot) -> Self {
        Self { snapshot, ..Self::default() }
    }
}

fn relation(table: &Name, def: &RelationDef) -> Relation {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Relation {
        table: table.clone(),
        columns: owned(def.columns),
        far: name(def.schema, def.table),
        references: owned(def.references),
    }
}

fn name(schema: Option<&str>, name: &str) -> Name {
    Name::new(schema.unwrap_or(PUBLIC), name)
}

#[cfg(test)]
mod tests {
    use mizzle::prelude::*;

    use super::*;

    #[table]
    struct Owner {
        #[column(primary_key)]
        id: i64,
        name: String,
    }

    #[table(schema = "ward")]
    struct Pet {
        #[column(primary_key)]
        id: i64,
        #[belongs_to(owner: Owner)]
        owner_id: Option<i64>,
    }

    #[table(view)]
    struct Senior {
        #[column(primary_key)]
        id: i64,
    }

    #[test]
    fn a_declaration_is_the_same_from_its_document() {
        let declaration = Declaration::of(mizzle::tables![Owner, Pet, Senior]).expect("three names");
        assert_eq!(declaration.elsewhere, [Name::new(PUBLIC, "senior")]);
        let [relation] = &declaration.relations[..] else { panic!("{:?}", declaration.relations) };
        assert_eq!(
            (
                relation.table.to_string(),
                &relation.columns[..],
                relation.far.to_string(),
                &relation.references[..]
            ),
            ("ward.pet".to_owned(), &["owner_id".to_owned()][..], "owner".to_owned(), &["id".to_owned()][..])
        );
        assert_eq!(Declaration::from_json(&declaration.to_json()).expect("a document"), declaration);
        let newer = declaration.to_json().replace("\"declaration\": 1", "\"declaration\": 2");
        let error = Declaration::from_json(&newer).expect_err("a newer one");
        assert!(error.hint().is_some_and(|hint| hint.contains("update")), "{error}");
        assert!(Declaration::from_json("Hello").is_err());
    }

    #[test]
    fn a_table_is_declared_once() {
        let error = Declaration::of(mizzle::tables![Owner, Owner]).expect_err("twice the same");
        assert_eq!(error.to_string(), "two structs declare owner");
    }

    #[test]
    fn another_schema_takes_the_place_of_public_and_of_no_other() {
        let moved = Declaration::of(mizzle::tables![Owner, Pet]).expect("two names").in_schema("clinic");
        let names: Vec<String> = moved.snapshot.tables.iter().map(|table| table.name.to_string()).collect();
        assert_eq!(names, ["clinic.owner", "ward.pet"]);
        assert_eq!(moved.relations[0].far.to_string(), "clinic.owner");
        let schemas: Vec<&str> = moved.snapshot.schemas.iter().map(|schema| schema.name.as_str()).collect();
        assert_eq!(schemas, ["clinic", "ward"]);
    }

    #[test]
    fn what_structs_say_nothing_of_is_left_alone() {
        let declaration = Declaration::of(mizzle::tables![Owner, Senior]).expect("two names");
        let view = |name: &str| crate::snapshot::View {
            name: Name::new(PUBLIC, name),
            renamed_from: None,
            query: "SELECT 1".into(),
            columns: Vec::new(),
            comment: None,
        };
        let found = Snapshot { views: vec![view("senior"), view("stray")], ..Snapshot::default() };
        let views = declaration.beside(&found).views;
        assert_eq!(views.iter().map(|view| view.name.name.as_str()).collect::<Vec<_>>(), ["senior"]);
    }
}
