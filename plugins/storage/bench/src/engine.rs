//! The engine of the plugin, in process.

use storage_plugin::{Ack, Batch, KeyRange, Options, Scan, Session, Store};
use tempfile::TempDir;

use crate::contender::{Contender, Level, key};

/// One job, and a session of it.
pub struct Engine {
    session: Session,
    ack: Ack,
    store: Store,
    _folder: TempDir,
}

impl Engine {
    /// A store of its own with one job.
    ///
    /// # Panics
    /// Where the folder cannot be written.
    pub fn new(level: Level) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), Options::default()).expect("a store");
        let job = store.open_job("bench").expect("a job");
        Engine {
            session: job.session(),
            ack: if level == Level::Power {
                Ack::Durable
            } else {
                Ack::Applied
            },
            store,
            _folder: folder,
        }
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }
}

impl Contender for Engine {
    fn put(&self, number: u64, payload: &[u8]) {
        let batch = Batch::new().put("c", key(number), payload);
        let receipt = self.session.persist(batch, self.ack).expect("a place");
        receipt.wait().expect("an outcome");
    }

    fn get(&self, number: u64) -> Option<Vec<u8>> {
        self.session.get("c", key(number)).expect("an answer")
    }

    fn burst(&self, rows: u64, payload: &[u8]) {
        for number in 0..rows {
            let batch = Batch::new().put("c", key(number), payload);
            drop(self.session.persist(batch, Ack::Queued).expect("a place"));
        }
        match self.ack {
            Ack::Durable => self.session.flush(),
            _ => self.session.barrier(),
        }
        .expect("an outcome");
    }

    fn scan(&self) -> u64 {
        let mut scan = Scan::new(KeyRange::all());
        let mut rows = 0;
        loop {
            let page = self.session.scan("c", &scan).expect("a page");
            rows += page.rows.len() as u64;
            match page.next {
                Some(next) => scan.after = Some(next),
                None => return rows,
            }
        }
    }
}
