//! The other half of a delete that leaves no orphans: a child that is inserted under the lock of its parent.

use std::collections::HashSet;

use diesel::QueryResult;
use diesel::expression::Expression;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::query_source::Column;
use diesel::serialize::ToSql;
use diesel::sql_types::HasSqlType;
use futures_util::FutureExt;

use crate::bulk::{quoted, table_name};
use crate::db::Db;
use crate::def::TableDef;
use crate::error::Error;
use crate::methods::{self, Answering, Run};
use crate::model::{HasColumn, Key, Model, NewRow};
use crate::query::PrimaryKey;
use crate::relation::BelongsToOne;
use crate::row::PgRow;
use crate::statement::Statement;
use crate::transaction::Tx;

/// The SQL type of the primary key of `M`.
type KeyType<M> = <PrimaryKey<M> as Expression>::SqlType;

/// `SELECT key FROM parent WHERE key IN ($1, …) FOR KEY SHARE`.
struct Lock<'a, M, K> {
    table: &'static TableDef,
    keys: Vec<&'a K>,
    model: std::marker::PhantomData<M>,
}

impl Tx {
    /// Holds on to a parent until COMMIT: if another transaction deletes it meanwhile, the later of the two loses the conflict.
    ///
    /// For everything that makes a row belong to this parent by a logical relation, such as an update that moves a child here;
    /// [`insert_child`](Self::insert_child) does it by itself. It takes `FOR KEY SHARE`, which goes with other children's locks
    /// and with updates of the parent.
    ///
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # fn main() {}
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64 }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # async fn adopt(db: &Db, rex: i64, ann: i64) -> Result<(), mizzle::Error> {
    /// db.transaction(async |tx| {
    ///     tx.lock_parent(Pet::owner(), &ann).await?;
    ///     tx.execute(Pet::update(PetPatch { owner_id: Some(ann) }).filter(pet::id.eq(rex))).await?;
    ///     Ok::<_, mizzle::Error>(())
    /// })
    /// .await
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`is_foreign_key_violation`](Error::is_foreign_key_violation) when there is no such parent: the transaction is rolled back then,
    /// whatever the closure returns. Else what the server refuses.
    pub fn lock_parent<'a, C, Fk, P, K>(
        &'a self,
        _relation: BelongsToOne<'_, C, Fk, P>,
        key: &K,
    ) -> Answering<'a, ()>
    where
        C: Model,
        P: HasColumn<PrimaryKey<P>, Value: Key<Plain = K>>,
        PrimaryKey<P>: Column,
        K: ToSql<KeyType<P>, Pg>,
        Pg: HasSqlType<KeyType<P>>,
    {
        let lock = Lock::<P, K>::of(vec![key]).map_err(Error::build);
        async move { self.lock(P::DEF, lock?, 1).await }.boxed()
    }

    /// Inserts a row under the lock of the parent it belongs to, so that no [`Db::delete_cascading`] makes it an orphan.
    ///
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # fn main() {}
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64 }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// db.transaction(async |tx| tx.insert_child(Pet::owner(), NewPet::new(7, 1)).await).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`lock_parent`](Self::lock_parent).
    pub fn insert_child<'a, N, Fk, P>(
        &'a self,
        relation: BelongsToOne<'_, N::Model, Fk, P>,
        row: N,
    ) -> Answering<'a, N::Model>
    where
        N: NewRow<Model: HasColumn<Fk, Value: Key>>,
        P: HasColumn<PrimaryKey<P>, Value: Key<Plain = PlainOf<N::Model, Fk>>>,
        PrimaryKey<P>: Column,
        Fk: 'static,
        PlainOf<N::Model, Fk>: ToSql<KeyType<P>, Pg> + Sync,
        Pg: HasSqlType<KeyType<P>>,
    {
        let rows = self.insert_children(relation, &[row]);
        async move { methods::first(rows.await?) }.boxed()
    }

    /// Inserts rows in one statement under the locks of the parents they belong to. A row that belongs to none needs none.
    ///
    /// # Errors
    /// As [`lock_parent`](Self::lock_parent), and as [`insert_many`](Self::insert_many).
    pub fn insert_children<'a, N, Fk, P>(
        &'a self,
        _relation: BelongsToOne<'_, N::Model, Fk, P>,
        rows: &[N],
    ) -> Answering<'a, Vec<N::Model>>
    where
        N: NewRow<Model: HasColumn<Fk, Value: Key>>,
        P: HasColumn<PrimaryKey<P>, Value: Key<Plain = PlainOf<N::Model, Fk>>>,
        PrimaryKey<P>: Column,
        Fk: 'static,
        PlainOf<N::Model, Fk>: ToSql<KeyType<P>, Pg> + Sync,
        Pg: HasSqlType<KeyType<P>>,
    {
        let insert = methods::insert(rows);
        async move {
            let Some(insert) = insert? else { return Ok(Vec::new()) };
            insert_under_lock::<N::Model, Fk, P>(self, insert).await
        }
        .boxed()
    }

    /// Runs a lock that must find this many rows.
    async fn lock(&self, table: &'static TableDef, lock: Statement, rows: usize) -> Result<(), Error> {
        let found = self.run(vec![lock]).await?.iter().map(|answer| answer.rows.len()).sum::<usize>();
        if found < rows { Err(self.refuse(Error::no_parent(table.name))) } else { Ok(()) }
    }
}

