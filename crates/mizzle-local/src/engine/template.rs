//! A data folder made once by `initdb`, kept in the cache folder as an archive, and unpacked for every instance.
//!
//! An archive and not a folder: to unpack one file costs half of what it costs to copy four hundred.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest, Sha256};

use super::account::Account;
use super::{Binaries, DATABASE, OWNER};
use crate::Error;

/// What every cluster holds before the first client comes.
const BOOT: &str =
    concat!(include_str!("boot.sql"), include_str!("limits.sql"), include_str!("../jobs/jobs.sql"));

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
    pub(crate) fn template(&self, binaries: &Binaries) -> Result<PathBuf, Error> {
        let parent = self.folder.join("templates");
        let template = parent.join(key(binaries));
        if template.exists() {
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
        if template.exists() {
            return Ok(template);
        }
        let workshop = tempfile::Builder::new()
            .prefix("making-")
            .tempdir_in(&parent)
            .map_err(|error| Error::file("create a folder in", &parent, error))?;
        self.account.give(workshop.path())?;
        let (data, archive) = (workshop.path().join("data"), workshop.path().join("data.tar"));
        self.initdb(binaries, &data)?;
        self.boot(binaries, &data)?;
        self.pack(&data, &archive)?;
        fs::rename(&archive, &template).map_err(|error| Error::file("create", &template, error))?;
        Ok(template)
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
        let written = input.write_all(BOOT.as_bytes());
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

/// A template serves one PostgreSQL version and one boot script.
fn key(binaries: &Binaries) -> String {
    let script = hex::encode(Sha256::digest(BOOT));
    format!("pg{}-{}.tar", binaries.version().full, &script[..12])
}
