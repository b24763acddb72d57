//! redb. It knows no level between none and a loss of power: at [`Level::Process`] it promises less than the others.

use redb::{
    Database, Durability, ReadableDatabase as _, ReadableTable as _, TableDefinition, WriteTransaction,
};
use tempfile::TempDir;

use crate::contender::{Contender, GROUP, Level, key};

const TABLE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("kv");

/// A database.
pub(crate) struct Redb {
    database: Database,
    durability: Durability,
    _folder: TempDir,
}

impl Redb {
    pub(crate) fn new(level: Level) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Redb {
            database: Database::create(folder.path().join("bench.redb")).expect("a file"),
            durability: match level {
                Level::Process => Durability::None,
                Level::Power => Durability::Immediate,
            },
            _folder: folder,
        };
        let transaction = store.begin();
        transaction.open_table(TABLE).expect("a table");
        transaction.commit().expect("a commit");
        store
    }

    fn begin(&self) -> WriteTransaction {
        let mut transaction = self.database.begin_write().expect("a transaction");
        transaction.set_durability(self.durability).expect("a durability");
        transaction
    }

    fn put_all(&self, numbers: std::ops::Range<u64>, payload: &[u8]) {
        let transaction = self.begin();
        {
            let mut table = transaction.open_table(TABLE).expect("a table");
            for number in numbers {
                table.insert(&key(number)[..], payload).expect("a row");
            }
        }
        transaction.commit().expect("a commit");
    }
}

impl Contender for Redb {
    fn put(&self, number: u64, payload: &[u8]) {
        self.put_all(number..number + 1, payload);
    }

    fn get(&self, number: u64) -> Option<Vec<u8>> {
        let transaction = self.database.begin_read().expect("a transaction");
        let table = transaction.open_table(TABLE).expect("a table");
        let found = table.get(&key(number)[..]).expect("an answer");
        found.map(|payload| payload.value().to_vec())
    }

    fn burst(&self, rows: u64, payload: &[u8]) {
        let groups = (0..rows).step_by(GROUP as usize);
        groups.for_each(|first| self.put_all(first..rows.min(first + GROUP), payload));
    }

    fn scan(&self) -> u64 {
        let transaction = self.database.begin_read().expect("a transaction");
        let table = transaction.open_table(TABLE).expect("a table");
        let rows = table.iter().expect("rows").map(|row| {
            let (key, payload) = row.expect("a row");
            std::hint::black_box((key.value().to_vec(), payload.value().to_vec()));
        });
        rows.count() as u64
    }
}