impl Db {
    /// Inserts a row under the lock of the parent it belongs to, in a transaction of its own: see [`Tx::insert_child`].
    ///
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # fn main() {}
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64 }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let rex = db.insert_child(Pet::owner(), NewPet::new(7, 1)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Tx::lock_parent`], and as [`Db::transaction`].
    pub fn insert_child<'a, N, Fk, P>(
        &'a self,
        _relation: BelongsToOne<'_, N::Model, Fk, P>,
        row: N,
    ) -> Answering<'a, N::Model>
    where
        N: NewRow<Model: HasColumn<Fk, Value: Key>>,
        P: HasColumn<PrimaryKey<P>, Value: Key<Plain = PlainOf<N::Model, Fk>>>,
        PrimaryKey<P>: Column,
        Fk: 'static,
        PlainOf<N::Model, Fk>: ToSql<KeyType<P>, Pg> + Sync,
        Pg: HasSqlType<KeyType<P>>,
    {
        let insert = methods::insert(&[row]);
        async move {
            let insert = insert?.ok_or_else(Error::not_found)?;
            let work = |tx: Tx| {
                let insert = insert.clone();
                async move { insert_under_lock::<N::Model, Fk, P>(&tx, insert).await }.boxed()
            };
            methods::first(self.transaction(work).await?)
        }
        .boxed()
    }
}

/// A column's value without its NULL.
type PlainOf<M, Col> = <<M as HasColumn<Col>>::Value as Key>::Plain;

/// Inserts, and locks the parents that the rows name, as the database made them.
async fn insert_under_lock<C, Fk, P>(tx: &Tx, insert: Statement) -> Result<Vec<C>, Error>
where
    C: HasColumn<Fk, Value: Key>,
    P: HasColumn<PrimaryKey<P>, Value: Key<Plain = PlainOf<C, Fk>>>,
    PrimaryKey<P>: Column,
    PlainOf<C, Fk>: ToSql<KeyType<P>, Pg>,
    Pg: HasSqlType<KeyType<P>>,
{
    let answers = tx.run(vec![insert]).await?;
    let rows = answers.iter().flat_map(|answer| &answer.rows).map(PgRow::read::<C::SqlType, C>);
    let rows: Vec<C> = rows.collect::<QueryResult<_>>().map_err(Error::read)?;
    let lock = {
        let keys: HashSet<_> = rows.iter().filter_map(|row| row.value().plain()).collect();
        match keys.len() {
            0 => None,
            parents => Some((Lock::<P, _>::of(keys.into_iter().collect()).map_err(Error::build)?, parents)),
        }
    };
    if let Some((lock, parents)) = lock {
        tx.lock(P::DEF, lock, parents).await?;
    }
    Ok(rows)
}

impl<'a, M, K> Lock<'a, M, K>
where
    M: Model,
    PrimaryKey<M>: Column,
    K: ToSql<KeyType<M>, Pg>,
    Pg: HasSqlType<KeyType<M>>,
{
    fn of(keys: Vec<&'a K>) -> QueryResult<Statement> {
        Statement::of(&Self { table: M::DEF, keys, model: std::marker::PhantomData })
    }
}

impl<M, K> QueryFragment<Pg> for Lock<'_, M, K>
where
    M: Model,
    PrimaryKey<M>: Column,
    K: ToSql<KeyType<M>, Pg>,
    Pg: HasSqlType<KeyType<M>>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let key = quoted(PrimaryKey::<M>::NAME);
        out.push_sql(&format!("SELECT {key} FROM {} WHERE {key}", table_name(self.table)));
        let mut separator = " IN (";
        for value in &self.keys {
            out.push_sql(separator);
            out.push_bind_param::<KeyType<M>, K>(value)?;
            separator = ", ";
        }
        out.push_sql(") FOR KEY SHARE");
        Ok(())
    }
}
