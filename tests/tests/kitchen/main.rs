//! A schema with everything in it: what the declarations say is what the database then has.

mod create;
mod schema;

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveTime, TimeZone, Utc};
use mizzle::prelude::*;
use mizzle::{Interval, Json, TableDef, TimeTz};
use mizzle_tests::{Ground, run};
use uuid::Uuid;

use schema::*;

/// Everything declared, made by a renderer that knows the declarations alone.
async fn kitchen() -> Ground {
    let ground = Ground::new(&["CREATE SCHEMA \"back room\""]).await;
    make(&ground, TABLES.iter().flat_map(|table| create::statements(table))).await;
    ground
}

/// Runs statements, and waits for the jobs they start.
async fn make(ground: &Ground, statements: impl Iterator<Item = String>) {
    let connection = ground.db.connection().await.unwrap();
    for statement in statements {
        let answer = connection.client().simple_query(&statement).await;
        for job in create::jobs(&answer.unwrap_or_else(|error| panic!("{statement}: {error:?}"))) {
            run(&ground.db, &format!("CALL sys.wait_for_job('{job}')")).await;
        }
    }
}

/// The first column of a query, sorted.
async fn names(ground: &Ground, sql: &str) -> BTreeSet<String> {
    let connection = ground.db.connection().await.unwrap();
    let rows = connection.client().query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get::<_, String>(0)).collect()
}

fn declared(names: impl Fn(&'static TableDef) -> Vec<&'static str>) -> BTreeSet<String> {
    TABLES.iter().flat_map(|table| names(table)).map(String::from).collect()
}

#[tokio::test]
async fn the_database_has_the_constraints_and_indexes_that_the_declarations_name() {
    let ground = kitchen().await;
    let constraints = "SELECT conname::text FROM pg_constraint c JOIN pg_namespace n ON n.oid = connamespace
        WHERE nspname IN ('public', 'back room')";
    let in_code = declared(|table| {
        let key = Some(table.primary_key_name).filter(|name| !name.is_empty());
        let values = table.columns.iter().filter_map(|column| column.values).map(|values| values.name);
        let others = table.uniques.iter().map(|unique| unique.name);
        let others = others.chain(table.checks.iter().map(|check| check.name)).chain(values);
        key.into_iter().chain(others).chain(table.foreign_keys.iter().map(|key| key.name)).collect()
    });
    assert_eq!(names(&ground, constraints).await, in_code);
    let indexes = "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = indexrelid
        JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname IN ('public', 'back room') AND indisvalid
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))";
    let in_code = declared(|table| table.indexes.iter().map(|index| index.name).collect());
    assert_eq!(names(&ground, indexes).await, in_code);
    let comments = names(
        &ground,
        "SELECT description FROM pg_description d JOIN pg_class c ON c.oid = objoid
        WHERE relname = 'dish' AND description <> ''",
    )
    .await;
    assert!(comments.contains("What is cooked.\n\nAnd eaten."), "{comments:?}");
    assert!(comments.contains("How it is called on the menu."), "{comments:?}");
}

/// The names that a declaration leaves out are those that PostgreSQL gives when SQL leaves them out.
#[tokio::test]
async fn names_that_nobody_gives_are_postgresqls_own() {
    let ground = Ground::new(&["CREATE SCHEMA \"back room\""]).await;
    let plain = |table: &&&'static TableDef| table.kind == mizzle::TableKind::Table;
    make(&ground, TABLES.iter().filter(plain).flat_map(|table| create::unnamed_statements(table))).await;
    let mut names = names(&ground, "SELECT conname::text FROM pg_constraint c JOIN pg_namespace n ON n.oid = connamespace
        WHERE nspname IN ('public', 'back room') UNION
        SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = indexrelid JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname IN ('public', 'back room')").await;
    names.retain(|name| !create::is_given(name));
    let in_code = declared(|table| {
        let checks = table.checks.iter().map(|check| check.name);
        let uniques = table.uniques.iter().map(|unique| unique.name);
        let keys = table.foreign_keys.iter().map(|key| key.name);
        let indexes = table.indexes.iter().map(|index| index.name);
        let values = table.columns.iter().filter_map(|column| column.values).map(|values| values.name);
        let all = checks.chain(uniques).chain(keys).chain(indexes).chain(values);
        all.chain([table.primary_key_name])
            .filter(|name| !name.is_empty() && !create::is_given(name))
            .collect()
    });
    assert_eq!(names, in_code);
}

#[tokio::test]
async fn a_row_of_every_type_comes_back_as_it_went() {
    let Ground { db, local: _local } = kitchen().await;
    let at = Utc.timestamp_opt(1_700_000_000, 123_456_000).unwrap();
    let day = NaiveDate::from_ymd_opt(2026, 2, 28).unwrap();
    let time = NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).unwrap();
    let new = NewShelf {
        small: 1,
        medium: -2,
        large: i64::MIN,
        single: f32::MIN_POSITIVE,
        double: f64::MAX,
        exact: "123456789012345678901234567.8901234567".parse().unwrap(),
        money: Money("12.34".parse().unwrap()),
        decimal: "-0.000001".parse().unwrap(),
        text: "\u{1F980}'\"\\".into(),
        code: "ab".into(),
        flag: true,
        raw: vec![0, 255],
        day,
        time,
        local: day.and_time(time),
        at,
        rounded: at,
        zoned: TimeTz { time, seconds_east: -12_600 },
        span: Interval::new(-1, 2, 14),
        document: serde_json::json!({"a": [1, 2.5, null]}),
        kept: serde_json::json!({"b": "\u{1F980}"}),
        typed: Some(Json(Address { street: "Main St".into(), floor: None })),
        jiff_day: jiff::civil::date(2024, 2, 29).into(),
        jiff_at: jiff::Timestamp::UNIX_EPOCH.into(),
        nothing: None,
        id: None,
    };
    let stored = db.insert(new.clone()).await.unwrap();
    assert_eq!(stored.exact, new.exact);
    assert_eq!((stored.large, stored.single, stored.double), (new.large, new.single, new.double));
    assert_eq!(stored.money, new.money);
    assert_eq!((&stored.text, &stored.raw), (&new.text, &new.raw));
    assert_eq!(
        (stored.local, stored.at, stored.zoned, stored.span),
        (new.local, new.at, new.zoned, new.span)
    );
    assert_eq!(stored.rounded, Utc.timestamp_opt(1_700_000_000, 123_000_000).unwrap());
    assert_eq!((&stored.document, &stored.kept, &stored.typed), (&new.document, &new.kept, &new.typed));
    assert_eq!((stored.jiff_day, stored.jiff_at), (new.jiff_day, new.jiff_at));
    let read: Shelf =
        db.first(Shelf::query().filter(shelf::money.eq(Money("12.34".parse().unwrap())))).await.unwrap();
    assert_eq!(read, stored);
    let by_document = Shelf::query().filter(shelf::document.eq(&new.document).and(shelf::span.eq(new.span)));
    assert_eq!(db.load(by_document).await.unwrap().len(), 1);
}

