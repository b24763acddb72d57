//! What the tests have in common.
#![allow(dead_code, reason = "each test binary uses a part")]

#[cfg(feature = "exchange")]
pub(crate) mod node;

use std::path::Path;

use sha2::{Digest, Sha256};
use storage_content::{Cid, Contents, FileInfo, Found, NewUpload, Options, Reader, Result};

pub(crate) const OWNER: &str = "notes";

pub(crate) fn open(root: &Path) -> Contents {
    Contents::open(root, Options::default()).unwrap()
}

pub(crate) fn with_quota(root: &Path, quota: u64) -> Contents {
    let options = Options {
        quota,
        ..Options::default()
    };
    Contents::open(root, options).unwrap()
}

/// Bytes from `offset` on of an endless sequence in which no block is like another.
pub(crate) fn sequence(offset: u64, len: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(len + 8);
    let mut word = offset / 8;
    while out.len() < len + 8 {
        // The finalizer of SplitMix64.
        let mut z = word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        out.extend_from_slice(&(z ^ (z >> 31)).to_le_bytes());
        word += 1;
    }
    out.drain(..(offset % 8) as usize);
    out.truncate(len);
    out
}

pub(crate) fn upload(contents: &Contents, owner: &str, bytes: &[u8], new: NewUpload) -> Result<FileInfo> {
    let upload = contents.open_upload(owner, new)?;
    for (at, chunk) in bytes.chunks(100_000).enumerate() {
        contents.append(owner, &upload.id, at as u64 * 100_000, chunk)?;
    }
    contents.finish(owner, &upload.id)
}

pub(crate) fn put(contents: &Contents, bytes: &[u8]) -> FileInfo {
    upload(contents, OWNER, bytes, NewUpload::default()).unwrap()
}

/// All that a reader finds until the end, or the first failure.
pub(crate) fn drain(mut reader: Reader) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        match reader.next_chunk()? {
            Found::Chunk(chunk) => all.extend(chunk),
            Found::Missing(block) => panic!("block {block} is missing"),
            Found::End => return Ok(all),
        }
    }
}

pub(crate) fn get(contents: &Contents, owner: &str, cid: Cid) -> Result<Vec<u8>> {
    drain(contents.read(owner, cid, 0, None)?)
}

/// The digest of what a reader finds.
pub(crate) fn digest(mut reader: Reader) -> [u8; 32] {
    let mut hasher = Sha256::new();
    while let Found::Chunk(chunk) = reader.next_chunk().unwrap() {
        hasher.update(chunk);
    }
    hasher.finalize().into()
}
