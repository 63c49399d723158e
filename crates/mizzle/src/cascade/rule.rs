//! What becomes of the rows that belong to a row that goes.

use std::fmt;
use std::marker::PhantomData;

use super::Children;
use crate::def::TableDef;
use crate::error::Error;
use crate::model::Model;
use crate::relation::{KeyColumns, Linking, NullColumns, Related};

/// What becomes of the rows that belong to a row of `P` when it is deleted; see [`Db::delete_cascading`](crate::Db::delete_cascading).
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
/// use mizzle::Cascade;
///
/// /// What becomes of everything that belongs to an owner.
/// fn all_of_it(owners: Cascade<Owner>) -> Cascade<Owner> {
///     owners.restrict(Owner::bills()).cascade_with(Owner::pets(), |pets| pets.cascade(Pet::visits()))
/// }
/// db.transaction(async |tx| tx.delete_cascading(Owner::delete().filter(owner::id.eq(1)), all_of_it).await).await?;
/// # Ok(())
/// # }
/// ```
pub struct Cascade<P> {
    pub(super) rules: Vec<Rule>,
    /// The first thing said that cannot be done.
    pub(super) mistake: Option<Error>,
    model: PhantomData<fn() -> P>,
}

/// What becomes of the rows of one relation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    pub(super) table: &'static TableDef,
    pub(super) foreign_key: &'static [&'static str],
    pub(super) action: Action,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    Restrict,
    SetNull,
    /// They go as well, and these are the rules for what belongs to them.
    Delete(Vec<Rule>),
    /// They go as well, by the rules that this rule is one of: they are rows of the same table.
    DeleteAlike,
}

impl<P: Model> Cascade<P> {
    pub(super) fn new() -> Self {
        Self { rules: Vec::new(), mistake: None, model: PhantomData }
    }

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
    /// db.transaction(async |tx| {
    ///     let delete = Owner::delete().filter(owner::id.eq(1));
    ///     tx.delete_cascading(delete, |owners| owners.cascade(Owner::bills())).await
    /// })
    /// .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cascade<R: Children<P>>(self, relation: R) -> Self {
        let itself = <R::Child as Model>::DEF == P::DEF;
        self.rule(relation, if itself { Action::DeleteAlike } else { Action::Delete(Vec::new()) })
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
    /// db.transaction(async |tx| {
    ///     let delete = Owner::delete().filter(owner::id.eq(1));
    ///     tx.delete_cascading(delete, |owners| owners.cascade_with(Owner::pets(), |pets| pets.cascade(Pet::visits()))).await
    /// })
    /// .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cascade_with<R: Children<P>>(
        mut self,
        relation: R,
        below: impl FnOnce(Cascade<R::Child>) -> Cascade<R::Child>,
    ) -> Self {
        let Cascade { rules, mistake, .. } = below(Cascade::new());
        self.mistake = self.mistake.or(mistake);
        self.rule(relation, Action::Delete(rules))
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
    /// db.transaction(async |tx| {
    ///     let delete = Owner::delete().filter(owner::id.eq(1));
    ///     tx.delete_cascading(delete, |owners| owners.set_null(Owner::bills())).await
    /// })
    /// .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_null<R>(self, relation: R) -> Self
    where
        R: Children<P, ForeignKey: NullColumns>,
    {
        self.rule(relation, Action::SetNull)
    }

    /// As long as there is a row of this relation, nothing is deleted.
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
    /// db.transaction(async |tx| {
    ///     let delete = Owner::delete().filter(owner::id.eq(1));
    ///     tx.delete_cascading(delete, |owners| owners.restrict(Owner::bills())).await
    /// })
    /// .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn restrict<R: Children<P>>(self, relation: R) -> Self {
        self.rule(relation, Action::Restrict)
    }

    /// The rows of this many-to-many relation stay, and are linked to the row that goes no more: the rows of the link table go.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] #[many_to_many(skills: Skill, through = SkillOfVet)] struct Vet { #[column(primary_key)] id: i64 }
    /// # #[table] struct Skill { #[column(primary_key)] name: String }
    /// # #[table] struct SkillOfVet {
    /// #     #[column(primary_key)] #[belongs_to(vet: Vet)] vet_id: i64,
    /// #     #[column(primary_key)] #[belongs_to(skill: Skill)] skill_name: String,
    /// # }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// db.transaction(async |tx| {
    ///     tx.delete_cascading(Vet::delete().filter(vet::id.eq(1)), |vets| vets.unlink(Vet::skills())).await
    /// })
    /// .await?;
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::needless_pass_by_value, reason = "relations are named, `Vet::skills()`, not kept")]
    pub fn unlink<L: Linking<Parent = P>>(self, relation: Related<'_, L>) -> Self {
        // a `Linking` goes through a link
        let Some((table, foreign_key)) = L::PATH.link() else { return self };
        self.push(relation.is_whole(), Rule { table, foreign_key, action: Action::Delete(Vec::new()) })
    }

    fn rule<R: Children<P>>(self, relation: R, action: Action) -> Self {
        let (table, foreign_key) = (<R::Child as Model>::DEF, R::ForeignKey::NAMES);
        self.push(relation.whole(), Rule { table, foreign_key, action })
    }

    fn push(mut self, whole: bool, rule: Rule) -> Self {
        if !whole {
            let text =
                "a relation with a filter or a limit would leave orphans: cascade over all of its rows";
            self.mistake.get_or_insert(Error::build(diesel::result::Error::QueryBuilderError(text.into())));
        }
        self.rules.push(rule);
        self
    }
}

impl<P> fmt::Debug for Cascade<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.rules).finish()
    }
}
