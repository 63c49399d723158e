//! Relations beyond one column and two tables: keys of several columns, tables linked to themselves, at most one row.

use bigdecimal::BigDecimal;
use mizzle::diesel;
use mizzle::prelude::*;
use mizzle_tests::Ground;

#[table(name = "order")]
#[has_many(lines: Line)]
struct Order {
    #[column(primary_key)]
    region: String,
    #[column(primary_key)]
    number: i32,
}

#[table]
#[belongs_to(order: Order, by = (region, order_number))]
#[has_many(parcels: Parcel)]
#[many_to_many(labels: Label, through = LineToLabel)]
struct Line {
    #[column(primary_key)]
    id: i32,
    region: String,
    order_number: Option<i32>,
    #[column(numeric(10, 2))]
    price: BigDecimal,
    grams: Option<i16>,
}

#[table]
struct Parcel {
    #[column(primary_key)]
    id: i32,
    #[belongs_to(line: Line)]
    line_id: i32,
}

#[table]
#[many_to_many(lines: Line, through = LineToLabel)]
struct Label {
    #[column(primary_key)]
    kind: String,
    #[column(primary_key, numeric(6, 3))]
    size: BigDecimal,
}

/// The link's decimals are not the label's: 1.5 and 1.500 are one key.
#[table]
#[belongs_to(label: Label, by = (label_kind, label_size))]
struct LineToLabel {
    #[column(primary_key)]
    id: i32,
    #[belongs_to(line: Line)]
    line_id: i32,
    label_kind: String,
    #[column(numeric(8, 1))]
    label_size: BigDecimal,
}

#[table]
#[has_many(children: Person, by = parent)]
#[has_one(diary: Diary)]
#[many_to_many(follows: Person, through = Follow, from = who, to = whom)]
#[many_to_many(followers: Person, through = Follow, from = whom, to = who)]
struct Person {
    #[column(primary_key)]
    name: String,
    #[belongs_to(elder: Person)]
    parent: Option<String>,
}

#[table]
struct Follow {
    #[column(primary_key)]
    #[belongs_to(follower: Person)]
    who: String,
    #[column(primary_key)]
    #[belongs_to(followed: Person)]
    whom: String,
}

#[table]
struct Diary {
    #[column(primary_key)]
    id: i32,
    #[belongs_to(writer: Person)]
    person: String,
}

fn price(text: &str) -> BigDecimal {
    text.parse().unwrap()
}

/// Order 1 of north has lines 1 and 2, order 1 of south line 3, order 2 of north none; line 4 has no order.
async fn shop() -> Ground {
    let ground = Ground::new(&[
        r#"CREATE TABLE "order" (region text, number int, PRIMARY KEY (region, number))"#,
        "CREATE TABLE line (id int PRIMARY KEY, region text NOT NULL, order_number int, price numeric(10,2) NOT NULL, grams smallint)",
        "CREATE TABLE parcel (id int PRIMARY KEY, line_id int NOT NULL)",
        "CREATE TABLE label (kind text, size numeric(6,3), PRIMARY KEY (kind, size))",
        "CREATE TABLE line_to_label (id int PRIMARY KEY, line_id int NOT NULL, label_kind text NOT NULL, label_size numeric(8,1) NOT NULL)",
    ])
    .await;
    let db = &ground.db;
    let order = |region: &str, number| NewOrder::new(region, number);
    db.insert_many(&[order("north", 1), order("north", 2), order("south", 1)]).await.unwrap();
    let line = |id, region: &str, order_number, cost, grams| NewLine {
        id,
        region: region.into(),
        order_number,
        price: price(cost),
        grams,
    };
    db.insert_many(&[
        line(1, "north", Some(1), "9.99", Some(100)),
        line(2, "north", Some(1), "0.01", None),
        line(3, "south", Some(1), "5", Some(7)),
        line(4, "north", None, "1", None),
    ])
    .await
    .unwrap();
    db.insert_many(&[NewParcel::new(1, 1), NewParcel::new(2, 1)]).await.unwrap();
    db.insert_many(&[NewLabel::new("round", price("1.5")), NewLabel::new("square", price("2"))])
        .await
        .unwrap();
    let label = |id, line, kind: &str, size| NewLineToLabel::new(id, line, kind, price(size));
    db.insert_many(&[label(1, 1, "round", "1.5"), label(2, 2, "round", "1.5"), label(3, 2, "square", "2")])
        .await
        .unwrap();
    ground
}

