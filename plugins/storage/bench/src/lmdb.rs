//! LMDB. At [`Level::Process`] it may be damaged by a loss of power, which SQLite is not.

use heed::types::Bytes;
use heed::{Database, Env, EnvFlags, EnvOpenOptions};
use tempfile::TempDir;

use crate::contender::{Contender, GROUP, Level, key};

/// More than any workload stores.
const MAP_BYTES: usize = 4 << 30;

/// An environment with one database.
pub(crate) struct Lmdb {
    env: Env,
    database: Database<Bytes, Bytes>,
    _folder: TempDir,
}

impl Lmdb {
    pub(crate) fn new(level: Level) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut options = EnvOpenOptions::new();
        options.map_size(MAP_BYTES).max_readers(64);
        if level == Level::Process {
            // SAFETY: what may be damaged by a loss of power is thrown away after the run.
            unsafe { options.flags(EnvFlags::NO_SYNC) };
        }
        // SAFETY: the folder is new and this process's alone, so that nobody else changes the mapped file.
        let env = unsafe { options.open(folder.path()) }.expect("an environment");
        let mut transaction = env.write_txn().expect("a transaction");
        let database = env.create_database(&mut transaction, None).expect("a database");
        transaction.commit().expect("a commit");
        Lmdb {
            env,
            database,
            _folder: folder,
        }
    }

    fn put_all(&self, numbers: std::ops::Range<u64>, payload: &[u8]) {
        let mut transaction = self.env.write_txn().expect("a transaction");
        for number in numbers {
            self.database
                .put(&mut transaction, &key(number), payload)
                .expect("a row");
        }
        transaction.commit().expect("a commit");
    }
}

impl Contender for Lmdb {
    fn put(&self, number: u64, payload: &[u8]) {
        self.put_all(number..number + 1, payload);
    }

    fn get(&self, number: u64) -> Option<Vec<u8>> {
        let transaction = self.env.read_txn().expect("a transaction");
        let found = self.database.get(&transaction, &key(number)).expect("an answer");
        found.map(<[u8]>::to_vec)
    }

    fn burst(&self, rows: u64, payload: &[u8]) {
        let groups = (0..rows).step_by(GROUP as usize);
        groups.for_each(|first| self.put_all(first..rows.min(first + GROUP), payload));
    }

    fn scan(&self) -> u64 {
        let transaction = self.env.read_txn().expect("a transaction");
        let rows = self.database.iter(&transaction).expect("rows").map(|row| {
            let (key, payload) = row.expect("a row");
            std::hint::black_box((key.to_vec(), payload.to_vec()));
        });
        rows.count() as u64
    }
}
