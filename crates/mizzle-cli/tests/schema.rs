//! The commands from structs to a database as a person runs them: what they write, print and refuse.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mizzle::TableDef;
use mizzle_kit::Declaration;
use mizzle_local::LocalDsql;
use serde_json::Value;
use tempfile::TempDir;
use tokio_postgres::Client;

/// A clinic as it is declared at first.
mod first {
    #![allow(dead_code)]
    use mizzle::prelude::*;
    use uuid::Uuid;

    /// Somebody who brings pets.
    #[table]
    pub(crate) struct Owner {
        #[column(primary_key, default = gen_random_uuid())]
        id: Uuid,
        #[column(varchar(30), check("name <> ''"))]
        name: String,
    }

    #[table]
    #[index(owner_id)]
    pub(crate) struct Pet {
        #[column(primary_key, default = gen_random_uuid())]
        id: Uuid,
        name: String,
        #[belongs_to(owner: Owner)]
        owner_id: Option<Uuid>,
    }
}

/// And later: owners have a city, pets no name.
mod second {
    #![allow(dead_code)]
    use mizzle::prelude::*;
    use uuid::Uuid;

    /// Somebody who brings pets.
    #[table]
    pub(crate) struct Owner {
        #[column(primary_key, default = gen_random_uuid())]
        id: Uuid,
        #[column(varchar(30), check("name <> ''"))]
        name: String,
        city: Option<String>,
    }

    #[table]
    #[index(owner_id)]
    pub(crate) struct Pet {
        #[column(primary_key, default = gen_random_uuid())]
        id: Uuid,
        #[belongs_to(owner: Owner)]
        owner_id: Option<Uuid>,
    }
}

const FIRST: &[&TableDef] = mizzle::tables![first::Owner, first::Pet];
const SECOND: &[&TableDef] = mizzle::tables![second::Owner, second::Pet];

