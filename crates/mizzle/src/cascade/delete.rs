//! A delete of rows and what belongs to them, chunk by chunk.

use std::fmt;
use std::future::IntoFuture;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::keys::Keys;
use super::rule::Rule;
use super::walk::remove;
use super::{Cascade, Children};
use crate::budget::ROWS;
use crate::bulk::{
    BulkError, BulkReport, CHUNK_ROWS, Keyset, OnProgress, Position, Tally, progress_methods, transact,
};
use crate::db::Db;
use crate::error::Error;
use crate::methods::Run;
use crate::model::Model;
use crate::relation::{Linking, NullColumns, Related};
use crate::write::{Delete, Filtered};

/// A delete of rows and what belongs to them, to be awaited. Made by [`Db::delete_cascading`].
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
/// let report = db
///     .delete_cascading(Owner::delete().filter(owner::id.eq(1)))
///     .cascade_with(Owner::pets(), |pets| pets.cascade(Pet::visits()))
///     .set_null(Owner::bills())
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is deleted until it is awaited"]
pub struct DeleteCascading<'a, P> {
    db: Db,
    keys: Result<Keyset, Error>,
    cascade: Cascade<P>,
    chunk_rows: usize,
    on_progress: Option<OnProgress<'a>>,
}

impl Db {
    /// Deletes any number of rows and what belongs to them by logical relations, in chunks that Aurora DSQL takes.
    ///
    /// Children go before their parents, in as many transactions as it takes. Each locks the parents it decides on (`FOR UPDATE`), and
    /// a parent goes in a transaction that sees none of its children any more. Rows of relations that are not named are not looked
    /// for.
    ///
    /// **No orphan is left** as long as everybody who makes a child locks its parent in the same transaction:
    /// [`Db::insert_child`], [`Tx::insert_child`](crate::Tx::insert_child), [`Tx::lock_parent`](crate::Tx::lock_parent). Whoever
    /// commits later then loses the conflict and runs again. A child that is inserted, or moved to another parent, without that lock
    /// at the moment when its parent goes becomes an orphan, and nobody is told; if you cannot rule that out, declare a real foreign
    /// key.
    ///
    /// **It may starve** beside writers who never stop: a transaction deletes [`chunk_rows`](DeleteCascading::chunk_rows) rows at most,
    /// a parent stays as long as it has a child, and every child that is inserted meanwhile makes the two conflict. Small chunks are
    /// outrun; one that loses more often than the retry policy allows ends the work with that conflict as its cause. Call it again, or
    /// give it the time by [`Db::with_retry`].
    ///
    /// What was committed when it ends early stays: children are gone whose parents are still there. The same call goes on from there.
    ///
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # fn main() {}
    /// # #[table]
    /// # #[has_many(pets: Pet)]
    /// # #[has_many(bills: Bill)]
    /// # struct Owner { #[column(primary_key)] id: i64, city: String }
    /// # #[table]
    /// # #[has_many(visits: Visit)]
    /// # #[has_many(photos: Photo)]
    /// # struct Pet { #[column(primary_key)] id: i64, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # #[table]
    /// # struct Bill { #[column(primary_key)] id: i64, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # #[table]
    /// # struct Visit { #[column(primary_key)] id: i64, #[belongs_to(pet: Pet)] pet_id: i64 }
    /// # #[table]
    /// # struct Photo { #[column(primary_key)] id: i64, #[belongs_to(pet: Pet)] pet_id: Option<i64> }
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let report = db
    ///     .delete_cascading(Owner::delete().filter(owner::city.eq("Bergen")))
    ///     .restrict(Owner::bills())
    ///     .cascade_with(Owner::pets(), |pets| pets.cascade(Pet::visits()).set_null(Pet::photos()))
    ///     .await?;
    /// println!("{} rows in {} transactions", report.rows, report.chunks);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BulkError`]: how many rows are committed, and why it ended. A row that restricts one to be deleted gives a cause of which
    /// [`is_foreign_key_violation`](Error::is_foreign_key_violation) is true.
    // by value, like every statement that is to run
    #[allow(clippy::needless_pass_by_value)]
    pub fn delete_cascading<'a, P: Model>(&self, delete: Delete<'_, P, Filtered>) -> DeleteCascading<'a, P> {
        DeleteCascading {
            db: self.clone(),
            keys: Keyset::new(P::DEF, delete.filters()).map_err(Error::build),
            cascade: Cascade::new(),
            chunk_rows: CHUNK_ROWS,
            on_progress: None,
        }
    }
}

