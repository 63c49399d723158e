//! Drizzle's older folders: `0000_init.sql` files, in the order of `meta/_journal.json`.
//!
//! The journal has `entries` of `idx`, `tag` and `breakpoints`; without breakpoints a file is cut at its semicolons, as
//! it was run in one go. A file that the journal does not name is an error here, where Drizzle passes it over.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::folder::read_text;
use crate::migration::version;
use crate::split::Cut;
use crate::{Error, Migration};

pub(crate) struct Journal {
    entries: Vec<Entry>,
}

struct Entry {
    idx: u64,
    tag: String,
    breakpoints: bool,
}

/// The journal of a folder, if it has one.
pub(crate) fn journal(folder: &Path) -> Result<Option<Journal>, Error> {
    let file = folder.join("meta/_journal.json");
    if !file.is_file() {
        return Ok(None);
    }
    let text = read_text(&file)?;
    let value: Value = serde_json::from_str(&text).map_err(|source| Error::bad_journal(&file, source))?;
    let entries = value["entries"].as_array().and_then(|entries| entries.iter().map(entry).collect());
    match entries {
        Some(entries) => Ok(Some(Journal { entries })),
        None => Err(Error::bad_journal(&file, "it has no list `entries` of objects with `idx` and `tag`")),
    }
}

fn entry(value: &Value) -> Option<Entry> {
    let tag = value["tag"].as_str()?.to_owned();
    Some(Entry {
        idx: value["idx"].as_u64()?,
        tag,
        breakpoints: value["breakpoints"].as_bool().unwrap_or(true),
    })
}

impl Journal {
    /// Whether an entry of the folder is the journal's own, or one of its files.
    pub(crate) fn knows(&self, path: &Path) -> bool {
        path.ends_with("meta")
            || self.entries.iter().any(|entry| path.file_name() == entry.file().file_name())
    }

    pub(crate) fn migrations(&self, folder: &Path) -> Result<Vec<Migration>, Error> {
        let mut entries: Vec<&Entry> = self.entries.iter().collect();
        entries.sort_by_key(|entry| entry.idx);
        entries.into_iter().map(|entry| entry.migration(folder)).collect()
    }
}

impl Entry {
    fn file(&self) -> PathBuf {
        PathBuf::from(format!("{}.sql", self.tag))
    }

    fn migration(&self, folder: &Path) -> Result<Migration, Error> {
        let file = folder.join(self.file());
        let text = read_text(&file)?;
        let cut = if self.breakpoints { Cut::Loosely } else { Cut::Semicolons };
        Migration::numbered(&self.tag, version(&self.tag).unwrap_or(self.idx), file, &text, cut)
    }
}

/// Whether a `snapshot.json` is Drizzle's: it names the dialect.
pub(crate) fn is_snapshot(text: &str) -> bool {
    let read: Option<serde_json::Value> = serde_json::from_str(text).ok();
    read.is_some_and(|read| read.get("dialect").is_some())
}
