//! The rules of one cluster: held against what happens, in the order they were asked for.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::chance::Chance;
use super::{Event, Fault, FaultReport, FaultRule, When};

/// How many rules that cannot strike any more are remembered.
const REMEMBERED: usize = 1_000;

/// What is to go wrong, and how far the count is.
#[derive(Debug)]
pub(crate) struct Faults {
    seed: u64,
    state: Mutex<State>,
}

/// What happens to one commit or connection.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Strike {
    pub(crate) before: Duration,
    pub(crate) fault: Option<Fault>,
    pub(crate) after: Duration,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Entry>,
    last: u64,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    rule: FaultRule,
    chance: Chance,
    seen: u64,
    fired: u64,
}

impl Faults {
    pub(crate) fn new(seed: u64, rules: Vec<FaultRule>) -> Faults {
        let faults = Faults { seed, state: Mutex::default() };
        for rule in rules {
            faults.inject(rule);
        }
        faults
    }

    /// What probabilities follow from.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// One more rule, which counts from now on; its id.
    pub(crate) fn inject(&self, rule: FaultRule) -> u64 {
        self.state(|state| {
            if state.rules.len() >= REMEMBERED
                && let Some(spent) = state.rules.iter().position(|entry| !entry.is_active())
            {
                state.rules.remove(spent);
            }
            state.last += 1;
            let id = state.last;
            let chance = Chance::new(self.seed, id);
            state.rules.push(Entry { id, rule, chance, seen: 0, fired: 0 });
            id
        })
    }

    /// Forgets a rule; false when there is none with this id.
    pub(crate) fn lift(&self, id: u64) -> bool {
        self.state(|state| {
            let before = state.rules.len();
            state.rules.retain(|entry| entry.id != id);
            state.rules.len() < before
        })
    }

    /// Forgets every rule; how many there were.
    pub(crate) fn clear(&self) -> usize {
        self.state(|state| state.rules.drain(..).count())
    }

    pub(crate) fn reports(&self) -> Vec<FaultReport> {
        self.state(|state| state.rules.iter().map(Entry::report).collect())
    }

    /// Whether no rule waits for anything.
    pub(crate) fn are_none(&self) -> bool {
        self.state(|state| state.rules.is_empty())
    }

    /// Whether any rule waits for a commit.
    pub(crate) fn watch_commits(&self) -> bool {
        self.state(|state| state.rules.iter().any(|entry| entry.is_for(Event::Commit)))
    }

    /// What happens to a commit that comes now; `wrote` says whether it changes or locks rows, `writes` whether
    /// it writes a table.
    pub(crate) fn at_commit(&self, wrote: bool, writes: impl Fn(&str) -> bool) -> Strike {
        let mut strike = Strike::default();
        let struck = self.strike(Event::Commit, |rule| {
            (wrote || rule.fault != Fault::DataConflict) && rule.table.as_deref().is_none_or(&writes)
        });
        for fault in struck {
            match fault {
                Fault::DelayBeforeCommit(time) => strike.before += time,
                Fault::DelayAfterCommit(time) => strike.after += time,
                other => strike.fault = Some(other),
            }
        }
        strike
    }

    /// What happens to a connection that comes now.
    pub(crate) fn at_connect(&self) -> Strike {
        let mut strike = Strike::default();
        for fault in self.strike(Event::Connection, |_| true) {
            match fault {
                Fault::DelayConnection(time) => strike.before += time,
                other => strike.fault = Some(other),
            }
        }
        strike
    }

    /// Whether the token that is shown now is to be an expired one.
    pub(crate) fn at_token(&self) -> bool {
        !self.strike(Event::Token, |_| true).is_empty()
    }

    /// Whether the session of the statement that comes now is to be lost.
    pub(crate) fn at_statement(&self) -> bool {
        !self.strike(Event::Statement, |_| true).is_empty()
    }

    /// Every delay that strikes, and at most one fault besides: rules that come too late wait for the next.
    fn strike(&self, event: Event, applies: impl Fn(&FaultRule) -> bool) -> Vec<Fault> {
        self.state(|state| {
            let mut struck = Vec::new();
            let mut finished = false;
            let rules = state.rules.iter_mut();
            for entry in rules.filter(|entry| entry.is_for(event) && applies(&entry.rule)) {
                let fault = entry.rule.fault;
                if entry.comes() && !(finished && fault.is_final()) {
                    entry.fired += 1;
                    finished |= fault.is_final();
                    tracing::info!(target: "mizzle_local::fault", "{}", entry.rule);
                    struck.push(fault);
                }
            }
            struck
        })
    }

