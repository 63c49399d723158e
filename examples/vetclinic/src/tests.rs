//! The sample when something is wrong with what it finds.

use mizzle::prelude::*;

use crate::cluster::Cluster;
use crate::sample::{create, finish};
use vetclinic::schema::{Pet, pet};

#[tokio::test]
async fn a_query_that_finds_something_else_fails_loudly_and_is_cleaned_up_after() {
    let cluster = Cluster::local(None).await.unwrap();
    cluster.migrate(|_| ()).await.unwrap();
    let created = create(&cluster.db).await.unwrap();
    cluster.db.execute(Pet::delete().filter(pet::name.eq("Pet2"))).await.unwrap();
    let error = finish(&cluster.db, &created).await.unwrap_err();
    assert!(error.to_string().starts_with("the pets and their owners should be"), "{error}");
    for table in ["owner", "pet", "specialty", "vet", "_SpecialtyToVet"] {
        let count = mizzle::RawSql::verbatim(format!("SELECT count(*) FROM \"{table}\""));
        let (rows,): (i64,) = cluster.db.first(count).await.unwrap();
        assert_eq!(rows, 0, "rows left in {table}");
    }
    cluster.close().await;
}
