//! What goes into `storage.content` and comes out.

use backplane_sdk::record;

/// An upload that is not finished.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// What calls name it by.
    pub upload: String,
    /// The name of the file.
    pub name: Option<String>,
    /// Its media type.
    pub mime: Option<String>,
    /// How many bytes it has: where the next ones begin.
    pub offset: u64,
    /// How many of them are on the disk.
    pub durable: u64,
}

/// A file.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentFile {
    /// Its identifier, as the caller names it: with the owner in front if that is another.
    pub cid: String,
    /// The identifier of its bytes, whatever their name: `zDz…`.
    pub tree: String,
    /// Its name.
    pub name: Option<String>,
    /// Its media type.
    pub mime: Option<String>,
    /// Its size in bytes.
    pub bytes: u64,
    /// The size of its blocks in bytes.
    pub block_bytes: u32,
    /// How many blocks it has.
    pub blocks: u64,
    /// How many of them are here.
    pub here: u64,
    /// Whether it stays when room is needed.
    pub pinned: bool,
    /// Whether what is missing is being got.
    pub fetching: bool,
    /// When the owner got it, in milliseconds since 1970.
    pub added_ms: u64,
}

/// Some of the files.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentPage {
    /// The files, by owner and content.
    pub files: Vec<ContentFile>,
    /// What to go on behind; null at the end.
    pub next: Option<String>,
}

/// Whether a file is here.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// The caller does not have it.
    None,
    /// The caller has it, and some blocks are missing.
    Partial {
        /// How many blocks are here.
        here: u64,
        /// How many there are.
        blocks: u64,
    },
    /// All of it is here.
    Complete,
}

/// How much of a file is here.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many blocks are here.
    pub here: u64,
    /// How many there are.
    pub blocks: u64,
    /// Whether what is missing is being got.
    pub fetching: bool,
}

/// What a check has found.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// How many blocks were looked at.
    pub blocks: u64,
    /// How many of them were damaged, and are dropped.
    pub damaged: u64,
    /// Their numbers, from 0; at most the first 1000.
    pub named: Vec<u64>,
}

/// What a caller has of the files' room.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentSpace {
    /// How many bytes it may have.
    pub quota: u64,
    /// Bytes of its files, whole, and of its unfinished uploads.
    pub used: u64,
    /// Bytes among them that go when room is needed.
    pub evictable: u64,
    /// How many files it has.
    pub files: u64,
}

/// The node that exchanges blocks.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentNode {
    /// Its peer id.
    pub peer: String,
    /// Where it can be dialled, as multiaddresses with its peer id.
    pub addresses: Vec<String>,
    /// Other nodes that it is connected with, or has banned.
    pub peers: Vec<ContentPeer>,
}

/// Another node.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentPeer {
    /// Its peer id.
    pub peer: String,
    /// Whether it is connected.
    pub connected: bool,
    /// Whether it sent something wrong, and is kept away for a time.
    pub banned: bool,
    /// How many blocks came from it since it connected.
    pub blocks: u64,
}
