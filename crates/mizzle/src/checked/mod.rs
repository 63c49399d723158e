//! What only the compiler can tell of a field's type, asked once: whether a column has it, whether it holds what a shape names.
//!
//! The compiler would tell at each of the hundred places where an expansion uses the type. So the expansion asks once, with a constant that is part of a type: where the constant does not
//! evaluate, that is the one error, and the compiler takes every type that has it as a part for refused already.
//!
//! ```text
//! <Checked<Kind, { is_column(<Probe<Kind>>::IS_COLUMN, "…") }> as Column>::Type   =   Kind, or an error that was told
//! ```

mod column;
mod key;
mod part;

pub use column::{Checked, Column, NoColumn, Probe, Unless, is_column, unless_refused};
pub use key::{
    CheckedKey, Joined, KeyOf, Keys, NoKey, NotOwned, Owned, OwnedKey, ProbeKey, ProbeOwned, is_key, is_owned,
};
pub use part::{Held, HeldPart, Holding, NoRelation, NotHeld, ProbeLink, ProbePart, is_held};
