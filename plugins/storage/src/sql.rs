//! Relational databases: the engine behind `storage.sql`.
//!
//! A [`Database`] is a file with one writer thread, which works off orders one after another: a
//! statement in a transaction of its own, migrations, or a [`transaction`] that a caller has open, whose own orders it
//! then takes until its end or its deadline. Queries run on connections that only read, where their caller is. Every
//! connection is [`Guarded`](guarded::Guarded): what it may do and how long is decided there, by SQLite's authorizer,
//! its limits and a [`Stop`].

mod authorizer;
mod database;
mod error;
mod file;
mod guarded;
mod import;
mod migrations;
mod run;
mod stop;
mod transaction;

pub(crate) use database::Database;
pub(crate) use run::{Found, Statement};
pub(crate) use stop::{Cancel, Stop};

/// The outcome of a call.
pub(crate) type Result<T> = std::result::Result<T, storage_api::SqlError>;