impl<'a, P: Model> DeleteCascading<'a, P> {
    /// The rows of this relation go as well. If they are rows of the same table, so do those that belong to them, and so on.
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
    /// db.delete_cascading(Owner::delete().filter(owner::id.eq(1))).cascade(Owner::bills()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cascade<R: Children<P>>(mut self, relation: R) -> Self {
        self.cascade = self.cascade.cascade(relation);
        self
    }

    /// The rows of this relation go as well, and with what belongs to them happens what is said here.
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
    /// db.delete_cascading(Owner::delete().filter(owner::id.eq(1))).cascade_with(Owner::pets(), |pets| pets.cascade(Pet::visits())).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cascade_with<R: Children<P>>(
        mut self,
        relation: R,
        below: impl FnOnce(Cascade<R::Child>) -> Cascade<R::Child>,
    ) -> Self {
        self.cascade = self.cascade.cascade_with(relation, below);
        self
    }

    /// The rows of this relation stay, and belong to nothing.
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
    /// db.delete_cascading(Owner::delete().filter(owner::id.eq(1))).set_null(Owner::bills()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_null<R>(mut self, relation: R) -> Self
    where
        R: Children<P, ForeignKey: NullColumns>,
    {
        self.cascade = self.cascade.set_null(relation);
        self
    }

    /// As long as there is a row of this relation, the work ends with an error; children of other rows may be gone by then.
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
    /// db.delete_cascading(Owner::delete().filter(owner::id.eq(1))).restrict(Owner::bills()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn restrict<R: Children<P>>(mut self, relation: R) -> Self {
        self.cascade = self.cascade.restrict(relation);
        self
    }

    /// The rows of this many-to-many relation stay, and are linked to the rows that go no more: the rows of the link table go.
    ///
    /// Whoever makes a link locks both of its ends, as [`Db::insert_child`] does for one: `tx.lock_parent(…)` for the other.
    ///
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # fn main() {}
    /// # #[table] #[many_to_many(skills: Skill, through = SkillOfVet)]
    /// # struct Vet { #[column(primary_key)] id: i64 }
    /// # #[table] struct Skill { #[column(primary_key)] name: String }
    /// # #[table] struct SkillOfVet {
    /// #     #[column(primary_key)] #[belongs_to(vet: Vet)] vet_id: i64,
    /// #     #[column(primary_key)] #[belongs_to(skill: Skill)] skill_name: String,
    /// # }
    /// # async fn example(db: &Db, skill: String) -> Result<(), mizzle::Error> {
    /// db.delete_cascading(Vet::delete().filter(vet::id.eq(1))).unlink(Vet::skills()).await?;
    /// // at the same time, somewhere else
    /// db.transaction(async |tx| {
    ///     tx.lock_parent(SkillOfVet::skill(), &skill).await?;
    ///     tx.insert_child(SkillOfVet::vet(), NewSkillOfVet::new(1, &*skill)).await
    /// })
    /// .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn unlink<L: Linking<Parent = P>>(mut self, relation: Related<'_, L>) -> Self {
        self.cascade = self.cascade.unlink(relation);
        self
    }

    /// Rows that a transaction changes: 1,000 unless said otherwise, 3,000 at most.
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
    /// db.delete_cascading(Owner::delete().all_rows()).cascade(Owner::bills()).chunk_rows(200).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn chunk_rows(mut self, rows: usize) -> Self {
        self.chunk_rows = rows.clamp(1, ROWS as usize);
        self
    }

    progress_methods!('a);

    async fn run(self) -> Result<BulkReport, BulkError> {
        let Self { db, keys, cascade, chunk_rows, on_progress } = self;
        let mut tally = Tally::new(on_progress, None);
        let keys = match (keys, cascade.mistake) {
            (Ok(keys), None) => keys,
            (Err(error), _) | (_, Some(error)) => return Err(tally.fail(None, error)),
        };
        let mut rows = chunk_rows;
        let mut after = None;
        loop {
            let mut retries = 0;
            let step = step::<P>(&db, &keys, &cascade.rules, after.as_ref(), rows, &mut retries).await;
            tally.retried(retries);
            match step {
                Ok(Step::End) => return Ok(tally.report()),
                Ok(Step::Changed { rows: changed, gone_to }) => {
                    tally.commit(changed, changed);
                    tally.tell();
                    after = gone_to.or(after);
                    rows = (rows * 2).min(chunk_rows);
                }
                Err(error) if error.is_over_budget() && rows > 1 => rows /= 2,
                Err(error) => return Err(tally.fail(None, error)),
            }
        }
    }
}

/// What one transaction did.
enum Step {
    /// There was no parent any more.
    End,
    /// How many rows it changed, and up to where the parents are gone if they are.
    Changed { rows: u64, gone_to: Option<Position> },
}

/// Locks the next parents, and deletes as much of them and of what belongs to them as a transaction takes.
async fn step<P: Model>(
    db: &Db,
    keys: &Keyset,
    rules: &[Rule],
    after: Option<&Position>,
    rows: usize,
    retries: &mut u64,
) -> Result<Step, Error> {
    transact(db, retries, |tx| async move {
        let parents = keys.keys(after, &format!(" LIMIT {rows} FOR UPDATE"));
        let parents = tx.run(vec![parents]).await?.remove(0).rows;
        let (Some(found), Some(last)) = (Keys::of(&parents, P::DEF.primary_key.len()), parents.last()) else {
            return Ok(Step::End);
        };
        let last = Position::of(last, P::DEF);
        let (rows, gone) = remove(&tx, P::DEF, found, rules, rows as u64).await?;
        Ok(Step::Changed { rows, gone_to: gone.then_some(last) })
    })
    .await
}

impl<'a, P: Model> IntoFuture for DeleteCascading<'a, P> {
    type Output = Result<BulkReport, BulkError>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.run().boxed()
    }
}

impl<P: Model> fmt::Debug for DeleteCascading<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeleteCascading")
            .field("table", &P::DEF.name)
            .field("cascade", &self.cascade)
            .finish_non_exhaustive()
    }
}
