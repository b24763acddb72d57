//! Files of the persistency library of Logos Delivery: an import makes a job with all rows, or nothing.

use std::fs;
use std::path::Path;

use storage_plugin::{Options, Store};
use tempfile::TempDir;

/// What imports are tried in; made once for each thread.
struct Place {
    store: Store,
    folder: TempDir,
}

impl Place {
    fn new() -> std::io::Result<Self> {
        // A folder in memory, where there is one, spares the disk.
        let memory = Path::new("/dev/shm");
        let folder = match memory.is_dir() {
            true => tempfile::tempdir_in(memory)?,
            false => tempfile::tempdir()?,
        };
        let store = Store::new(folder.path().join("jobs"), Options::default());
        let store = store.map_err(std::io::Error::other)?;
        Ok(Self { store, folder })
    }

    fn import(&self, input: &[u8]) {
        let source = self.folder.path().join("source");
        fs::write(&source, input).expect("the folder can be written");
        match self.store.import_job("job", &source) {
            Ok(rows) => {
                let survey = self.store.survey("job").expect("what was imported can be opened");
                assert_eq!(survey.rows, rows);
                self.store
                    .drop_job("job")
                    .expect("what was imported can be removed");
            }
            Err(_) => assert_eq!(
                self.store.list_jobs(),
                Ok(Vec::new()),
                "a failed import leaves no job"
            ),
        }
        // SQLite may have put a journal beside a file that asks for it.
        for suffix in ["source-wal", "source-shm", "source-journal"] {
            let _ = fs::remove_file(self.folder.path().join(suffix));
        }
    }
}

/// Imports `input` as a file.
///
/// # Panics
/// Also where no folder can be made.
pub fn import_file(input: &[u8]) {
    thread_local!(static PLACE: Place = Place::new().expect("a folder can be made"));
    PLACE.with(|place| place.import(input));
}
