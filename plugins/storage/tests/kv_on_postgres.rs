//! The contract of `storage.kv`, on jobs in tables of a PostgreSQL server, which the tests start.

mod common;
#[path = "postgres/server.rs"]
mod server;
mod backend {
    use std::sync::OnceLock;

    use crate::common::store_with as store_of_files;
    use crate::server::TestServer;
    use storage_plugin::{Options, Store};
    use tempfile::TempDir;

    pub(crate) const READERS: usize = storage_plugin::limits::SERVER_READERS;

    /// Cases of a property: each has a database of its own.
    pub(crate) const CASES: u32 = 12;

    /// The jobs that tests open.
    const JOBS: [&str; 6] = ["j", "a", "b", "../b", "other", "sds"];

    fn server() -> &'static TestServer {
        static SERVER: OnceLock<TestServer> = OnceLock::new();
        SERVER.get_or_init(TestServer::start)
    }

    pub(crate) fn store() -> (TempDir, Store) {
        store_with(Options::default())
    }

    /// A store whose jobs are in a new database.
    pub(crate) fn store_with(options: Options) -> (TempDir, Store) {
        let database = storage_plugin::Server::new(&server().new_database()).unwrap();
        let servers = JOBS.map(|job| (job.to_owned(), database.clone()));
        store_of_files(Options {
            servers: servers.into(),
            ..options
        })
    }
}

#[path = "kv/concurrent.rs"]
mod concurrent;
#[path = "kv/contract.rs"]
mod contract;
#[path = "kv/expiry.rs"]
mod expiry;
#[path = "kv/flow.rs"]
mod flow;
#[path = "kv/jobs.rs"]
mod jobs;
#[path = "kv/model.rs"]
mod model;
#[path = "kv/sds.rs"]
mod sds;
#[path = "kv/watch.rs"]
mod watch;
