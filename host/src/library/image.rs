//! The bytes of a library, read once.

use super::LibraryError;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The largest library that a host reads, in bytes.
pub const LIBRARY_LIMIT: u64 = 512 << 20;

/// The bytes of a file and their hash.
pub(super) struct Image {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    pub(super) sha256: [u8; 32],
}

impl Image {
    pub(super) fn read(path: &Path) -> Result<Self, LibraryError> {
        let fail = |source: io::Error| LibraryError::Read {
            path: path.to_owned(),
            source,
        };
        // Asked before opening, because opening a pipe waits for its other end.
        let metadata = path.metadata().map_err(fail)?;
        if !metadata.is_file() {
            return Err(LibraryError::NotAFile {
                path: path.to_owned(),
            });
        }
        let mut bytes = Vec::new();
        if metadata.len() <= LIBRARY_LIMIT {
            // One more byte than allowed, in case the file grows meanwhile.
            let mut file = File::open(path).map_err(fail)?.take(LIBRARY_LIMIT + 1);
            file.read_to_end(&mut bytes).map_err(fail)?;
        }
        let size = metadata.len().max(bytes.len() as u64);
        if size > LIBRARY_LIMIT {
            return Err(LibraryError::TooLarge {
                path: path.to_owned(),
                size,
                limit: LIBRARY_LIMIT,
            });
        }
        let sha256 = Sha256::digest(&bytes).into();
        Ok(Self {
            path: path.to_owned(),
            bytes,
            sha256,
        })
    }

    pub(super) fn check_pin(&self, pinned: Option<[u8; 32]>) -> Result<(), LibraryError> {
        match pinned {
            Some(pinned) if pinned != self.sha256 => Err(LibraryError::HashMismatch {
                path: self.path.clone(),
                expected: hex::encode(pinned),
                found: hex::encode(self.sha256),
            }),
            _ => Ok(()),
        }
    }
}