#[tokio::test]
async fn defaults_come_from_the_database_or_the_program_and_identities_count() {
    let Ground { db, local: _local } = kitchen().await;
    let new = NewDish::new("Soup", Course::First);
    let known = new.id;
    let soup = db.insert(new).await.unwrap();
    assert_eq!((soup.id, soup.course, soup.spicy, soup.stars), (known, Course::First, Heat::Mild, 3));
    assert_eq!((&*soup.label, soup.changed), ("soup (3)", None));
    let patch = DishPatch { name: Some("Broth".into()), ..Default::default() };
    assert_eq!(db.execute(Dish::update(&patch).filter(dish::id.eq(known))).await.unwrap(), 1);
    let broth: Dish = db.first(Dish::query()).await.unwrap();
    let first_change = broth.changed.unwrap();
    assert_eq!(&*broth.label, "broth (3)");
    db.execute(Dish::update(dish::stars.eq(dish::stars + 1)).filter(dish::spicy.eq(Heat::Mild)))
        .await
        .unwrap();
    let better: Dish = db.first(Dish::query()).await.unwrap();
    assert_eq!(better.stars, 4);
    assert!(better.changed.unwrap() > first_change);
    // what an update sets itself stays
    let epoch = Utc.timestamp_opt(0, 0).unwrap();
    db.execute(Dish::update(dish::changed.eq(epoch)).all_rows()).await.unwrap();
    let patch = DishPatch { changed: Some(None), ..Default::default() };
    assert_eq!(db.first(Dish::query()).await.unwrap().changed, Some(epoch));
    db.execute(Dish::update(patch).all_rows()).await.unwrap();
    assert_eq!(db.first(Dish::query()).await.unwrap().changed, None);

    let orders = db.insert_many(&[NewOrder::new(known), NewOrder::new(known)]).await.unwrap();
    assert_eq!(orders.iter().map(|order| order.number).collect::<Vec<_>>(), [1000, 1001]);
    assert_eq!(db.insert(NewOrder::new(known).number(7)).await.unwrap().number, 7);
    let tickets = db.insert_many(&[NewTicket::new(), NewTicket::new()]).await.unwrap();
    assert_eq!(tickets.iter().map(|ticket| ticket.number).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn an_empty_update_is_refused_before_it_is_sent() {
    let Ground { db, local: _local } = kitchen().await;
    for refused in [
        db.execute(Dish::update(DishPatch::default()).all_rows()).await,
        db.execute(mizzle::diesel::update(dish::table).set(DishPatch::default())).await,
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.to_string(), "the query cannot be written as SQL");
        assert_eq!(error.sql_state(), None);
    }
}

#[tokio::test]
async fn a_refused_row_names_its_constraint() {
    let Ground { db, local: _local } = kitchen().await;
    let soup = db.insert(NewDish::new("Soup", Course::First)).await.unwrap();
    let of = |error: &mizzle::Error| (error.constraint_of::<Dish>(), error.constraint_of::<Order>());
    let error = db.insert(NewDish::new("Soup", Course::Main)).await.unwrap_err();
    assert!(error.is_unique_violation());
    assert_eq!(of(&error), (Some(DishConstraint::NameKey), None));
    let error = db.insert(NewDish { id: soup.id, ..NewDish::new("Bread", Course::Main) }).await.unwrap_err();
    assert_eq!(of(&error), (Some(DishConstraint::Pkey), None));
    let error = db.insert(NewDish::new("Bread", Course::Main).stars(6)).await.unwrap_err();
    assert!(error.is_check_violation());
    assert_eq!(of(&error), (Some(DishConstraint::FewStars), None));
    assert_eq!(error.constraint(), Some("few_stars"));
    let error = db.insert(NewOrder::new(Uuid::nil())).await.unwrap_err();
    assert!(error.is_foreign_key_violation());
    assert_eq!(of(&error), (None, Some(OrderConstraint::DishIdFkey)));
    let connection = db.connection().await.unwrap();
    run(&db, "ALTER TABLE \"dish\" DROP CONSTRAINT \"dish_course_check\"").await;
    connection.client().batch_execute("UPDATE \"dish\" SET \"course\" = 'tea'").await.unwrap();
    let error = db.load(Dish::query()).await.unwrap_err();
    let error = format!("{error:?}");
    assert!(
        error.contains("tea")
            && error.contains("is no value of the enum `Course`, which has: first, main, after")
    );
}

#[tokio::test]
async fn a_value_out_of_an_enum_is_refused_by_the_database() {
    let Ground { db, local: _local } = kitchen().await;
    db.insert(NewDish::new("Soup", Course::First).second(Course::Main)).await.unwrap();
    let seconds = Dish::query().filter(dish::second.eq(Course::Main).and(dish::course.ne(Course::Main)));
    assert_eq!(db.load(seconds).await.unwrap()[0].second, Some(Course::Main));
    let connection = db.connection().await.unwrap();
    let refused =
        connection.client().batch_execute("UPDATE \"dish\" SET \"course\" = 'tea'").await.unwrap_err();
    assert_eq!(refused.as_db_error().unwrap().constraint(), Some("dish_course_check"));
    let patch = DishPatch { second: Some(None), course: Some(Course::After), ..Default::default() };
    db.execute(Dish::update(patch).all_rows()).await.unwrap();
    assert_eq!(db.first(Dish::query()).await.unwrap().course, Course::After);
}

#[tokio::test]
async fn a_view_loads_like_a_table_with_its_relations() {
    let Ground { db, local: _local } = kitchen().await;
    let soup = db.insert(NewDish::new("Soup", Course::First)).await.unwrap();
    db.insert(NewOrder::new(soup.id)).await.unwrap();
    let menu: Vec<With<Menu, Vec<Order>>> =
        db.load(Menu::query().filter(menu::course.eq(Course::First)).with(Menu::orders())).await.unwrap();
    assert_eq!((&*menu[0].name, menu[0].related.len()), ("Soup", 1));
}

#[tokio::test]
async fn a_composite_foreign_key_is_one_of_the_database() {
    let Ground { db, local: _local } = kitchen().await;
    db.insert(NewSpot::new(1, "window")).await.unwrap();
    db.insert(NewSeat::new(1, 1, "window")).await.unwrap();
    let error = db.insert(NewSeat::new(2, 1, "door")).await.unwrap_err();
    assert_eq!(error.constraint_of::<Seat>(), Some(SeatConstraint::FloorNameFkey));
    db.execute(Spot::delete().filter(spot::name.eq("window"))).await.unwrap();
    assert_eq!(db.load(Seat::query()).await.unwrap(), []);
}

#[tokio::test]
async fn a_table_of_255_columns_is_read_and_written() {
    let Ground { db, local: _local } = kitchen().await;
    let mut new = NewWidest::new(1);
    new.c254 = Some("last".into());
    let stored = db.insert(new).await.unwrap();
    let read: Widest =
        db.first(Widest::query().filter(widest::c254.eq("last")).order_by(widest::c100)).await.unwrap();
    assert_eq!(read, stored);
    let patch = WidestPatch { c001: Some(Some("first".into())), ..Default::default() };
    assert_eq!(db.execute(Widest::update(patch).all_rows()).await.unwrap(), 1);
    let joined: Vec<(Widest, Option<String>)> =
        db.load(widest::table.select((Widest::as_select(), widest::c001))).await.unwrap();
    assert_eq!((joined[0].0.c254.as_deref(), joined[0].1.as_deref()), (Some("last"), Some("first")));
    let counted: Vec<(Option<String>, i64)> = db
        .load(widest::table.group_by(widest::c001).select((widest::c001, mizzle::diesel::dsl::count_star())))
        .await
        .unwrap();
    assert_eq!(counted, [(Some("first".to_owned()), 1)]);
    let none: Vec<Option<Widest>> = db
        .load(
            ticket::table
                .left_join(widest::table.on(widest::id.eq(ticket::number)))
                .select(Option::<Widest>::as_select()),
        )
        .await
        .unwrap();
    assert_eq!(none, []);
}
