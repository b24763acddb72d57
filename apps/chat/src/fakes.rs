//! A session in memory, for tests.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{Mutex as AsyncMutex, mpsc};

use crate::session::{
    About, ChatLine, Module, Page, Peer, Session, SessionError, SessionEvent, Swap, SwapTarget,
};

/// A message of somebody else, of the first minute of 1970.
pub(crate) fn line(cursor: &str, nick: &str, text: &str) -> ChatLine {
    ChatLine {
        cursor: cursor.into(),
        nick: nick.into(),
        text: text.into(),
        sent_at: 0,
        outgoing: false,
        published: true,
        raw: false,
    }
}

/// Messages of `a` with these cursors.
pub(crate) fn page(cursors: &[&str], older: Option<&str>) -> Page {
    let lines = cursors
        .iter()
        .map(|cursor| line(cursor, "a", &format!("text {cursor}")))
        .collect();
    Page {
        lines,
        older: older.map(Into::into),
    }
}

pub(crate) fn module(name: &str, version: &str) -> Module {
    Module {
        name: name.into(),
        version: version.into(),
        state: "ready".into(),
    }
}

pub(crate) fn swap(name: &str, from: &str, to: &str) -> Swap {
    Swap {
        module: module(name, to),
        from: from.into(),
        generation: 2,
        pause_us: 412,
    }
}

/// A session with a history of numbered messages, whose events a test puts in.
pub(crate) struct FakeSession {
    pub(crate) sent: Mutex<Vec<String>>,
    /// Messages in the history: `1` is the oldest.
    pub(crate) stored: usize,
    events: AsyncMutex<mpsc::Receiver<SessionEvent>>,
    cursor: AtomicUsize,
    nick: Mutex<String>,
    chat_version: Mutex<String>,
}

impl FakeSession {
    pub(crate) fn new(stored: usize) -> (Arc<Self>, mpsc::Sender<SessionEvent>) {
        let (sender, events) = mpsc::channel(16);
        let session = Self {
            sent: Mutex::default(),
            stored,
            events: AsyncMutex::new(events),
            cursor: AtomicUsize::new(stored),
            nick: Mutex::new("alice".into()),
            chat_version: Mutex::new("0.1.0".into()),
        };
        (Arc::new(session), sender)
    }
}

impl Session for FakeSession {
    async fn send(&self, text: &str) -> Result<ChatLine, SessionError> {
        assert_ne!(text, "panic", "the test asked for it");
        if text == "hang" {
            std::future::pending::<()>().await;
        }
        // A later text must not overtake an earlier one that takes its time.
        if text == "slow" {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        self.sent.lock().unwrap().push(text.into());
        let cursor = self.cursor.fetch_add(1, Ordering::Relaxed) + 1;
        let nick = self.nick.lock().unwrap().clone();
        let sent = ChatLine {
            outgoing: true,
            ..line(&cursor.to_string(), &nick, text)
        };
        if text == "unsendable" {
            let line = Box::new(ChatLine {
                published: false,
                ..sent
            });
            return Err(SessionError::Unsent {
                line,
                reason: "no peers".into(),
            });
        }
        Ok(sent)
    }

    async fn history(&self, before: Option<&str>, limit: usize) -> Result<Page, SessionError> {
        let end = before.map_or(self.stored + 1, |cursor| cursor.parse().unwrap());
        let start = end.saturating_sub(limit).max(1);
        let cursors: Vec<String> = (start..end).map(|n| n.to_string()).collect();
        let cursors: Vec<&str> = cursors.iter().map(|cursor| &**cursor).collect();
        Ok(page(&cursors, (start > 1).then_some(&start.to_string())))
    }

    async fn nick(&self) -> Result<String, SessionError> {
        Ok(self.nick.lock().unwrap().clone())
    }

    async fn set_nick(&self, nick: &str) -> Result<String, SessionError> {
        if nick.len() > 32 {
            return Err(SessionError::Refused("nick is too long".into()));
        }
        *self.nick.lock().unwrap() = nick.into();
        Ok(nick.into())
    }

    async fn connect(&self, address: &str) -> Result<(), SessionError> {
        match address {
            "/ip4/127.0.0.1/tcp/1" => Ok(()),
            _ => Err(SessionError::Refused("connection refused".into())),
        }
    }

    async fn peers(&self) -> Result<Vec<Peer>, SessionError> {
        Ok(vec![Peer {
            id: "16Uiu2HAm1".into(),
            address: "/ip4/127.0.0.1/tcp/1".into(),
        }])
    }

    async fn modules(&self) -> Result<Vec<Module>, SessionError> {
        let chat = self.chat_version.lock().unwrap().clone();
        Ok(vec![
            module("waku", "0.1.0"),
            module("chat", &chat),
            module("storage", "0.1.0"),
        ])
    }

    async fn swap(&self, name: &str, target: &SwapTarget) -> Result<Swap, SessionError> {
        match target {
            SwapTarget::Version(version) => {
                let from = std::mem::replace(&mut *self.chat_version.lock().unwrap(), version.clone());
                Ok(swap(name, &from, version))
            }
            SwapTarget::Newest | SwapTarget::File(_) => Err(SessionError::Refused("no newer version".into())),
        }
    }

    async fn about(&self) -> Result<About, SessionError> {
        Ok(About {
            peer_id: "16Uiu2HAm0".into(),
            addresses: vec!["/ip4/127.0.0.1/tcp/2/p2p/16Uiu2HAm0".into()],
            peers_in_room: 1,
            data_dir: "/data".into(),
        })
    }

    async fn next_event(&self) -> SessionEvent {
        match self.events.lock().await.recv().await {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }
}
