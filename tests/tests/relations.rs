//! Rows and what belongs to them, loaded from a real server.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use mizzle::diesel;
use mizzle::prelude::*;
use mizzle_tests::clinic::{
    self, Food, NewFood, NewPet, NewVisit, Owner, Pet, Visit, day, food, owner, pet, pet_to_food, visit,
};
use mizzle_tests::{Ground, run};
use uuid::Uuid;

/// A tree: each belongs to another of its kind.
#[table(schema = "staff")]
#[has_many(reports: Employee)]
struct Employee {
    #[column(primary_key)]
    id: i32,
    #[belongs_to(manager: Employee)]
    manager_id: Option<i32>,
}

/// Two columns point to the same table.
#[table]
#[has_many(sent: Letter, by = sender)]
#[has_many(received: Letter, by = receiver)]
struct Person {
    #[column(primary_key, varchar(20))]
    name: String,
}

#[table]
struct Letter {
    #[column(primary_key)]
    id: i32,
    #[belongs_to(from: Person)]
    #[column(varchar(20))]
    sender: String,
    #[belongs_to(to: Person)]
    #[column(varchar(20))]
    receiver: String,
}

/// A view that shows everybody twice, so that its key is none.
#[table(view)]
#[has_many(sent: Letter, by = sender)]
struct Echo {
    #[column(primary_key, varchar(20))]
    name: String,
}

/// Every type a column can have, to the last bit.
#[table]
#[derive(PartialOrd)]
struct Reading {
    #[column(primary_key)]
    meter: i64,
    #[column(primary_key)]
    at: DateTime<Utc>,
    small: i16,
    #[column(numeric(38, 10))]
    amount: BigDecimal,
    ratio: f64,
    valid: bool,
    raw: Vec<u8>,
    #[column(default = 7)]
    weight: i32,
    #[column(default = "none")]
    remark: Option<String>,
}

mizzle::schema! { Employee, Person, Letter, Reading }

/// As it opens; Rex has been here twice. Stray belongs to nobody.
async fn clinic() -> Ground {
    let (ground, _, rex) = clinic::open().await;
    ground.db.insert(NewPet::new("Stray")).await.unwrap();
    let visits = [NewVisit::new(2, rex.id, day(2)), NewVisit::new(1, rex.id, day(1))];
    ground.db.insert_many(&visits).await.unwrap();
    ground
}

#[tokio::test]
async fn a_row_comes_with_its_many_and_an_empty_one_with_none() {
    let Ground { db, local: _local } = clinic().await;
    let owners: Vec<With<Owner, Vec<Pet>>> = db
        .load(Owner::query().order_by(owner::name).with(Owner::pets().order_by(pet::name.desc())))
        .await
        .unwrap();
    let found: Vec<_> = owners.iter().map(|owner| (&*owner.name, pet_names(&owner.related))).collect();
    assert_eq!(found, [("John", vec!["Tom", "Rex"]), ("Mary", vec![])]);
    assert_eq!(owners[0].telephone.as_deref(), Some("555"));
}

#[tokio::test]
async fn a_row_comes_with_the_one_it_belongs_to_if_there_is_one() {
    let Ground { db, local: _local } = clinic().await;
    let pets: Vec<With<Pet, Option<Owner>>> =
        db.load(Pet::query().order_by(pet::name).with(Pet::owner())).await.unwrap();
    let found: Vec<_> =
        pets.iter().map(|pet| (&*pet.name, pet.related.as_ref().map(|owner| &*owner.name))).collect();
    assert_eq!(found, [("Rex", Some("John")), ("Stray", None), ("Tom", Some("John"))]);
}

