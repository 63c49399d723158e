//! Every type there and back: thousands of values that nobody thought of, and the extremes that somebody did.

use std::fmt::Debug;

use bigdecimal::BigDecimal;
use bigdecimal::num_bigint::BigInt;
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use mizzle::prelude::*;
use mizzle::{Interval, Json, TimeTz};
use mizzle_tests::{Ground, run};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::Value;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, DbEnum)]
enum Suit {
    Clubs,
    #[db_enum(rename = "it's \"diamonds\"")]
    Diamonds,
    Hearts,
}

#[derive(Debug, Clone, PartialEq, DbType)]
struct Label(String);

#[table]
#[has_many(samples: Sample)]
struct Batch {
    #[column(primary_key)]
    id: i32,
}

#[table]
struct Sample {
    #[column(primary_key, default_with = Uuid::new_v4)]
    id: Uuid,
    #[belongs_to(batch: Batch)]
    batch_id: i32,
    number: i32,
    small: i16,
    medium: i32,
    large: i64,
    single: f32,
    double: f64,
    #[column(numeric(38, 10))]
    exact: BigDecimal,
    text: String,
    label: Option<Label>,
    suit: Suit,
    flag: Option<bool>,
    raw: Vec<u8>,
    key: Uuid,
    day: NaiveDate,
    time: NaiveTime,
    local: NaiveDateTime,
    at: DateTime<Utc>,
    zoned: TimeTz,
    span: Interval,
    document: Value,
    #[column(json)]
    kept: Value,
    typed: Option<Json<Vec<Option<i64>>>>,
}

mizzle::schema! { Batch, Sample }

const CREATE: &[&str] = &[
    "CREATE TABLE batch (id integer PRIMARY KEY)",
    "CREATE TABLE sample (id uuid PRIMARY KEY, batch_id integer NOT NULL, number integer NOT NULL, small smallint NOT NULL,
        medium integer NOT NULL, large bigint NOT NULL, single real NOT NULL, double double precision NOT NULL,
        exact numeric(38,10) NOT NULL, text text NOT NULL, label text, suit text NOT NULL, flag boolean, raw bytea NOT NULL,
        key uuid NOT NULL, day date NOT NULL, time time NOT NULL, local timestamp NOT NULL, at timestamptz NOT NULL,
        zoned timetz NOT NULL, span interval NOT NULL, document jsonb NOT NULL, kept json NOT NULL, typed jsonb)",
];
/// Statements of 500 rows, each row with a value of every type: 10,000 rows.
const STATEMENTS: u32 = 20;
const ROWS: usize = 500;

#[test]
fn values_that_nobody_thought_of_come_back_as_they_went() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ground = runtime.block_on(Ground::new(CREATE));
    let config =
        Config { cases: STATEMENTS, max_shrink_iters: 64, failure_persistence: None, ..Config::default() };
    let rows = proptest::collection::vec(row(), ROWS);
    let batch = std::sync::atomic::AtomicI32::new(0);
    let check = |rows: Vec<NewSample>| {
        let batch = batch.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        runtime.block_on(round_trip(&ground.db, batch, rows))
    };
    TestRunner::new(config).run(&rows, check).unwrap_or_else(|error| panic!("{error}"));
}

/// Inserted, selected and loaded beside their batch, the rows are the same.
async fn round_trip(db: &Db, batch: i32, mut rows: Vec<NewSample>) -> Result<(), TestCaseError> {
    let fail = |error: mizzle::Error| TestCaseError::fail(format!("{error:?}"));
    for (number, row) in rows.iter_mut().enumerate() {
        (row.batch_id, row.number) = (batch, i32::try_from(number).unwrap());
    }
    db.insert(NewBatch::new(batch)).await.map_err(fail)?;
    let inserted = db.insert_many(&rows).await.map_err(fail)?;
    let query = Sample::query().filter(sample::batch_id.eq(batch)).order_by(sample::number);
    let selected = db.load(query).await.map_err(fail)?;
    let query = Batch::query().filter(batch::id.eq(batch)).with(Batch::samples().order_by(sample::number));
    let nested = db.first(query).await.map_err(fail)?.related;
    prop_assert_eq!(inserted.len(), rows.len());
    for (((sent, inserted), selected), nested) in rows.iter().zip(&inserted).zip(&selected).zip(&nested) {
        let sent = shown_new(sent);
        prop_assert_eq!(&shown(inserted), &sent);
        prop_assert_eq!(&shown(selected), &sent);
        prop_assert_eq!(&shown(nested), &sent);
    }
    Ok(())
}

