//! The directory of a store: that it can be one, and that one instance alone uses it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::{migrate, rekey};

/// The lock file; no job id turns into this name.
const LOCK_FILE: &str = ".lock";

/// Owns a directory until it is dropped. The lock is advisory and ends with the process.
pub(crate) struct RootLock(#[allow(dead_code, reason = "the lock lasts as long as the descriptor")] File);

/// Checks that `root` is a directory, or can become one. Touches nothing.
pub(crate) fn check(root: &Path) -> Result<()> {
    if root.as_os_str().is_empty() {
        return Err(Error::argument("root", "must not be empty"));
    }
    let absolute = std::path::absolute(root).map_err(Error::io("resolve the root directory"))?;
    let existing = absolute
        .ancestors()
        .find_map(|path| fs::metadata(path).ok().map(|found| (path, found)));
    match existing {
        Some((_, found)) if found.is_dir() => Ok(()),
        Some((path, _)) => Err(Error::argument(
            "root",
            format!("{} is not a directory", path.display()),
        )),
        None => Err(Error::argument("root", "has no directory above it that exists")),
    }
}

/// Makes the names in a directory survive a loss of power.
#[cfg(unix)]
pub(crate) fn sync_names(directory: &Path) -> Result<()> {
    let sync = File::open(directory).and_then(|directory| directory.sync_all());
    sync.map_err(Error::io("write a directory to the disk"))
}

#[cfg(not(unix))]
pub(crate) fn sync_names(_directory: &Path) -> Result<()> {
    Ok(())
}

/// Creates the directory if need be, open to its owner only, and takes it.
pub(crate) fn acquire(root: &Path) -> Result<RootLock> {
    let root = &std::path::absolute(root).map_err(Error::io("resolve the root directory"))?;
    let new: Vec<&Path> = root.ancestors().take_while(|path| !path.exists()).collect();
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(root)
        .map_err(Error::io("create the root directory"))?;
    new.into_iter()
        .filter_map(Path::parent)
        .try_for_each(sync_names)?;

    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options
        .open(root.join(LOCK_FILE))
        .map_err(Error::io("open the lock file"))?;
    match file.try_lock() {
        Ok(()) => Ok(RootLock(file)),
        Err(TryLockError::WouldBlock) => Err(Error::AlreadyOpen {
            root: root.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(Error::io("lock the root directory")(error)),
    }
}

/// The job ids of the files in `root`; none when it does not exist.
pub(crate) fn jobs(root: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("list the root directory")(error)),
    };
    let mut jobs = Vec::new();
    for entry in entries {
        let name = entry.map_err(Error::io("list the root directory"))?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(".db"));
        jobs.extend(stem.and_then(crate::job_id::from_stem));
    }
    jobs.sort_unstable();
    Ok(jobs)
}

/// Removes a file; false when it is not there.
pub(crate) fn remove(path: &Path) -> Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("remove the file of a job")(error)),
    }
}

/// Removes a database file and those beside it; false when there was none.
pub(crate) fn remove_database(path: &Path) -> Result<bool> {
    rekey::remove_unfinished(path)?;
    for copy in [
        migrate::copy_of(path),
        migrate::unfinished_copy_of(path),
        rekey::copy_of(path),
    ] {
        remove(&copy)?;
    }
    let mut found = false;
    for suffix in ["-wal", "-shm", ""] {
        found |= remove(&with_suffix(path, suffix))?;
    }
    Ok(found)
}

/// The name of a file beside a database file.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
