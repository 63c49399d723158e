//! What the chapters on migrations show: planned, applied, and written beside, on a local DSQL.

use std::path::Path;

use mizzle::prelude::*;
use mizzle::{Db, Migrations};
use mizzle_kit::introspect::introspect;
use mizzle_kit::plan::{Plan, plan};
use mizzle_kit::snapshot::Snapshot;
use mizzle_kit::{Folder, Migrate, Options, Report, apply, check, pull};
use mizzle_tests::Ground;

use crate::{lines, repository};

type Result<T, E = anyhow::Error> = std::result::Result<T, E>;

/// The table as it is at first, and as each chapter changes it.
mod first {
    use mizzle::prelude::*;
    use uuid::Uuid;

    #[table]
    pub(super) struct Visit {
        #[column(primary_key, default = gen_random_uuid())]
        pub(super) id: Uuid,
        #[column(varchar(200))]
        pub(super) note: String,
        pub(super) price: i32,
    }
}

mod reminded {
    use mizzle::prelude::*;
    use uuid::Uuid;

    #[table]
    #[index(note)]
    pub(super) struct Visit {
        #[column(primary_key, default = gen_random_uuid())]
        pub(super) id: Uuid,
        #[column(varchar(200))]
        pub(super) note: String,
        pub(super) price: i32,
        #[column(default = 0)]
        pub(super) reminders: i32,
    }
}

mod wide {
    use mizzle::prelude::*;
    use uuid::Uuid;

    #[table]
    pub(super) struct Visit {
        #[column(primary_key, default = gen_random_uuid())]
        pub(super) id: Uuid,
        #[column(varchar(200))]
        pub(super) note: String,
        pub(super) price: i64,
    }
}

mod both {
    use mizzle::prelude::*;
    use uuid::Uuid;

    #[table]
    pub(super) struct Visit {
        #[column(primary_key, default = gen_random_uuid())]
        pub(super) id: Uuid,
        #[column(varchar(200))]
        pub(super) note: String,
        pub(super) price: i32,
        pub(super) price_cents: Option<i64>,
    }
}

mod cents {
    use mizzle::prelude::*;
    use uuid::Uuid;

    #[table]
    pub(super) struct Visit {
        #[column(primary_key, default = gen_random_uuid())]
        pub(super) id: Uuid,
        #[column(varchar(200))]
        pub(super) note: String,
        pub(super) price: Option<i32>,
        pub(super) price_cents: i64,
    }
}

mod last {
    use mizzle::prelude::*;
    use uuid::Uuid;

    #[table]
    pub(super) struct Visit {
        #[column(primary_key, default = gen_random_uuid())]
        pub(super) id: Uuid,
        #[column(varchar(200))]
        pub(super) note: String,
        pub(super) price_cents: i64,
    }
}

const FILL: &str = "\
-- mizzle: backfill chunk=3000
UPDATE visit SET price_cents = price::bigint * 100 WHERE price_cents IS NULL;
";

/// What `mizzle generate` does, as code.
fn generate(folder: &mut Folder, name: &str, wanted: &Snapshot) -> Result<Plan> {
    let newest = folder.migrations().iter().rev().find_map(|migration| migration.snapshot.as_ref());
    let old = match newest {
        Some(file) => Snapshot::from_json(&std::fs::read_to_string(file)?)?,
        None => Snapshot::default(),
    };
    let plan = plan(&old, wanted)?;
    folder.write(name, &allowed(&plan), Some(&plan.snapshot.to_json()))?;
    Ok(plan)
}

/// The text of a migration, with a line for each hazard that somebody has read and allows.
fn allowed(plan: &Plan) -> String {
    let mut allowed: Vec<String> =
        plan.hazards().map(|hazard| format!("-- mizzle: allow {}\n", hazard.kind)).collect();
    allowed.sort();
    allowed.dedup();
    allowed.concat() + &plan.to_sql()
}