fn ids(lines: &[Line]) -> Vec<i32> {
    lines.iter().map(|line| line.id).collect()
}

#[tokio::test]
async fn keys_of_several_columns_join_both_ways() {
    let Ground { db, local: _local } = shop().await;
    let orders = db
        .load(
            Order::query()
                .order_by((order::region, order::number))
                .with(Order::lines().order_by(line::id.desc()))
                .with(Order::lines().count())
                .with(Order::lines().order_by(line::id).limit(1)),
        )
        .await
        .unwrap();
    let found: Vec<_> = orders
        .iter()
        .map(|order| {
            (&*order.region, order.number, ids(&order.related.0), order.related.1, ids(&order.related.2))
        })
        .collect();
    assert_eq!(
        found,
        [
            ("north", 1, vec![2, 1], 2, vec![1]),
            ("north", 2, vec![], 0, vec![]),
            ("south", 1, vec![3], 1, vec![3])
        ]
    );
    let lines = db.load(Line::query().order_by(line::id).with(Line::order())).await.unwrap();
    let found: Vec<_> =
        lines.iter().map(|line| line.related.as_ref().map(|order| (&*order.region, order.number))).collect();
    assert_eq!(found, [Some(("north", 1)), Some(("north", 1)), Some(("south", 1)), None]);
}

#[tokio::test]
async fn a_link_by_several_columns_leads_to_each_of_its_ends() {
    let Ground { db, local: _local } = shop().await;
    let lines = db
        .load(
            Line::query()
                .order_by(line::id)
                .with(Line::labels().order_by(label::kind).with(Label::lines().count())),
        )
        .await
        .unwrap();
    let found: Vec<Vec<_>> = lines
        .iter()
        .map(|line| line.related.iter().map(|label| (&*label.kind, label.related)).collect())
        .collect();
    assert_eq!(found, [vec![("round", 2)], vec![("round", 2), ("square", 1)], vec![], vec![]]);
    let first = Label::lines().order_by(line::id.desc()).limit(1);
    let labels = db.load(Label::query().order_by(label::kind).with(first)).await.unwrap();
    assert_eq!(labels.iter().map(|label| ids(&label.related)).collect::<Vec<_>>(), [[2], [2]]);
}

#[tokio::test]
async fn the_sum_and_the_extremes_of_related_rows_have_the_servers_types() {
    let Ground { db, local: _local } = shop().await;
    let orders = db
        .load(
            Order::query()
                .order_by((order::region, order::number))
                .with(Order::lines().sum(line::price))
                .with(Order::lines().sum(line::grams))
                .with(Order::lines().min(line::grams))
                .with(Order::lines().max(line::price))
                .with(Order::lines().filter(line::price.gt(price("1"))).avg(line::price)),
        )
        .await
        .unwrap();
    let (sum, grams, least, most, average) = &orders[0].related;
    assert_eq!((sum, grams, least), (&Some(price("10")), &Some(100_i64), &Some(100_i16)));
    assert_eq!((most, average), (&Some(price("9.99")), &Some(price("9.99"))));
    assert_eq!(orders[1].related, (None, None, None, None, None));
}

