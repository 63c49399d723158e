//! What a transaction changed and locked: rows to write again, and keys to adjudicate.

use std::collections::{BTreeMap, HashMap};

use super::capture::Change;
use super::catalog::{Catalog, Table};
use super::image::Image;
use super::key::Values;
use super::mode::Modes;

/// Modes by index, or by table for rows without a key, and by the values there.
pub(crate) type Keys = HashMap<(u32, Values), Modes>;

/// Everything that has to be known about a transaction's writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct WriteSet {
    pub(super) tables: BTreeMap<u32, Rows>,
    pub(super) keys: Keys,
    /// Rows changed, each as often as it was.
    pub(crate) rows: usize,
    /// Bytes of the rows changed and of their entries in indexes, and of the keys of rows locked.
    pub(crate) bytes: usize,
    sequence: u64,
}

/// The rows of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rows {
    /// Before and after, by primary key.
    Keyed(BTreeMap<Values, Version>),
    /// How many more or fewer there are of each image, where there is no key.
    Counted(BTreeMap<Image, i64>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    /// Before the first change.
    pub(super) old: Option<Image>,
    /// After the last.
    pub(super) new: Option<Image>,
    /// When it was last changed, so that rows come back in the order of writing.
    pub(super) at: u64,
}

/// What one statement did to one table.
#[derive(Default)]
struct Net<'a> {
    balance: HashMap<&'a str, i64>,
    olds: Vec<&'a Image>,
    news: Vec<&'a Image>,
}

