//! Every bound of the program, in one place.

use std::time::Duration;

/// Bytes of the configuration file.
pub const MAX_CONFIG_FILE: u64 = 1 << 20;

/// How long each module may take to start.
pub const MODULE_START: Duration = Duration::from_secs(60);

/// How long modules whose first start failed may take to become ready by being started again.
pub const START_DEADLINE: Duration = Duration::from_secs(10);

/// How long each module may take to stop.
pub const MODULE_STOP: Duration = Duration::from_secs(20);

/// How long all of them may take to stop, and the servers.
pub const STOP_DEADLINE: Duration = Duration::from_secs(60);

/// Beginnings of the relay that wait to be answered with the subscriptions; only the last matters.
pub const STARTED_QUEUE: u32 = 1;