/// A folder in which commands run, and what the structs declare.
struct Project {
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Project {
    fn new(tables: &[&TableDef]) -> Self {
        let project = Self { folder: tempfile::tempdir().expect("a folder"), variables: Vec::new() };
        project.declare(tables);
        project
    }

    /// The same with a cluster.
    fn on(local: &LocalDsql, tables: &[&TableDef]) -> Self {
        Self { variables: local.environment(), ..Self::new(tables) }
    }

    /// Changes the structs: what their schema binary prints stands in a file.
    fn declare(&self, tables: &[&TableDef]) {
        self.put("structs.json", &Declaration::of(tables).expect("tables of two names").to_json());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("files can be written");
    }

    fn text(&self, name: impl AsRef<Path>) -> String {
        let path = self.folder.path().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Runs a command: its exit code, what it printed, and what it complained of.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mizzle"));
        for (name, _) in std::env::vars() {
            if ["CLUSTER_", "AWS_", "PG", "MIZZLE_"].iter().any(|prefix| name.starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command.current_dir(self.folder.path()).args(arguments).envs(self.variables.iter().cloned());
        let Output { status, stdout, stderr } = command.output().expect("mizzle runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        let (out, err) = (text(stdout), text(stderr));
        assert!(!out.contains('\x1b') && !err.contains('\x1b'), "colours without a terminal: {out}{err}");
        (status.code().expect("no signal"), out, err)
    }

    /// Runs a command about the structs.
    fn structs(&self, arguments: &[&str]) -> (i32, String, String) {
        self.run(&[arguments, &["--declaration", "structs.json"]].concat())
    }

    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let (code, out, err) = self.run(arguments);
        (code, serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}")))
    }

    /// The folders of the migrations, in order.
    fn migrations(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("migrations")).expect("a folder");
        let name =
            |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name().into_string();
        let mut names: Vec<String> = entries.map(|entry| name(entry).expect("text")).collect();
        names.sort();
        names
    }

    fn last(&self) -> String {
        format!("migrations/{}/migration.sql", self.migrations().pop().expect("a migration"))
    }
}

async fn client(local: &LocalDsql) -> Client {
    let config = mizzle_connect::Config::from_vars(|name| local.variable(name)).expect("it says how");
    config.connect().await.expect("it lets us in")
}

#[tokio::test(flavor = "multi_thread")]
async fn structs_become_migrations_and_a_hazard_runs_once_it_is_allowed() {
    let local = LocalDsql::start().await.expect("a local DSQL starts");
    let project = Project::on(&local, FIRST);
    let (code, out, err) = project.structs(&["generate"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let first = project.last();
    assert!(first.ends_with("_init/migration.sql") && out.starts_with(&format!("Wrote {first}\n")), "{out}");
    assert!(out.contains("\n  create table pet\n") && out.ends_with(" steps\n"), "{out}");
    let text = project.text(&first);
    assert!(
        text.starts_with("-- create table owner\n") && text.contains("-- mizzle: wait\nCREATE INDEX ASYNC"),
        "{text}"
    );
    assert_eq!(
        project.structs(&["generate"]),
        (0, "Nothing to do: the structs are what the newest migration leads to\n".into(), String::new())
    );
    assert_eq!(project.run(&["lint"]).0, 0);
    let (code, out, err) = project.structs(&["plan"]);
    assert_eq!((code, out.contains("CREATE TABLE pet")), (1, true), "{out}{err}");
    assert_eq!(project.run(&["migrate"]).0, 0);
    assert_eq!(project.structs(&["plan"]), (0, "Nothing to do\n".into(), String::new()));
    let (code, out, _) = project.run(&["status"]);
    assert_eq!((code, out.lines().last()), (0, Some("Everything is applied")));

    project.declare(SECOND);
    let (code, out, _) = project.structs(&["plan", "--explain"]);
    let said =
        ["ALTER TABLE pet DROP COLUMN name\n   why: ", "locks out: ", "costs: ", "hazard drops-column: "];
    assert_eq!((code, said.iter().all(|said| out.contains(said))), (1, true), "{out}");
    let (code, dry, _) = project.structs(&["generate", "--dry-run"]);
    assert_eq!((code, dry.contains("DROP COLUMN name"), project.migrations().len()), (0, true, 1), "{dry}");
    let (code, out, _) = project.structs(&["generate", "cities, no names"]);
    assert!(out.contains("hazard drops-column: every value of pet.name is lost\nhint: "), "{out}");
    let second = project.last();
    assert_eq!((code, second.ends_with("_cities_no_names/migration.sql")), (0, true), "{out}");
    assert!(project.text(&second).starts_with("-- mizzle: parent="), "{}", project.text(&second));

    // Nothing of it runs, not even what would hurt nobody.
    for allow in [&[][..], &["--allow", "drops-table,renames"]] {
        let (code, out, err) = project.run(&[&["migrate"], allow].concat());
        assert_eq!((code, out.as_str()), (1, ""));
        let start = format!("error: {second}:");
        assert!(err.starts_with(&start) && err.contains("drops-column is not allowed"), "{err}");
        assert!(err.contains("\nhint: ") && err.contains("`-- mizzle: allow drops-column`"), "{err}");
    }
    let client = client(&local).await;
    let columns = "SELECT string_agg(column_name, ' ' ORDER BY column_name) FROM information_schema.columns \
        WHERE table_schema = 'public' AND table_name IN ('owner', 'pet')";
    let columns = async || client.query_one(columns, &[]).await.expect("a row").get::<_, String>(0);
    assert_eq!(columns().await, "id id name name owner_id");
    let text = project
        .text(&second)
        .replace("-- mizzle: hazard", "-- mizzle: allow drops-column\n-- mizzle: hazard");
    project.put(&second, &text);
    assert_eq!(project.run(&["check"]), (0, "2 migrations, nothing found\n".into(), String::new()));
    assert_eq!(project.run(&["migrate"]).0, 0);
    assert_eq!(columns().await, "city id id name owner_id");
    assert_eq!(project.run(&["status"]).0, 0);

    // Somebody changes the database by hand.
    client.batch_execute("ALTER TABLE owner ADD COLUMN extra text").await.expect("it is accepted");
    let (code, out, _) = project.run(&["status"]);
    let drift =
        "drift: to be as the migrations leave it, the database needs: owner: drop column extra\nhint: ";
    assert_eq!((code, out.contains(drift)), (1, true), "{out}");
    let (code, json) = project.json(&["status", "--json"]);
    assert_eq!(
        (code, &json["clean"], &json["drift"][0]),
        (1, &false.into(), &"owner: drop column extra".into())
    );
    let (code, json) = project.json(&["plan", "--folder", "--json"]);
    assert_eq!((code, &json["steps"][0]["hazards"][0]["kind"]), (1, &"drops-column".into()), "{json}");
    let (code, out, _) = project.structs(&["plan"]);
    assert_eq!((code, out.contains("DROP COLUMN extra")), (1, true), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_by_hand_is_run_to_see_what_it_leads_to() {
    let project = Project::new(FIRST);
    assert_eq!(project.structs(&["generate"]).0, 0);
    let (code, out, err) = project.run(&["generate", "--custom", "cities"]);
    let file = project.last();
    assert_eq!((code, out.starts_with(&format!("Wrote {file}\n"))), (0, true), "{out}{err}");
    let (code, _, err) = project.structs(&["generate"]);
    assert_eq!((code, err.contains(&file) && err.contains("no statement yet")), (1, true), "{err}");

    let text = project.text(&file)
        + "ALTER TABLE owner ADD COLUMN city text;\n--> statement-breakpoint\n\
        -- mizzle: backfill\nUPDATE owner SET city = 'Oslo' WHERE city IS NULL;\n";
    project.put(&file, &text);
    project.declare(SECOND);
    let (code, json) =
        project.json(&["generate", "--json", "--allow", "drops-column", "--declaration", "structs.json"]);
    assert_eq!((code, &json["changes"]), (0, &serde_json::json!(["pet: drop column name"])), "{json}");
    assert_eq!(json["hazards"][0]["allowed"], true);
    assert!(project.text(project.last()).contains("\n-- mizzle: allow drops-column\n"));
    let (code, json) = project.json(&["generate", "--json", "--declaration", "structs.json"]);
    assert_eq!((code, &json["migration"]), (0, &Value::Null));
}

#[test]
fn what_cannot_be_is_refused_with_the_nearest_way() {
    let project = Project::new(FIRST);
    let money =
        project.text("structs.json").replace("varchar(30)", "money").replace("\"text\"", "\"serial\"");
    project.put("structs.json", &money);
    let (code, out, _) = project.structs(&["generate"]);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!((code, lines.len()), (1, 4), "{out}");
    assert!(
        lines[0].starts_with("refused: column name of owner: Aurora DSQL has no column of type money"),
        "{out}"
    );
    assert!(lines[1].starts_with("hint: ") && lines[2].starts_with("refused: column name of pet: "), "{out}");
    assert!(!project.path("migrations").exists());
    let (code, json) = project.json(&["export", "--json", "--declaration", "structs.json"]);
    assert_eq!((code, json["refused"].as_array().map(Vec::len)), (1, Some(2)), "{json}");

    project.put("structs.json", "{}");
    let (code, _, err) = project.structs(&["generate"]);
    assert_eq!(
        (code, err.contains("this is not what a schema binary prints") && err.contains("\nhint: ")),
        (1, true)
    );
    let (code, _, err) = project.run(&["generate", "--declaration", "nowhere.json"]);
    assert_eq!((code, err.contains("cannot read nowhere.json")), (2, true), "{err}");
    let (code, _, err) = project.run(&["generate"]);
    assert_eq!((code, err.contains("error: cargo knows of no package here\nhint: ")), (2, true), "{err}");
    let (code, _, err) = project.structs(&["generate", "--allow", "everything"]);
    assert_eq!((code, err.contains("there is no such hazard; there are drops-table, ")), (2, true), "{err}");
}

#[test]
fn a_forked_folder_grows_no_further() {
    let project = Project::new(FIRST);
    assert_eq!(project.structs(&["generate"]).0, 0);
    // Two branches, each with a migration of its own on the first.
    let branch = Project::new(SECOND);
    std::fs::create_dir_all(branch.path("migrations").join(&project.migrations()[0])).expect("a folder");
    for file in ["migration.sql", "snapshot.json"] {
        let name = format!("migrations/{}/{file}", project.migrations()[0]);
        branch.put(&name, &project.text(&name));
    }
    assert_eq!(branch.structs(&["generate", "theirs"]).0, 0);
    project.declare(&[SECOND[0], FIRST[1]]);
    assert_eq!(project.structs(&["generate", "ours"]).0, 0);
    let theirs = branch.migrations().pop().expect("two");
    // Behind ours, whatever the second in which both were written.
    let behind = format!("99999999999999_{}", theirs.split_once('_').expect("a name").1);
    std::fs::rename(branch.path("migrations").join(theirs), project.path("migrations").join(behind))
        .expect("one disk");
    project.declare(SECOND);
    let (code, _, err) = project.structs(&["generate"]);
    assert_eq!(
        (code, err.contains("conflicting: it was written on") && err.contains("\nhint: ")),
        (1, true),
        "{err}"
    );
    assert_eq!((project.run(&["check"]).0, project.migrations().len()), (1, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_development_database_is_pushed_to_and_no_other() {
    let local = LocalDsql::start().await.expect("a local DSQL starts");
    let project = Project::on(&local, FIRST);
    let (code, out, err) = project.structs(&["push"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(
        out.contains("CREATE TABLE pet")
            && out.lines().last().is_some_and(|line| line.starts_with("Done in ")),
        "{out}"
    );
    assert_eq!(project.structs(&["push"]), (0, "Nothing to do\n".into(), String::new()));
    let client = client(&local).await;
    client
        .batch_execute("INSERT INTO pet (name) SELECT 'Rex' FROM generate_series(1, 10)")
        .await
        .expect("rows");
    project.declare(SECOND);
    let (code, out, err) = project.structs(&["push"]);
    let said = "hazard drops-column: every value of pet.name is lost\nerror: a step may hurt, and is not allowed\nhint: ";
    assert_eq!((code, out.as_str(), err.starts_with(said)), (1, "", true), "{err}");
    assert_eq!(project.structs(&["push", "--allow", "drops-column"]).0, 0);
    assert_eq!(project.structs(&["plan"]).0, 0);
    let tables =
        "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'";
    let tables: String = client.query_one(tables, &[]).await.expect("a row").get(0);
    assert_eq!(tables, "owner pet", "it leaves no record");

    // In a schema of its own, beside others that it leaves alone.
    let (code, out, err) = project.structs(&["push", "--schema", "ward"]);
    assert_eq!((code, out.contains("CREATE TABLE ward.pet")), (0, true), "{out}{err}");
    assert_eq!((project.structs(&["plan", "--schema", "ward"]).0, project.structs(&["plan"]).0), (0, 0));

    let cluster = local.endpoint().split('.').next().expect("an id").to_owned();
    let away = Project { variables: project.variables.clone(), ..Project::new(SECOND) };
    let away = Project {
        variables: away.variables.iter().filter(|(name, _)| *name != "PGHOSTADDR").cloned().collect(),
        ..away
    };
    let (code, _, err) = away.structs(&["push"]);
    let hint = format!("--development-cluster {cluster}");
    assert_eq!(
        (code, err.contains("is not a cluster on this machine") && err.contains(&hint)),
        (2, true),
        "{err}"
    );
    assert_eq!(away.structs(&["push", "--development-cluster", "another"]).0, 2);
    assert_eq!(project.structs(&["push", "--development-cluster", &cluster]).0, 0);

    assert_eq!(project.structs(&["generate"]).0, 0);
    client.batch_execute("DROP TABLE pet").await.expect("it goes");
    client.batch_execute("DROP TABLE owner").await.expect("it goes");
    assert_eq!(project.run(&["migrate"]).0, 0);
    let (code, _, err) = project.structs(&["push"]);
    assert_eq!((code, err.contains("error: the database is kept by migrations\nhint: ")), (1, true), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_becomes_structs_sql_and_a_picture() {
    let local = LocalDsql::start().await.expect("a local DSQL starts");
    let project = Project::on(&local, FIRST);
    assert_eq!(project.structs(&["push"]).0, 0);
    let (code, out, err) = project.run(&["pull", "--out", "schema.rs"]);
    assert_eq!((code, out.as_str()), (0, "Wrote schema.rs: 2 structs\n"), "{err}");
    let source = project.text("schema.rs");
    assert!(
        source.contains("pub struct Owner {") && source.contains("mizzle::schema! { Owner, Pet }"),
        "{source}"
    );
    let (code, _, err) = project.run(&["pull", "--out", "schema.rs"]);
    assert_eq!((code, err.contains("error: schema.rs is there already\nhint: ")), (1, true), "{err}");
    assert_eq!(project.run(&["pull", "--out", "schema.rs", "--force"]).0, 0);
    assert_eq!(project.json(&["pull", "--json"]).1["source"], source.as_str());

    let (code, sql, _) = project.structs(&["export"]);
    assert_eq!((code, sql.contains("CREATE TABLE owner (")), (0, true), "{sql}");
    assert_eq!(project.run(&["export", "--database"]).1.matches("CREATE TABLE").count(), 2);
    // What is printed is what another cluster takes.
    let other = LocalDsql::start().await.expect("another local DSQL starts");
    let there = Project::on(&other, FIRST);
    let there_client = client(&other).await;
    for statement in sql.split("--> statement-breakpoint") {
        there_client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
    assert_eq!(there.structs(&["plan"]), (0, "Nothing to do\n".into(), String::new()));

    let (_, structs, _) = project.structs(&["diagram"]);
    assert!(structs.starts_with("<svg ") && structs.contains("class=\"line loose\""), "{structs}");
    let (_, database, _) = project.run(&["diagram", "--database"]);
    assert!(
        database.contains(">pet</text>") && !database.contains("class=\"line"),
        "the database knows of no relation"
    );
    let (_, text, _) = project.structs(&["diagram", "--format", "mermaid"]);
    assert!(text.contains("    \"owner\" |o..o{ \"pet\" : \"owner_id\""), "{text}");
    assert_eq!(project.structs(&["diagram", "--out", "picture.mmd"]).1, "Wrote picture.mmd\n");
    assert_eq!(project.text("picture.mmd").trim_end(), text.trim_end());
    let (code, json) = project.json(&["diagram", "--json", "--declaration", "structs.json"]);
    assert_eq!((code, &json["relations"][0]["far"]["name"]), (0, &"owner".into()), "{json}");
}

#[test]
fn help_teaches() {
    let project = Project::new(FIRST);
    for command in ["init", "generate", "plan", "push", "pull", "export", "diagram"] {
        let (code, out, _) = project.run(&[command, "--help"]);
        let taught = ["Examples:", &format!("mizzle {command}"), "Exit codes: 0 "];
        assert_eq!((code, taught.iter().all(|text| out.contains(*text))), (0, true), "{out}");
    }
}
