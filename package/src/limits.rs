//! Every bound of packages, in one place.

use std::time::Duration;

/// The largest file of a package, in bytes.
pub const PACKAGE: u64 = 256 << 20;
/// The most bytes of all that a package holds, unpacked.
pub const UNPACKED: u64 = 512 << 20;
/// The most entries of a package.
pub const ENTRIES: usize = 64;
/// The largest library, in bytes.
pub const LIBRARY: u64 = 256 << 20;
/// The largest text of a package, in bytes: its manifest, that of the plugin, a licence.
pub const TEXT: u64 = 1 << 20;
/// The largest entry with a signature, in bytes.
pub const SIGNATURE: u64 = 1 << 10;
/// The longest name of a file in a package, in bytes.
pub const FILE_NAME: usize = 64;
/// The longest name of a target, in bytes. A path so fits into the name field of a tar header, which has 100.
pub const TARGET: usize = 24;
/// The longest version, in bytes as text.
pub const VERSION: usize = 64;
/// The largest file with a public key, in bytes.
pub const KEY_FILE: u64 = 1 << 10;
/// The most keys of a keyring.
pub const KEYS: usize = 1024;
/// The longest name of a key, in bytes.
pub const KEY_NAME: usize = 64;
/// The largest index of a registry, in bytes.
pub const INDEX: u64 = 32 << 20;
/// The most packages, every version counted, that an index lists.
pub const LISTED: usize = 4096;
/// The largest lock file, in bytes.
pub const LOCK: u64 = 4 << 20;
/// The longest URL of a registry, and the longest that a server may redirect to, in bytes.
pub const URL: usize = 2048;
/// The most redirects that are followed for one file.
pub const REDIRECTS: usize = 5;
/// The most addresses of one server that are tried.
pub const ADDRESSES: usize = 8;
/// The longest that a server may take for each step up to its answer: to be found, to connect, to shake hands, to
/// answer.
pub const SERVER_STEP: Duration = Duration::from_secs(30);
/// The largest head of an answer, in bytes. Of the fields in it, a hundred are allowed.
pub const ANSWER_HEAD: usize = 64 << 10;
/// So many bytes of a file, or the rest of it, must come within [`PACE_TIME`].
pub const PACE_BYTES: usize = 32 << 10;
/// The longest that [`PACE_BYTES`] may take.
pub const PACE_TIME: Duration = Duration::from_secs(30);
/// The longest that one file may take, with all redirects.
pub const DOWNLOAD: Duration = Duration::from_secs(3600);
/// The largest file with certificates of authorities, in bytes.
pub const AUTHORITIES: u64 = 4 << 20;
