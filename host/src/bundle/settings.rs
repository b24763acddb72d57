//! Every default and every bound of the bundle, stated once.

use std::ops::RangeInclusive;
use std::time::Duration;

/// The largest bundle file, in bytes.
pub const FILE_LIMIT: u64 = 1 << 20;
/// The most modules of one bundle.
pub const MODULE_LIMIT: usize = 256;
/// The most folders in `plugins`.
pub const PLUGIN_DIR_LIMIT: usize = 32;
/// The most entries of `grants`.
pub const GRANT_LIMIT: usize = 256;

/// How long a module may take to start, unless the bundle says otherwise.
pub const START_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a module may take to stop, unless the bundle says otherwise.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a swap waits for the calls under way, unless the bundle says otherwise.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// What the three timeouts above may be set to, in milliseconds.
pub const TIMEOUT_MS: RangeInclusive<u64> = 1..=3_600_000;
/// How many retired generations may stay mapped, unless the bundle says otherwise.
pub const MAX_RETIRED: u32 = 8;
/// What `max-retired` may be set to.
pub const MAX_RETIRED_RANGE: RangeInclusive<u64> = 0..=256;

/// How often a module is restarted within [`RESTART_WINDOW`], unless the bundle says otherwise.
pub const RESTART_LIMIT: u32 = 3;
/// What `restart-limit` may be set to.
pub const RESTART_LIMIT_RANGE: RangeInclusive<u64> = 0..=1000;
/// The time over which restarts are counted, unless the bundle says otherwise.
pub const RESTART_WINDOW: Duration = Duration::from_secs(60);
/// What `restart-window-s` may be set to, in seconds.
pub const RESTART_WINDOW_S: RangeInclusive<u64> = 1..=86_400;
/// The wait before the first restart, unless the bundle says otherwise. Each further one doubles it.
pub const RESTART_BACKOFF: Duration = Duration::from_millis(200);
/// The longest wait before a restart, unless the bundle says otherwise.
pub const RESTART_BACKOFF_MAX: Duration = Duration::from_secs(30);
/// What the two waits above may be set to, in milliseconds.
pub const BACKOFF_MS: RangeInclusive<u64> = 1..=3_600_000;

/// How many files the process of a module may have open, unless the bundle says otherwise.
pub const OPEN_FILES: u32 = 1024;
/// What `open-files` may be set to.
pub const OPEN_FILES_RANGE: RangeInclusive<u64> = 16..=1_048_576;
/// What `memory-mib` may be set to, in MiB.
pub const MEMORY_MIB: RangeInclusive<u64> = 16..=1_048_576;
/// What `cpu-s` may be set to, in seconds.
pub const CPU_S: RangeInclusive<u64> = 1..=31_536_000;
/// The most entries of `read`, and of `write`.
pub const PATH_LIMIT: usize = 64;

/// The name of the control socket in the data folder.
pub const SOCKET_NAME: &str = "backplane.sock";
