//! Room on the disk that is kept, so that something can be deleted when there is no other.

use std::fs;
use std::path::{Path, PathBuf};

use crate::limits;

/// A file that stands for the room.
pub(crate) struct Reserve(PathBuf);

impl Reserve {
    /// The room in a directory, as far as there is any.
    pub(crate) fn new(root: &Path) -> Self {
        let reserve = Reserve(root.join(".reserve"));
        reserve.take();
        reserve
    }

    /// Takes the room, or as much of it as there is: the next one to make some tries again.
    pub(crate) fn take(&self) {
        let there = fs::metadata(&self.0).is_ok_and(|found| found.len() == limits::RESERVE_BYTES as u64);
        if !there && let Err(error) = fs::write(&self.0, vec![0; limits::RESERVE_BYTES]) {
            tracing::warn!(%error, "no room can be kept on the disk");
        }
    }

    /// Gives the room back; false when there was none.
    pub(crate) fn give_back(&self) -> bool {
        fs::remove_file(&self.0).is_ok()
    }
}