impl WriteSet {
    pub(crate) fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.keys.is_empty()
    }

    /// Whether rows of a table are changed: `schema.table`, or a table of that name in any schema.
    pub(crate) fn writes(&self, catalog: &Catalog, table: &str) -> bool {
        self.tables.keys().filter_map(|oid| catalog.tables.get(oid)).any(|found| {
            found.name == table
                || table.strip_prefix(found.schema.as_str()).and_then(|rest| rest.strip_prefix('.'))
                    == Some(&found.name)
        })
    }

    /// Takes in what one client statement changed.
    ///
    /// The order of the changes does not matter: triggers tell of cascades and of `WITH` writes as they come, so
    /// images that come and go within the statement cancel out first.
    pub(crate) fn apply(&mut self, catalog: &Catalog, changes: &[Change]) {
        let mut nets: BTreeMap<u32, Net<'_>> = BTreeMap::new();
        for change in changes {
            let Some(table) = catalog.tables.get(&change.table) else { continue };
            self.rows += 1;
            self.touch(table, change);
            let net = nets.entry(change.table).or_default();
            if let Some(old) = &change.old {
                *net.balance.entry(old).or_default() -= 1;
                net.olds.push(old);
            }
            if let Some(new) = &change.new {
                *net.balance.entry(new).or_default() += 1;
                net.news.push(new);
            }
        }
        for (oid, net) in nets {
            self.compose(oid, &catalog.tables[&oid], &net);
        }
    }

    /// Takes in a row that was locked and not changed.
    pub(crate) fn lock(&mut self, catalog: &Catalog, oid: u32, image: &str, modes: Modes) {
        let Some(table) = catalog.tables.get(&oid) else { return };
        let row = table.row(image);
        match &table.primary {
            Some(primary) => {
                self.bytes += row.size_of(&primary.places);
                self.key(primary.index, row.key(table, primary), modes);
            }
            None => {
                self.bytes += row.size();
                self.key(oid, Some([Some(image.to_owned())].into()), modes);
            }
        }
    }

    fn key(&mut self, index: u32, values: Option<Values>, modes: Modes) {
        if let Some(values) = values {
            *self.keys.entry((index, values)).or_default() |= modes;
        }
    }

    /// The keys that a change has, and how.
    fn touch(&mut self, table: &Table, change: &Change) {
        let old = change.old.as_ref().map(|image| table.row(image));
        let new = change.new.as_ref().map(|image| table.row(image));
        self.bytes += table.weigh(old.as_ref(), new.as_ref());
        let both = |key| {
            let of = |row: &Option<super::catalog::Row>| row.as_ref().and_then(|row| row.key(table, key));
            (of(&old), of(&new))
        };
        let mut modes = if old.is_some() && new.is_some() { Modes::NO_KEY_UPDATE } else { Modes::UPDATE };
        for unique in &table.unique {
            let (before, after) = both(unique);
            if before != after {
                // A column of a unique index is a key column of the row as well.
                modes = Modes::UPDATE;
                self.key(unique.index, before, Modes::UPDATE);
                self.key(unique.index, after, Modes::UPDATE);
            }
        }
        for foreign in &table.foreign {
            let (before, after) = both(&foreign.key);
            if before != after {
                self.key(foreign.key.index, after, Modes::KEY_SHARE);
            }
        }
        match &table.primary {
            Some(primary) => {
                let (before, after) = both(primary);
                let modes = if before == after { modes } else { Modes::UPDATE };
                self.key(primary.index, before, modes);
                self.key(primary.index, after, modes);
            }
            None => {
                let old = change.old.as_ref().map(|image| [Some(image.to_string())].into());
                self.key(change.table, old, modes);
            }
        }
    }

    fn compose(&mut self, oid: u32, table: &Table, net: &Net<'_>) {
        let Some(primary) = &table.primary else {
            let rows = self.tables.entry(oid).or_insert_with(|| Rows::Counted(BTreeMap::new()));
            if let Rows::Counted(counts) = rows {
                for (image, by) in &net.balance {
                    *counts.entry(Image::from(*image)).or_default() += by;
                }
            }
            return;
        };
        let rows = self.tables.entry(oid).or_insert_with(|| Rows::Keyed(BTreeMap::new()));
        let Rows::Keyed(versions) = rows else { return };
        let balance = |image: &Image| net.balance.get::<str>(image).copied().unwrap_or_default();
        let gone = net.olds.iter().filter(|image| balance(image) < 0).map(|image| (*image, false));
        let come = net.news.iter().filter(|image| balance(image) > 0).map(|image| (*image, true));
        for (image, stays) in gone.chain(come) {
            let Some(key) = table.row(image).key(table, primary) else { continue };
            self.sequence += 1;
            let before = (!stays).then(|| image.clone());
            let version = versions.entry(key).or_insert(Version { old: before, new: None, at: 0 });
            version.new = stays.then(|| image.clone());
            version.at = self.sequence;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::fixture::{catalog, written};

    /// Keys as `index(values)=modes`, sorted.
    fn keys(writes: &WriteSet) -> String {
        let mut shown: Vec<String> = writes
            .keys
            .iter()
            .map(|((index, values), modes)| {
                let values: Vec<&str> =
                    values.iter().map(|value| value.as_deref().unwrap_or("null")).collect();
                let names = [(Modes::KEY_SHARE, 'k'), (Modes::NO_KEY_UPDATE, 'n'), (Modes::UPDATE, 'u')];
                let modes: String = names
                    .iter()
                    .filter(|(mode, _)| *modes | *mode == *modes)
                    .map(|(_, name)| *name)
                    .collect();
                format!("{index}({})={modes}", values.join(","))
            })
            .collect();
        shown.sort();
        shown.join(" ")
    }

    fn check(lines: &[&str], expect: &str) {
        assert_eq!(keys(&written(&[lines])), expect, "{lines:?}");
    }

    #[test]
    fn each_change_has_its_keys() {
        check(&["1: - -> (1.00,e,0)"], "10(1)=u 11(e)=u");
        check(&["1: (1.00,e,0) -> (1,e,5)"], "10(1)=n");
        check(&["1: (1,e,0) -> (1,f,0)"], "10(1)=u 11(e)=u 11(f)=u");
        check(&["1: (1,,0) -> (2,,0)"], "10(1)=u 10(2)=u");
        check(&["2: - -> (7,1.0)"], "10(1)=k 20(7)=u");
        check(&["2: (7,1) -> (7,1.00)"], "20(7)=n");
        check(&["2: (7,1) -> (7,)"], "20(7)=n");
        check(&["3: (1,2) -> (2,4)"], "3((1,2))=n");
        check(&["3: - -> (2,4)"], "");
        check(&["99: - -> (2)"], "");
    }

    #[test]
    fn statements_compose_to_first_and_last_image() {
        let writes = written(&[
            &["1: - -> (1,a,0)"],
            &["1: (1,a,0) -> (1,a,1)"],
            &["1: (2,b,0) -> (2,b,1)"],
            &["1: (2,b,1) -> -"],
        ]);
        let Rows::Keyed(versions) = &writes.tables[&1] else { panic!("a table with a key") };
        let shown: Vec<(Option<&str>, Option<&str>)> =
            versions.values().map(|version| (version.old.as_deref(), version.new.as_deref())).collect();
        assert_eq!(shown, [(None, Some("(1,a,1)")), (Some("(2,b,0)"), None)]);
        assert_eq!(writes.rows, 4);
    }

    #[test]
    fn a_shift_of_keys_does_not_depend_on_the_order_of_its_rows() {
        let one = written(&[&["2: (1,) -> (2,)", "2: (2,) -> (3,)"]]);
        let other = written(&[&["2: (2,) -> (3,)", "2: (1,) -> (2,)"]]);
        let images = |writes: &WriteSet| match &writes.tables[&2] {
            Rows::Keyed(versions) => versions
                .values()
                .map(|version| (version.old.clone(), version.new.clone()))
                .collect::<Vec<_>>(),
            Rows::Counted(_) => Vec::new(),
        };
        assert_eq!(images(&one), images(&other));
    }

    #[test]
    fn rows_weigh_with_their_entries_and_locked_ones_with_their_keys() {
        let bytes = |line: &str| written(&[&[line]]).bytes;
        // A key of 4, an entry of `email` of 3 with the key in it, a value of 1.
        assert_eq!(bytes("1: - -> (1.00,eee,0)"), (4 + 3 + 1) + (3 + 4));
        assert_eq!(bytes("1: (1.00,eee,0) -> -"), (4 + 3 + 1) + (3 + 4));
        assert_eq!(bytes("1: (1.00,eee,0) -> (1.00,eee,5)"), 4 + 3 + 1);
        assert_eq!(bytes("1: (1.00,eee,0) -> (1.00,f,0)"), (4 + 1 + 1) + (3 + 4) + (1 + 4));
        assert_eq!(bytes("3: - -> (1,)"), 1);
        let mut writes = WriteSet::default();
        writes.lock(&catalog(), 1, "(1.0,e,0)", Modes::UPDATE);
        writes.lock(&catalog(), 3, "(1,2)", Modes::UPDATE);
        assert_eq!(writes.bytes, 3 + 2);
    }

    #[test]
    fn a_locked_row_has_a_key_and_no_image() {
        let mut writes = WriteSet::default();
        writes.lock(&catalog(), 1, "(1.0,e,0)", Modes::UPDATE);
        writes.lock(&catalog(), 3, "(1,2)", Modes::KEY_SHARE);
        assert_eq!(keys(&writes), "10(1)=u 3((1,2))=k");
        assert!(writes.tables.is_empty() && !writes.is_empty());
    }
}