async fn migrate(db: &Db, folder: &Folder) -> Result<Report> {
    let connection = db.connection().await?;
    let report =
        apply(connection.client(), folder, &Options::new("public"), |event| println!("{event}")).await?;
    println!("{report}");
    Ok(report)
}

#[tokio::test]
async fn the_chapter_on_the_first_migration_is_true() {
    let ground = Ground::new(&[]).await;
    let root = tempfile::tempdir().unwrap();
    let mut folder = Folder::read_or_new(root.path()).unwrap();
    generate(&mut folder, "init", &Snapshot::declared(&[first::Visit::DEF])).unwrap();
    migrate(&ground.db, &folder).await.unwrap();
    let rex = ground.db.insert(first::NewVisit::new("Rex limps", 40)).await.unwrap();

    let planned =
        generate(&mut folder, "add reminders", &Snapshot::declared(&[reminded::Visit::DEF])).unwrap();
    assert_eq!(planned.hazards().count(), 0);
    let report = migrate(&ground.db, &folder).await.unwrap();
    assert_eq!(report.statements(), planned.steps.len());
    let found = ground.db.first(reminded::Visit::query()).await.unwrap();
    assert_eq!((found.id, &*found.note, found.price, found.reminders), (rex.id, "Rex limps", 40, 0));
    assert!(migrate(&ground.db, &folder).await.unwrap().is_empty());
    // nothing is left to plan, neither from the folder nor from the database
    assert!(plan(&planned.snapshot, &Snapshot::declared(&[reminded::Visit::DEF])).unwrap().is_empty());

    let file = folder.migrations()[0].file.clone();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("varchar(200)", "varchar(300)")).unwrap();
    let edited = Folder::read(root.path()).unwrap();
    let error = migrate(&ground.db, &edited).await.unwrap_err();
    assert!(error.to_string().contains("the statement was changed after it was applied"), "{error}");
    assert_eq!(check(&edited)[0].kind.name(), "edited");
}

#[tokio::test]
async fn the_chapter_on_changing_a_type_is_true() {
    let ground = Ground::new(&[]).await;
    let db = &ground.db;
    let root = tempfile::tempdir().unwrap();
    let mut folder = Folder::read_or_new(root.path()).unwrap();
    generate(&mut folder, "init", &Snapshot::declared(&[first::Visit::DEF])).unwrap();
    migrate(db, &folder).await.unwrap();
    // the first version runs
    db.insert(first::NewVisit::new("Rex limps", 40)).await.unwrap();
    generate(&mut folder, "add cents", &Snapshot::declared(&[both::Visit::DEF])).unwrap();
    migrate(db, &folder).await.unwrap();
    // the first and the second version run side by side
    db.insert(first::NewVisit::new("Tom coughs", 30)).await.unwrap();
    second(db).await.unwrap();
    // the second version alone
    folder.write("fill cents", FILL, None).unwrap();
    migrate(db, &folder).await.unwrap();
    generate(&mut folder, "read cents", &Snapshot::declared(&[cents::Visit::DEF])).unwrap();
    migrate(db, &folder).await.unwrap();
    // the second and the third
    second(db).await.unwrap();
    db.insert(cents::NewVisit::new("Kit sneezes", 1_250)).await.unwrap();
    // the third alone, then the last, and then the column goes
    db.insert(last::NewVisit::new("Kit again", 990)).await.unwrap();
    generate(&mut folder, "drop price", &Snapshot::declared(&[last::Visit::DEF])).unwrap();
    migrate(db, &folder).await.unwrap();
    let visits = db.load(last::Visit::query().order_by(last::visit::price_cents)).await.unwrap();
    let visits: Vec<_> = visits.iter().map(|visit| (&*visit.note, visit.price_cents)).collect();
    let expected = [
        ("Kit again", 990),
        ("Kit sneezes", 1_250),
        ("Ann again", 2_000),
        ("Ann again", 2_000),
        ("Tom coughs", 3_000),
        ("Rex limps", 4_000),
    ];
    assert_eq!(visits, expected);
}

