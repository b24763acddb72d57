//! Encrypted files. Needs the feature `sqlcipher`; the other build's answers are in `tests/keys.rs`.

#[path = "../common/mod.rs"]
mod common;
mod databases;
mod jobs;
#[cfg(unix)]
mod kill;
mod old;
#[path = "../common/sql.rs"]
mod sql;

use std::fs;
use std::path::Path;

use storage_plugin::CipherKey;

/// A key that differs with each `number`.
fn key(number: u8) -> CipherKey {
    CipherKey::new(vec![number; 32]).unwrap()
}

/// Keys that follow each other; the first one is none.
fn turn(at: u8) -> Option<CipherKey> {
    (at > 0).then(|| key(at))
}

/// What a file begins with that is not encrypted.
const PLAIN: &[u8] = b"SQLite format 3\0";

fn holds(path: &Path, bytes: &[u8]) -> bool {
    let file = fs::read(path).unwrap();
    file.windows(bytes.len()).any(|window| window == bytes)
}
