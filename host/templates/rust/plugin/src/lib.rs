//! Greets people.

use backplane_sdk::prelude::*;
use plugin_name_api::{Greeter, GreeterEvents, Nobody};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How to greet.
#[record]
pub struct Config {
    /// The word before the name.
    #[default("Hello")]
    pub word: String,
}

struct Plugin {
    word: String,
    count: AtomicU64,
    events: GreeterEvents,
}

// Name and version are those of the crate.
#[module(provides(plugin_name_api::Greeter), state(version = 1))]
impl Module for Plugin {
    type Config = Config;
    type State = u64;

    async fn start(context: Context, config: Config) -> Result<Self, Error> {
        Ok(Self {
            word: config.word,
            count: AtomicU64::new(0),
            events: context.events(),
        })
    }

    /// What the next version takes over when it is swapped in.
    async fn export(&self) -> Result<u64, Error> {
        Ok(self.count())
    }

    async fn import(&self, _version: u32, count: u64) -> Result<(), Error> {
        self.count.store(count, Relaxed);
        Ok(())
    }
}

impl Greeter for Plugin {
    async fn greet(&self, name: String) -> Result<String, Nobody> {
        if name.is_empty() {
            return Err(Nobody {});
        }
        self.count.fetch_add(1, Relaxed);
        // A subscriber that has no room for it in time sees the gap.
        self.events.greeted(&name).await.ok();
        Ok(format!("{}, {name}!", self.word))
    }

    fn count(&self) -> u64 {
        self.count.load(Relaxed)
    }
}

#[cfg(test)]
mod tests;