macro_rules! shown {
    ($name:ident, $row:ty) => {
        /// A row as text in which equal values look the same: NaN is itself, 1.0 is 1.
        fn $name(row: &$row) -> Vec<String> {
            let mut values: Vec<String> = Vec::new();
            let mut show = |value: &dyn Debug| values.push(format!("{value:?}"));
            show(&(row.id, row.number, row.small, row.medium, row.large, row.flag, row.key));
            show(&(row.single, row.double));
            show(&row.exact.normalized().to_string());
            show(&(&row.text, &row.label, row.suit, &row.raw));
            show(&(row.day, row.time, row.local, row.at, row.zoned, row.span));
            show(&(&row.document, &row.kept, &row.typed));
            values
        }
    };
}

shown!(shown, Sample);
shown!(shown_new, NewSample);

fn row() -> impl Strategy<Value = NewSample> {
    let numbers = (any::<i16>(), any::<i32>(), any::<i64>(), float(), any::<f64>(), exact());
    let texts = (text(), proptest::option::of(text()), suit(), proptest::option::of(any::<bool>()));
    let bytes = (proptest::collection::vec(any::<u8>(), 0..60), any::<u128>());
    let times = (day(), time(), local(), local(), zone(), any::<(i64, i32, i32)>());
    let documents = (json(false), json(true), proptest::option::of(any::<Vec<Option<i64>>>()));
    (numbers, texts, bytes, times, documents).prop_map(|(numbers, texts, bytes, times, documents)| {
        let (small, medium, large, single, double, exact) = numbers;
        let (text, label, suit, flag) = texts;
        let (day, time, local, at, seconds_east, (microseconds, days, months)) = times;
        NewSample {
            id: Uuid::new_v4(),
            batch_id: 0,
            number: 0,
            small,
            medium,
            large,
            single,
            double,
            exact,
            text,
            label: label.map(Label),
            suit,
            flag,
            raw: bytes.0,
            key: Uuid::from_u128(bytes.1),
            day,
            time,
            local,
            at: at.and_utc(),
            zoned: TimeTz { time, seconds_east },
            span: Interval::new(microseconds, days, months),
            document: documents.0,
            kept: documents.1,
            typed: documents.2.map(Json),
        }
    })
}

fn float() -> impl Strategy<Value = f32> {
    prop_oneof![any::<f32>(), Just(f32::NAN), Just(f32::INFINITY), Just(f32::NEG_INFINITY), Just(-0.0)]
}

/// Up to 38 digits, ten of them behind the point.
fn exact() -> impl Strategy<Value = BigDecimal> {
    let most = 10_i128.pow(38) - 1;
    (-most..=most).prop_map(|digits| BigDecimal::new(BigInt::from(digits), 10))
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::char::any(), 0..30)
        .prop_map(|letters| letters.into_iter().filter(|letter| *letter != '\0').collect())
}

fn suit() -> impl Strategy<Value = Suit> {
    (0..Suit::VARIANTS.len()).prop_map(|at| Suit::VARIANTS[at])
}

/// From 4700 BC to the last year that chrono knows.
fn day() -> impl Strategy<Value = NaiveDate> {
    let first = NaiveDate::from_ymd_opt(-4_700, 1, 1).unwrap();
    (0_u64..97_000_000).prop_map(move |days| first + Days::new(days))
}

fn time() -> impl Strategy<Value = NaiveTime> {
    (0_i64..86_400_000_000).prop_map(|micros| NaiveTime::MIN + TimeDelta::microseconds(micros))
}

fn local() -> impl Strategy<Value = NaiveDateTime> {
    (-210_000_000_000_000_000_i64..8_200_000_000_000_000_000)
        .prop_map(|micros| DateTime::from_timestamp_micros(micros).unwrap().naive_utc())
}

fn zone() -> impl Strategy<Value = i32> {
    -57_599..=57_599
}

