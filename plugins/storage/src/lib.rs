//! The storage plugin: a key-value store of jobs, each in one SQLite file.
//!
//! A [`Store`] owns a directory and opens [`Job`]s in it. A caller works through a [`Session`] of a job, which keeps
//! its operations in order: writes go as [`Batch`]es through a bounded queue to the job's one writer thread, which
//! commits what has gathered in one transaction and answers each batch with a [`Receipt`]; reads run on connections
//! of their own and see all that the session wrote before.
//!
//! ```
//! use storage_plugin::{Ack, Batch, KeyRange, Options, Scan, Store, encoding};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! let store = Store::new(directory.path(), Options::default())?;
//! let session = store.open_job("chat")?.session();
//!
//! let key = encoding::key(&("channel-42", 1i64))?;
//! let batch = Batch::new().put("log", key.clone(), "hello").put("meta", [], "");
//! session.persist(batch, Ack::Durable)?.wait()?;
//!
//! assert_eq!(session.get("log", key)?, Some(b"hello".to_vec()));
//! let page = session.scan("log", &Scan::prefix(encoding::key("channel-42")?))?;
//! assert_eq!(page.rows.len(), 1);
//! assert_eq!(session.delete_range("log", KeyRange::all())?, 1);
//! store.close()?;
//! # Ok(())
//! # }
//! ```
//!
//! [`Storage`] is the module that offers this to others as the interface `storage.kv` of the crate `storage-api`, and
//! relational databases as `storage.sql`.

mod backend;
mod batch;
mod blocking;
mod cipher;
mod clock;
mod directory;
mod error;
mod expiry;
mod failures;
mod import;
mod job;
mod job_id;
mod key;
pub mod limits;
mod migrate;
mod options;
mod plugin;
mod pool;
#[cfg_attr(not(feature = "postgres"), path = "no_postgres.rs")]
mod postgres;
mod query;
mod queue;
mod reader;
mod receipt;
mod rekey;
mod root;
mod schema;
mod server;
mod session;
mod session_reads;
mod sql;
mod sqlite;
mod store;
mod store_files;
mod upkeep;
mod waiting;
mod watch;
mod writer;
mod writer_thread;

pub use batch::Batch;
pub use cipher::{CipherKey, KEY_BYTES};
pub use error::{Error, Result};
pub use job::{Job, Stats};
pub use key::{Key, KeyRange};
pub use options::{FailedWrite, FailedWriteHook, Options};
pub use plugin::{JobConfig, Storage, StorageConfig};
pub use query::{Page, Row, Scan};
pub use receipt::{Ack, Outcome, Receipt};
pub use schema::{APPLICATION_ID, FORMAT};
pub use server::Server;
pub use session::Session;
pub use storage_api::encoding;
pub use store::Store;
pub use upkeep::{Compacted, Place, StoredRow, Survey};
pub use watch::{Change, Watch};
