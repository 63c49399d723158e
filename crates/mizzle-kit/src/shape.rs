//! What a statement changes in the catalog, told by its shape: what must be looked at to know whether it has happened.

use crate::tokens::{Name, Tokens};

/// What is known of a statement without asking the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Whether it changes rows only, so that its record can be part of the same transaction.
    pub(crate) is_data: bool,
    /// What it changes.
    pub(crate) aspects: Vec<Aspect>,
    /// Whether it does no harm to run it once more when it has happened.
    pub(crate) is_repeatable: bool,
    /// What goes on in the background behind it.
    pub(crate) job: Option<Job>,
    /// The names of what it is about.
    pub(crate) objects: Vec<String>,
}

/// Something in the catalog that can be asked for by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Aspect {
    /// A table, view, index or sequence that there is or is not; in the first schema of the path if it is made.
    Relation {
        name: Name,
        made: bool,
    },
    View(Name),
    Column {
        table: Name,
        column: String,
    },
    Constraint {
        table: Name,
        name: String,
    },
    /// The names of a table's constraints, where a new one has none yet.
    Constraints(Name),
    /// The names of a table's indexes.
    Indexes(Name),
    Comment {
        relation: Name,
        column: Option<String>,
    },
    Schema(String),
    Domain(Name),
    Functions(Name),
    Role(String),
    Mapping(String),
    Statistics(Name),
}

/// What has no name until the server chooses one, with its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unnamed {
    Index(String),
    Constraint(String),
}

/// A job that a statement begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Of an index, which has a name unless the server chooses one.
    Index {
        name: Option<Name>,
        table: Name,
    },
    Validate {
        table: Name,
        constraint: String,
    },
}

impl Shape {
    /// What it makes under a name that the server chooses.
    pub(crate) fn unnamed(&self) -> Option<Unnamed> {
        if let Some(Job::Index { name: None, table }) = &self.job {
            return Some(Unnamed::Index(table.name.clone()));
        }
        self.aspects.iter().find_map(|aspect| match aspect {
            Aspect::Constraints(table) => Some(Unnamed::Constraint(table.name.clone())),
            _ => None,
        })
    }

    pub(crate) fn of(sql: &str) -> Self {
        let mut tokens = Tokens::of(sql);
        let read = if tokens.take("CREATE") {
            create(&mut tokens)
        } else if tokens.take("ALTER") {
            alter(&mut tokens)
        } else if tokens.take("DROP") {
            drop(&mut tokens)
        } else if tokens.take_all(&["COMMENT", "ON"]) {
            comment(&mut tokens)
        } else if tokens.take("AWS") {
            mapping(&mut tokens)
        } else if tokens.take_any(&["GRANT", "REVOKE", "ANALYZE", "SET", "RESET", "CALL", "SHOW", "EXPLAIN"])
        {
            Some(repeatable())
        } else if ["INSERT", "UPDATE", "DELETE", "WITH", "SELECT", "VALUES", "TABLE", "("]
            .iter()
            .any(|word| tokens.is(word))
        {
            Some(Shape { is_data: true, objects: written(&mut tokens), ..Shape::default() })
        } else {
            None
        };
        read.unwrap_or_default()
    }
}

fn repeatable() -> Shape {
    Shape { is_repeatable: true, ..Shape::default() }
}

fn one(aspect: Aspect, object: &str) -> Shape {
    Shape { aspects: vec![aspect], objects: vec![object.to_owned()], ..Shape::default() }
}

/// The tables that a statement changes rows of.
fn written(tokens: &mut Tokens<'_>) -> Vec<String> {
    let mut tables = Vec::new();
    while !tokens.is_at_end() {
        if tokens.take_all(&["INSERT", "INTO"])
            || tokens.take_all(&["DELETE", "FROM"])
            || tokens.take("UPDATE")
        {
            tokens.take("ONLY");
            tables.extend(tokens.qualified().map(|name| name.name));
        } else {
            tokens.skip();
        }
    }
    tables
}

