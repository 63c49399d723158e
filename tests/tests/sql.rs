//! All of SQL that Diesel's builder reaches, and what is written by hand, run on the local DSQL.

use bigdecimal::BigDecimal;
use mizzle::diesel::dsl::{self, case_when, count, count_star, exists, max, not, sum};
use mizzle::diesel::expression_methods::*;
use mizzle::diesel::upsert::excluded;
use mizzle::diesel::{
    self, CombineDsl, ExpressionMethods, IntoSql, JoinOnDsl, NullableExpressionMethods, QueryDsl, alias,
};
use mizzle::prelude::{Db, FromRow, Model, ToSqlText as _, sql, table};
use mizzle_tests::Ground;

#[table]
struct Team {
    #[column(primary_key)]
    id: i32,
    name: String,
}

#[table]
struct Player {
    #[column(primary_key)]
    id: i32,
    name: String,
    goals: i64,
    #[belongs_to(team: Team)]
    team_id: Option<i32>,
}

mizzle::schema! { Team, Player }

/// Reds: Ann 5, Bob 2. Blues: Cid 2. Greens: nobody. Dot 1 is in no team.
async fn league() -> Ground {
    let ground = Ground::new(&[
        "CREATE TABLE team (id int PRIMARY KEY, name text NOT NULL)",
        "CREATE TABLE player (id int PRIMARY KEY, name text NOT NULL, goals bigint NOT NULL, team_id int)",
    ])
    .await;
    let db = &ground.db;
    db.insert_many(&[NewTeam::new(1, "Reds"), NewTeam::new(2, "Blues"), NewTeam::new(3, "Greens")])
        .await
        .unwrap();
    let player = |id, name: &str, goals, team_id| NewPlayer { id, name: name.into(), goals, team_id };
    db.insert_many(&[
        player(1, "Ann", 5, Some(1)),
        player(2, "Bob", 2, Some(1)),
        player(3, "Cid", 2, Some(2)),
        player(4, "Dot", 1, None),
    ])
    .await
    .unwrap();
    ground
}

fn owned<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

#[tokio::test]
async fn joins_know_which_side_may_be_null() {
    let Ground { db, local: _local } = league().await;
    let inner: Vec<(String, String)> = db
        .load(player::table.inner_join(team::table).order(player::id).select((player::name, team::name)))
        .await
        .unwrap();
    assert_eq!(inner[2], ("Cid".into(), "Blues".into()));
    let left: Vec<(Player, Option<Team>)> =
        db.load(player::table.left_join(team::table).order(player::id)).await.unwrap();
    assert_eq!(left.last().map(|(player, team)| (&*player.name, team)), Some(("Dot", &None)));
    let on: Vec<(String, Option<i64>)> = db
        .load(
            team::table
                .left_join(player::table.on(player::team_id.eq(team::id.nullable()).and(player::goals.gt(2))))
                .order(team::id)
                .select((team::name, player::goals.nullable())),
        )
        .await
        .unwrap();
    assert_eq!(on, [("Reds".into(), Some(5)), ("Blues".into(), None), ("Greens".into(), None)]);
}

#[tokio::test]
async fn rows_are_grouped_counted_and_kept_by_having() {
    let Ground { db, local: _local } = league().await;
    type Group = (Option<i32>, i64, Option<BigDecimal>, Option<i64>);
    let grouped: Vec<Group> = db
        .load(player::table.group_by(player::team_id).having(count_star().gt(1)).select((
            player::team_id,
            count_star(),
            sum(player::goals),
            max(player::goals),
        )))
        .await
        .unwrap();
    assert_eq!(grouped, [(Some(1), 2, Some(7.into()), Some(5))]);
    let all: i64 = db.first(player::table.count()).await.unwrap();
    let distinct: i64 =
        db.first(player::table.select(count(player::goals).aggregate_distinct())).await.unwrap();
    assert_eq!((all, distinct), (4, 3));
}