#[tokio::test]
async fn rows_with_and_without_related_rows_are_each_others_opposite() {
    let Ground { db, local: _local } = shop().await;
    let lines = async |query: mizzle::Query<'_, Line>| ids(&db.load(query.order_by(line::id)).await.unwrap());
    let north = || Line::order().filter(order::region.eq("north"));
    assert_eq!(lines(Line::query().filter(north().any())).await, [1, 2]);
    // line 4 has no order at all, which is none
    assert_eq!(lines(Line::query().filter(north().none())).await, [3, 4]);
    assert_eq!(lines(Line::query().filter(diesel::dsl::not(north().any()))).await, [3, 4]);
    assert_eq!(lines(Line::query().filter(Line::parcels().none())).await, [2, 3, 4]);
    // more than one, which is what an offset of one leaves
    assert_eq!(lines(Line::query().filter(Line::labels().offset(1).any())).await, [2]);
    assert_eq!(lines(Line::query().filter(Line::parcels().offset(1).any())).await, [1]);
    assert_eq!(lines(Line::query().filter(Line::parcels().limit(0).any())).await, [0; 0]);
    assert_eq!(lines(Line::query().filter(Line::parcels().limit(0).none())).await, [1, 2, 3, 4]);
    // and inside one another
    let small = Order::lines().filter(Line::parcels().none()).any();
    let orders = db.load(Order::query().filter(small).order_by(order::region)).await.unwrap();
    assert_eq!(orders.iter().map(|order| &*order.region).collect::<Vec<_>>(), ["north", "south"]);
}

#[tokio::test]
async fn a_table_is_linked_to_itself_in_both_directions() {
    let ground = Ground::new(&[
        "CREATE TABLE person (name text PRIMARY KEY, parent text)",
        "CREATE TABLE follow (who text, whom text, PRIMARY KEY (who, whom))",
        "CREATE TABLE diary (id int PRIMARY KEY, person text NOT NULL)",
    ])
    .await;
    let db = &ground.db;
    let ann = NewPerson::new("Ann");
    db.insert_many(&[ann, NewPerson::new("Bob").parent("Ann"), NewPerson::new("Cid").parent("Ann")])
        .await
        .unwrap();
    db.insert_many(&[
        NewFollow::new("Ann", "Bob"),
        NewFollow::new("Ann", "Cid"),
        NewFollow::new("Bob", "Ann"),
    ])
    .await
    .unwrap();
    db.insert(NewDiary::new(1, "Bob")).await.unwrap();
    let names =
        |people: &[Person]| people.iter().map(|person| person.name.clone()).collect::<Vec<_>>().concat();
    let people = db
        .load(
            Person::query()
                .order_by(person::name)
                .with(Person::follows().order_by(person::name))
                .with(Person::followers().order_by(person::name).limit(1))
                .with(Person::children().order_by(person::name))
                .with(Person::elder())
                .with(Person::diary())
                .with(Person::children().count()),
        )
        .await
        .unwrap();
    let found: Vec<_> = people
        .iter()
        .map(|person| {
            let (follows, followers, children, elder, diary, count) = &person.related;
            let elder = elder.as_ref().map_or("", |elder| &elder.name);
            let diary = diary.as_ref().map(|diary| diary.id);
            (names(follows), names(followers), names(children), elder, diary, *count)
        })
        .collect();
    let row = |follows: &str, followers: &str, children: &str, elder, diary, count| {
        (follows.to_owned(), followers.to_owned(), children.to_owned(), elder, diary, count)
    };
    assert_eq!(
        found,
        [
            row("BobCid", "Bob", "BobCid", "", None, 2),
            row("Ann", "Ann", "", "Ann", Some(1), 0),
            row("", "Ann", "", "Ann", None, 0)
        ]
    );
    let leaves =
        db.load(Person::query().filter(Person::children().none()).order_by(person::name)).await.unwrap();
    assert_eq!(names(&leaves), "BobCid");
    let followed = Person::followers().filter(person::name.eq("Ann")).any();
    assert_eq!(
        names(&db.load(Person::query().filter(followed).order_by(person::name)).await.unwrap()),
        "BobCid"
    );
}
