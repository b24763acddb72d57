//! Store sync.

use std::time::Duration;

use super::WakuConfig;
use crate::{ConfigError, SyncConfig, limits::TIME_CEILING};

impl WakuConfig {
    pub(super) fn check_store_sync(&self) -> Result<(), ConfigError> {
        if self.store_sync && !self.store {
            return Err(ConfigError::NeedsStore);
        }
        for (field, seconds, min) in [
            ("store_sync_interval", self.store_sync_interval, 1),
            ("store_sync_range", self.store_sync_range, 1),
            ("store_sync_relay_jitter", self.store_sync_relay_jitter, 0),
        ] {
            let (found, max) = (seconds as usize, TIME_CEILING.as_secs() as usize);
            if !(min..=max).contains(&found) {
                return Err(ConfigError::OutOfRange {
                    field,
                    min,
                    max,
                    found,
                });
            }
        }
        Ok(())
    }

    pub(super) fn store_sync(&self) -> Option<SyncConfig> {
        let seconds = |number: u32| Duration::from_secs(number.into());
        self.store_sync.then(|| SyncConfig {
            interval: seconds(self.store_sync_interval),
            range: seconds(self.store_sync_range),
            relay_jitter: seconds(self.store_sync_relay_jitter),
        })
    }
}