/// The second version writes both columns, and reads the old one.
async fn second(db: &Db) -> Result<()> {
    let price = 20;
    let visit = both::NewVisit::new("Ann again", price).price_cents(i64::from(price) * 100);
    db.insert(visit).await?;
    Ok(())
}

#[tokio::test]
async fn a_type_that_is_changed_at_once_is_unavailable_for_a_moment() {
    let ground = Ground::new(&[]).await;
    let root = tempfile::tempdir().unwrap();
    let mut folder = Folder::read_or_new(root.path()).unwrap();
    generate(&mut folder, "init", &Snapshot::declared(&[first::Visit::DEF])).unwrap();
    migrate(&ground.db, &folder).await.unwrap();
    ground.db.insert(first::NewVisit::new("Rex limps", 40)).await.unwrap();
    let planned = generate(&mut folder, "widen price", &Snapshot::declared(&[wide::Visit::DEF])).unwrap();
    let hazards: Vec<String> = planned.hazards().map(|hazard| hazard.kind.to_string()).collect();
    assert_eq!(hazards, ["unavailable"]);
    migrate(&ground.db, &folder).await.unwrap();
    let found = ground.db.first(wide::Visit::query()).await.unwrap();
    assert_eq!((&*found.note, found.price), ("Rex limps", 40));
    assert!(!found.id.is_nil());
}

#[test]
fn the_chapter_on_branches_is_true() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut folder = Folder::read_or_new(ours.path()).unwrap();
    let init = folder.write("init", "CREATE TABLE visit (id uuid PRIMARY KEY);", None).unwrap().clone();
    copy(&init.file, &theirs.path().join(&init.name));
    // two branches are written on one migration
    let mut other = Folder::read(theirs.path()).unwrap();
    folder.write("vets", "CREATE TABLE vet (id uuid PRIMARY KEY);", None).unwrap();
    let cities = other.write("cities", "CREATE TABLE city (id uuid PRIMARY KEY);", None).unwrap().clone();
    // and meet: both files are there, without a conflict for git
    let merged =
        ours.path().join(cities.name.replace(&cities.version.to_string(), &(cities.version + 1).to_string()));
    copy(&cities.file, &merged);
    let mut folder = Folder::read(ours.path()).unwrap();
    let found: Vec<_> = check(&folder).into_iter().map(|breach| (breach.kind.name(), breach.hint)).collect();
    let [(kind, hint)] = &found[..] else { panic!("{found:?}") };
    assert!(*kind == "forked" && hint.starts_with("`mizzle check --rebase "), "{found:?}");
    mend(&mut folder).unwrap();
    assert!(check(&Folder::read(ours.path()).unwrap()).is_empty());
}

/// What `mizzle check --rebase NAME` does, as code.
fn mend(folder: &mut Folder) -> Result<()> {
    for breach in check(folder) {
        println!("{} {}: {}", breach.kind.name(), breach.migration, breach.what);
        println!("hint: {}", breach.hint);
        folder.rebase(&breach.migration)?;
    }
    Ok(())
}

fn copy(file: &Path, folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::copy(file, folder.join("migration.sql")).unwrap();
}

static MIGRATIONS: Migrations = mizzle::migrations!("../examples/vetclinic/migrations");