#[tokio::test]
async fn windows_number_rows_and_add_them_up() {
    let Ground { db, local: _local } = league().await;
    let rank = dsl::row_number().partition_by(player::team_id).window_order(player::goals.desc());
    let so_far = sum(player::goals).window_order(player::id);
    let rows: Vec<(String, i64, Option<BigDecimal>)> =
        db.load(player::table.order(player::id).select((player::name, rank, so_far))).await.unwrap();
    let rows: Vec<_> = rows.iter().map(|(name, rank, sum)| (&**name, *rank, sum.clone().unwrap())).collect();
    assert_eq!(
        rows,
        [("Ann", 1, 5.into()), ("Bob", 2, 7.into()), ("Cid", 1, 9.into()), ("Dot", 1, 10.into())]
    );
}

#[tokio::test]
async fn an_upsert_uses_what_was_excluded_and_returns_what_it_made() {
    let Ground { db, local: _local } = league().await;
    let upsert = diesel::insert_into(team::table)
        .values(vec![NewTeam::new(1, "Scarlets"), NewTeam::new(4, "Whites")])
        .on_conflict(team::id)
        .do_update()
        .set(team::name.eq(excluded(team::name)))
        .returning(team::name);
    let mut names: Vec<String> = db.load(upsert).await.unwrap();
    names.sort();
    assert_eq!(names, ["Scarlets", "Whites"]);
    let nothing = diesel::insert_into(team::table).values(NewTeam::new(1, "Reds")).on_conflict_do_nothing();
    assert_eq!(db.execute(nothing).await.unwrap(), 0);
    let updated: Vec<i64> = db
        .load(
            diesel::update(player::table.filter(player::team_id.is_null()))
                .set(player::goals.eq(player::goals + 10))
                .returning(player::goals),
        )
        .await
        .unwrap();
    assert_eq!(updated, [11]);
    let deleted: Vec<String> =
        db.load(diesel::delete(player::table.find(4)).returning(player::name)).await.unwrap();
    assert_eq!(deleted, ["Dot"]);
}

#[tokio::test]
async fn rows_are_inserted_from_a_query() {
    let Ground { db, local: _local } = league().await;
    let copy = player::table.filter(player::goals.gt(4)).select((player::id + 100, player::name));
    let inserted = diesel::insert_into(team::table).values(copy).into_columns((team::id, team::name));
    assert_eq!(db.execute(inserted).await.unwrap(), 1);
    let names: Vec<String> = db.load(team::table.find(101).select(team::name)).await.unwrap();
    assert_eq!(names, ["Ann"]);
}

#[tokio::test]
async fn queries_stand_inside_queries() {
    let Ground { db, local: _local } = league().await;
    let reds = team::table.filter(team::name.eq("Reds")).select(team::id.nullable());
    let names: Vec<String> = db
        .load(player::table.filter(player::team_id.eq_any(reds)).order(player::id).select(player::name))
        .await
        .unwrap();
    assert_eq!(names, ["Ann", "Bob"]);
    let anybody = player::table.filter(player::team_id.eq(team::id.nullable()));
    let empty: Vec<String> =
        db.load(team::table.filter(not(exists(anybody))).select(team::name)).await.unwrap();
    assert_eq!(empty, ["Greens"]);
    let there: bool =
        db.first(diesel::select(exists(player::table.filter(player::goals.gt(4))))).await.unwrap();
    assert!(there);
    let every = alias!(player as every);
    let average = every.select(dsl::avg(every.field(player::goals))).single_value();
    let rows: Vec<(i32, Option<BigDecimal>)> =
        db.load(player::table.filter(player::id.eq(1)).select((player::id, average))).await.unwrap();
    assert_eq!(rows, [(1, Some("2.5".parse().unwrap()))]);
    let best = alias!(player as best);
    let behind: Vec<(String, String)> = db
        .load(
            player::table
                .inner_join(
                    best.on(best
                        .field(player::team_id)
                        .eq(player::team_id)
                        .and(best.field(player::goals).gt(player::goals))),
                )
                .select((player::name, best.field(player::name))),
        )
        .await
        .unwrap();
    assert_eq!(behind, [("Bob".into(), "Ann".into())]);
}

