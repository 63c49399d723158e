//! Deletes of rows that others belong to, where the database knows of no foreign key.
//!
//! Under snapshot isolation two transactions can each be right and together leave an orphan: one sees no pets and deletes the owner,
//! the other sees the owner and inserts a pet. Aurora DSQL finds only conflicts on rows, so both must touch the same one:
//!
//! ```text
//! delete_cascading    SELECT … FROM owner … FOR UPDATE      ┐ the later of the two to commit
//! insert_child        SELECT … FROM owner … FOR KEY SHARE   ┘ fails with 40001, and runs again
//! ```

mod child;
mod children;
mod delete;
mod keys;
mod rule;
mod walk;
mod within;

pub use children::Children;
pub use delete::DeleteCascading;
pub use rule::Cascade;
