//! A data folder: who uses it, and whose data it holds.
//!
//! Two locks, which the system takes back from whoever ends, however that comes. The owner's says that a local DSQL
//! uses the folder. The supervisor's travels as its standard output and says that PostgreSQL may still be at work,
//! for a moment longer than an owner that was killed.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::time::Instant;

use super::account::Account;
use super::binaries::Binaries;
use crate::Error;

/// How long a PostgreSQL whose owner has gone may take to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often we look whether it has.
const POLL: Duration = Duration::from_millis(10);

/// A folder that nobody else uses as long as this value lives.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _owner: File,
    supervised: File,
}

impl Folder {
    /// Makes the folder unless it is there, and takes it.
    ///
    /// # Errors
    /// When the folder cannot be made, somebody uses it, or another PostgreSQL made what is in it.
    pub(crate) async fn take(account: Account, path: &Path, binaries: &Binaries) -> Result<Folder, Error> {
        let path = account.keep(path)?;
        let owner = take_owner(&path)?;
        let supervised = open(&path.join("supervisor.lock"))?;
        let deadline = Instant::now() + PATIENCE;
        while !try_lock(&supervised, &path)? {
            if Instant::now() > deadline {
                return Err(Error::new(format!("the PostgreSQL of {} does not stop", path.display()))
                    .with_hint("look for a process postgres with this folder, and end it"));
            }
            tokio::time::sleep(POLL).await;
        }
        let folder = Folder { path, _owner: owner, supervised };
        folder.check_major(binaries)?;
        Ok(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// PostgreSQL's own folder in it.
    pub(crate) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// Whether the data has been made.
    pub(crate) fn is_complete(&self) -> bool {
        self.data().join("mizzle.complete").exists()
    }

    /// The lock as the supervisor's standard output.
    pub(crate) fn to_stdio(&self) -> Result<Stdio, Error> {
        let lock = self.supervised.try_clone();
        lock.map(Stdio::from).map_err(|error| Error::file("share the lock of", &self.path, error))
    }

    /// Data of one major version is of no use to another.
    fn check_major(&self, binaries: &Binaries) -> Result<(), Error> {
        let Ok(made_by) = std::fs::read_to_string(self.data().join("PG_VERSION")) else { return Ok(()) };
        let (made_by, found) = (made_by.trim(), binaries.version().major.to_string());
        if !self.is_complete() || made_by == found {
            return Ok(());
        }
        Err(Error::new(format!(
            "{} was made by PostgreSQL {made_by}, and PostgreSQL {found} was found",
            self.path.display()
        ))
        .with_hint(format!("name the folder of PostgreSQL {made_by}'s programs, or another data folder")))
    }
}

fn take_owner(path: &Path) -> Result<File, Error> {
    let file = path.join("owner.lock");
    let mut owner = open(&file)?;
    if !try_lock(&owner, path)? {
        let mut process = String::new();
        let _ = owner.read_to_string(&mut process);
        let process = process.trim().parse::<u32>().map(|id| format!(" by process {id}")).unwrap_or_default();
        return Err(Error::new(format!("the data folder {} is in use{process}", path.display()))
            .with_hint("stop that local DSQL, or name another data folder"));
    }
    let told = owner
        .set_len(0)
        .and_then(|()| owner.rewind())
        .and_then(|()| writeln!(owner, "{}", std::process::id()));
    told.map_err(|error| Error::file("write", &file, error))?;
    Ok(owner)
}

fn open(path: &Path) -> Result<File, Error> {
    File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(|error| {
        Error::file("open", path, error).with_hint("name a data folder that you may write to")
    })
}

fn try_lock(file: &File, path: &Path) -> Result<bool, Error> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(Error::file("lock", path, error)),
    }
}
