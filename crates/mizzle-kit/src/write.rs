//! Writes a migration into a folder, behind all others.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::folder::{FILE, SNAPSHOT, read_text};
use crate::lexer::DIRECTIVE;
use crate::split::Cut;
use crate::{Checksum, Error, Folder, Migration};

pub(crate) fn migration(
    folder: &Folder,
    name: &str,
    sql: &str,
    snapshot: Option<&str>,
    now: SystemTime,
) -> Result<Migration, Error> {
    let root = folder.root().ok_or_else(Error::not_on_disk)?;
    let last = folder.migrations().last();
    let name = next(last, name, now)?;
    let header = last.map(|last| header(&last.name, last.chain)).unwrap_or_default();
    let text = format!("{header}{}\n", sql.trim_end());
    let path = root.join(&name);
    let migration = Migration::parse(&name, path.join(FILE), &text, Cut::Strictly)?;
    // A folder that is there only in part must not look like a migration, so it gets its name last.
    let hidden = root.join(format!(".{name}"));
    let wrote = files(&hidden, &text, snapshot).and_then(|()| std::fs::rename(&hidden, &path));
    wrote.map_err(|source| {
        let _ = std::fs::remove_dir_all(&hidden);
        Error::unwritable(&path, source)
    })?;
    Ok(Migration { snapshot: snapshot.map(|_| path.join(SNAPSHOT)), ..migration })
}

/// What a migration that is written by hand begins with.
const DRAFT: &str = "\
-- Statements with a line `--> statement-breakpoint` between them, each run in a transaction of its own.
-- One that changes more than 3,000 rows runs in chunks, along the key, with this line in front of it:
--   -- mizzle: backfill chunk=3000
";

/// Writes a migration without a statement, which somebody has to write; answers its file.
pub(crate) fn draft(folder: &Folder, name: &str, now: SystemTime) -> Result<PathBuf, Error> {
    let root = folder.root().ok_or_else(Error::not_on_disk)?;
    let last = folder.migrations().last();
    let name = next(last, name, now)?;
    let header = last.map(|last| header(&last.name, last.chain)).unwrap_or_default();
    let path = root.join(&name);
    files(&path, &format!("{header}{DRAFT}"), None).map_err(|source| Error::unwritable(&path, source))?;
    Ok(path.join(FILE))
}

/// The name of a migration behind the last.
fn next(last: Option<&Migration>, name: &str, now: SystemTime) -> Result<String, Error> {
    let number = number(now).max(last.map_or(0, |last| last.version + 1));
    Ok(format!("{number:014}_{}", plain(name).ok_or_else(|| Error::bad_new_name(name))?))
}

/// Puts a migration behind all others: its parent is the last of them, and so is its number.
pub(crate) fn rebase(folder: &Folder, name: &str, now: SystemTime) -> Result<Migration, Error> {
    let root = folder.root().ok_or_else(Error::not_on_disk)?;
    let migration = folder.migration(name).ok_or_else(|| Error::no_such_migration(name))?;
    if migration.snapshot.is_some() {
        return Err(Error::rebase_of_a_snapshot(migration));
    }
    let others = || folder.migrations().iter().filter(|other| other.name != name);
    let parent = others().next_back();
    let behind = parent.map_or(0, |parent| parent.version + 1);
    let stays = migration.version >= behind;
    let number = if stays { migration.version } else { number(now).max(behind) };
    let rest = name.split_once('_').map_or(name, |(_, rest)| rest);
    let new = if stays { name.to_owned() } else { format!("{number:014}_{rest}") };
    // Without the migration between, the chain of those before is another one.
    let chain =
        others().fold(None, |chain, other| Some(Checksum::of_all(chain.into_iter().chain([other.sha256]))));
    let header = parent.zip(chain).map(|(parent, chain)| header(&parent.name, chain)).unwrap_or_default();
    let text = format!("{header}{}", without_header(&read_text(&migration.file)?));
    let path = root.join(&new);
    let read = Migration::parse(&new, path.join(FILE), &text, Cut::Strictly)?;
    let moved = std::fs::write(&migration.file, &text).and_then(|()| std::fs::rename(root.join(name), &path));
    moved.map_err(|source| Error::unwritable(&path, source))?;
    Ok(read)
}

fn without_header(text: &str) -> &str {
    match text.split_once('\n') {
        Some((first, rest)) if first.starts_with(DIRECTIVE) && first.contains("parent=") => rest,
        _ => text,
    }
}

/// The line that names the migration before.
fn header(parent: &str, chain: Checksum) -> String {
    format!("{DIRECTIVE} parent={parent} sha256={chain}\n")
}

fn files(folder: &Path, text: &str, snapshot: Option<&str>) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join(FILE), text)?;
    snapshot.map_or(Ok(()), |snapshot| std::fs::write(folder.join(SNAPSHOT), snapshot))
}

/// Small letters, digits and single underscores.
fn plain(name: &str) -> Option<String> {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    (!words.is_empty()).then(|| words.join("_"))
}

/// The time in UTC as `yyyymmddhhmmss`.
pub(crate) fn number(time: SystemTime) -> u64 {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // The calendar repeats every 146,097 days; years begin in March, so that the leap day is the last.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year + next;
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    ((((year * 100 + month) * 100 + day) * 100 + hour) * 100 + minute) * 100 + second
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_time_is_a_number_that_sorts() {
        for (seconds, expect) in [
            (0, 19_700_101_000_000),
            (951_782_400, 20_000_229_000_000),
            (1_709_251_199, 20_240_229_235_959),
            (1_795_342_500, 20_261_122_101_500),
        ] {
            assert_eq!(number(UNIX_EPOCH + Duration::from_secs(seconds)), expect);
        }
    }

    #[test]
    fn a_name_is_made_plain() {
        assert_eq!(plain("Add  pets, please!").as_deref(), Some("add_pets_please"));
        assert_eq!(plain("--"), None);
    }
}