fn create(tokens: &mut Tokens<'_>) -> Option<Shape> {
    let replaces = tokens.take_all(&["OR", "REPLACE"]);
    if tokens.take("UNIQUE") || tokens.is("INDEX") {
        return create_index(tokens);
    }
    tokens.take("RECURSIVE");
    let made = |name: Name| {
        let object = name.name.clone();
        one(Aspect::Relation { name, made: true }, &object)
    };
    if tokens.take_any(&["TABLE", "SEQUENCE"]) {
        tokens.take_all(&["IF", "NOT", "EXISTS"]);
        return Some(made(tokens.qualified()?));
    }
    if tokens.take("VIEW") {
        let name = tokens.qualified()?;
        let object = name.name.clone();
        return Some(if replaces { one(Aspect::View(name), &object) } else { made(name) });
    }
    if tokens.take("SCHEMA") {
        tokens.take_all(&["IF", "NOT", "EXISTS"]);
        let name = tokens.name()?;
        return Some(one(Aspect::Schema(name.clone()), &name));
    }
    if tokens.take("DOMAIN") {
        let name = tokens.qualified()?;
        return Some(one(Aspect::Domain(name.clone()), &name.name));
    }
    if tokens.take("FUNCTION") {
        let name = tokens.qualified()?;
        return Some(one(Aspect::Functions(name.clone()), &name.name));
    }
    if tokens.take_any(&["ROLE", "USER", "GROUP"]) {
        let name = tokens.name()?;
        return Some(one(Aspect::Role(name.clone()), &name));
    }
    if tokens.take("STATISTICS") {
        tokens.take_all(&["IF", "NOT", "EXISTS"]);
        let name = tokens.qualified()?;
        return Some(one(Aspect::Statistics(name.clone()), &name.name));
    }
    None
}

fn create_index(tokens: &mut Tokens<'_>) -> Option<Shape> {
    tokens.take("INDEX").then_some(())?;
    tokens.take("ASYNC");
    tokens.take_all(&["IF", "NOT", "EXISTS"]);
    let index = if tokens.is("ON") { None } else { Some(tokens.name()?) };
    tokens.take("ON").then_some(())?;
    tokens.take("ONLY");
    let table = tokens.qualified()?;
    // An index is in its table's schema.
    let name = index.map(|index| table.beside(index));
    // By its table's indexes: they are seen even where the server chose the name.
    let aspect = Aspect::Indexes(table.clone());
    let mut shape = one(aspect, &table.name);
    shape.objects.extend(name.iter().map(|name| name.name.clone()));
    shape.job = Some(Job::Index { name, table });
    Some(shape)
}

fn alter(tokens: &mut Tokens<'_>) -> Option<Shape> {
    if tokens.take("TABLE") {
        return alter_table(tokens);
    }
    if tokens.take_any(&["INDEX", "VIEW", "SEQUENCE"]) {
        let is_sequence = tokens.has("RESTART");
        tokens.take_all(&["IF", "EXISTS"]);
        let name = tokens.qualified()?;
        return match relation_moved(tokens, &name) {
            Some(shape) => Some(shape),
            None => (!is_sequence).then(repeatable),
        };
    }
    if tokens.take("SCHEMA") {
        let from = tokens.name()?;
        if !tokens.take_all(&["RENAME", "TO"]) {
            return Some(repeatable());
        }
        let mut shape = one(Aspect::Schema(from.clone()), &from);
        shape.aspects.push(Aspect::Schema(tokens.name()?));
        return Some(shape);
    }
    if tokens.take("DOMAIN") {
        let name = tokens.qualified()?;
        return Some(one(Aspect::Domain(name.clone()), &name.name));
    }
    if tokens.take_any(&["ROLE", "USER", "GROUP"]) {
        let from = tokens.name()?;
        if tokens.take_all(&["RENAME", "TO"]) {
            let to = tokens.name()?;
            let aspects = vec![Aspect::Role(from.clone()), Aspect::Role(to)];
            return Some(Shape { aspects, objects: vec![from], ..Shape::default() });
        }
        return Some(repeatable());
    }
    tokens.take("DEFAULT").then(repeatable)
}

/// `RENAME TO …` and `SET SCHEMA …`: the old name goes and the new one comes.
fn relation_moved(tokens: &mut Tokens<'_>, name: &Name) -> Option<Shape> {
    let to = if tokens.take_all(&["RENAME", "TO"]) {
        name.beside(tokens.name()?)
    } else if tokens.take_all(&["SET", "SCHEMA"]) {
        Name { schema: Some(tokens.name()?), name: name.name.clone() }
    } else {
        return None;
    };
    let objects = vec![name.name.clone(), to.name.clone()];
    let aspects = [name.clone(), to].map(|name| Aspect::Relation { name, made: false }).to_vec();
    Some(Shape { aspects, objects, ..Shape::default() })
}

fn alter_table(tokens: &mut Tokens<'_>) -> Option<Shape> {
    tokens.take("ASYNC");
    tokens.take_all(&["IF", "EXISTS"]);
    tokens.take("ONLY");
    let table = tokens.qualified()?;
    if let Some(shape) = relation_moved(tokens, &table) {
        return Some(shape);
    }
    let mut shape = Shape { objects: vec![table.name.clone()], is_repeatable: true, ..Shape::default() };
    loop {
        let (aspects, is_repeatable) = action(tokens, &table, &mut shape.job)?;
        shape.aspects.extend(aspects);
        shape.is_repeatable &= is_repeatable;
        if !tokens.behind_comma() {
            return Some(shape);
        }
    }
}

