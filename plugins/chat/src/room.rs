//! The engine: one conversation.

use std::sync::{Mutex, MutexGuard, PoisonError};

use prost::Message;

use crate::{
    clock::Clock,
    config::RoomConfig,
    error::{ChatError, check_len},
    key::{Cursor, NICK_KEY, RoomKeys, Walk},
    limits::{MAX_PAYLOAD_BYTES, MAX_SECONDS_AHEAD},
    message::WakuMessage,
    nick::{Nickname, check_text},
    page::{self, Page},
    ports::{History, Relay},
    recent::RecentHashes,
    record::{Direction, NANOS, StoredMessage},
    state::RoomState,
    wire::Chat2Message,
};

/// One conversation. Every method may be called from several tasks at once; no lock is held while a port works.
///
/// A future that is dropped leaves at worst a message that is stored and not announced, or stored and not
/// published; both are seen in the history.
pub struct Room<R, H> {
    config: RoomConfig,
    keys: RoomKeys,
    clock: Clock,
    relay: R,
    history: H,
    inner: Mutex<Inner>,
}

/// What a room counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Messages written here.
    pub sent: u64,
    /// New messages of others.
    pub received: u64,
    /// Repeats that were recognised.
    pub duplicates: u64,
}

struct Inner {
    nick: Nickname,
    sent: u64,
    received: u64,
    duplicates: u64,
    recent: RecentHashes,
}

impl<R: Relay, H: History> Room<R, H> {
    /// Opens the room: reads the nickname that was kept and subscribes.
    ///
    /// # Errors
    /// A bad configuration field by name; [`ChatError::History`] or [`ChatError::Relay`].
    pub async fn open(config: RoomConfig, clock: Clock, relay: R, history: H) -> Result<Self, ChatError> {
        config.validate()?;
        let kept = history.get(NICK_KEY).await.map_err(ChatError::History)?;
        let nick = match kept.and_then(|bytes| Nickname::new(&String::from_utf8(bytes).ok()?).ok()) {
            Some(nick) => nick,
            None => Nickname::new(&config.default_nick)?,
        };
        let inner = Inner {
            nick,
            sent: 0,
            received: 0,
            duplicates: 0,
            recent: RecentHashes::default(),
        };
        let keys = RoomKeys::new(&config.content_topic);
        let room = Self {
            config,
            keys,
            clock,
            relay,
            history,
            inner: Mutex::new(inner),
        };
        room.subscribe().await?;
        Ok(room)
    }

    /// Which conversation this is.
    pub fn config(&self) -> &RoomConfig {
        &self.config
    }

    /// Asks the relay for the room's messages, again after the relay has forgotten it.
    ///
    /// # Errors
    /// [`ChatError::Relay`].
    pub async fn subscribe(&self) -> Result<(), ChatError> {
        self.relay
            .subscribe(&self.config.pubsub_topic, &self.config.content_topic)
            .await
            .map_err(ChatError::Relay)
    }

    /// Stores a text, then publishes it.
    ///
    /// Toy chat counts time in seconds, so the same text twice in a second would be one message to everybody.
    /// A repeat is therefore stamped with the next free second.
    ///
    /// # Errors
    /// A bad `text` by name; [`ChatError::Repeated`]; [`ChatError::History`], and then nothing was published;
    /// [`ChatError::NotPublished`] with the message, which stays in the history as unpublished.
    /// When the store fails only after publishing, the call succeeds, because the message is out; the history
    /// then says `published: false` until the network brings the message back.
    pub async fn send(&self, text: &str) -> Result<StoredMessage, ChatError> {
        check_text(text)?;
        let (message, mut stored) = self.store_outgoing(text).await?;
        self.inner().sent += 1;
        if let Err(source) = self.relay.publish(&self.config.pubsub_topic, &message).await {
            return Err(ChatError::NotPublished {
                message: Box::new(stored),
                source,
            });
        }
        stored.published = true;
        if self.update(&stored).await.is_ok() {
            self.inner().recent.insert(stored.hash);
        }
        Ok(stored)
    }

    /// Takes in what the relay got from a peer. `Some` is a message that was never seen before and is now stored;
    /// `None` is a repeat, or a message of another topic.
    ///
    /// # Errors
    /// [`ChatError::TooLong`] for field `payload`; [`ChatError::History`], and then the message may be
    /// handed in again.
    pub async fn receive(
        &self,
        pubsub_topic: &str,
        message: &WakuMessage,
    ) -> Result<Option<StoredMessage>, ChatError> {
        self.take(pubsub_topic, message, true).await
    }

    /// Takes in what somebody on this host published, maybe this room itself. Unlike [`Room::receive`] it is no sign
    /// that the network has the message: relays deliver here also what no peer took.
    ///
    /// # Errors
    /// As [`Room::receive`].
    pub async fn receive_local(
        &self,
        pubsub_topic: &str,
        message: &WakuMessage,
    ) -> Result<Option<StoredMessage>, ChatError> {
        self.take(pubsub_topic, message, false).await
    }

    async fn take(
        &self,
        pubsub_topic: &str,
        message: &WakuMessage,
        from_network: bool,
    ) -> Result<Option<StoredMessage>, ChatError> {
        if pubsub_topic != self.config.pubsub_topic || message.content_topic != self.config.content_topic {
            return Ok(None);
        }
        check_len("payload", message.payload.len(), MAX_PAYLOAD_BYTES, "bytes")?;
        let hash = message.hash(pubsub_topic);
        if self.is_repeat(&hash, from_network) {
            return Ok(None);
        }
        let stored = StoredMessage::incoming(message, hash, (self.clock)());
        let new = self.insert(&stored).await?;
        if !new && from_network {
            self.confirm_published(&stored.cursor()).await?;
        }
        let mut inner = self.inner();
        // An own message that no peer took must still be recognised as published when the network brings it.
        if new || from_network {
            inner.recent.insert(hash);
        }
        if new {
            inner.received += 1;
        } else {
            inner.duplicates += u64::from(from_network);
        }
        Ok(new.then_some(stored))
    }

