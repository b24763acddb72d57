//! A folder outside of the workspace, where plugins are built as a third party would.

use crate::{target_dir, workspace};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A folder outside of the workspace, in which `backplane` leads there. It is the same in each run and for each test
/// program, so that what cargo has built for it is used again; it is ours as long as this is held, and then removed.
#[derive(Debug)]
pub struct Outside {
    folder: PathBuf,
    _lock: File,
}

impl Outside {
    /// The folder, which all tests of this process share, and for which those of others wait.
    ///
    /// # Panics
    /// The temporary folder cannot be written.
    pub fn open() -> Arc<Self> {
        static OPEN: Mutex<Weak<Outside>> = Mutex::new(Weak::new());
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outside) = open.upgrade() {
            return outside;
        }
        let outside = Arc::new(Self::make());
        *open = Arc::downgrade(&outside);
        outside
    }

    fn make() -> Self {
        let mut hasher = DefaultHasher::new();
        (workspace(), target_dir()).hash(&mut hasher);
        let folder = std::env::temp_dir().join(format!("backplane-outside-{:x}", hasher.finish()));
        let lock = File::create(folder.with_extension("lock")).expect("the temporary folder is writable");
        lock.lock().expect("the file can be locked");
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("it is ours");
        }
        fs::create_dir(&folder).expect("the temporary folder is writable");
        symlink(workspace(), folder.join("backplane")).expect("a link");
        Self { folder, _lock: lock }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Lets a package of Rust that lies in `folder` use the build results and the versions of crates of the workspace.
    ///
    /// # Panics
    /// The folder cannot be written.
    pub fn share_target(&self, folder: &Path) {
        symlink(target_dir(), folder.join("target")).expect("a link");
        fs::copy(workspace().join("Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
    }

    /// A command of a shell, as it stands in a guide. The profile is the same for all, so that what one has built is
    /// used again.
    pub fn shell(folder: &Path, command: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(folder);
        // The links lead there.
        shell.env_remove("CARGO_TARGET_DIR");
        shell.env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");
        shell
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        // After a failure it is left to look at. What stays behind goes when the next one begins.
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}
