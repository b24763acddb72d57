//! How a store makes the files of jobs: under a name that is no job's, so that a job exists completely or not at all.

use std::path::{Path, PathBuf};

use crate::cipher::{CipherKey, KeySlot};
use crate::directory::{Directory, Kept, locked};
use crate::error::{Error, ErrorContext, Result};
use crate::import;
use crate::root;
use crate::schema;
use crate::store::Store;
use crate::upkeep;

/// The name of a job file that is being made; no job id turns into it.
const UNFINISHED: &str = ".unfinished.db";
/// The same for one that is being imported or written anew, which may take long.
const IMPORTED: &str = ".imported.db";

impl<K: Kept> Directory<K> {
    /// Makes the file of a job unless it is there.
    pub(crate) fn create(&self, context: &ErrorContext) -> Result<()> {
        let _creating = locked(&self.creating);
        let id = &context.job;
        let path = self.path(id)?;
        self.check_case(id)?;
        if path.exists() {
            return Ok(());
        }
        let unfinished = self.root.join(UNFINISHED);
        let made = K::create(&unfinished, context);
        cleaned(
            &unfinished,
            made.and_then(|()| schema::publish(&unfinished, &path)),
        )
    }

    pub(crate) fn context(&self, id: &str, key: Option<CipherKey>) -> ErrorContext {
        ErrorContext {
            job: id.to_owned(),
            quota: self.options.quota_of(id),
            key: KeySlot::new(key),
        }
    }

    /// The file of a job that there is none of.
    pub(crate) fn check_new(&self, id: &str) -> Result<PathBuf> {
        let path = self.path(id)?;
        self.check_case(id)?;
        match path.exists() {
            true => Err(Error::argument("job id", "exists already")),
            false => Ok(path),
        }
    }

    fn check_case(&self, id: &str) -> Result<()> {
        let folded = id.to_lowercase();
        let others = root::jobs(&self.root)?;
        match others
            .iter()
            .find(|other| *other != id && other.to_lowercase() == folded)
        {
            Some(other) => Err(Error::argument(
                "job id",
                format!("differs only by case from {other:?}"),
            )),
            None => Ok(()),
        }
    }
}

impl Store {
    /// Makes the file of a new job from another one.
    pub(crate) fn import(&self, id: &str, source: &Path) -> Result<u64> {
        let _importing = locked(&self.importing);
        let unfinished = self.root().join(IMPORTED);
        let imported = self.jobs.check_new(id).and_then(|_| {
            let rows = import::import(source, &unfinished, &self.jobs.context(id, None))?;
            let _creating = locked(&self.jobs.creating);
            let path = self.jobs.check_new(id)?;
            schema::publish(&unfinished, &path).map(|()| rows)
        });
        cleaned(&unfinished, imported)
    }

    /// Exchanges the file of a job that is closed for a copy without gaps.
    pub(crate) fn rewrite(&self, path: &Path, context: &ErrorContext) -> Result<()> {
        let _importing = locked(&self.importing);
        let unfinished = self.root().join(IMPORTED);
        let secure_delete = self.jobs.options.secure_delete;
        let copied = root::remove_database(&unfinished)
            .and_then(|_| upkeep::copy(path, &unfinished, context, secure_delete));
        let exchanged = copied.and_then(|()| schema::publish(&unfinished, path));
        cleaned(&unfinished, exchanged)?;
        root::sync_names(self.root())
    }
}

/// Removes what is left of a file that could not be made. A job exists completely or not at all.
pub(crate) fn cleaned<T>(unfinished: &Path, made: Result<T>) -> Result<T> {
    if made.is_err() {
        root::remove_database(unfinished)?;
    }
    made
}
