//! The engine as a module of the host.

mod answers;
mod config;
mod history;
mod relay;
mod retry;
mod state;

use backplane_sdk::prelude::*;
use chat_api::{Cursor, Page, RoomEvents, RoomInfo, StoredMessage};
use storage_api::KvClient;
use waku_api::{Origin, ReceivedMessage, RelayClient, RelayStarted, relay_events};

pub use config::ChatConfig;
pub use state::ChatState;

use crate::{ChatError, Room, WakuMessage, system_clock};
use history::KvHistory;
use relay::WakuRelay;
use retry::Patience;

/// Toy chat over `waku.relay`, its history in `storage.kv`.
///
/// Two generations may run side by side: what one stores the other finds, and the relay counts both as one
/// subscriber.
pub struct Chat {
    room: Room<WakuRelay, KvHistory>,
    events: RoomEvents,
}

/// Toy chat: a conversation over Waku relay, with its history in the store.
#[module(
    name = "chat",
    provides(chat_api::Room),
    requires(RelayClient = "^1", KvClient = "^1"),
    subscribes(
        relay_events::Message = on_message(overflow = "block", depth = 1024),
        relay_events::Started = on_started(overflow = "drop-oldest", depth = 1)
    ),
    state(version = 1)
)]
impl Module for Chat {
    type Config = ChatConfig;
    type State = ChatState;

    fn check(config: &ChatConfig) -> Result<(), Error> {
        config.check().map_err(Error::from)
    }

    async fn start(context: Context, config: ChatConfig) -> Result<Self, Error> {
        let relay: RelayClient = context.client().map_err(|error| format!("waku.relay: {error}"))?;
        let kv: KvClient = context.client().map_err(|error| format!("storage.kv: {error}"))?;
        let relay = WakuRelay::new(relay, config.pubsub_topic.is_some());
        let pubsub_topic = match &config.pubsub_topic {
            Some(topic) => topic.clone(),
            None => relay.pubsub_topic(&config.content_topic).await?,
        };
        let history = KvHistory::new(kv, config.job.clone());
        let room = Room::open(config.room(pubsub_topic), system_clock(), relay, history).await?;
        tracing::info!(
            pubsub_topic = room.config().pubsub_topic,
            content_topic = room.config().content_topic,
            "the room is open"
        );
        Ok(Self {
            room,
            events: context.events(),
        })
    }

    async fn export(&self) -> Result<ChatState, Error> {
        Ok(self.room.export().into())
    }

    async fn import(&self, version: u32, state: ChatState) -> Result<(), Error> {
        if version != 1 {
            return Err(format!("a state of schema {version} is not known, only 1 is").into());
        }
        Ok(self.room.import(state.try_into()?)?)
    }
}

impl Chat {
    async fn on_message(&self, event: Event<ReceivedMessage>) {
        let lost = event.lost.saturating_add(event.body.missed_before);
        if lost > 0 {
            tracing::warn!(lost, "messages of the relay were left out before this one");
        }
        let ReceivedMessage {
            hash,
            pubsub_topic,
            message,
            origin,
            ..
        } = event.body;
        if message.content_topic != self.room.config().content_topic {
            return;
        }
        let message = relay::received(message);
        match self.take(&pubsub_topic, &message, &origin).await {
            Ok(Some(stored)) => self.announce(&stored.into()).await,
            Ok(None) => {}
            Err(error) => tracing::error!(%hash, %error, "a message did not get into the history"),
        }
    }

    /// Takes a message in, with patience for a store that is away for a moment.
    async fn take(
        &self,
        pubsub_topic: &str,
        message: &WakuMessage,
        origin: &Origin,
    ) -> Result<Option<crate::StoredMessage>, ChatError> {
        let mut patience = Patience::new();
        loop {
            let taken = match origin {
                Origin::Local => self.room.receive_local(pubsub_topic, message).await,
                Origin::Peer(_) => self.room.receive(pubsub_topic, message).await,
            };
            match taken {
                Err(error) if patience.goes_on(&error).await => {}
                done => return done,
            }
        }
    }

    /// The relay begins without subscriptions.
    async fn on_started(&self, _: Event<RelayStarted>) {
        let mut patience = Patience::new();
        while let Err(error) = self.room.subscribe().await {
            if !patience.goes_on(&error).await {
                return tracing::error!(%error, "the relay takes no subscription");
            }
        }
    }

    async fn announce(&self, message: &StoredMessage) {
        if let Err(error) = self.events.message(message).await {
            tracing::warn!(%error, "a subscriber was too slow for a message");
        }
    }
}

impl chat_api::Room for Chat {
    async fn send(&self, text: String) -> Result<StoredMessage, chat_api::ChatError> {
        match self.room.send(&text).await {
            Ok(stored) => {
                let message = stored.into();
                self.announce(&message).await;
                Ok(message)
            }
            Err(error) => {
                if let ChatError::NotPublished { message, .. } = &error {
                    self.announce(&(**message).clone().into()).await;
                }
                Err(error.into())
            }
        }
    }

    async fn history(&self, before: Option<Cursor>, limit: u32) -> Result<Page, chat_api::ChatError> {
        let page = self.room.history(before.map(Into::into), limit as usize).await?;
        Ok(page.into())
    }

    async fn history_after(&self, after: Option<Cursor>, limit: u32) -> Result<Page, chat_api::ChatError> {
        let page = self
            .room
            .history_after(after.map(Into::into), limit as usize)
            .await?;
        Ok(page.into())
    }

    fn nick(&self) -> String {
        self.room.nick().into()
    }

    async fn set_nick(&self, nick: String) -> Result<String, chat_api::ChatError> {
        Ok(self.room.set_nick(&nick).await?.into())
    }

    fn info(&self) -> RoomInfo {
        let (config, counts) = (self.room.config(), self.room.counts());
        RoomInfo {
            content_topic: config.content_topic.clone(),
            pubsub_topic: config.pubsub_topic.clone(),
            nick: self.room.nick().into(),
            sent: counts.sent,
            received: counts.received,
            duplicates: counts.duplicates,
        }
    }
}