#[tokio::test]
async fn values_depend_on_cases_and_sets_are_combined() {
    let Ground { db, local: _local } = league().await;
    let class = case_when(player::goals.gt(4), "star".into_sql::<diesel::sql_types::Text>())
        .when(player::goals.gt(1), "good")
        .otherwise("new");
    let classes: Vec<String> = db.load(player::table.order(player::id).select(class)).await.unwrap();
    assert_eq!(classes, ["star", "good", "good", "new"]);
    let first: Vec<(i64, String)> = db
        .load(
            player::table
                .distinct_on(player::goals)
                .order((player::goals, player::name))
                .select((player::goals, player::name)),
        )
        .await
        .unwrap();
    assert_eq!(first, [(1, "Dot".into()), (2, "Bob".into()), (5, "Ann".into())]);
    let distinct: Vec<i64> =
        db.load(player::table.select(player::goals).distinct().order(player::goals)).await.unwrap();
    assert_eq!(distinct, [1, 2, 5]);
    let (teams, players) = (|| team::table.select(team::id), || player::table.select(player::id));
    let mut union: Vec<i32> = db.load(teams().union(players())).await.unwrap();
    union.sort_unstable();
    assert_eq!(union, [1, 2, 3, 4]);
    assert_eq!(db.load::<i32, _>(teams().union_all(players())).await.unwrap().len(), 7);
    assert_eq!(db.load::<i32, _>(players().except(teams())).await.unwrap(), [4]);
    assert_eq!(db.load::<i32, _>(players().intersect(teams())).await.unwrap().len(), 3);
}

