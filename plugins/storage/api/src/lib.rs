//! The contract of the storage plugin: the interfaces [`Kv`], `storage.kv`, [`Sql`], `storage.sql`, and [`Content`],
//! `storage.content`; for whoever owns the store [`Admin`], `storage.admin`.
//!
//! # `storage.kv`
//!
//! Data live in *jobs*: one job is one database file, named by its users. Within a job, a key and its payload lie
//! in a *category*. Keys sort as unsigned bytes do, a shorter key before its extensions; [`encoding`] makes them from
//! numbers and texts so that they sort as these do. A
//! [`TypedCategory`] reads and writes a category as a map of such values.

mod admin;
mod admin_types;
mod cipher;
mod content;
mod content_error;
mod content_types;
pub mod encoding;
mod error;
mod key;
mod kv;
mod macros;
mod sql;
mod sql_error;
mod sql_transaction;
mod sql_types;
mod typed;
mod types;

pub use admin::{Admin, AdminClient, AdminInterface};
pub use admin_types::{Compacted, JobInfo, RowPlace, StoredPage, StoredRow};
pub use cipher::{CipherHash, Imported, KeyError, OldCipher};
pub use content::{Content, ContentClient, ContentInterface};
pub use content_error::ContentError;
pub use content_types::{
    Checked, ContentFile, ContentNode, ContentPage, ContentPeer, ContentSpace, Presence, Progress, Upload,
};
pub use error::{Fault, KvError};
pub use key::Key;
pub use kv::{Kv, KvClient, KvEvents, KvInterface, kv_events};
pub use sql::{Sql, SqlClient, SqlInterface};
pub use sql_error::{ConstraintKind, SqlError};
pub use sql_transaction::SqlTransaction;
pub use sql_types::{Executed, Migrated, Migration, SqlRows, SqlValue};
pub use typed::{TypedCategory, TypedError, TypedPage};
pub use types::{
    Ack, CategoryPage, Change, FailedWrite, JobStats, KeyRange, Op, Receipt, Row, RowPage, Scan,
};
