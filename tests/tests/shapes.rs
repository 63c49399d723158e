//! Structs that name what they want of a row, loaded from a real server.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use mizzle::prelude::*;
use mizzle_tests::Ground;
use mizzle_tests::clinic::{
    self, Food, NewPassport, NewVisit, Owner, Passport, Pet, Visit, day, food, owner, pet, visit,
};
use uuid::Uuid;

#[derive(Shape, Debug, PartialEq)]
#[shape(of = Owner)]
struct OwnerCard {
    name: String,
    pets: Vec<PetCard>,
    passport: Option<Passport>,
    #[shape(count = pets)]
    pet_count: i64,
    #[shape(max = pets, column = pet::weight, filter = pet::name.ne("Rex"))]
    heaviest_but_rex: Option<i32>,
}

#[derive(Shape, Debug, PartialEq)]
#[shape(of = Pet)]
struct PetCard {
    #[shape(from = name)]
    called: String,
    #[shape(order_by = visit::number.desc(), limit = 2)]
    visits: Vec<VisitCard>,
    #[shape(from = foods, order_by = food::name)]
    eats: Vec<Food>,
}

#[derive(Shape, Debug, PartialEq)]
#[shape(of = Visit)]
struct VisitCard {
    number: i64,
    pet: Box<PetName>,
}

#[derive(Shape, Debug, PartialEq)]
#[shape(of = Pet)]
struct PetName {
    name: String,
    owner: Option<Box<OwnerName>>,
}

#[derive(Shape, Debug, PartialEq)]
#[shape(of = Owner)]
struct OwnerName {
    telephone: Option<String>,
}

#[derive(Shape, Debug, PartialEq)]
#[shape(of = Visit)]
struct Dangling {
    number: i64,
    pet: PetName,
}

/// Nothing of the row itself: how many there are is all.
#[derive(Shape, Debug, PartialEq)]
#[shape(of = Pet)]
struct Counted {
    #[shape(count = visits, filter = visit::cost.gt(15))]
    dear: i64,
    #[shape(sum = visits, column = visit::cost)]
    spent: Option<BigDecimal>,
    #[shape(avg = visits, column = visit::cost)]
    each: Option<BigDecimal>,
    #[shape(min = visits, column = visit::cost)]
    least: Option<i64>,
}

/// As it opens; John has passport 7, and Rex has been here three times.
async fn clinic() -> Ground {
    let (ground, john, rex) = clinic::open().await;
    ground.db.insert(NewPassport::new(7, john.id)).await.unwrap();
    let visits = [1, 2, 3].map(|number| NewVisit::new(number, rex.id, day(1)).cost(number * 10));
    ground.db.insert_many(&visits).await.unwrap();
    ground
}

#[tokio::test]
async fn a_shape_holds_what_its_fields_name_however_deep() {
    let Ground { db, local: _local } = clinic().await;
    let query = OwnerCard::query().order_by(owner::name).pets(|pets| pets.order_by(pet::name));
    let cards: Vec<OwnerCard> = db.load(query).await.unwrap();
    let [john, mary] = &cards[..] else { panic!("two owners, not {}", cards.len()) };
    assert_eq!(john.pets[0].called, "Rex");
    assert_eq!(john.pets[0].eats.iter().map(|food| &*food.name).collect::<Vec<_>>(), ["fish", "meat"]);
    assert_eq!(john.pets[0].visits.iter().map(|visit| visit.number).collect::<Vec<_>>(), [3, 2]);
    let pet = &john.pets[0].visits[0].pet;
    assert_eq!((&*pet.name, pet.owner.as_ref().unwrap().telephone.as_deref()), ("Rex", Some("555")));
    assert_eq!(john.pets[1].visits, []);
    assert_eq!(john.passport.as_ref().map(|passport| passport.number), Some(7));
    assert_eq!((john.pet_count, john.heaviest_but_rex), (2, Some(4)));
    let nothing =
        OwnerCard { name: "Mary".into(), pets: vec![], passport: None, pet_count: 0, heaviest_but_rex: None };
    assert_eq!(*mary, nothing);
}

#[tokio::test]
async fn the_query_says_more_about_each_relation_and_about_what_is_counted() {
    let Ground { db, local: _local } = clinic().await;
    let light = 5;
    let query = OwnerCard::query()
        .filter(owner::name.eq("John"))
        .pets(|pets| {
            pets.filter(pet::weight.gt(light))
                .limit(1)
                .visits(|visits| visits.filter(visit::number.lt(3)).limit(1))
        })
        .pet_count(|pets| pets.filter(pet::weight.lt(light)));
    let john = db.first(query).await.unwrap();
    assert_eq!(john.pets.len(), 1);
    assert_eq!(john.pets[0].visits.iter().map(|visit| visit.number).collect::<Vec<_>>(), [2]);
    assert_eq!(john.pet_count, 1);
}

#[tokio::test]
async fn numbers_about_relations_need_no_column_of_the_row() {
    let Ground { db, local: _local } = clinic().await;
    let counted = db.load(Counted::query().order_by(pet::name)).await.unwrap();
    let rex = Counted { dear: 2, spent: Some(60.into()), each: Some(BigDecimal::from(20)), least: Some(10) };
    assert_eq!(counted, [rex, Counted { dear: 0, spent: None, each: None, least: None }]);
}

