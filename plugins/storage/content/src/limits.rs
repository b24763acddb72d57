//! Every bound, in one place. Sizes are bytes unless another unit is named.

use std::time::Duration;

/// Size of blocks unless the uploader says otherwise.
pub const BLOCK_BYTES: u32 = 64 * 1024;
/// Smallest blocks; sizes are powers of two.
pub const MIN_BLOCK_BYTES: u32 = 4 * 1024;
/// Largest blocks.
pub const MAX_BLOCK_BYTES: u32 = 512 * 1024;
/// Blocks of one file: 256 GiB with blocks of the usual size. A list of those that are there has half a MiB.
pub const MAX_BLOCKS: u64 = 1 << 22;
/// Digests in the proof of one block: the height of the tallest tree.
pub const MAX_PROOF: usize = 22;

/// Largest manifest.
pub const MAX_MANIFEST_BYTES: usize = 64 * 1024;
/// Longest name of a file that is uploaded, in bytes of UTF-8.
pub const MAX_NAME_BYTES: usize = 255;
/// Longest media type of a file that is uploaded.
pub const MAX_MIME_BYTES: usize = 127;

/// Bytes that each owner may have in files and uploads, unless the options say otherwise: 20 GiB.
pub const QUOTA: u64 = 20 << 30;
/// Bytes after which what was written is brought to the disk and noted. After a kill or a loss of power, no more than
/// this is to be sent again.
pub const CHECKPOINT_BYTES: u64 = 8 << 20;
/// Uploads of one owner that are not finished.
pub const MAX_UPLOADS_OF_OWNER: usize = 16;
/// Uploads that are open at the same time.
pub const MAX_OPEN_UPLOADS: usize = 64;
/// Finished uploads of one owner whose outcome is remembered.
pub const FINISHED_UPLOADS: usize = 64;
/// How long an upload that nobody goes on with is kept. Looked at when the store is opened.
pub const UPLOAD_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// Files of one owner.
pub const MAX_FILES_OF_OWNER: u64 = 100_000;
/// Files on one page of a list.
pub const MAX_PAGE: usize = 1000;
/// Damaged blocks that a check names; it counts them all.
pub const MAX_NAMED_BLOCKS: usize = 1000;

/// Digests that are read from a tree at a time.
pub(crate) const TREE_CHUNK: usize = 2048;
/// Room on the disk that is kept for deletions.
pub(crate) const RESERVE_BYTES: usize = 256 * 1024;
/// Page cache of the index, in KiB.
pub(crate) const CACHE_KIB: i64 = 256;
/// How long SQLite itself waits for a lock. With one connection and one owner this should never be needed.
pub(crate) const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Size to which the log of the index is cut once it was moved into the file.
pub(crate) const LOG_SIZE_LIMIT: i64 = 1024 * 1024;

/// Bounds of the exchange between nodes.
#[cfg(feature = "exchange")]
pub mod exchange {
    use std::time::Duration;

    /// Connections, and so peers.
    pub const MAX_CONNECTIONS: u32 = 32;
    /// Connections with one peer: both ends may have dialled.
    pub const MAX_CONNECTIONS_PER_PEER: u32 = 2;
    /// Connections that are being made, in each direction.
    pub const MAX_PENDING_CONNECTIONS: u32 = 16;
    /// Addresses that are dialled by configuration.
    pub const MAX_ADDRESSES: usize = 64;
    /// Requests under way with one connection, in each direction.
    pub const MAX_STREAMS: usize = 8;
    /// Requests for blocks to one peer that are under way.
    pub const IN_FLIGHT_OF_PEER: usize = 4;
    /// The same, to all peers for all files.
    pub const IN_FLIGHT: usize = 24;
    /// Answers that are held for peers to take; further requests wait.
    pub const SERVED: usize = 16;
    /// Files that are got at the same time; others wait.
    pub const FETCHES: usize = 8;
    /// Calls that look for a manifest at the same time; others wait.
    pub const FINDS: usize = 8;
    /// Bytes of blocks that are asked for with one request; one block always is.
    pub const BATCH_BYTES: u32 = 256 * 1024;
    /// Blocks that are asked for with one request.
    pub const MAX_BATCH: usize = 64;
    /// Largest request.
    pub const MAX_REQUEST: usize = 512;
    /// Largest response: one block of the largest size, or a batch of small ones, with their proofs.
    pub const MAX_RESPONSE: usize = 640 * 1024;
    /// Blocks that a peer is remembered not to have, of one file.
    pub const MAX_ABSENT: usize = 4096;
    /// Peers that are banned at the same time; the one that was banned first is forgotten.
    pub const MAX_BANNED: usize = 1024;

    /// Longest time for one request, its answer included, unless the options say otherwise.
    pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
    /// How long a peer that sent something wrong is banned, unless the options say otherwise.
    pub const BAN: Duration = Duration::from_secs(600);
    /// How long peers are asked for a manifest, unless the options say otherwise.
    pub const FIND_TIMEOUT: Duration = Duration::from_secs(30);
    /// Time after which a peer that did not have something, or failed, is asked again.
    pub const PAUSE: Duration = Duration::from_secs(3);
    /// Time after which it is tried again when the disk failed.
    pub const DISK_PAUSE: Duration = Duration::from_secs(10);
    /// Time for a connection to be made and secured.
    pub const DIAL_TIMEOUT: Duration = Duration::from_secs(10);
    /// Time between the first two attempts to dial an address; it doubles with each failure.
    pub const REDIAL_LEAST: Duration = Duration::from_millis(500);
    /// Most time between two attempts to dial an address.
    pub const REDIAL_MOST: Duration = Duration::from_secs(30);
    /// Time after which a connection that nobody uses is closed.
    pub const IDLE_TIMEOUT: Duration = Duration::from_secs(600);
    /// Longest wait for a listen address to be bound.
    pub const LISTEN_TIMEOUT: Duration = Duration::from_secs(5);
    /// Longest wait for what came to be noted when a node is stopped.
    pub const STOP_TIMEOUT: Duration = Duration::from_secs(5);
    /// How often addresses to dial and bans that are over are looked for.
    pub(crate) const TICK: Duration = Duration::from_millis(250);
    /// Commands that wait for the swarm.
    pub(crate) const COMMANDS: usize = 64;
}
