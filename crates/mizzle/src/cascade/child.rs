//! The other half of a delete that leaves no orphans: a child that is inserted under the lock of its parent.

use std::collections::BTreeMap;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment};
use futures_util::FutureExt;
use tokio_postgres::types::Type;

use super::keys::list;
use crate::bulk::table_name;
use crate::db::Db;
use crate::error::Error;
use crate::methods::{self, Answering, Run};
use crate::model::{Model, NewRow};
use crate::relation::{Belonging, KeyValues, Keyed, Link, Path, Related};
use crate::row::PgRow;
use crate::statement::{Parameter, Statement};
use crate::transaction::Tx;

/// The primary key of a row of `M`: a field's type, or a tuple of them.
type KeyOf<M> = <<M as Keyed>::Key as KeyValues<M>>::Value;

/// The values of one key.
type Key = Vec<(Type, Parameter)>;

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
    pub fn lock_parent<'a, L: Belonging>(
        &'a self,
        _relation: Related<'_, L>,
        key: &KeyOf<L::Child>,
    ) -> Answering<'a, ()> {
        let key = key_of::<L::Child>(key).map_err(Error::build);
        async move { self.lock(L::PATH, vec![key?]).await }.boxed()
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
    pub fn insert_child<'a, N, L>(&'a self, relation: Related<'_, L>, row: N) -> Answering<'a, N::Model>
    where
        N: NewRow,
        L: Belonging<Parent = N::Model>,
    {
        let rows = self.insert_children(relation, &[row]);
        async move { methods::first(rows.await?) }.boxed()
    }

    /// Inserts rows in one statement under the locks of the parents they belong to. A row that belongs to none needs none.
    ///
    /// # Errors
    /// As [`lock_parent`](Self::lock_parent), and as [`insert_many`](Self::insert_many).
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] #[has_many(pets: Pet)] #[has_many(bills: Bill)] struct Owner { #[column(primary_key)] id: i64 }
    /// # #[table] #[has_many(visits: Visit)] struct Pet { #[column(primary_key)] id: i64, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # #[table] struct Bill { #[column(primary_key)] id: i64, #[belongs_to(owner: Owner)] owner_id: Option<i64> }
    /// # #[table] struct Visit { #[column(primary_key)] id: i64, #[belongs_to(pet: Pet)] pet_id: i64 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let pets = [NewPet::new(7, 1), NewPet::new(8, 1)];
    /// db.transaction(async |tx| tx.insert_children(Pet::owner(), &pets).await).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn insert_children<'a, N, L>(
        &'a self,
        _relation: Related<'_, L>,
        rows: &[N],
    ) -> Answering<'a, Vec<N::Model>>
    where
        N: NewRow,
        L: Belonging<Parent = N::Model>,
    {
        let insert = methods::insert(rows);
        async move {
            let Some(insert) = insert? else { return Ok(Vec::new()) };
            insert_under_lock::<L>(self, insert).await
        }
        .boxed()
    }

    /// Locks the rows that a path leads to, all of which must be there.
    async fn lock(&self, path: Path, keys: Vec<Key>) -> Result<(), Error> {
        let parents = keys.len();
        let found = self.run(vec![lock(path, keys)]).await?.remove(0).rows.len();
        if found < parents { Err(self.refuse(Error::no_parent(path.table.name))) } else { Ok(()) }
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
    pub fn insert_child<'a, N, L>(&'a self, _relation: Related<'_, L>, row: N) -> Answering<'a, N::Model>
    where
        N: NewRow,
        L: Belonging<Parent = N::Model>,
    {
        let insert = methods::insert(&[row]);
        async move {
            let insert = insert?.ok_or_else(Error::not_found)?;
            let work = |tx: Tx| {
                let insert = insert.clone();
                async move { insert_under_lock::<L>(&tx, insert).await }.boxed()
            };
            methods::first(self.transaction(work).await?)
        }
        .boxed()
    }
}

/// Inserts, and locks the parents that the rows name, as the database made them.
async fn insert_under_lock<L: Link>(tx: &Tx, insert: Statement) -> Result<Vec<L::Parent>, Error> {
    let rows = tx.run(vec![insert]).await?.remove(0).rows;
    let read = rows.iter().map(PgRow::read::<<L::Parent as Model>::SqlType, L::Parent>);
    let children = read.collect::<QueryResult<_>>().map_err(Error::read)?;
    let parents = parents::<L>(&rows);
    if !parents.is_empty() {
        tx.lock(L::PATH, parents).await?;
    }
    Ok(children)
}

/// The keys in these rows, each once; a row with a NULL in its key belongs to nothing.
fn parents<L: Link>(rows: &[PgRow]) -> Vec<Key> {
    let columns = <L::Parent as Model>::DEF.columns;
    let places: Vec<usize> = L::PATH
        .parent
        .iter()
        .filter_map(|name| columns.iter().position(|column| column.name == *name))
        .collect();
    let mut keys = BTreeMap::new();
    for row in rows {
        let key: Vec<_> = places.iter().map(|place| row.raw(*place)).collect();
        let bytes: Option<Vec<_>> = key.iter().map(|(_, bytes)| bytes.clone()).collect();
        if let Some(bytes) = bytes {
            keys.insert(bytes, key.into_iter().map(|(ty, bytes)| (ty, Parameter(bytes))).collect());
        }
    }
    keys.into_values().collect()
}

/// `SELECT key FROM parent WHERE (key) IN (($1), …) FOR KEY SHARE`.
fn lock(path: Path, keys: Vec<Key>) -> Statement {
    let key = list(path.child);
    let mut parameters = Vec::new();
    let mut values = Vec::with_capacity(keys.len());
    for key in keys {
        let first = parameters.len() + 1;
        let numbers: Vec<String> = (first..first + key.len()).map(|at| format!("${at}")).collect();
        values.push(format!("({})", numbers.join(", ")));
        parameters.extend(key);
    }
    let (table, values) = (table_name(path.table), values.join(", "));
    Statement::new(format!("SELECT {key} FROM {table} WHERE ({key}) IN ({values}) FOR KEY SHARE"), parameters)
}

fn key_of<M: Keyed>(key: &KeyOf<M>) -> QueryResult<Key> {
    let Statement { types, parameters, .. } = Statement::of(&Values::<M>(key))?;
    Ok(types.into_iter().zip(parameters).collect())
}

/// The values of a key, one after the other.
struct Values<'a, M: Keyed>(&'a KeyOf<M>);

impl<M: Keyed> QueryFragment<Pg> for Values<'_, M> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        <M::Key as KeyValues<M>>::push(self.0, out)
    }
}
