//! Where PostgreSQL's programs are: an explicit folder, PATH, the usual folders, then a cached download.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

/// The oldest PostgreSQL that behaves as Aurora DSQL does where it matters (schema `public`, `NULLS NOT DISTINCT`).
const OLDEST: u32 = 15;

/// Folders where packages put PostgreSQL; `*` stands for one name, newest first.
const USUAL: &[&str] = &[
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/opt/homebrew/opt/postgresql/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/// The programs of one PostgreSQL installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binaries {
    folder: PathBuf,
    version: Version,
}

/// What `postgres --version` says: `15.18`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) major: u32,
    pub(crate) full: String,
}

/// Where to look.
#[derive(Debug, Clone, Default)]
pub(crate) struct Search {
    /// The only folder to look in, when given.
    pub(crate) explicit: Option<PathBuf>,
    /// Folders in the order of `PATH`.
    pub(crate) path: Vec<PathBuf>,
    /// Patterns of usual folders.
    pub(crate) usual: Vec<String>,
    /// Where a download comes from; none when downloads are switched off.
    #[cfg_attr(not(feature = "download"), allow(dead_code))]
    pub(crate) download: Option<String>,
}

impl Search {
    /// The places of this machine.
    pub(crate) fn of_machine() -> Search {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Search {
            explicit: None,
            path: std::env::split_paths(&path).collect(),
            usual: USUAL.iter().map(|pattern| (*pattern).to_owned()).collect(),
            #[cfg(feature = "download")]
            download: Some(super::download::SOURCE.to_owned()),
            #[cfg(not(feature = "download"))]
            download: None,
        }
    }

    /// The first installation that will do.
    ///
    /// # Errors
    /// A list of everything that was tried.
    pub(crate) async fn find(&self, cache: &Path) -> Result<Binaries, Error> {
        let mut tried = Vec::new();
        for folder in self.folders() {
            match Binaries::in_folder(&folder) {
                Ok(found) => return Ok(found),
                Err(reason) => tried.push(format!("{}: {reason}", folder.display())),
            }
        }
        #[cfg(feature = "download")]
        if let (None, Some(source)) = (&self.explicit, &self.download) {
            match super::download::fetch(source, cache).await {
                Ok(found) => return Ok(found),
                Err(error) => {
                    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
                    tried.push(format!("download from {source}: {error}{}", cause.unwrap_or_default()));
                }
            }
        }
        let _ = cache;
        Err(self.not_found(&tried))
    }

    fn folders(&self) -> Vec<PathBuf> {
        if let Some(explicit) = &self.explicit {
            return vec![explicit.clone()];
        }
        let mut folders: Vec<PathBuf> = Vec::new();
        let beside = self.path.iter().filter_map(|folder| folder.join("postgres").canonicalize().ok());
        folders.extend(beside.filter_map(|program| program.parent().map(Path::to_owned)));
        for pattern in &self.usual {
            folders.extend(expand(pattern));
        }
        let mut seen = std::collections::HashSet::new();
        folders.retain(|folder| seen.insert(folder.clone()));
        folders
    }

    fn not_found(&self, tried: &[String]) -> Error {
        let mut message = match &self.explicit {
            Some(folder) => format!("no PostgreSQL {OLDEST} or newer in {}", folder.display()),
            None => format!("no PostgreSQL {OLDEST} or newer found"),
        };
        message.push_str("; tried");
        if self.explicit.is_none() {
            message.push_str(" every folder of PATH,");
            for pattern in &self.usual {
                let _ = write!(message, " {pattern}");
            }
        }
        for attempt in tried {
            let _ = write!(message, "\n  {attempt}");
        }
        let feature = if cfg!(feature = "download") { "" } else { ", or build with the feature `download`" };
        Error::new(message).with_hint(format!(
            "install it (apt install postgresql, dnf install postgresql-server, brew install postgresql@17), or \
             name its bin folder with --pg-bin or Builder::pg_bin{feature}"
        ))
    }
}

impl Binaries {
    /// The installation whose programs are in `folder`.
    pub(crate) fn in_folder(folder: &Path) -> Result<Binaries, String> {
        for program in ["postgres", "initdb"] {
            if !folder.join(program).is_file() {
                return Err(format!("no {program} there"));
            }
        }
        let output = Command::new(folder.join("postgres"))
            .arg("--version")
            .output()
            .map_err(|error| format!("postgres does not run: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = Version::read(&text).ok_or_else(|| format!("cannot read the version in {text:?}"))?;
        if version.major < OLDEST {
            return Err(format!("is PostgreSQL {}, too old", version.full));
        }
        Ok(Binaries { folder: folder.to_owned(), version })
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn version(&self) -> &Version {
        &self.version
    }
}

impl Version {
    /// Reads `postgres (PostgreSQL) 15.18 (Debian …)`.
    fn read(text: &str) -> Option<Version> {
        let full = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        let digits: String = full.chars().take_while(char::is_ascii_digit).collect();
        Some(Version { major: digits.parse().ok()?, full: full.to_owned() })
    }
}

/// The folders a pattern with one `*` stands for, newest version first.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((head, tail)) = pattern.split_once('*') else { return vec![PathBuf::from(pattern)] };
    let (parent, prefix) = head.rsplit_once('/').unwrap_or(("", head));
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with(prefix))
        .collect();
    names.sort_by_key(|name| std::cmp::Reverse(number(name)));
    names.iter().map(|name| PathBuf::from(format!("{parent}/{name}{tail}"))).collect()
}

fn number(name: &str) -> u32 {
    let digits: String = name.chars().filter(char::is_ascii_digit).take(4).collect();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_the_program_says() {
        let full = |text| Version::read(text).map(|version| (version.major, version.full));
        assert_eq!(full("postgres (PostgreSQL) 15.18 (Debian 15.18-0)"), Some((15, "15.18".to_owned())));
        assert_eq!(full("postgres (PostgreSQL) 18beta1"), Some((18, "18beta1".to_owned())));
        assert_eq!(full("sh: not found"), None);
    }

    #[test]
    fn the_newest_of_the_usual_folders_comes_first() {
        let root = tempfile::tempdir().unwrap();
        for version in ["9", "15", "17"] {
            std::fs::create_dir_all(root.path().join(version).join("bin")).unwrap();
        }
        let pattern = format!("{}/*/bin", root.path().display());
        let found = expand(&pattern);
        assert!(found[0].ends_with("17/bin") && found[2].ends_with("9/bin"), "{found:?}");
    }
}
