//! What the benchmarks of the storage plugin measure, and how.
//!
//! A [`Contender`] is a store that can do what the workloads W1 to W9 of storage.md §6.7 need; [`contenders`] are those
//! of one level of durability, and only such are compared. All of them have the same rows: keys of 20 bytes, payloads of
//! 256 where nothing else is said.

pub mod contender;
mod engine;
mod lmdb;
pub mod machine;
mod module;
mod plain;
mod redb;
pub mod table;

pub use contender::{Contender, Level, contenders};
pub use engine::Engine;
pub use module::{Module, Modules};
pub use plain::Plain;
