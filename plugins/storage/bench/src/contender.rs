//! Stores that are compared.

use crate::lmdb::Lmdb;
use crate::redb::Redb;
use crate::{Engine, Module, Plain};

/// Rows of a burst, a scan, and the store that gets are made from.
pub const ROWS: u64 = 20_000;
/// Rows that a store commits at once where it does not group by itself; the engine's groups have at most so many.
pub const GROUP: u64 = 1024;
/// Threads that write or read at the same time.
pub const THREADS: u64 = 8;

/// What an acknowledged write survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The end of the process.
    Process,
    /// A loss of power.
    Power,
}

/// A store, fresh and in a folder of its own. Whatever goes wrong in it is a panic.
pub trait Contender: Sync {
    /// Stores a row and waits until it is acknowledged.
    fn put(&self, number: u64, payload: &[u8]);

    /// Reads a row.
    fn get(&self, number: u64) -> Option<Vec<u8>>;

    /// Stores so many rows as fast as possible, from number 0 on, and waits until all are committed.
    fn burst(&self, rows: u64, payload: &[u8]);

    /// Reads all rows in their order; gives their number.
    fn scan(&self) -> u64;
}

/// Makes a store of one kind.
pub type Make = fn(Level) -> Box<dyn Contender>;

/// The kinds of stores by name, the one that ratios refer to first.
pub fn contenders() -> Vec<(&'static str, Make)> {
    vec![
        ("sqlite", |level| Box::new(Plain::new(level))),
        ("engine", |level| Box::new(Engine::new(level))),
        ("module", |level| Box::new(Module::new(level))),
        ("redb", |level| Box::new(Redb::new(level))),
        ("lmdb", |level| Box::new(Lmdb::new(level))),
    ]
}

/// The key of a row.
pub fn key(number: u64) -> [u8; 20] {
    let mut key = [0; 20];
    key[12..].copy_from_slice(&number.to_be_bytes());
    key
}

/// The numbers below [`ROWS`] in an order that is not theirs: 7919 has no factor in common with it.
pub fn scattered(from: u64) -> impl Iterator<Item = u64> {
    (from..).map(|number| number * 7919 % ROWS)
}

/// Runs `work` on [`THREADS`] threads at the same time, each with its number.
pub fn side_by_side(work: impl Fn(u64) + Sync) {
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let work = &work;
            scope.spawn(move || work(thread));
        }
    });
}