#[tokio::test]
async fn relations_nest_two_levels_deep_and_stand_side_by_side() {
    let Ground { db, local: _local } = clinic().await;
    let query = Owner::query().filter(owner::name.eq("John")).with(
        Owner::pets()
            .order_by(pet::name)
            .with(Pet::visits().order_by(visit::on))
            .with(Pet::foods().order_by(food::name))
            .with(Pet::owner()),
    );
    let johns = db.load(query).await.unwrap();
    let [john] = &johns[..] else { panic!("one John, not {}", johns.len()) };
    let [rex, tom] = &john.related[..] else { panic!("two pets, not {}", john.related.len()) };
    let (visits, foods, owner) = &rex.related;
    assert_eq!(visits.iter().map(|visit| visit.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(foods.iter().map(|food| &*food.name).collect::<Vec<_>>(), ["fish", "meat"]);
    assert_eq!(owner.as_ref().map(|owner| owner.id), Some(john.id));
    assert_eq!(tom.related.0, []);
    assert_eq!(tom.related.1, [Food { name: "fish".into() }]);
}

#[tokio::test]
async fn what_is_shared_by_many_carries_its_own_relations_to_each() {
    let Ground { db, local: _local } = clinic().await;
    // fish is reached from two pets, and must bring its pets both times
    let pets = db
        .load(Pet::query().order_by(pet::name).with(Pet::foods().with(Food::pets().order_by(pet::name))))
        .await
        .unwrap();
    for pet in &pets {
        for food in &pet.related {
            let expected: &[&str] = if food.name == "fish" { &["Rex", "Tom"] } else { &["Rex"] };
            assert_eq!(pet_names(&food.related), expected, "{} of {}", food.name, pet.name);
        }
    }
    assert_eq!(pets.iter().map(|pet| pet.related.len()).collect::<Vec<_>>(), [2, 0, 1]);
}

#[tokio::test]
async fn a_row_that_several_belong_to_brings_its_own_relations_to_each() {
    let Ground { db, local: _local } = clinic().await;
    let owner = Pet::owner().with(Owner::pets().order_by(pet::name).with(Pet::visits()));
    let pets = db.load(Pet::query().order_by(pet::name).with(owner)).await.unwrap();
    let siblings: Vec<Vec<_>> = pets
        .iter()
        .map(|pet| pet.related.iter().flat_map(|owner| &owner.related))
        .map(|siblings| siblings.map(|pet| (pet.name.as_str(), pet.related.len())).collect())
        .collect();
    let both = vec![("Rex", 2), ("Tom", 0)];
    assert_eq!(siblings, [both.clone(), vec![], both]);
}

#[tokio::test]
async fn related_rows_are_told_apart_when_an_order_mixes_those_of_several_parents() {
    let Ground { db, local: _local } = clinic().await;
    let [john, mary] = &db.load(Owner::query().order_by(owner::name)).await.unwrap()[..] else {
        panic!("two")
    };
    let new = |name: &str, owner: &Owner| NewPet::new(name).owner_id(owner.id);
    db.insert_many(&[new("Sam", mary), new("Uma", mary), new("Val", john)]).await.unwrap();
    let owners =
        db.load(Owner::query().order_by(owner::name).with(Owner::pets().order_by(pet::name))).await.unwrap();
    let found: Vec<_> = owners.iter().map(|owner| pet_names(&owner.related)).collect();
    assert_eq!(found, [vec!["Rex", "Tom", "Val"], vec!["Sam", "Uma"]]);
}

#[tokio::test]
async fn a_refused_statement_is_the_error_of_its_load_and_the_connection_lives_on() {
    let Ground { db, local: _local } = clinic().await;
    let owners = |limit| db.load(Owner::query().limit(limit).with(Owner::pets().with(Pet::visits())));
    let connected = |db: &Db| db.stats().pool.connected;
    owners(1).await.unwrap();
    let before = connected(&db);
    let error = owners(-1).await.unwrap_err();
    assert_eq!(error.sql_state(), Some("2201W"), "{error}");
    assert_eq!((owners(2).await.unwrap().len(), connected(&db)), (2, before));
}

#[tokio::test]
async fn filters_on_relations_and_limits_on_parents_agree_between_the_statements() {
    let Ground { db, local: _local } = clinic().await;
    let query =
        Pet::query().order_by(pet::name).limit(2).offset(1).with(Pet::foods().filter(food::name.like("%i%")));
    let pets = db.load(query).await.unwrap();
    let found: Vec<_> = pets.iter().map(|pet| (&*pet.name, pet.related.len())).collect();
    assert_eq!(found, [("Stray", 0), ("Tom", 1)]);
    assert!(db.first(Owner::query().filter(owner::name.eq("Nobody"))).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_limit_on_a_relation_holds_for_each_row_and_for_what_hangs_on_it() {
    let Ground { db, local: _local } = clinic().await;
    let john = db.first(Owner::query().filter(owner::name.eq("John"))).await.unwrap();
    let mary = db.first(Owner::query().filter(owner::name.eq("Mary"))).await.unwrap();
    db.insert_many(&[NewPet::new("Zoe").owner_id(john.id), NewPet::new("Max").owner_id(mary.id)])
        .await
        .unwrap();
    let first = Owner::pets()
        .order_by(pet::name)
        .limit(1)
        .with(Pet::visits().order_by(visit::number.desc()).limit(1));
    let owners = db.load(Owner::query().order_by(owner::name).with(first)).await.unwrap();
    let found: Vec<_> = owners
        .iter()
        .map(|owner| {
            owner
                .related
                .iter()
                .map(|pet| (&*pet.name, pet.related.iter().map(|visit| visit.number).collect()))
                .collect()
        })
        .collect::<Vec<Vec<(&str, Vec<i64>)>>>();
    assert_eq!(found, [vec![("Rex", vec![2])], vec![("Max", vec![])]]);
    let rest = Owner::pets().order_by(pet::name.desc()).offset(1).filter(pet::name.ne("Tom"));
    let owners = db.load(Owner::query().order_by(owner::name).with(rest)).await.unwrap();
    assert_eq!(
        owners.iter().map(|owner| pet_names(&owner.related)).collect::<Vec<_>>(),
        [vec!["Rex"], vec![]]
    );
    // through a link, each pet has its own first food, though they share it
    let pets = db
        .load(Pet::query().order_by(pet::name).with(Pet::foods().order_by(food::name).limit(1)))
        .await
        .unwrap();
    let found: Vec<_> =
        pets.iter().map(|pet| (&*pet.name, pet.related.iter().map(|food| &*food.name).collect())).collect();
    let fish = || vec!["fish"];
    assert_eq!(
        found,
        [("Max", vec![]), ("Rex", fish()), ("Stray", vec![]), ("Tom", fish()), ("Zoe", vec![])]
    );
}

#[tokio::test]
async fn rows_are_chosen_by_what_belongs_to_them() {
    let Ground { db, local: _local } = clinic().await;
    let names = async |query: mizzle::Query<'_, Pet>| -> Vec<String> {
        db.load(query.order_by(pet::name)).await.unwrap().into_iter().map(|pet| pet.name).collect()
    };
    let meat = || Pet::foods().filter(food::name.eq("meat")).any();
    assert_eq!(names(Pet::query().filter(meat())).await, ["Rex"]);
    assert_eq!(names(Pet::query().filter(diesel::dsl::not(meat()))).await, ["Stray", "Tom"]);
    assert_eq!(names(Pet::query().filter(Pet::visits().any().or(pet::name.eq("Tom")))).await, ["Rex", "Tom"]);
    let johns = Pet::owner().filter(owner::name.eq("John")).any();
    assert_eq!(names(Pet::query().filter(johns.and(pet::name.ne("Rex")))).await, ["Tom"]);
    // Stray's owner is NULL, which must not make everybody's absence unknown
    let owners = db.load(Owner::query().filter(diesel::dsl::not(Owner::pets().any()))).await.unwrap();
    assert_eq!(owners.iter().map(|owner| &*owner.name).collect::<Vec<_>>(), ["Mary"]);
    // and the same parents choose their relations
    let query =
        Owner::query().filter(Owner::pets().filter(pet::name.eq("Rex")).any()).with(Owner::pets().count());
    assert_eq!(db.load(query).await.unwrap()[0].related, 2);
}

#[tokio::test]
async fn relations_are_counted_beside_their_rows() {
    let Ground { db, local: _local } = clinic().await;
    let query = Pet::query()
        .order_by(pet::name)
        .with(Pet::visits().count())
        .with(Pet::foods().filter(food::name.ne("meat")).count())
        .with(Pet::foods());
    let pets = db.load(query).await.unwrap();
    let found: Vec<_> =
        pets.iter().map(|pet| (&*pet.name, pet.related.0, pet.related.1, pet.related.2.len())).collect();
    assert_eq!(found, [("Rex", 2, 1, 2), ("Stray", 0, 0, 0), ("Tom", 0, 1, 1)]);
}

#[tokio::test]
async fn a_table_relates_to_itself_in_a_schema_of_its_own() {
    let ground = Ground::new(&[
        "CREATE SCHEMA staff",
        "CREATE TABLE staff.employee (id int PRIMARY KEY, manager_id int)",
    ])
    .await;
    let db = &ground.db;
    let new = |id, manager_id| NewEmployee { id, manager_id };
    db.insert_many(&[new(1, None), new(2, Some(1)), new(3, Some(1)), new(4, Some(2))]).await.unwrap();
    let tree = Employee::query()
        .filter(employee::manager_id.is_null())
        .with(Employee::reports().order_by(employee::id).with(Employee::reports()).with(Employee::manager()));
    let boss = db.first(tree).await.unwrap();
    let found: Vec<_> = boss.related.iter().map(|report| (report.id, report.related.0.len())).collect();
    assert_eq!(found, [(2, 1), (3, 0)]);
    assert_eq!(boss.related[0].related.1.as_ref().map(|manager| manager.id), Some(1));
}

#[tokio::test]
async fn two_relations_to_one_table_are_told_apart_by_their_columns() {
    let ground = Ground::new(&[
        "CREATE TABLE person (name varchar(20) PRIMARY KEY)",
        "CREATE TABLE letter (id int PRIMARY KEY, sender varchar(20) NOT NULL, receiver varchar(20) NOT NULL)",
    ])
    .await;
    let db = &ground.db;
    db.insert_many(&[NewPerson::new("Ann"), NewPerson::new("Bob")]).await.unwrap();
    db.insert_many(&[NewLetter::new(1, "Ann", "Bob"), NewLetter::new(2, "Ann", "Ann")]).await.unwrap();
    let people = db
        .load(Person::query().order_by(person::name).with(Person::sent()).with(Person::received()))
        .await
        .unwrap();
    let found: Vec<_> =
        people.iter().map(|person| (person.related.0.len(), person.related.1.len())).collect();
    assert_eq!(found, [(2, 1), (0, 1)]);
    let letter = db
        .first(Letter::query().filter(letter::id.eq(1)).with(Letter::from()).with(Letter::to()))
        .await
        .unwrap();
    let (from, to) = &letter.related;
    assert_eq!((from.as_ref().map(|p| &*p.name), to.as_ref().map(|p| &*p.name)), (Some("Ann"), Some("Bob")));
    run(db, "CREATE VIEW echo AS SELECT name FROM person UNION ALL SELECT name FROM person").await;
    let echoes = db.load(Echo::query().filter(echo::name.eq("Ann")).with(Echo::sent())).await.unwrap();
    assert_eq!(echoes.iter().map(|echo| echo.related.len()).collect::<Vec<_>>(), [2, 2]);
}

#[tokio::test]
async fn every_type_keeps_every_bit_and_defaults_are_the_databases() {
    let ground = Ground::new(&["CREATE TABLE reading (meter bigint, at timestamptz, small smallint NOT NULL, \
         amount numeric(38,10) NOT NULL, ratio double precision NOT NULL, valid boolean NOT NULL, raw bytea NOT NULL, \
         weight int NOT NULL DEFAULT 7, remark text DEFAULT 'none', PRIMARY KEY (meter, at))"])
    .await;
    let db = &ground.db;
    let new = NewReading {
        meter: i64::MIN,
        at: DateTime::from_timestamp_micros(1_767_225_600_123_456).unwrap(),
        small: i16::MAX,
        amount: "-1234567890123456789012345678.0123456789".parse().unwrap(),
        ratio: f64::MIN_POSITIVE,
        valid: true,
        raw: (0..=255).collect(),
        weight: None,
        remark: None,
    };
    let inserted = db.insert(new.clone()).await.unwrap();
    assert_eq!((inserted.weight, inserted.remark.as_deref()), (7, Some("none")));
    let null =
        db.insert(NewReading { meter: 1, remark: Some(None), weight: Some(8), ..new.clone() }).await.unwrap();
    assert_eq!((null.weight, null.remark), (8, None));
    let read = db.first(Reading::query().filter(reading::meter.eq(i64::MIN))).await.unwrap();
    assert_eq!(read, inserted);
    assert_eq!((read.meter, read.at, read.small), (new.meter, new.at, new.small));
    assert_eq!((read.amount, read.ratio, read.valid, read.raw), (new.amount, new.ratio, new.valid, new.raw));
    let patch = ReadingPatch { remark: Some(None), ratio: Some(f64::INFINITY), ..Default::default() };
    assert_eq!(db.execute(Reading::update(&patch).filter(reading::meter.eq(i64::MIN))).await.unwrap(), 1);
    let read = db.first(Reading::query().filter(reading::meter.eq(i64::MIN))).await.unwrap();
    assert_eq!((read.remark, read.ratio, read.weight), (None, f64::INFINITY, 7));
    let error = db.execute(Reading::update(ReadingPatch::default()).all_rows()).await.unwrap_err();
    assert!(format!("{error:?}").contains("the patch changes nothing"), "{error:?}");
}

#[tokio::test]
async fn diesels_own_queries_load_and_execute() {
    let Ground { db, local: _local } = clinic().await;
    let joined: Vec<(String, Option<String>)> = db
        .load(pet::table.left_join(owner::table).order(pet::name).select((pet::name, owner::name.nullable())))
        .await
        .unwrap();
    assert_eq!(joined[1], ("Stray".into(), None));
    let through: Vec<String> = db
        .load(
            pet_to_food::table
                .inner_join(food::table)
                .inner_join(pet::table)
                .filter(pet::name.eq("Rex"))
                .select(food::name),
        )
        .await
        .unwrap();
    assert_eq!(through.len(), 2);
    let counts: Vec<(Option<Uuid>, i64)> = db
        .load(
            pet::table
                .group_by(pet::owner_id)
                .order(diesel::dsl::count_star().desc())
                .select((pet::owner_id, diesel::dsl::count_star())),
        )
        .await
        .unwrap();
    assert_eq!(counts.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [2, 1]);
    let upsert = diesel::insert_into(food::table)
        .values(vec![NewFood::new("fish"), NewFood::new("hay")])
        .on_conflict_do_nothing();
    assert_eq!(db.execute(upsert).await.unwrap(), 1);
}

#[tokio::test]
async fn diesels_own_methods_run_on_a_connection() {
    // inside this function alone: the trait gives a `load` and a `first` to every type
    use mizzle::diesel_async::RunQueryDsl;
    let Ground { db, local: _local } = clinic().await;
    let connection = db.connection().await.unwrap();
    let mut connection = &*connection;
    // the same text three times: unnamed, then prepared behind it, then prepared
    for _ in 0..3 {
        let names: Vec<String> = pet::table
            .filter(pet::name.ne("Rex"))
            .order(pet::name)
            .select(pet::name)
            .load(&mut connection)
            .await
            .unwrap();
        assert_eq!(names, ["Stray", "Tom"]);
    }
    let error = diesel::insert_into(food::table)
        .values(NewFood::new("fish"))
        .execute(&mut connection)
        .await
        .unwrap_err();
    let diesel::result::Error::DatabaseError(kind, information) = error else { panic!("{error}") };
    assert!(matches!(kind, diesel::result::DatabaseErrorKind::UniqueViolation));
    assert_eq!(information.constraint_name(), Some("food_pkey"));
}

#[tokio::test]
async fn a_statement_prepared_before_a_schema_change_still_runs_after_it() {
    let ground = Ground::new(&["CREATE TABLE food (name varchar(20) PRIMARY KEY)"]).await;
    let db = &ground.db;
    db.insert(NewFood::new("fish")).await.unwrap();
    for _ in 0..3 {
        assert_eq!(db.load(Food::query()).await.unwrap().len(), 1);
    }
    // the column's type changes under the prepared statement: its plan "must not change result type"
    mizzle_tests::run(db, "DROP TABLE food").await;
    mizzle_tests::run(db, "CREATE TABLE food (name text PRIMARY KEY)").await;
    let foods = db.transaction(async |tx| tx.load(Food::query()).await).await.unwrap();
    assert_eq!(foods, []);
    for _ in 0..3 {
        assert_eq!(db.load(Food::query()).await.unwrap().len(), 0);
    }
}

#[test]
fn a_table_is_also_data() {
    let def = <Visit as Model>::DEF;
    assert_eq!((def.schema, def.name, def.primary_key), (None, "visit", &["number"][..]));
    let on = def.column("date").unwrap();
    assert_eq!((on.field, on.sql_type, on.nullable), ("on", "date", false));
    assert_eq!(<Reading as Model>::DEF.column("amount").unwrap().sql_type, "numeric(38,10)");
    assert_eq!(<Reading as Model>::DEF.column("remark").unwrap().default, Some("'none'"));
    assert_eq!(<Employee as Model>::DEF.schema, Some("staff"));
    assert_eq!((TABLES.len(), clinic::TABLES.len()), (4, 6));
}

fn pet_names(pets: &[Pet]) -> Vec<&str> {
    pets.iter().map(|pet| &*pet.name).collect()
}
