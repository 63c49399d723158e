//! Rules that look at tables: as the texts make them, and as they are declared in Rust.

use mizzle::prelude::*;
use mizzle_kit::lint::{Linter, Source};
use uuid::Uuid;

fn check(linter: &Linter<'_>, texts: &[&str], expect: &[&str]) {
    let sources: Vec<Source> =
        texts.iter().enumerate().map(|(index, text)| Source::new(format!("{index}.sql"), *text)).collect();
    let found: Vec<String> = linter
        .lint(&sources)
        .iter()
        .map(|finding| match &finding.place {
            Some(place) => format!("{}/{} {}: {}", place.source, place.line, finding.rule, finding.message),
            None => format!("{}: {}", finding.rule, finding.message),
        })
        .collect();
    assert_eq!(found, expect);
}

const OWNER: &str = "CREATE TABLE owner (id uuid PRIMARY KEY);";

#[test]
fn an_index_may_come_in_a_later_file() {
    let pet = "CREATE TABLE pet (id uuid PRIMARY KEY, owner_id uuid);";
    let missing =
        "1/1 relation-index: no index finds the rows of `pet` by `owner_id`, which refers to `owner`";
    let lint = Linter::new();
    check(&lint, &[OWNER, pet], &[missing]);
    check(&lint, &[OWNER, pet, "CREATE INDEX ASYNC ON pet (owner_id);"], &[]);
    check(&lint, &[OWNER, pet, "CREATE INDEX ASYNC ON pet (lower(name), owner_id);"], &[missing]);
    check(&lint, &[OWNER, pet, "CREATE INDEX ASYNC ON pet (owner_id) WHERE name <> '';"], &[missing]);
    check(&lint, &[OWNER, pet, "CREATE INDEX ASYNC i ON pet (owner_id);", "DROP INDEX i;"], &[missing]);
    let primary = "CREATE TABLE stay (owner_id uuid, day date, PRIMARY KEY (owner_id, day));";
    check(&lint, &[OWNER, primary], &[]);
    // A number is no key of a table whose key is a uuid.
    check(&lint, &[OWNER, "CREATE TABLE pet (id uuid PRIMARY KEY, owner_id int);"], &[]);
}

#[test]
fn a_cascade_is_wide_unless_one_row_refers_to_one() {
    let child = |columns: &str| format!("CREATE TABLE child (id uuid PRIMARY KEY, {columns});");
    let wide =
        |event: &str| format!("1/1 wide-cascade: `ON {event}` can change more than 3,000 rows of `child`");
    let lint = Linter::new();
    let index = "CREATE INDEX ASYNC ON child (a);";
    check(
        &lint,
        &[OWNER, &child("a uuid REFERENCES owner ON DELETE CASCADE"), index],
        &[&wide("DELETE CASCADE")],
    );
    check(
        &lint,
        &[OWNER, &child("a uuid REFERENCES owner ON DELETE SET NULL"), index],
        &[&wide("DELETE SET NULL")],
    );
    check(
        &lint,
        &[OWNER, &child("a uuid REFERENCES owner ON UPDATE CASCADE"), index],
        &[&wide("UPDATE CASCADE")],
    );
    check(&lint, &[OWNER, &child("a uuid UNIQUE REFERENCES owner ON DELETE CASCADE")], &[]);
    check(&lint, &[OWNER, &child("a uuid REFERENCES owner ON DELETE RESTRICT"), index], &[]);
    let later = "ALTER TABLE child ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES owner ON DELETE CASCADE NOT VALID;\n\
                 ALTER TABLE ASYNC child VALIDATE CONSTRAINT f;";
    let found = wide("DELETE CASCADE").replace("1/", "3/");
    check(&lint, &[OWNER, &child("a uuid"), index, later], &[&found]);
    // mizzle-lint speaks of what is there in the end.
    let gone = "ALTER TABLE child DROP CONSTRAINT f;";
    check(&lint, &[OWNER, &child("a uuid"), index, later, gone], &[]);
}

#[test]
fn keys_that_grow_or_are_wide_are_named() {
    let lint = Linter::new();
    let now = "CREATE TABLE event (at timestamptz DEFAULT now(), id uuid, PRIMARY KEY (at, id));";
    check(&lint, &[now], &["0/1 monotone-key: the primary key of `event` grows with time: `at`"]);
    let tenant = "CREATE TABLE event (tenant uuid, at timestamptz DEFAULT now(), PRIMARY KEY (tenant, at));";
    check(&lint, &[tenant], &[]);
    let page = "CREATE TABLE page (id uuid PRIMARY KEY, a varchar(700), b varchar(400));";
    let wide = "1/1 key-too-wide: the key `a, b` of `page` is declared wider than 1 KiB";
    check(&lint, &[page, "CREATE INDEX ASYNC ON page (a, b);"], &[wide]);
    check(&lint, &[page, "CREATE INDEX ASYNC ON page (a) INCLUDE (b);"], &[]);
}

#[test]
fn names_follow_their_tables() {
    let lint = Linter::new();
    let pet = "CREATE TABLE pet (id uuid PRIMARY KEY, who uuid REFERENCES owner (id));";
    let renamed = "-- mizzle-lint: allow(rename) nothing runs yet\nALTER TABLE pet RENAME TO patient;";
    check(&lint, &[OWNER, pet, renamed, "CREATE INDEX ASYNC ON patient (who);"], &[]);
    check(
        &lint,
        &["CREATE TABLE x (a int);", "-- mizzle-lint: allow(drop-table) a mistake\nDROP TABLE x;"],
        &[],
    );
    let quoted = "CREATE TABLE \"s\".\"Pet\" (\"ID\" uuid PRIMARY KEY, \"Who\" uuid REFERENCES owner (id));";
    check(&lint, &[OWNER, quoted, "CREATE INDEX ASYNC ON \"s\".\"Pet\" (\"Who\");"], &[]);
    // What another text made is not known, and nothing is said of it.
    check(
        &lint,
        &["CREATE INDEX ASYNC ON elsewhere (a);", "CREATE TABLE y (LIKE elsewhere INCLUDING ALL);"],
        &[],
    );
}

/// A keeper.
#[table]
struct Keeper {
    #[column(primary_key, default = gen_random_uuid())]
    id: Uuid,
}

/// A cage, which goes with its keeper.
#[table]
struct Cage {
    #[column(primary_key, default = gen_random_uuid())]
    id: Uuid,
    #[belongs_to(keeper: Keeper, foreign_key(on_delete = cascade))]
    keeper_id: Uuid,
}

#[test]
fn declared_tables_are_looked_at_too() {
    let lint = Linter::new().tables(&[Keeper::DEF, Cage::DEF]);
    let cascade = "wide-cascade: `ON DELETE CASCADE` can change more than 3,000 rows of `cage`";
    let missing =
        "relation-index: no index finds the rows of `cage` by `keeper_id`, which refers to `keeper`";
    check(&lint, &[], &[missing, cascade]);
    check(&lint, &["CREATE INDEX ASYNC ON cage (keeper_id);"], &[cascade]);
    let key = "0/1 drop-primary-key: `id` is part of the primary key";
    let text = "ALTER TABLE cage DROP COLUMN id; -- mizzle-lint: allow(drop-column) for the test";
    check(&lint, &[text], &[key, missing, cascade]);
}