#[tokio::test]
async fn rows_are_marked_for_the_conflict_check() {
    let Ground { db, local: _local } = league().await;
    db.transaction(async |tx| {
        let one: Team = tx.first(team::table.find(1).for_update()).await?;
        let two: Team = tx.first(team::table.find(2).for_key_share()).await?;
        let skipping: Vec<Team> = tx.load(team::table.for_update().skip_locked()).await?;
        assert_eq!((one.id, two.id, skipping.len()), (1, 2, 3));
        Ok::<_, mizzle::Error>(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn conditions_are_chosen_while_the_program_runs() {
    let Ground { db, local: _local } = league().await;
    let find = async |name: Option<&str>, least: Option<i64>, newest_first: bool| -> Vec<String> {
        let mut query = player::table.select(player::name).into_boxed();
        if let Some(name) = name {
            query = query.filter(player::name.ilike(name));
        }
        if let Some(least) = least {
            query = query.or_filter(player::goals.ge(least));
        }
        let query = match newest_first {
            true => query.order(player::id.desc()),
            false => query.order(player::id),
        };
        db.load(query).await.unwrap()
    };
    assert_eq!(find(Some("d%"), Some(5), true).await, ["Dot", "Ann"]);
    assert_eq!(find(None, None, false).await, ["Ann", "Bob", "Cid", "Dot"]);
}

#[tokio::test]
async fn diesels_own_methods_load_and_execute_inside_a_transaction() {
    use mizzle::diesel_async::RunQueryDsl;
    let Ground { db, local: _local } = league().await;
    let names = db
        .transaction(async |tx| {
            let mut connection = &tx;
            diesel::insert_into(team::table)
                .values(NewTeam::new(9, "Golds"))
                .execute(&mut connection)
                .await
                .unwrap();
            let names: Vec<String> = team::table
                .filter(team::id.gt(2))
                .select(team::name)
                .order(team::id)
                .load(&mut connection)
                .await
                .unwrap();
            let one: Team = team::table.find(9).first(&mut connection).await.unwrap();
            assert_eq!(one.name, "Golds");
            Ok::<_, mizzle::Error>(names)
        })
        .await
        .unwrap();
    assert_eq!(names, ["Greens", "Golds"]);
}

#[derive(FromRow, Debug, PartialEq)]
struct Standing {
    name: String,
    #[row(name = "sum")]
    goals: Option<BigDecimal>,
    best: Option<String>,
}

#[tokio::test]
async fn common_table_expressions_and_lateral_joins_are_written_by_hand_and_read_with_types() {
    let Ground { db, local: _local } = league().await;
    let (least, names) = (1_i64, vec!["Reds".to_owned(), "Greens".to_owned()]);
    let standings: Vec<Standing> = db
        .load(sql!(
            "WITH total AS (
                 SELECT {player::team_id}, sum({player::goals}) FROM {player::table}
                 WHERE {player::goals} > {least} GROUP BY team_id
             )
             SELECT {team::name}, total.sum, star.name AS best
             FROM {team::table}
             LEFT JOIN total ON total.team_id = {team::id}
             LEFT JOIN LATERAL (
                 SELECT p.name FROM {player::table} p WHERE p.team_id = {team::id} ORDER BY p.goals DESC LIMIT 1
             ) star ON true
             WHERE {team::name} = ANY({names}) ORDER BY {team::id}"
        ))
        .await
        .unwrap();
    let reds = Standing { name: "Reds".into(), goals: Some(7.into()), best: Some("Ann".into()) };
    assert_eq!(standings, [reds, Standing { name: "Greens".into(), goals: None, best: None }]);
    let tree: Vec<(i32,)> = db
        .load(sql!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {3_i32}) SELECT i FROM n"))
        .await
        .unwrap();
    assert_eq!(tree, [(1,), (2,), (3,)]);
}

#[tokio::test]
async fn values_of_sql_written_by_hand_are_parameters_and_never_text() {
    let Ground { db, local: _local } = league().await;
    let name = "'; DELETE FROM team; --";
    assert_eq!(
        db.load::<Team, _>(sql!("SELECT * FROM {team::table} WHERE name = {name}")).await.unwrap(),
        []
    );
    let (id, nobody, some) = (&1, None::<i64>, Some(2_i64));
    let names: Vec<(String, bool)> = db
        .load(sql!(
            "SELECT name, {nobody} IS NULL FROM player WHERE team_id = {id} AND goals >= {some} AND '{{}}' <> name ORDER BY id"
        ))
        .await
        .unwrap();
    assert_eq!(names, [("Ann".into(), true), ("Bob".into(), true)]);
    let changed = db.execute(sql!("UPDATE {team::table} SET name = {name} WHERE id = {*id}")).await.unwrap();
    assert_eq!(changed, 1);
    let team: Team = db.first(sql!("SELECT name, id FROM team WHERE id = {id}")).await.unwrap();
    assert_eq!(team, Team { id: 1, name: name.into() });
    assert_eq!(<Team as Model>::DEF.name, "team");
}

#[tokio::test]
async fn a_row_that_is_not_what_the_struct_says_is_an_error_and_never_a_wrong_value() {
    let Ground { db, local: _local } = league().await;
    async fn error<T: FromRow + Send + std::fmt::Debug + 'static>(db: &Db, query: mizzle::RawSql) -> String {
        let error = db.load::<T, _>(query).await.unwrap_err();
        std::error::Error::source(&error).unwrap().to_string()
    }
    let text = error::<(i32,)>(&db, sql!("SELECT goals FROM player")).await;
    assert!(text.contains("column \"goals\" is of type int8, which does not read as `i32`"), "{text}");
    let text = error::<(i32, i32)>(&db, sql!("SELECT id FROM player")).await;
    assert!(text.contains("the row has 1 columns, the tuple 2"), "{text}");
    let text = error::<(i32,)>(&db, sql!("SELECT team_id FROM player")).await;
    assert!(text.contains("column \"team_id\": Unexpected null"), "{text}");
    let text = error::<Team>(&db, sql!("SELECT id FROM team")).await;
    assert!(text.contains("the row has no column \"name\""), "{text}");
}

#[test]
fn a_query_is_shown_with_its_values() {
    let ids = [1, 2];
    let query = player::table
        .filter(player::id.eq_any(ids).and(player::name.ne("a \"b\"")))
        .select(player::id)
        .limit(3);
    assert_eq!(
        query.to_sql().unwrap().to_string(),
        r#"SELECT "player"."id" FROM "player" WHERE (("player"."id" = ANY($1)) AND ("player"."name" != $2)) LIMIT $3 -- binds: [{1, 2}, "a \"b\"", 3]"#
    );
    let update = Player::update(PlayerPatch { team_id: Some(None), goals: Some(7), ..Default::default() });
    let update = update.filter(player::id.eq(1)).to_sql().unwrap();
    assert_eq!(update.statements()[0].binds, owned(["7", "NULL", "1"]));
    assert_eq!(Player::delete().all_rows().to_sql().unwrap().to_string(), r#"DELETE FROM "player""#);
}
