//! A data folder made once by `initdb`, kept in the cache folder as an archive, and unpacked for every instance.
//!
//! An archive and not a folder: to unpack one file costs half of what it costs to copy four hundred.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use super::account::Account;
use super::{Binaries, DATABASE, OWNER, script};
use crate::Error;

/// How many templates stay however old they are, and how long each stays after its last use.
const NEWEST: usize = 3;
const IDLE: Duration = Duration::from_secs(3 * 86_400);

/// A template that stays as long as this value lives.
#[derive(Debug)]
pub(crate) struct Template {
    path: PathBuf,
    /// Shared: whoever wants to remove the file needs it alone.
    _lock: File,
}

/// The cache folder.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    folder: PathBuf,
    account: Account,
}

impl Cache {
    /// `explicit`, else `MIZZLE_CACHE_DIR`, `XDG_CACHE_HOME/mizzle`, `~/.cache/mizzle`. When the account that runs
    /// PostgreSQL cannot walk there (root's home is closed), `/var/tmp` serves instead.
    ///
    /// # Errors
    /// When the folder cannot be made or belongs to somebody else.
    pub(crate) fn open(explicit: Option<PathBuf>, account: Account) -> Result<Cache, Error> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let asked = explicit.or_else(|| variable("MIZZLE_CACHE_DIR"));
        let usual = variable("XDG_CACHE_HOME")
            .or_else(|| variable("HOME").map(|home| home.join(".cache")))
            .map(|folder| folder.join("mizzle"));
        let user = rustix::process::geteuid().as_raw();
        let folder = asked
            .or_else(|| usual.filter(|folder| account.reaches(folder)))
            .unwrap_or_else(|| PathBuf::from(format!("/var/tmp/mizzle-cache-{user}")));
        fs::create_dir_all(&folder).map_err(|error| Error::file("create", &folder, error))?;
        let owner = fs::metadata(&folder).map_err(|error| Error::file("read", &folder, error))?.uid();
        if owner != user {
            return Err(Error::new(format!("the cache folder {} belongs to another user", folder.display()))
                .with_hint("set MIZZLE_CACHE_DIR to a folder of your own"));
        }
        Ok(Cache { folder, account })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn account(&self) -> Account {
        self.account
    }

    /// The template for these programs, made now if this is the first time.
    ///
    /// Many processes may ask at once: one makes it under a lock, in a folder of its own that is renamed into place.
    ///
    /// # Errors
    /// When `initdb` or the boot script fails; its own words are in the message.
    pub(crate) fn template(&self, binaries: &Binaries) -> Result<Template, Error> {
        let parent = self.folder.join("templates");
        let path = parent.join(key(binaries));
        if let Some(template) = Template::take(&path) {
            return Ok(template);
        }
        fs::create_dir_all(&parent).map_err(|error| Error::file("create", &parent, error))?;
        if !self.account.reaches(&parent) {
            return Err(Error::new(format!("PostgreSQL's account cannot reach {}", parent.display()))
                .with_hint("set MIZZLE_CACHE_DIR to a folder that other users may enter"));
        }
        let lock = parent.join("lock");
        let lock = File::create(&lock).map_err(|error| Error::file("create", &lock, error))?;
        lock.lock().map_err(|error| Error::file("lock", &parent, error))?;
        if let Some(template) = Template::take(&path) {
            return Ok(template);
        }
        self.make(binaries, &path)?;
        let template = Template::take(&path);
        prune(&parent, SystemTime::now());
        template.ok_or_else(|| {
            Error::new(format!("{} went as soon as it was made", path.display()))
                .with_hint("let nobody else clear the cache folder meanwhile, and try again")
        })
    }

    fn make(&self, binaries: &Binaries, path: &Path) -> Result<(), Error> {
        let parent = path.parent().unwrap_or(&self.folder);
        let workshop = tempfile::Builder::new()
            .prefix("making-")
            .tempdir_in(parent)
            .map_err(|error| Error::file("create a folder in", parent, error))?;
        self.account.give(workshop.path())?;
        let (data, archive) = (workshop.path().join("data"), workshop.path().join("data.tar"));
        self.initdb(binaries, &data)?;
        self.boot(binaries, &data)?;
        self.pack(&data, &archive)?;
        fs::rename(&archive, path).map_err(|error| Error::file("create", path, error))
    }

    fn pack(&self, data: &Path, archive: &Path) -> Result<(), Error> {
        let output = self
            .account
            .command("tar")
            .arg("-cf")
            .arg(archive)
            .arg("-C")
            .arg(data)
            .arg(".")
            .output()
            .map_err(|error| Error::new("cannot run tar").with_source(error).with_hint("install tar"))?;
        if output.status.success() {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Error::new(format!("tar could not pack {}: {words}", data.display())))
    }

