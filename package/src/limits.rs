//! Every bound of packages, in one place.

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