    /// Up to `limit` messages before a place, or the newest ones; `next` leads to older ones.
    ///
    /// # Errors
    /// [`ChatError::OutOfRange`] for field `limit` (1 to [`MAX_PAGE`](crate::limits::MAX_PAGE)),
    /// [`ChatError::History`].
    pub async fn history(&self, before: Option<Cursor>, limit: usize) -> Result<Page, ChatError> {
        page::read(&self.history, &self.keys, Walk::Backward(before), limit).await
    }

    /// Up to `limit` messages after a place, or the oldest ones; `next` leads to newer ones.
    ///
    /// # Errors
    /// As [`Room::history`].
    pub async fn history_after(&self, after: Option<Cursor>, limit: usize) -> Result<Page, ChatError> {
        page::read(&self.history, &self.keys, Walk::Forward(after), limit).await
    }

    /// Our nickname.
    pub fn nick(&self) -> Nickname {
        self.inner().nick.clone()
    }

    /// What was counted since the first start of the chain of versions.
    pub fn counts(&self) -> Counts {
        let inner = self.inner();
        Counts {
            sent: inner.sent,
            received: inner.received,
            duplicates: inner.duplicates,
        }
    }

    /// Changes our nickname, for good.
    ///
    /// # Errors
    /// A bad `nick` by name; [`ChatError::History`], and then the old one stays.
    pub async fn set_nick(&self, nick: &str) -> Result<Nickname, ChatError> {
        let nick = Nickname::new(nick)?;
        self.history
            .put(NICK_KEY.to_vec(), nick.as_bytes().to_vec())
            .await
            .map_err(ChatError::History)?;
        self.inner().nick = nick.clone();
        Ok(nick)
    }

    /// What the next version of the plugin needs to know. Taken when no call is under way.
    pub fn export(&self) -> RoomState {
        let inner = self.inner();
        RoomState {
            nick: inner.nick.clone(),
            sent: inner.sent,
            received: inner.received,
            duplicates: inner.duplicates,
            recent: inner.recent.iter().copied().collect(),
        }
    }

    /// Takes over the state of an earlier version, in place of the own.
    ///
    /// # Errors
    /// A bad field by name; the own state is then unchanged.
    pub fn import(&self, state: RoomState) -> Result<(), ChatError> {
        state.validate()?;
        let mut recent = RecentHashes::default();
        state.recent.into_iter().for_each(|hash| recent.insert(hash));
        *self.inner() = Inner {
            nick: state.nick,
            sent: state.sent,
            received: state.received,
            duplicates: state.duplicates,
            recent,
        };
        Ok(())
    }

    /// Stores a text under the first second that is free for it.
    async fn store_outgoing(&self, text: &str) -> Result<(WakuMessage, StoredMessage), ChatError> {
        let nick = self.nick();
        let now = (self.clock)();
        let now_seconds = u64::try_from(now / NANOS).unwrap_or(0);
        for seconds in now_seconds..=now_seconds + MAX_SECONDS_AHEAD {
            let message = self.waku_message(&nick, text, seconds);
            let hash = message.hash(&self.config.pubsub_topic);
            let stored = StoredMessage {
                direction: Direction::Outgoing,
                published: false,
                ..StoredMessage::incoming(&message, hash, now)
            };
            if self.insert(&stored).await? {
                return Ok((message, stored));
            }
        }
        Err(ChatError::Repeated {
            limit: MAX_SECONDS_AHEAD + 1,
        })
    }

    fn waku_message(&self, nick: &Nickname, text: &str, seconds: u64) -> WakuMessage {
        let chat = Chat2Message {
            timestamp: seconds,
            nick: nick.as_bytes().to_vec(),
            payload: text.into(),
        };
        WakuMessage {
            payload: chat.encode_to_vec(),
            content_topic: self.config.content_topic.clone(),
            version: 0,
            timestamp: i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(NANOS),
            meta: Vec::new(),
        }
    }

    /// A message of ours came back over the network although we did not know it had left.
    async fn confirm_published(&self, cursor: &Cursor) -> Result<(), ChatError> {
        let record = self
            .history
            .get(&self.keys.message(cursor))
            .await
            .map_err(ChatError::History)?;
        match record.as_deref().and_then(StoredMessage::from_record) {
            Some(mut stored) if !stored.published => {
                stored.published = true;
                self.update(&stored).await
            }
            _ => Ok(()),
        }
    }

    async fn insert(&self, stored: &StoredMessage) -> Result<bool, ChatError> {
        let key = self.keys.message(&stored.cursor());
        self.history
            .put_if_absent(key, stored.to_record())
            .await
            .map_err(ChatError::History)
    }

    async fn update(&self, stored: &StoredMessage) -> Result<(), ChatError> {
        let key = self.keys.message(&stored.cursor());
        self.history
            .put(key, stored.to_record())
            .await
            .map_err(ChatError::History)
    }

    /// Whether the message is known; counted if it came from outside, because the echo of an own one is no news.
    fn is_repeat(&self, hash: &crate::MessageHash, from_network: bool) -> bool {
        let mut inner = self.inner();
        let known = inner.recent.contains(hash);
        inner.duplicates += u64::from(known && from_network);
        known
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
