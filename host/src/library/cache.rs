//! Copies of libraries, each named after its hash.
//!
//! The system's loader knows a library by its path: while an old one is mapped, a new one of the same path
//! is never looked at. A name that follows from the content makes that harmless, and keeps what was hashed
//! and what is loaded the same.

use super::LibraryError;
use super::image::Image;
use sha2::{Digest, Sha256};
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How many libraries the cache keeps; beyond it the one that was not used for longest goes.
const COPIES_LIMIT: usize = 64;
/// What the owner alone may do with the folder, and with a copy.
const FOLDER_MODE: u32 = 0o700;
const COPY_MODE: u32 = 0o500;

/// The path of the copy of `image` in `cache`, whose content is verified.
pub(super) fn keep(image: &Image, cache: &Path) -> Result<PathBuf, LibraryError> {
    let name = format!(
        "{}.{}",
        hex::encode(image.sha256),
        std::env::consts::DLL_EXTENSION
    );
    let copy = cache.join(name);
    let kept = prepare(cache).and_then(|()| {
        if !holds(&copy, image.sha256) {
            write(image, cache, &copy)?;
        }
        File::open(&copy)?.set_modified(SystemTime::now())?;
        prune(cache, &copy)
    });
    match kept {
        Ok(()) => Ok(copy),
        Err(source) => Err(LibraryError::Cache {
            path: image.path.clone(),
            copy,
            source,
        }),
    }
}

fn prepare(cache: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(cache)?;
    if fs::metadata(cache)?.permissions().mode() & 0o777 != FOLDER_MODE {
        fs::set_permissions(cache, Permissions::from_mode(FOLDER_MODE))?;
    }
    Ok(())
}

/// Whether there is a copy and its bytes are still what its name says.
fn holds(copy: &Path, sha256: [u8; 32]) -> bool {
    if !fs::symlink_metadata(copy).is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let mut hash = Sha256::new();
    let hashed = File::open(copy).and_then(|mut file| io::copy(&mut file, &mut hash));
    hashed.is_ok() && <[u8; 32]>::from(hash.finalize()) == sha256
}

/// Writes the bytes that were hashed, in full or not at all.
fn write(image: &Image, cache: &Path, copy: &Path) -> io::Result<()> {
    let mut file = tempfile::Builder::new()
        .prefix(".new-")
        .permissions(Permissions::from_mode(COPY_MODE))
        .tempfile_in(cache)?;
    file.write_all(&image.bytes)?;
    // The umask may have taken bits away.
    file.as_file()
        .set_permissions(Permissions::from_mode(COPY_MODE))?;
    file.as_file().sync_all()?;
    file.persist(copy).map_err(|error| error.error)?;
    File::open(cache)?.sync_all()
}

/// Removes copies beyond the limit. One that is mapped somewhere stays usable there.
fn prune(cache: &Path, in_use: &Path) -> io::Result<()> {
    let mut copies = Vec::new();
    for entry in fs::read_dir(cache)? {
        let path = entry?.path();
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        if path != in_use && stem.len() == 64 && stem.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let used = fs::metadata(&path).and_then(|metadata| metadata.modified());
            copies.push((used.unwrap_or(SystemTime::UNIX_EPOCH), path));
        }
    }
    copies.sort_unstable();
    let excess = (copies.len() + 1).saturating_sub(COPIES_LIMIT);
    for (_, path) in &copies[..excess] {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(bytes: &[u8]) -> Image {
        Image {
            path: "a.so".into(),
            bytes: bytes.to_vec(),
            sha256: Sha256::digest(bytes).into(),
        }
    }

    #[test]
    fn a_copy_holds_the_bytes_and_only_the_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("deep/cache");
        let copy = keep(&image(b"code"), &cache).unwrap();
        assert_eq!(fs::read(&copy).unwrap(), b"code");
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o500);
        assert_eq!(fs::metadata(&cache).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(keep(&image(b"code"), &cache).unwrap(), copy);
        assert_eq!(
            fs::read_dir(&cache).unwrap().count(),
            1,
            "no temporary file stays"
        );
    }

    #[test]
    fn a_copy_that_was_tampered_with_is_not_used() {
        let cache = tempfile::tempdir().unwrap();
        let copy = keep(&image(b"code"), cache.path()).unwrap();
        fs::remove_file(&copy).unwrap();
        fs::write(&copy, b"evil").unwrap();
        assert_eq!(keep(&image(b"code"), cache.path()).unwrap(), copy);
        assert_eq!(fs::read(&copy).unwrap(), b"code");
    }

    #[test]
    fn a_link_in_the_place_of_a_copy_is_replaced() {
        let cache = tempfile::tempdir().unwrap();
        let copy = keep(&image(b"code"), cache.path()).unwrap();
        let elsewhere = cache.path().join("elsewhere");
        fs::rename(&copy, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &copy).unwrap();
        keep(&image(b"code"), cache.path()).unwrap();
        assert!(fs::symlink_metadata(&copy).unwrap().is_file());
    }

    #[test]
    fn the_cache_is_bounded_and_the_copy_just_asked_for_stays() {
        let cache = tempfile::tempdir().unwrap();
        let first = keep(&image(&[0]), cache.path()).unwrap();
        File::open(&first)
            .unwrap()
            .set_modified(SystemTime::UNIX_EPOCH)
            .unwrap();
        let copies: Vec<_> = (1..=COPIES_LIMIT)
            .map(|i| keep(&image(&[i as u8]), cache.path()).unwrap())
            .collect();
        assert!(!first.exists());
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), COPIES_LIMIT);
        assert!(copies.iter().all(|copy| copy.exists()));
    }

    #[test]
    fn a_cache_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, b"").unwrap();
        let error = keep(&image(b"code"), &file).unwrap_err().to_string();
        assert!(error.starts_with("a.so cannot be kept as "), "{error}");
    }
}
