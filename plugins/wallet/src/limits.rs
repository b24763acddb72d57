//! Every bound of the wallet, in one place.

use std::time::Duration;

/// Longest password in bytes of UTF-8.
pub const MAX_PASSWORD_BYTES: usize = 1024;
/// Shortest password of a profile in characters. Foreign key files may have any, even an empty one.
pub const MIN_PROFILE_PASSWORD_CHARS: usize = 8;
/// Longest mnemonic text in bytes: 24 words of 8 letters, with room for untidy white space.
pub const MAX_MNEMONIC_BYTES: usize = 1024;
/// Longest derivation path text in bytes.
pub const MAX_PATH_BYTES: usize = 256;
/// Most segments of a derivation path.
pub const MAX_PATH_SEGMENTS: usize = 16;
/// Largest key file or password envelope in bytes.
pub const MAX_KEY_FILE_BYTES: usize = 64 * 1024;
/// Most key files in one profile.
pub const MAX_KEY_FILES: usize = 256;
/// Largest profile description in bytes.
pub const MAX_PROFILE_BYTES: usize = 256 * 1024;
/// Most profiles in one directory.
pub const MAX_PROFILES: usize = 64;
/// Most bytes that reading a stored scrypt parameter set may allocate (128 · N · r).
pub const MAX_SCRYPT_MEMORY: u64 = 512 * 1024 * 1024;
/// Most scrypt work (N · r · p): eight times that of geth's standard parameters.
pub const MAX_SCRYPT_WORK: u64 = 1 << 24;
/// Most PBKDF2 rounds that a stored file may ask for.
pub const MAX_PBKDF2_ROUNDS: u32 = 10_000_000;
/// Longest message for `personal_sign` in bytes.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// Longest payload of a chat message that is signed, in bytes.
pub const MAX_CHAT_PAYLOAD_BYTES: usize = 1024 * 1024;
/// Largest typed data document in bytes.
pub const MAX_TYPED_DATA_BYTES: usize = 128 * 1024;
/// Deepest nesting of objects and arrays in a typed data document.
pub const MAX_TYPED_DATA_DEPTH: usize = 32;
/// Most JSON values in a typed data document.
pub const MAX_TYPED_DATA_VALUES: usize = 10_000;
/// Most struct types in a typed data document.
pub const MAX_TYPED_DATA_TYPES: usize = 64;
/// Longest type or field name in a typed data document, in bytes.
pub const MAX_TYPED_DATA_NAME_BYTES: usize = 128;
/// Most fields of the primary type when every struct in it is written out. Structs that use each
/// other twice double at every level, so that a short document could ask for 2^60 of them.
pub const MAX_TYPED_DATA_EXPANDED_FIELDS: usize = 4096;
/// Longest name of a profile, keypair or account in bytes of UTF-8.
pub const MAX_NAME_BYTES: usize = 128;
/// Most accounts with keys in one profile (Status' limit).
pub const MAX_ACCOUNTS: usize = 20;
/// Most keypairs in one profile, the profile's own one included (Status' limit).
pub const MAX_KEYPAIRS: usize = 5;
/// Most watch-only accounts in one profile (Status' limit).
pub const MAX_WATCH_ONLY: usize = 3;
/// Most addresses of one preview.
pub const MAX_PREVIEW: usize = 100;
/// Longest wait for another process that is changing the same directory.
pub const MAX_DIRECTORY_WAIT: Duration = Duration::from_secs(5);
/// Pause between two looks at a busy directory.
pub const DIRECTORY_POLL: Duration = Duration::from_millis(10);
/// Most calls with a password that run at once; each may take 256 MiB at the standard cost.
pub const PARALLEL_STRETCHES: usize = 2;
/// Most other calls that read files or sign at once.
pub const PARALLEL_QUICK: usize = 4;
/// Most calls of each of the two kinds that wait for their turn.
pub const MAX_WAITING: usize = 32;
/// Longest idle time that may be asked for before a session locks itself.
pub const MAX_AUTO_LOCK: Duration = Duration::from_secs(7 * 24 * 3600);
/// Longest pause between two looks at a session that locks itself: timers may stand still while a machine
/// sleeps, and the keys shall be gone soon after it wakes up.
pub const MAX_LOCK_PAUSE: Duration = Duration::from_secs(5);
/// Longest time that a successor tells nothing of its session, because its predecessor may serve still.
pub const MAX_SILENCE: Duration = Duration::from_secs(30);

/// An input is larger than the wallet accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} exceeds the limit of {limit} {unit}")]
pub struct LimitExceeded {
    /// Which input.
    pub field: &'static str,
    /// The largest accepted value.
    pub limit: u64,
    /// What the limit counts: bytes, segments, files and so on.
    pub unit: &'static str,
}

/// Passes when `value` is at most `limit`.
pub(crate) fn check(
    field: &'static str,
    value: usize,
    limit: usize,
    unit: &'static str,
) -> Result<(), LimitExceeded> {
    if value > limit {
        return Err(LimitExceeded {
            field,
            limit: limit as u64,
            unit,
        });
    }
    Ok(())
}