/// Documents; jsonb writes a number as SQL does, so only those come back as they went that look the same in both.
fn json(kept: bool) -> impl Strategy<Value = Value> {
    let float =
        if kept { any::<f64>().boxed() } else { (-1e9..1e9_f64).prop_map(|number| number + 0.1).boxed() };
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        float.prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(text(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn zero() -> NewSample {
    NewSample::new(
        0,
        0,
        0,
        0,
        0,
        0.0,
        0.0,
        BigDecimal::from(0),
        "",
        Suit::Clubs,
        Vec::new(),
        Uuid::nil(),
        NaiveDate::default(),
        NaiveTime::MIN,
        NaiveDateTime::default(),
        DateTime::default(),
        TimeTz { time: NaiveTime::MIN, seconds_east: 0 },
        Interval::new(0, 0, 0),
        Value::Null,
        Value::Null,
    )
}

#[tokio::test]
async fn extremes_come_back_as_they_went() {
    let Ground { db, local: _local } = Ground::new(CREATE).await;
    let most: BigDecimal = "9999999999999999999999999999.9999999999".parse().unwrap();
    let last = NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).unwrap();
    for (number, new) in [
        NewSample { small: i16::MIN, medium: i32::MIN, large: i64::MIN, exact: -most.clone(), ..zero() },
        NewSample { small: i16::MAX, medium: i32::MAX, large: i64::MAX, exact: most, ..zero() },
        NewSample { single: f32::NAN, double: f64::NAN, suit: Suit::Diamonds, ..zero() },
        NewSample { single: f32::INFINITY, double: f64::NEG_INFINITY, suit: Suit::Hearts, ..zero() },
        NewSample { single: -0.0, double: f64::MIN_POSITIVE, label: Some(Label(String::new())), ..zero() },
        NewSample { text: "\u{1F980}".repeat(250_000), raw: vec![7; 1_000_000], ..zero() },
        NewSample { time: last, zoned: TimeTz { time: last, seconds_east: -57_599 }, ..zero() },
        NewSample { span: Interval::new(i64::MIN, i32::MAX, i32::MIN), ..zero() },
        NewSample { kept: serde_json::json!([u64::MAX, i64::MIN, 1e300, 0.1]), ..zero() },
    ]
    .into_iter()
    .enumerate()
    {
        let new = NewSample { number: i32::try_from(number).unwrap(), ..new };
        assert_eq!(shown(&db.insert(new.clone()).await.unwrap()), shown_new(&new));
    }
}

#[tokio::test]
async fn text_with_a_nul_is_refused_and_the_error_says_what_to_do() {
    let Ground { db, local: _local } = Ground::new(CREATE).await;
    let error = db.insert(NewSample { text: "a\0b".into(), ..zero() }).await.unwrap_err();
    assert_eq!(error.sql_state(), Some("22021"), "{error:?}");
    assert_eq!(error.hint(), Some("text holds no NUL: take it out, or store the bytes as `Vec<u8>`"));
}

/// Nothing in Rust's calendars is infinitely far away: a row that is says so, it does not become another day.
#[tokio::test]
async fn an_infinite_day_is_an_error_of_its_row() {
    let Ground { db, local: _local } = Ground::new(CREATE).await;
    db.insert(zero()).await.unwrap();
    for (column, error) in [("day", "represent dates"), ("local", "too large"), ("at", "too large")] {
        run(&db, &format!("UPDATE sample SET {column} = 'infinity'")).await;
        let read = db.load(Sample::query()).await.unwrap_err();
        assert!(format!("{read:?}").contains(error), "{read:?}");
        run(&db, &format!("UPDATE sample SET {column} = '2000-01-01'")).await;
    }
}

#[tokio::test]
async fn a_number_that_no_decimal_is_is_an_error_of_its_row() {
    let Ground { db, local: _local } = Ground::new(CREATE).await;
    db.insert(zero()).await.unwrap();
    run(&db, "UPDATE sample SET exact = 'NaN'").await;
    let read = db.load(Sample::query()).await.unwrap_err();
    assert!(format!("{read:?}").contains("NaN"), "{read:?}");
}

#[tokio::test]
async fn a_document_that_does_not_fit_its_type_is_an_error_of_its_row() {
    let Ground { db, local: _local } = Ground::new(CREATE).await;
    db.insert(NewSample { typed: Some(Json(vec![Some(1), None])), ..zero() }).await.unwrap();
    run(&db, "UPDATE sample SET typed = '{\"a\": 1}'").await;
    let read = db.load(Sample::query()).await.unwrap_err();
    assert!(format!("{read:?}").contains("invalid type: map"), "{read:?}");
}
