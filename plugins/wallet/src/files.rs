//! Files that are either old or new, never half of each.

use crate::address::Address;
use crate::limits::{self, DIRECTORY_POLL, LimitExceeded, MAX_DIRECTORY_WAIT};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Instant, SystemTime};
use time::OffsetDateTime;

/// Start of the names of files and folders that are being written.
const UNFINISHED: &str = ".new-";
/// Start of the names of folders that are being deleted.
pub(crate) const DELETED: &str = ".gone-";
const LOCK: &str = ".lock";

/// Why a file was not read.
#[derive(Debug)]
pub(crate) enum ReadError {
    Io(io::ErrorKind),
    Limit(LimitExceeded),
}

/// Reads a whole file of at most `limit` bytes.
pub(crate) fn read(path: &Path, field: &'static str, limit: usize) -> Result<Vec<u8>, ReadError> {
    let file = File::open(path).map_err(|error| ReadError::Io(error.kind()))?;
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| ReadError::Io(error.kind()))?;
    limits::check(field, bytes.len(), limit, "bytes").map_err(ReadError::Limit)?;
    Ok(bytes)
}

/// Replaces or makes a file in one step that survives a crash; only its owner may read it.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    // Made with mode 0600.
    let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|failed| failed.error)?;
    sync_folder(folder)
}

/// Makes a folder for its owner only.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes a folder under a temporary name, for its owner only.
pub(crate) fn stage_folder(parent: &Path) -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(parent)
}

/// Makes names in a folder outlive a crash.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(path)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Removes what a crash left of unfinished work. Call it under the [`FolderLock`].
pub(crate) fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with(UNFINISHED) && !name.starts_with(DELETED) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Held while a folder is changed, so that two processes or two versions of this plugin never
/// change it at once. The operating system releases it when the holder dies.
pub(crate) struct FolderLock(#[expect(dead_code, reason = "held for its lock")] File);

impl FolderLock {
    /// Waits at most [`MAX_DIRECTORY_WAIT`]; nothing when it stays busy.
    pub(crate) fn wait(folder: &Path) -> io::Result<Option<Self>> {
        let deadline = Instant::now() + MAX_DIRECTORY_WAIT;
        loop {
            if let Some(lock) = Self::attempt(folder)? {
                return Ok(Some(lock));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            std::thread::sleep(DIRECTORY_POLL);
        }
    }

    /// Nothing when somebody else holds it.
    pub(crate) fn attempt(folder: &Path) -> io::Result<Option<Self>> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join(LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }
}

/// geth's name for a key file: time with nanoseconds in UTC, then the address.
pub(crate) fn key_file_name(address: Address, now: SystemTime) -> String {
    let t = OffsetDateTime::from(now);
    format!(
        "UTC--{:04}-{:02}-{:02}T{:02}-{:02}-{:02}.{:09}Z--{}",
        t.year(),
        u8::from(t.month()),
        t.day(),
        t.hour(),
        t.minute(),
        t.second(),
        t.nanosecond(),
        hex::encode(address)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn names_are_the_ones_of_geth() {
        let now = SystemTime::UNIX_EPOCH + Duration::new(1_600_000_000, 1_002_003);
        assert_eq!(
            key_file_name(Address::repeat_byte(0xAB), now),
            format!("UTC--2020-09-13T12-26-40.001002003Z--{}", "ab".repeat(20))
        );
    }

    #[test]
    fn a_busy_folder_is_not_entered() {
        let folder = tempfile::tempdir().unwrap();
        let held = FolderLock::attempt(folder.path()).unwrap();
        assert!(held.is_some());
        assert!(FolderLock::attempt(folder.path()).unwrap().is_none());
        drop(held);
        assert!(FolderLock::attempt(folder.path()).unwrap().is_some());
    }

    #[test]
    fn a_file_larger_than_its_limit_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        replace(&path, &[0; 11]).unwrap();
        assert!(matches!(read(&path, "x", 10), Err(ReadError::Limit(_))));
        assert_eq!(read(&path, "x", 11).unwrap().len(), 11);
    }
}
