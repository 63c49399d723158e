//! The operating-system account that owns the data: PostgreSQL refuses to run as root.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

/// Who runs PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    /// Set when we are root and have to become somebody else: user id and group id.
    other: Option<(u32, u32)>,
}

impl Account {
    /// The current user, or as root `postgres`, else `nobody`.
    ///
    /// # Errors
    /// When we are root and neither account exists.
    pub(crate) fn choose() -> Result<Account, Error> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Account { other: None });
        }
        let path = Path::new("/etc/passwd");
        let accounts = std::fs::read_to_string(path).map_err(|error| Error::file("read", path, error))?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| find(&accounts, name))
            .map(|ids| Account { other: Some(ids) })
            .ok_or_else(|| {
                Error::new("PostgreSQL does not run as root and there is no account postgres or nobody")
                    .with_hint("run as an ordinary user, or create the account postgres")
            })
    }

    /// A command that runs as this account and inherits none of PostgreSQL's own variables.
    pub(crate) fn command(self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command.env("LC_ALL", "C").env("TZ", "UTC").current_dir("/");
        if let Some((user, group)) = self.other {
            use std::os::unix::process::CommandExt;
            command.uid(user).gid(group);
        }
        command
    }

    /// Gives a file or folder to this account.
    pub(crate) fn give(self, path: &Path) -> Result<(), Error> {
        match self.other {
            None => Ok(()),
            Some((user, group)) => std::os::unix::fs::chown(path, Some(user), Some(group))
                .map_err(|error| Error::file("give away", path, error)),
        }
    }

    /// Makes the folder of a cluster that stays, with a place for the data that this account may use.
    ///
    /// # Errors
    /// When the folder cannot be made, or the account cannot walk there.
    pub(crate) fn keep(self, folder: &Path) -> Result<PathBuf, Error> {
        if folder.exists() && !folder.is_dir() {
            return Err(Error::new(format!("{} is there and is no folder", folder.display()))
                .with_hint("name a folder, or one that is not there yet"));
        }
        std::fs::create_dir_all(folder).map_err(|error| {
            Error::file("create", folder, error).with_hint("name a data folder that you may write to")
        })?;
        let folder = folder.canonicalize().map_err(|error| Error::file("find", folder, error))?;
        if !self.reaches(&folder) {
            return Err(Error::new(format!("PostgreSQL's account cannot reach {}", folder.display()))
                .with_hint(
                    "as root, choose a data folder that other users may enter, such as one in /var/tmp",
                ));
        }
        let data = folder.join("data");
        if !data.exists() {
            // An empty folder of its own lets the account copy the template there.
            std::fs::create_dir(&data).map_err(|error| Error::file("create", &data, error))?;
            std::fs::set_permissions(&data, std::os::unix::fs::PermissionsExt::from_mode(0o700))
                .map_err(|error| Error::file("close", &data, error))?;
            self.give(&data)?;
        }
        Ok(folder)
    }

    /// Whether this account can walk to `path`: every folder above it has to let it pass.
    pub(crate) fn reaches(self, path: &Path) -> bool {
        let Some((user, group)) = self.other else { return true };
        path.ancestors().filter(|folder| folder.exists()).all(|folder| {
            std::fs::metadata(folder).is_ok_and(|meta| {
                let shift = match () {
                    () if meta.uid() == user => 6,
                    () if meta.gid() == group => 3,
                    () => 0,
                };
                meta.mode() >> shift & 1 == 1 || !meta.is_dir()
            })
        })
    }
}

fn find(accounts: &str, name: &str) -> Option<(u32, u32)> {
    accounts.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        match fields[..] {
            [found, _, user, group, ..] if found == name => Some((user.parse().ok()?, group.parse().ok()?)),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let accounts = "postgresql:x:1:1::/:/bin/sh\npostgres:x:102:104:,,,:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(find(accounts, "postgres"), Some((102, 104)));
        assert_eq!(find(accounts, "nobody"), None);
    }
}