async fn start(db: &Db) -> Result<Report> {
    let report = db.migrate(&MIGRATIONS).await?;
    println!("{report}");
    Ok(report)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chapter_on_instances_is_true() {
    let ground = Ground::new(&[]).await;
    let config = || mizzle_tests::config(&ground.local);
    let instances = (0..4).map(|_| {
        let config = config();
        tokio::spawn(async move { start(&Db::connect(config).await?).await })
    });
    let mut reports = Vec::new();
    for instance in instances.collect::<Vec<_>>() {
        reports.push(instance.await.unwrap().unwrap());
    }
    assert_eq!(reports.iter().filter(|report| !report.is_empty()).count(), 1);
    assert!(reports.iter().all(|report| report.end == reports[0].end && report.end.is_some()));
    assert!(start(&ground.db).await.unwrap().is_empty());
}

const DRIZZLE: &str = "CREATE TABLE \"visit\" (\n\t\"id\" uuid PRIMARY KEY DEFAULT gen_random_uuid(),\n\t\"note\" varchar(200) NOT NULL,\n\t\"price\" integer NOT NULL\n);\n";

/// Drizzle's folder with one migration, and a database that its runner has brought there.
async fn drizzle(ground: &Ground, root: &Path) {
    let journal = r#"{"version":"7","dialect":"postgresql","entries":[
        {"idx":0,"version":"7","when":1767225600000,"tag":"0000_init","breakpoints":true}]}"#;
    std::fs::create_dir_all(root.join("meta")).unwrap();
    std::fs::write(root.join("meta/_journal.json"), journal).unwrap();
    std::fs::write(root.join("0000_init.sql"), DRIZZLE).unwrap();
    let tracking = "CREATE TABLE \"__drizzle_migrations\" (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), \
                    hash text NOT NULL, tag text NOT NULL, created_at bigint)";
    let hash = mizzle_kit::Checksum::of(DRIZZLE);
    let row = format!(
        "INSERT INTO \"__drizzle_migrations\" (hash, tag, created_at) VALUES ('{hash}', '0000_init', 1767225600000)"
    );
    for statement in [DRIZZLE, tracking, &row] {
        mizzle_tests::run(&ground.db, statement).await;
    }
}

async fn take_over(db: &Db, root: &Path) -> Result<()> {
    let mut folder = Folder::read(root)?;
    let report = migrate(db, &folder).await?;
    assert_eq!((report.adopted, report.statements()), (1, 0));
    // the structs that the database would be declared by
    let connection = db.connection().await?;
    let found = introspect(connection.client()).await?;
    println!("{}", pull(&found));
    // and from there on as with any folder
    let plan = plan(&found, &Snapshot::declared(&[reminded::Visit::DEF]))?;
    folder.write("add reminders", &plan.to_sql(), Some(&plan.snapshot.to_json()))?;
    let report = migrate(db, &folder).await?;
    assert_eq!(report.statements(), plan.steps.len());
    Ok(())
}

#[tokio::test]
async fn the_chapter_on_drizzles_folder_is_true() {
    let ground = Ground::new(&[]).await;
    let root = tempfile::tempdir().unwrap();
    drizzle(&ground, root.path()).await;
    take_over(&ground.db, root.path()).await.unwrap();
    assert!(ground.db.load(reminded::Visit::query()).await.unwrap().is_empty());
}

/// Everything that the chapters show as SQL.
fn statements() -> Vec<String> {
    let schemas = [
        Snapshot::default(),
        Snapshot::declared(&[first::Visit::DEF]),
        Snapshot::declared(&[reminded::Visit::DEF]),
        Snapshot::declared(&[wide::Visit::DEF]),
        Snapshot::declared(&[both::Visit::DEF]),
        Snapshot::declared(&[cents::Visit::DEF]),
        Snapshot::declared(&[last::Visit::DEF]),
    ];
    let ways = [(0, 1), (1, 2), (1, 3), (1, 4), (4, 5), (5, 6)];
    let planned = ways.map(|(from, to)| allowed(&plan(&schemas[from], &schemas[to]).unwrap()));
    planned.into_iter().chain([FILL.to_owned()]).collect()
}

#[test]
fn every_statement_of_the_chapters_is_planned_or_run_here() {
    let statements = statements();
    let mut count = 0;
    for chapter in crate::MIGRATIONS {
        let text = std::fs::read_to_string(repository().join(chapter)).unwrap();
        for part in text.split("\n```sql\n").skip(1) {
            let shown = lines(part.split("\n```").next().unwrap_or_default());
            let stands = |text: &String| lines(text).windows(shown.len()).any(|window| window == shown);
            assert!(statements.iter().any(stands), "{chapter}: nothing here plans\n{}", shown.join("\n"));
            count += 1;
        }
    }
    assert!(count >= 5, "only {count} statements are shown");
}
