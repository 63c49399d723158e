//! SeaORM over a pool of sqlx, relations by its entity loader.

use anyhow::{Context, Result};
use futures_util::future::BoxFuture;
use sea_orm::entity::prelude::*;
use sea_orm::{DatabaseConnection, EntityLoaderTrait, QueryOrder, Set, SqlxPostgresConnector};

use super::{Connected, Library, Server};
use crate::case::{Case, NEW, READINGS, chunks, station};

mod owner {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "owner")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) id: Uuid,
        pub(super) name: String,
        pub(super) city: String,
        pub(super) telephone: Option<String>,
        #[sea_orm(has_many)]
        pub(super) pets: HasMany<super::pet::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod pet {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "pet")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) id: Uuid,
        pub(super) name: String,
        pub(super) owner_id: Uuid,
        #[sea_orm(belongs_to, from = "owner_id", to = "id")]
        pub(super) owner: HasOne<super::owner::Entity>,
        #[sea_orm(has_many)]
        pub(super) visits: HasMany<super::visit::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod visit {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "visit")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) id: Uuid,
        pub(super) description: String,
        pub(super) pet_id: Uuid,
        #[sea_orm(belongs_to, from = "pet_id", to = "id")]
        pub(super) pet: HasOne<super::pet::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod reading {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "reading")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) id: i64,
        pub(super) station: String,
        pub(super) height: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

struct SeaOrm {
    db: DatabaseConnection,
    key: Uuid,
}

pub(super) async fn connect(server: Server) -> Connected {
    let pool = super::sqlx::pool(&server.tls).await?;
    Ok(Box::new(SeaOrm { db: SqlxPostgresConnector::from_sqlx_postgres_pool(pool), key: server.key }))
}

impl Library for SeaOrm {
    fn run(&mut self, case: Case) -> BoxFuture<'_, Result<usize>> {
        let SeaOrm { db, key } = &*self;
        Box::pin(async move {
            Ok(match case {
                Case::ByKey => {
                    [owner::Entity::find_by_id(*key).one(db).await?.context("no such owner")?].len()
                }
                Case::Insert => {
                    let new = owner::ActiveModel {
                        name: Set(NEW.0.to_owned()),
                        city: Set(NEW.1.to_owned()),
                        ..Default::default()
                    };
                    [owner::Entity::insert(new).exec_with_returning(db).await?].len()
                }
                Case::Patch => {
                    let patch = owner::ActiveModel { city: Set("Oslo".to_owned()), ..Default::default() };
                    let update = owner::Entity::update_many().set(patch).filter(owner::Column::Id.eq(*key));
                    update.exec(db).await?.rows_affected as usize
                }
                Case::Pets { owners } => {
                    let query = owner::Entity::load().order_by_asc(owner::Column::Id).with(pet::Entity);
                    query
                        .paginate(db, owners as u64)
                        .fetch()
                        .await?
                        .iter()
                        .map(|owner| owner.pets.len())
                        .sum()
                }
                Case::Visits { owners } => {
                    let query = owner::Entity::load()
                        .order_by_asc(owner::Column::Id)
                        .with((pet::Entity, visit::Entity));
                    let owners = query.paginate(db, owners as u64).fetch().await?;
                    owners.iter().flat_map(|owner| owner.pets.iter()).map(|pet| pet.visits.len()).sum()
                }
                Case::Scan => visit::Entity::find().all(db).await?.len(),
                Case::Readings { from } => {
                    for chunk in chunks(from) {
                        let rows = chunk.map(|id| reading::ActiveModel {
                            id: Set(id),
                            station: Set(station(id)),
                            height: Set(id),
                        });
                        reading::Entity::insert_many(rows).exec(db).await?;
                    }
                    READINGS as usize
                }
            })
        })
    }
}