    fn initdb(&self, binaries: &Binaries, data: &Path) -> Result<(), Error> {
        let output = self
            .account
            .command(binaries.program("initdb"))
            .arg("-D")
            .arg(data)
            .args([
                "-U",
                OWNER,
                "-A",
                "trust",
                "--locale=C",
                "--encoding=UTF8",
                "--wal-segsize=1",
                "--no-sync",
            ])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| Error::file("run", &binaries.program("initdb"), error))?;
        if output.status.success() {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Error::new(format!("initdb could not make {}: {words}", data.display())))
    }

    /// Runs the boot script in PostgreSQL's single-user mode: no server, no socket.
    fn boot(&self, binaries: &Binaries, data: &Path) -> Result<(), Error> {
        let program = binaries.program("postgres");
        let mut child = self
            .account
            .command(&program)
            .args(["--single", "-j", "-F", "-c", "allow_system_table_mods=on", "-D"])
            .arg(data)
            .arg(DATABASE)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Error::file("run", &program, error))?;
        let mut input = child.stdin.take().expect("the input is a pipe");
        let written = input.write_all(script::stamped().as_bytes());
        drop(input);
        let output = child.wait_with_output().map_err(|error| Error::file("run", &program, error))?;
        let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let broken = ["ERROR:", "FATAL:", "PANIC:"].iter().any(|word| words.contains(word));
        if written.is_err() || !output.status.success() || broken {
            return Err(Error::new(format!("the boot script failed: {words}")));
        }
        Ok(())
    }
}

impl Template {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The template at a path, used now; none when there is none, or it is being removed.
    fn take(path: &Path) -> Option<Template> {
        let lock = File::open(path).ok()?;
        lock.lock_shared().ok()?;
        // It may have been removed before we had the lock.
        let (held, there) = (lock.metadata().ok()?, fs::metadata(path).ok()?);
        if (held.dev(), held.ino()) != (there.dev(), there.ino()) {
            return None;
        }
        // Kept to say when it was last used; who may not say so uses it all the same.
        let _ = lock.set_modified(SystemTime::now());
        Some(Template { path: path.to_owned(), _lock: lock })
    }
}

/// A template serves one PostgreSQL version and one boot script.
fn key(binaries: &Binaries) -> String {
    format!("pg{}-{}.tar", binaries.version().full, script::digest())
}

/// Removes the templates that nobody has used for a while, but for the newest few. Only whoever makes one, under the
/// lock of the folder, prunes; what somebody is starting from stays.
fn prune(parent: &Path, now: SystemTime) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    let mut found: Vec<(SystemTime, PathBuf)> = entries
        .flatten()
        .filter(|entry| entry.file_name() != "lock")
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    found.sort_by(|one, other| other.cmp(one));
    for (used, path) in found.into_iter().skip(NEWEST) {
        if now.duration_since(used).is_ok_and(|idle| idle > IDLE) {
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { remove_unused(&path) };
            tracing::debug!(path = %path.display(), ?removed, "an old template");
        }
    }
}

fn remove_unused(path: &Path) -> std::io::Result<()> {
    let file = File::open(path)?;
    file.try_lock()?;
    fs::remove_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes files that were used so many days ago.
    fn templates(folder: &Path, ages: &[(&str, u64)]) -> SystemTime {
        let now = SystemTime::now();
        for (name, days) in ages {
            let file = File::create(folder.join(name)).unwrap();
            file.set_modified(now - Duration::from_secs(days * 86_400)).unwrap();
        }
        now
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn templates_that_nobody_uses_go() {
        let folder = tempfile::tempdir().unwrap();
        let now = templates(
            folder.path(),
            &[("a", 0), ("b", 1), ("c", 2), ("d", 1), ("e", 9), ("f", 10), ("lock", 99)],
        );
        let held = Template::take(&folder.path().join("f")).unwrap();
        File::open(held.path()).unwrap().set_modified(now - Duration::from_secs(9_000_000)).unwrap();
        prune(folder.path(), now);
        assert_eq!(names(folder.path()), ["a", "b", "c", "d", "f", "lock"]);
        drop(held);
        prune(folder.path(), now);
        assert_eq!(names(folder.path()), ["a", "b", "c", "d", "lock"]);
    }

    #[test]
    fn the_newest_stay_however_old() {
        let folder = tempfile::tempdir().unwrap();
        let now = templates(folder.path(), &[("a", 10), ("b", 20), ("c", 30), ("d", 40)]);
        prune(folder.path(), now);
        assert_eq!(names(folder.path()), ["a", "b", "c"]);
        // Whoever takes one makes it the newest.
        Template::take(&folder.path().join("c")).unwrap();
        templates(folder.path(), &[("e", 5)]);
        prune(folder.path(), now);
        assert_eq!(names(folder.path()), ["a", "c", "e"]);
    }
}
