//! The order of steps: each stands in a phase, and phases follow one another.

use super::Step;

/// When a step runs, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Schemas,
    /// Views that go, or stand on what changes.
    ViewsOut,
    /// Foreign keys that go, or hold on to what changes.
    ForeignKeysOut,
    /// Whatever has a name that something new takes.
    NamesFree,
    Renames,
    Domains,
    Tables,
    /// Tables that are made anew.
    Rebuilds,
    Columns,
    /// New constraints and indexes.
    Constraints,
    /// Columns of another type, with what stands on them.
    Types,
    ForeignKeysIn,
    /// Constraints and indexes that go.
    ConstraintsOut,
    ColumnsOut,
    TablesOut,
    ViewsIn,
    DomainsOut,
    SchemasOut,
    Comments,
}

/// Steps by phase; inside of a phase in the order in which they came.
#[derive(Default)]
pub(super) struct Phases(Vec<(Phase, Step)>);

impl Phases {
    pub(super) fn push(&mut self, phase: Phase, step: Step) {
        self.0.push((phase, step));
    }

    pub(super) fn into_steps(mut self) -> Vec<Step> {
        self.0.sort_by_key(|(phase, _)| *phase);
        self.0.into_iter().map(|(_, step)| step).collect()
    }
}
