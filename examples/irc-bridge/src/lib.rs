//! Brings a chat and a channel of IRC together: what is said in one is said in the other.

mod contract;
mod counts;
mod irc;
mod keeper;
mod limits;
mod ours;
mod pace;
mod to_chat;

pub use contract::{Bridge, BridgeClient, BridgeEvents, BridgeInterface, Link, Status, bridge_events};
pub use contract::{Cleaned, Filter, FilterClient, FilterInterface};
pub use counts::Counted;

use backplane_sdk::prelude::*;
use chat_api::{Direction, RoomClient, StoredMessage, room_events};
use counts::Counts;
use keeper::Keeper;
use ours::Ours;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use to_chat::ToChat;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Where on IRC the bridge goes.
#[record]
pub struct Config {
    /// The server: `HOST:PORT`, without TLS.
    pub server: String,
    /// The channel, for example `#backplane`.
    pub channel: String,
    /// Our nickname there. Where it is taken, `_` is put behind it.
    #[default("backplane")]
    pub nick: String,
}

struct IrcBridge {
    link: Arc<Mutex<Link>>,
    counts: Arc<Counts>,
    ours: Arc<Ours>,
    /// Lines for the channel.
    lines: mpsc::Sender<String>,
    closing: watch::Sender<bool>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

#[module(
    provides(contract::Bridge),
    requires(RoomClient = "^1"),
    optional(FilterClient = "^1"),
    subscribes(room_events::Message = on_message(overflow = "drop-oldest", depth = 256)),
    state(version = 1),
    exclusive("the nickname on IRC")
)]
impl Module for IrcBridge {
    type Config = Config;
    type State = Counted;

    fn check(config: &Config) -> Result<(), Error> {
        irc::check_server(&config.server)?;
        irc::check_channel(&config.channel)?;
        Ok(irc::check_nick(&config.nick)?)
    }

    async fn start(context: Context, config: Config) -> Result<Self, Error> {
        let room: RoomClient = context.client()?;
        let (lines, outgoing) = mpsc::channel(limits::QUEUE);
        let (said, incoming) = mpsc::channel(limits::QUEUE);
        let (closing, closed) = watch::channel(false);
        let (counts, ours) = (Arc::<Counts>::default(), Arc::<Ours>::default());
        let link = Arc::new(Mutex::new(Link {
            server: config.server,
            channel: config.channel,
            nick: None,
            reason: Some("it is being made".to_owned()),
        }));
        let keeper = Keeper {
            link: Arc::clone(&link),
            nick: config.nick,
            outgoing,
            incoming: said,
            counts: Arc::clone(&counts),
            events: context.events(),
            closing: closed,
        };
        let to_chat = ToChat {
            room,
            filter: context.client().ok(),
            incoming,
            ours: Arc::clone(&ours),
            counts: Arc::clone(&counts),
        };
        tokio::spawn(to_chat.run());
        Ok(Self {
            link,
            counts,
            ours,
            lines,
            closing,
            keeper: Mutex::new(Some(tokio::spawn(keeper.run()))),
        })
    }

    async fn stop(&self) {
        self.closing.send_replace(true);
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(keeper) = keeper {
            // If it has panicked, there is nothing to wait for.
            let _ = keeper.await;
        }
    }

    async fn export(&self) -> Result<Counted, Error> {
        Ok(self.counts.export())
    }

    async fn import(&self, _version: u32, counted: Counted) -> Result<(), Error> {
        self.counts.import(&counted);
        Ok(())
    }
}

impl IrcBridge {
    async fn on_message(&self, event: Event<StoredMessage>) {
        self.counts.dropped.fetch_add(event.lost, Relaxed);
        let message = event.body;
        if message.direction == Direction::Outgoing && self.ours.take(&message.text) {
            return;
        }
        let nick = if message.nick.is_empty() {
            "anonymous"
        } else {
            &message.nick
        };
        for line in irc::to_irc(nick, &message.text) {
            if self.lines.try_send(line).is_err() {
                self.counts.dropped.fetch_add(1, Relaxed);
            }
        }
    }
}

impl Bridge for IrcBridge {
    fn status(&self) -> Status {
        let Counted {
            to_chat,
            to_irc,
            dropped,
        } = self.counts.export();
        Status {
            link: self.link.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            to_chat,
            to_irc,
            dropped,
        }
    }
}

#[cfg(test)]
mod tests;