/// One action of `ALTER TABLE`: what it changes, and whether it does no harm to run it again.
fn action(tokens: &mut Tokens<'_>, table: &Name, job: &mut Option<Job>) -> Option<(Vec<Aspect>, bool)> {
    let column = |column: String| Aspect::Column { table: table.clone(), column };
    let constraint = |name: String| Aspect::Constraint { table: table.clone(), name };
    let aspects = if tokens.take_all(&["RENAME", "CONSTRAINT"]) {
        let from = tokens.name()?;
        tokens.take("TO").then_some(())?;
        vec![constraint(from), constraint(tokens.name()?)]
    } else if tokens.take("RENAME") {
        tokens.take("COLUMN");
        let from = tokens.name()?;
        tokens.take("TO").then_some(())?;
        vec![column(from), column(tokens.name()?)]
    } else if tokens.take_all(&["ADD", "CONSTRAINT"]) || tokens.take_all(&["ALTER", "CONSTRAINT"]) {
        vec![constraint(tokens.name()?)]
    } else if tokens.take_all(&["DROP", "CONSTRAINT"]) {
        tokens.take_all(&["IF", "EXISTS"]);
        vec![constraint(tokens.name()?)]
    } else if tokens.take("ADD") {
        if ["CHECK", "FOREIGN", "UNIQUE", "PRIMARY"].iter().any(|word| tokens.is(word)) {
            vec![Aspect::Constraints(table.clone())]
        } else {
            tokens.take("COLUMN");
            tokens.take_all(&["IF", "NOT", "EXISTS"]);
            vec![column(tokens.name()?)]
        }
    } else if tokens.take("DROP") {
        tokens.take("COLUMN");
        tokens.take_all(&["IF", "EXISTS"]);
        vec![column(tokens.name()?)]
    } else if tokens.take("ALTER") {
        tokens.take("COLUMN");
        let name = tokens.name()?;
        // Where a sequence stands is not in the catalog.
        if tokens.is("RESTART") { vec![] } else { vec![column(name)] }
    } else if tokens.take_all(&["VALIDATE", "CONSTRAINT"]) {
        *job = Some(Job::Validate { table: table.clone(), constraint: tokens.name()? });
        return Some((vec![], true));
    } else {
        return Some((vec![], tokens.is("OWNER")));
    };
    Some((aspects, false))
}

fn drop(tokens: &mut Tokens<'_>) -> Option<Shape> {
    let aspect: fn(Name) -> Aspect = if tokens.take_any(&["TABLE", "INDEX", "VIEW", "SEQUENCE"]) {
        |name| Aspect::Relation { name, made: false }
    } else if tokens.take("SCHEMA") {
        |name| Aspect::Schema(name.name)
    } else if tokens.take("DOMAIN") {
        Aspect::Domain
    } else if tokens.take_any(&["FUNCTION", "ROUTINE"]) {
        Aspect::Functions
    } else if tokens.take_any(&["ROLE", "USER", "GROUP"]) {
        |name| Aspect::Role(name.name)
    } else if tokens.take("STATISTICS") {
        Aspect::Statistics
    } else {
        return None;
    };
    tokens.take_all(&["IF", "EXISTS"]);
    let names = tokens.list()?;
    let objects = names.iter().map(|name| name.name.clone()).collect();
    Some(Shape { aspects: names.into_iter().map(aspect).collect(), objects, ..Shape::default() })
}

fn comment(tokens: &mut Tokens<'_>) -> Option<Shape> {
    let mut shape = repeatable();
    if tokens.take_any(&["TABLE", "VIEW", "INDEX", "SEQUENCE"]) {
        let relation = tokens.qualified()?;
        shape.objects.push(relation.name.clone());
        shape.aspects.push(Aspect::Comment { relation, column: None });
    } else if tokens.take("COLUMN") {
        let mut parts = tokens.parts()?;
        let column = parts.pop();
        let name = parts.pop()?;
        shape.objects.push(name.clone());
        shape.aspects.push(Aspect::Comment { relation: Name { schema: parts.pop(), name }, column });
    }
    Some(shape)
}