#[tokio::test]
async fn a_logical_relation_that_leads_nowhere_is_told_apart_from_one_that_is_optional() {
    let Ground { db, local: _local } = clinic().await;
    db.insert(NewVisit::new(9, Uuid::nil(), day(1))).await.unwrap();
    let there = db.load(Dangling::query().filter(visit::number.lt(9))).await.unwrap();
    assert_eq!(there.len(), 3);
    let error = db.load(Dangling::query()).await.unwrap_err();
    assert!(format!("{error:?}").contains("refers to is not there: make the field an `Option`"), "{error:?}");
}

#[test]
fn a_shape_selects_its_columns_and_the_keys_that_join_them_and_nothing_else() {
    let query = VisitCard::query().filter(visit::number.eq(1)).limit(1);
    let text = query.to_sql().unwrap().to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines,
        [
            r#"SELECT "visit"."number", "visit"."pet_id" FROM "visit" WHERE (("visit"."number" = $1)) ORDER BY "visit"."number" LIMIT $2 -- binds: [1, 1]"#,
            r#"SELECT "pet"."name", "pet"."owner_id", "pet"."id" FROM "pet" WHERE "pet"."id" = ANY(ARRAY(SELECT "visit"."pet_id" FROM "visit" WHERE (("visit"."number" = $1)) ORDER BY "visit"."number" LIMIT $2)) -- binds: [1, 1]"#,
            r#"SELECT "owner"."telephone", "owner"."id" FROM "owner" WHERE "owner"."id" = ANY(ARRAY(SELECT "pet"."owner_id" FROM "pet" WHERE "pet"."id" = ANY(ARRAY(SELECT "visit"."pet_id" FROM "visit" WHERE (("visit"."number" = $1)) ORDER BY "visit"."number" LIMIT $2)))) -- binds: [1, 1]"#,
        ]
    );
}

/// A tree is loaded to a depth that the types say; a type that contains itself says none.
#[table]
#[has_many(children: Part)]
struct Part {
    #[column(primary_key)]
    id: i64,
    #[belongs_to(parent: Part)]
    parent_id: Option<i64>,
}

#[derive(Shape, Debug)]
#[shape(of = Part)]
struct Endless {
    #[allow(dead_code)]
    children: Vec<Endless>,
}

#[test]
fn a_shape_that_contains_itself_is_refused_before_anything_is_sent() {
    let error = Endless::query().to_sql().unwrap_err();
    assert!(
        format!("{error:?}").contains("contains itself: give the innermost a struct of its own"),
        "{error:?}"
    );
}

/// Values that JSON would bend.
#[table]
#[has_many(readings: Reading)]
struct Meter {
    #[column(primary_key)]
    id: i64,
}

#[table]
struct Reading {
    #[column(primary_key)]
    at: DateTime<Utc>,
    #[belongs_to(meter: Meter)]
    meter_id: i64,
    #[column(numeric(38, 10))]
    amount: BigDecimal,
    ratio: f64,
    raw: Vec<u8>,
    remark: Option<String>,
}

#[derive(Shape)]
#[shape(of = Meter)]
struct MeterCard {
    readings: Vec<ReadingCard>,
    id: i64,
}

#[derive(Shape)]
#[shape(of = Reading)]
struct ReadingCard {
    raw: Vec<u8>,
    ratio: f64,
    amount: BigDecimal,
    at: DateTime<Utc>,
    remark: Option<String>,
    meter_id: i64,
}

#[tokio::test]
async fn every_bit_of_a_value_survives_a_nested_load() {
    let ground = Ground::new(&[
        "CREATE TABLE meter (id bigint PRIMARY KEY)",
        "CREATE TABLE reading (at timestamptz PRIMARY KEY, meter_id bigint NOT NULL, amount numeric(38,10) NOT NULL, \
         ratio double precision NOT NULL, raw bytea NOT NULL, remark text)",
    ])
    .await;
    let db = &ground.db;
    db.insert_many(&[NewMeter::new(i64::MIN), NewMeter::new(i64::MAX)]).await.unwrap();
    let amounts: [BigDecimal; 3] = [
        "1234567890123456789012345678.0123456789".parse().unwrap(),
        "-9999999999999999999999999999.9999999999".parse().unwrap(),
        "0.0000000001".parse().unwrap(),
    ];
    // a NaN with a payload of its own, and the smallest and greatest of their kinds
    let ratios = [f64::from_bits(0x7ff8_0000_0000_0001), -0.0, f64::MIN_POSITIVE];
    let readings: Vec<_> = (0..3)
        .map(|at| NewReading {
            at: DateTime::from_timestamp_micros(1_767_225_600_123_456 + at).unwrap(),
            meter_id: i64::MIN,
            amount: amounts[at as usize].clone(),
            ratio: ratios[at as usize],
            raw: (0..=255).rev().collect(),
            remark: (at == 1).then(|| "\u{0}é\u{1F431}".replace('\u{0}', "")),
        })
        .collect();
    db.insert_many(&readings).await.unwrap();
    let query = MeterCard::query().order_by(meter::id).readings(|readings| readings.order_by(reading::at));
    let meters = db.load(query).await.unwrap();
    assert_eq!(
        meters.iter().map(|meter| (meter.id, meter.readings.len())).collect::<Vec<_>>(),
        [(i64::MIN, 3), (i64::MAX, 0)]
    );
    for (sent, came) in readings.iter().zip(&meters[0].readings) {
        assert_eq!((sent.at, sent.meter_id, &sent.amount), (came.at, came.meter_id, &came.amount));
        assert_eq!((&sent.raw, &sent.remark), (&came.raw, &came.remark));
        assert_eq!(sent.ratio.to_bits(), came.ratio.to_bits());
    }
}