    fn state<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Entry {
    fn is_active(&self) -> bool {
        match self.rule.when {
            When::Nth { count, .. } => self.fired < count,
            When::Chance(_) => true,
        }
    }

    fn is_for(&self, event: Event) -> bool {
        self.is_active() && self.rule.fault.event() == event
    }

    /// Counts one more, and says whether it is one to strike.
    fn comes(&mut self) -> bool {
        self.seen += 1;
        match self.rule.when {
            When::Nth { from, .. } => self.seen >= from,
            When::Chance(percent) => self.chance.strikes(percent),
        }
    }

    fn report(&self) -> FaultReport {
        FaultReport {
            id: self.id,
            rule: self.rule.clone(),
            seen: self.seen,
            fired: self.fired,
            active: self.is_active(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(rules: &[&str]) -> Faults {
        Faults::new(7, rules.iter().map(|rule| rule.parse().expect("a rule")).collect())
    }

    /// Commits that write `written`, one letter for each: what happens to them.
    fn commits(faults: &Faults, written: &[&str]) -> String {
        let letter = |strike: Strike| match strike.fault {
            None => '.',
            Some(Fault::DataConflict) => '0',
            Some(Fault::SchemaConflict) => '1',
            Some(_) => '!',
        };
        written
            .iter()
            .map(|table| letter(faults.at_commit(!table.is_empty(), |asked| asked == *table)))
            .collect()
    }

    #[test]
    fn rules_count_from_when_they_were_asked_for() {
        let faults = faults(&["oc000@2", "refuse"]);
        assert_eq!(commits(&faults, &["t"; 4]), ".0..");
        assert_eq!(faults.at_connect().fault, Some(Fault::RefuseConnection));
        assert_eq!(faults.at_connect().fault, None);
        faults.inject("oc001@2-3".parse().unwrap());
        assert_eq!(commits(&faults, &["t"; 5]), ".11..");
    }

    #[test]
    fn of_two_that_come_together_one_waits() {
        let faults = faults(&["oc000", "oc001", "delay-before-commit=5ms%100"]);
        let first = faults.at_commit(true, |_| false);
        assert_eq!((first.fault, first.before), (Some(Fault::DataConflict), Duration::from_millis(5)));
        assert_eq!(commits(&faults, &["t"; 2]), "1.");
    }

    #[test]
    fn only_who_writes_conflicts_and_a_table_narrows_it() {
        let table = faults(&["oc000@1-9:pet"]);
        assert_eq!(commits(&table, &["", "owner", "pet", "owner", "pet"]), "..0.0");
        assert_eq!(commits(&faults(&["oc000"]), &["", "", "pet"]), "..0");
        assert_eq!(commits(&faults(&["oc001"]), &["", "pet"]), "1.");
    }

    #[test]
    fn the_same_seed_and_commits_give_the_same_failures() {
        let run = |seed| {
            let rules = ["oc000%30", "oc001%10"].map(|rule| rule.parse().unwrap()).to_vec();
            commits(&Faults::new(seed, rules), &["t"; 200])
        };
        assert_eq!(run(3), run(3));
        assert_ne!(run(3), run(4));
        assert!(run(3).contains('0') && run(3).contains('1') && run(3).contains('.'));
    }

    #[test]
    fn rules_are_reported_and_lifted() {
        let faults = faults(&["oc000", "oc001%100"]);
        assert_eq!(commits(&faults, &["t"; 3]), "011");
        let seen: Vec<_> = faults
            .reports()
            .iter()
            .map(|report| (report.id, report.seen, report.fired, report.active))
            .collect();
        assert_eq!(seen, [(1, 1, 1, false), (2, 3, 2, true)]);
        assert!(faults.lift(2) && !faults.lift(2) && !faults.watch_commits());
        assert_eq!(commits(&faults, &["t"; 2]), "..");
        assert_eq!((faults.clear(), faults.reports().len()), (1, 0));
    }

    #[test]
    fn what_is_spent_is_not_remembered_for_ever() {
        let faults = faults(&[]);
        for _ in 0..3 * REMEMBERED {
            faults.inject(Fault::SchemaConflict.into());
            assert_eq!(commits(&faults, &["t"]), "1");
        }
        assert!(faults.reports().len() <= REMEMBERED);
    }
}