/// `AWS IAM GRANT role TO '…'` and its opposite.
fn mapping(tokens: &mut Tokens<'_>) -> Option<Shape> {
    tokens.take("IAM").then_some(())?;
    tokens.take_any(&["GRANT", "REVOKE"]).then_some(())?;
    let role = tokens.name()?;
    Some(one(Aspect::Mapping(role.clone()), &role))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is known of a statement, in a line.
    #[track_caller]
    fn check(sql: &str, expect: &str) {
        let Shape { is_data, aspects, is_repeatable, job, objects } = Shape::of(sql);
        let mut words: Vec<String> = aspects.iter().map(aspect).collect();
        words.extend(is_data.then(|| "data".into()));
        words.extend(is_repeatable.then(|| "repeatable".into()));
        words.extend(job.map(|job| match job {
            Job::Index { name, .. } => {
                format!("job of {}", name.map_or("some index".into(), |name| name.name))
            }
            Job::Validate { constraint, .. } => format!("job of {constraint}"),
        }));
        assert_eq!(format!("{}: {}", objects.join(" "), words.join(", ")), expect, "{sql}");
    }

    fn aspect(aspect: &Aspect) -> String {
        match aspect {
            Aspect::Relation { name, made } => {
                format!("{}{}", if *made { "new " } else { "" }, name.quoted())
            }
            Aspect::Column { table, column } => format!("{}.{column}", table.name),
            Aspect::Constraint { table, name } => format!("{}'s {name}", table.name),
            Aspect::Constraints(table) => format!("constraints of {}", table.name),
            Aspect::Indexes(table) => format!("indexes of {}", table.name),
            Aspect::Comment { relation, column } => format!("comment on {} {column:?}", relation.name),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn what_is_made_and_dropped_is_there_or_not() {
        check("CREATE TABLE \"Owner\" (id int)", "Owner: new \"Owner\"");
        check("create table if not exists a.B (x int)", "b: new \"a\".\"b\"");
        check("CREATE VIEW v AS SELECT 1", "v: new \"v\"");
        check("DROP TABLE IF EXISTS a, b.c CASCADE", "a c: \"a\", \"b\".\"c\"");
        check("DROP INDEX i", "i: \"i\"");
        check("CREATE OR REPLACE VIEW v AS SELECT 1", "v: View(Name { schema: None, name: \"v\" })");
        check("DROP SCHEMA s", "s: Schema(\"s\")");
        check("CREATE ROLE r WITH LOGIN", "r: Role(\"r\")");
        check("AWS IAM GRANT r TO 'arn:x'", "r: Mapping(\"r\")");
    }

    #[test]
    fn an_index_is_seen_among_those_of_its_table() {
        check("CREATE UNIQUE INDEX ASYNC i ON s.t (a)", "t i: indexes of t, job of i");
        check("CREATE INDEX ASYNC ON t (lower(a))", "t: indexes of t, job of some index");
        check("CREATE INDEX ASYNC IF NOT EXISTS i ON t (a)", "t i: indexes of t, job of i");
    }

    #[test]
    fn every_action_on_a_table_is_looked_at() {
        check("ALTER TABLE t ADD COLUMN c numeric(10, 2), DROP d", "t: t.c, t.d");
        check("ALTER TABLE ONLY t ADD c text", "t: t.c");
        check("ALTER TABLE t ALTER COLUMN c SET DEFAULT (1, 2), ALTER d DROP NOT NULL", "t: t.c, t.d");
        check("ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID", "t: t's k");
        check("ALTER TABLE t ADD CHECK (a > 0) NOT VALID", "t: constraints of t");
        check("ALTER TABLE t DROP CONSTRAINT IF EXISTS k", "t: t's k");
        check("ALTER TABLE t RENAME a TO b", "t: t.a, t.b");
        check("ALTER TABLE t RENAME CONSTRAINT a TO b", "t: t's a, t's b");
        check("ALTER TABLE s.t RENAME TO u", "t u: \"s\".\"t\", \"s\".\"u\"");
        check("ALTER TABLE t SET SCHEMA s", "t t: \"t\", \"s\".\"t\"");
        check("ALTER TABLE t OWNER TO r", "t: repeatable");
        check("ALTER TABLE ASYNC s.t VALIDATE CONSTRAINT k", "t: repeatable, job of k");
        check("COMMENT ON COLUMN s.t.c IS 'x'", "t: comment on t Some(\"c\"), repeatable");
    }

    #[test]
    fn what_the_server_names_is_seen_in_any_action() {
        let unnamed = |sql| Shape::of(sql).unnamed();
        assert_eq!(unnamed("CREATE INDEX ASYNC ON t (a)"), Some(Unnamed::Index("t".into())));
        let second = "ALTER TABLE t ALTER COLUMN c SET DEFAULT 1, ADD CHECK (a > 0)";
        assert_eq!(unnamed(second), Some(Unnamed::Constraint("t".into())));
        assert_eq!(unnamed("ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)"), None);
    }

    #[test]
    fn rows_are_told_from_the_catalog() {
        check("INSERT INTO a SELECT * FROM b", "a: data");
        check("WITH x AS (DELETE FROM a RETURNING 1) UPDATE b SET c = 1", "a b: data");
        check("select setval('s', 1)", ": data");
        check("GRANT SELECT ON t TO r", ": repeatable");
    }

    #[test]
    fn what_no_look_can_show_is_neither() {
        check("ALTER SEQUENCE s RESTART WITH 5", ": ");
        check("ALTER TABLE t ALTER c RESTART", "t: ");
        check("VACUUM t", ": ");
    }
}
