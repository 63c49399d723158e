//! Names that Rust or SQL has a use for, and tables whose structs alone are imported.

use mizzle::diesel::QueryDsl;
use mizzle::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, DbEnum)]
enum Way {
    In,
    Out,
    Static,
}

#[table]
#[has_many(matches: Match)]
struct Type {
    #[column(primary_key)]
    id: i64,
    select: String,
    r#where: Option<i32>,
    way: Way,
}

#[table]
struct Match {
    #[column(primary_key)]
    id: i64,
    #[belongs_to(r#type: Type)]
    type_id: i64,
}

mod far {
    use mizzle::prelude::*;

    #[table(schema = "far")]
    pub struct Match {
        #[column(primary_key)]
        pub id: i64,
    }
}

mod away {
    use super::far::Match;
    use mizzle::prelude::*;

    #[table]
    #[belongs_to(other: Match, by = (other_id))]
    pub struct Link {
        #[column(primary_key)]
        pub id: i64,
        #[belongs_to(near: Match, foreign_key(on_delete = cascade))]
        pub near_id: i64,
        pub other_id: i64,
    }

    #[table]
    pub struct Mark {
        #[column(primary_key)]
        #[belongs_to(marked: Match, foreign_key)]
        pub id: i64,
    }
}

mizzle::schema! { Type, Match, far::Match, away::Link, away::Mark }

#[test]
fn keywords_name_tables_columns_relations_and_values() {
    assert_eq!((Type::DEF.name, Way::VALUES), ("type", ["in", "out", "static"].as_slice()));
    let new = NewType::new(1, "x", Way::In).r#where(5);
    assert_eq!(new.r#where, Some(5));
    let query = Type::query().filter(r#type::r#where.eq(5).and(r#type::way.eq(Way::Out)));
    let sql = query.with(Type::matches()).to_sql().unwrap();
    assert!(sql.to_string().contains(r#""type"."where" = $1"#), "{sql}");
    let sql = Match::query().filter(Match::r#type().any()).to_sql().unwrap().to_string();
    assert!(sql.contains(r#"FROM "type""#), "{sql}");
}

#[test]
fn a_relation_needs_the_struct_of_its_target_and_no_other_name() {
    let joined = away::mark::table.inner_join(far::r#match::table).select((away::mark::id, far::r#match::id));
    let sql = joined.to_sql().unwrap().to_string();
    assert!(sql.contains(r#"INNER JOIN "far"."match""#), "{sql}");
    let key = &away::Link::DEF.foreign_keys[0];
    assert_eq!((key.schema, key.table, key.references), (Some("far"), "match", ["id"].as_slice()));
}
