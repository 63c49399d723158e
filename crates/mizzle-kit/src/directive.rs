//! What a migration says to us in comments: `-- mizzle: backfill chunk=3000`, `-- mizzle: allow drops-column` and their kin.

use crate::Checksum;
use crate::lexer::Fault;
use crate::plan::HazardKind;
use crate::split::Remark;

/// How many rows a transaction may change (AWS user guide, "Cluster quotas and database limits").
pub(crate) const ROWS: usize = 3_000;

/// The migration that another was written on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Its name.
    pub name: String,
    /// What it and everything before it were then: its [`chain`](crate::Migration::chain).
    pub chain: Checksum,
}

/// What stands in front of one statement.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Directives {
    pub(crate) parent: Option<Parent>,
    pub(crate) backfill: Option<usize>,
    /// What the statement may hurt.
    pub(crate) hazards: Vec<HazardKind>,
    /// What may be hurt, in the whole migration.
    pub(crate) allowed: Vec<HazardKind>,
}

impl Directives {
    pub(crate) fn read(remarks: &[Remark<'_>]) -> Result<Self, Fault> {
        let mut read = Self::default();
        for remark in remarks {
            read.add(remark)?;
        }
        Ok(read)
    }

    fn add(&mut self, remark: &Remark<'_>) -> Result<(), Fault> {
        let (word, rest) = remark.text.split_once([' ', '=']).unwrap_or((remark.text, ""));
        match word {
            "parent" => self.parent = Some(parent(rest).ok_or_else(|| bad(remark, PARENT))?),
            "backfill" => self.backfill = Some(chunk(rest).ok_or_else(|| bad(remark, BACKFILL))?),
            // Every job is waited for; the comment says so to whoever reads the file.
            "wait" if rest.is_empty() => {}
            "hazard" => self.hazards.extend(kinds(rest).ok_or_else(|| bad(remark, HAZARDS))?),
            "allow" => self.allowed.extend(kinds(rest).ok_or_else(|| bad(remark, HAZARDS))?),
            _ => return Err(bad(remark, WORDS)),
        }
        Ok(())
    }
}

const WORDS: &str = "write `-- mizzle: backfill chunk=3000`, `-- mizzle: allow drops-column` or `-- mizzle: wait`, or \
                     leave out the colon in a comment that is for people";
const BACKFILL: &str = "write `-- mizzle: backfill chunk=3000`; a transaction takes 1 to 3000 rows";
const HAZARDS: &str = "write `-- mizzle: allow drops-column`; the others are drops-table, drops-view, renames, unavailable, \
                       unenforced, lossy-cast and needs-values";
const PARENT: &str = "write `-- mizzle: parent=<name> sha256=<64 digits>`, or remove the line";

fn bad(remark: &Remark<'_>, cure: &'static str) -> Fault {
    Fault { offset: remark.offset, what: "the runner does not know what this comment asks for", cure }
}

fn parent(text: &str) -> Option<Parent> {
    let (name, chain) = text.trim().split_once(" sha256=")?;
    Some(Parent { name: name.to_owned(), chain: chain.parse().ok()? })
}

/// One or several names of hazards.
pub(crate) fn kinds(text: &str) -> Option<Vec<HazardKind>> {
    let names = text.split([' ', ',']).filter(|name| !name.is_empty());
    let kinds: Option<Vec<_>> = names.map(HazardKind::of).collect();
    kinds.filter(|kinds| !kinds.is_empty())
}

fn chunk(text: &str) -> Option<usize> {
    match text.trim() {
        "" => Some(ROWS),
        text => text.strip_prefix("chunk=")?.parse().ok().filter(|rows| (1..=ROWS).contains(rows)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Directives, &'static str> {
        Directives::read(&[Remark { text, offset: 0 }]).map_err(|fault| fault.cure)
    }

    #[test]
    fn what_is_asked_for_is_read() {
        assert_eq!(read("backfill chunk=500").map(|read| read.backfill), Ok(Some(500)));
        assert_eq!(read("backfill").map(|read| read.backfill), Ok(Some(3_000)));
        assert_eq!(read("wait"), Ok(Directives::default()));
        let hazards = read("allow drops-column, renames").map(|read| read.allowed);
        assert_eq!(hazards, Ok(vec![HazardKind::DropsColumn, HazardKind::Renames]));
        let hazards = read("hazard lossy-cast").map(|read| read.hazards);
        assert_eq!(hazards, Ok(vec![HazardKind::LossyCast]));
        let chain = Checksum::of("x");
        let parent = read(&format!("parent=0000_init sha256={chain}")).map(|read| read.parent);
        assert_eq!(parent, Ok(Some(Parent { name: "0000_init".into(), chain })));
    }

    #[test]
    fn what_nobody_knows_is_refused() {
        for (text, cure) in [
            ("backfil chunk=3000", WORDS),
            ("backfill chunk=3001", BACKFILL),
            ("backfill chunk=0", BACKFILL),
            ("backfill 10", BACKFILL),
            ("allow", HAZARDS),
            ("allow everything", HAZARDS),
            ("hazard drop-column", HAZARDS),
            ("parent=0000_init", PARENT),
            ("parent=0000_init sha256=ab", PARENT),
        ] {
            assert_eq!(read(text), Err(cure), "{text}");
        }
    }
}
