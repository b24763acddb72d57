//! The store by itself: what goes in comes out, whose it is, how much of it, and what damage does.

#[path = "../common/mod.rs"]
mod common;
mod damage;
mod kept;
mod owners;
mod uploads;

use std::path::Path;

use storage_content::{NewUpload, limits};

const BLOCK: usize = limits::BLOCK_BYTES as usize;

fn named(name: &str) -> NewUpload {
    NewUpload {
        name: Some(name.into()),
        ..NewUpload::default()
    }
}

fn files(root: &Path) -> usize {
    std::fs::read_dir(root.join("files")).unwrap().count()
}
