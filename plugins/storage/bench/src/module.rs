//! The plugin, loaded into a host, through its interface: what other modules meet.

use std::path::PathBuf;
use std::sync::LazyLock;

use backplane_host::bundle::Grants;
use backplane_host::{FrontEnd, Host};
use backplane_test_support::cargo_build;
use storage_api::{Ack, KeyRange, KvClient, Op, Scan};
use tempfile::TempDir;

use crate::contender::{Contender, Level, key};

/// Built once.
static PLUGIN: LazyLock<PathBuf> = LazyLock::new(|| cargo_build("storage-plugin"));

/// A host with the plugin, and callers.
pub struct Modules {
    callers: Vec<FrontEnd>,
    host: Host,
    _folder: TempDir,
}

impl Modules {
    /// A host with so many callers.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn new(callers: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let modules = format!("[modules.storage]\nplugin = {:?}\n", &*PLUGIN);
        let host = backplane_tests::host(folder.path(), &modules).expect("a host");
        let caller = |number| host.front_end(&format!("bench-{number}"), &Grants::all());
        let callers = (0..callers).map(|number| caller(number).expect("a front end"));
        Modules {
            callers: callers.collect(),
            host,
            _folder: folder,
        }
    }

    /// A client of the caller of that number.
    ///
    /// # Panics
    /// Where there is none.
    pub fn client(&self, caller: usize) -> KvClient {
        self.callers[caller].client().expect("a client")
    }
}

impl Drop for Modules {
    fn drop(&mut self) {
        self.callers.clear();
        self.host.stop();
    }
}

/// One job of one caller.
pub struct Module {
    kv: KvClient,
    durable: bool,
    _host: Modules,
}

impl Module {
    /// A host of its own with the plugin and one job.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn new(level: Level) -> Self {
        let host = Modules::new(1);
        let kv = host.client(0);
        let module = Module {
            kv,
            durable: level == Level::Power,
            _host: host,
        };
        module.put(0, b"");
        module
    }
}

fn job() -> String {
    "bench".to_owned()
}

fn category() -> String {
    "c".to_owned()
}

impl Contender for Module {
    fn put(&self, number: u64, payload: &[u8]) {
        let (key, payload) = (key(number)[..].into(), payload.into());
        let put = self
            .kv
            .put(&job(), &category(), &key, &payload, &self.durable, &None);
        put.wait().expect("an outcome");
    }

    fn get(&self, number: u64) -> Option<Vec<u8>> {
        let get = self.kv.get(&job(), &category(), &key(number)[..].into());
        get.wait().expect("an answer").map(|payload| payload.0)
    }

    fn burst(&self, rows: u64, payload: &[u8]) {
        let job = job();
        for number in 0..rows {
            let ops = vec![Op::put("c", &key(number)[..], payload)];
            let persist = self.kv.persist(&job, &ops, &Ack::Queued, &true);
            persist.wait().expect("a place");
        }
        match self.durable {
            true => self.kv.flush(&job).wait(),
            false => self.kv.barrier(&job).wait(),
        }
        .expect("an outcome");
    }

    fn scan(&self) -> u64 {
        let mut scan = Scan {
            limit: 10_000,
            ..Scan::new(KeyRange::All)
        };
        let mut rows = 0;
        loop {
            let page = self.kv.scan(&job(), &category(), &scan).wait().expect("a page");
            rows += page.rows.len() as u64;
            match page.next {
                Some(next) => scan.after = Some(next),
                None => return rows,
            }
        }
    }
}
