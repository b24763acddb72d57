//! The data folder: one per running chat.

use std::{
    fs::{DirBuilder, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use super::StartError;
use crate::limits::MAX_INSTANCES;

/// A data folder that is ours until this is dropped or the process ends.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Takes the folder `given`; or else `default`, or the first of `default-2`, `default-3` and so on that no other
    /// chat uses. What is not there is made, for this user alone.
    ///
    /// # Errors
    /// It cannot be made, or another chat uses it.
    pub fn claim(given: Option<&Path>, default: Option<&Path>) -> Result<Self, StartError> {
        if let Some(path) = given {
            return take(path.to_owned())?.ok_or_else(|| StartError::Taken(path.to_owned()));
        }
        let default = default.ok_or(StartError::NoDataDir)?;
        for number in 1..=MAX_INSTANCES {
            let path = match number {
                1 => default.to_owned(),
                number => {
                    let mut path = default.as_os_str().to_owned();
                    path.push(format!("-{number}"));
                    path.into()
                }
            };
            if let Some(taken) = take(path)? {
                return Ok(taken);
            }
        }
        Err(StartError::Taken(default.to_owned()))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// `None` when another process has the folder.
fn take(path: PathBuf) -> Result<Option<DataDir>, StartError> {
    let failed = |source| StartError::DataDir {
        path: path.clone(),
        source,
    };
    make_private(&path).map_err(failed)?;
    // Modules are told absolute paths, which must hold wherever the process goes.
    let path = path.canonicalize().map_err(failed)?;
    let failed = |source| StartError::DataDir {
        path: path.clone(),
        source,
    };
    let lock = File::create(path.join("chat.lock")).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(DataDir { path, _lock: lock })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Makes a folder that only this user may enter; one that is there already stays as it is.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_chat_gets_the_next_folder_and_a_third_the_one_that_became_free() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let default = root.join("chat");
        let claim = || DataDir::claim(None, Some(&default)).unwrap();
        let (first, second) = (claim(), claim());
        assert_eq!((first.path(), second.path()), (&*default, &*root.join("chat-2")));
        drop(first);
        assert_eq!(claim().path(), default);
    }

    #[test]
    fn a_folder_that_was_named_is_never_replaced_by_another() {
        let root = tempfile::tempdir().unwrap();
        let _first = DataDir::claim(Some(root.path()), None).unwrap();
        let error = DataDir::claim(Some(root.path()), None).unwrap_err().to_string();
        assert!(
            error.starts_with("another chat uses the data folder /"),
            "{error}"
        );
        let file = root.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = DataDir::claim(Some(&file.join("below")), None)
            .unwrap_err()
            .to_string();
        assert!(error.contains("file/below cannot be used: "), "{error}");
        let error = DataDir::claim(None, None).unwrap_err().to_string();
        assert!(error.contains("choose a folder with --data-dir"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_look_into_it() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let dir = DataDir::claim(Some(&root.path().join("a/b")), None).unwrap();
        let mode = dir.path().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
