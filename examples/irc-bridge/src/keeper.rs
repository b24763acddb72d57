//! Keeps the connection, and carries lines over it in both directions.

use crate::contract::{BridgeEvents, Link};
use crate::counts::Counts;
use crate::irc::{Connection, Heard, IrcError, Said};
use crate::limits::{BACK_OFF, GOODBYE};
use crate::pace::Pace;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

/// What the task that keeps the connection has.
pub(crate) struct Keeper {
    /// The server, the channel, and how it stands.
    pub(crate) link: Arc<Mutex<Link>>,
    /// The nickname that is wanted.
    pub(crate) nick: String,
    /// Lines for the channel.
    pub(crate) outgoing: mpsc::Receiver<String>,
    /// What is said there.
    pub(crate) incoming: mpsc::Sender<Said>,
    pub(crate) counts: Arc<Counts>,
    pub(crate) events: BridgeEvents,
    /// Becomes true when the bridge is closed.
    pub(crate) closing: watch::Receiver<bool>,
}

impl Keeper {
    /// Connects, and connects again, until the bridge is closed.
    pub(crate) async fn run(mut self) {
        let Link { server, channel, .. } = self.link();
        let nick = self.nick.clone();
        let mut wait = BACK_OFF.0;
        loop {
            let opened = tokio::select! {
                () = closed(&mut self.closing) => return,
                opened = Connection::open(&server, &nick, &channel) => opened,
            };
            let begun = Instant::now();
            let ended = match opened {
                Ok(connection) => self.serve(connection).await,
                Err(error) => Err(error),
            };
            let Err(error) = ended else { return };
            tracing::warn!(%server, "no connection: {error}");
            self.tell(None, Some(error.to_string())).await;
            if begun.elapsed() > BACK_OFF.1 {
                wait = BACK_OFF.0;
            }
            tokio::select! {
                () = closed(&mut self.closing) => return,
                () = sleep(wait) => wait = (wait * 2).min(BACK_OFF.1),
            }
        }
    }

    /// Carries lines until the connection ends, or well, the bridge is closed.
    async fn serve(&mut self, mut connection: Connection) -> Result<(), IrcError> {
        tracing::info!(nick = connection.nick(), "in the channel");
        self.tell(Some(connection.nick().to_owned()), None).await;
        let mut pace = Pace::new();
        loop {
            let next = async {
                pace.wait().await;
                self.outgoing.recv().await
            };
            tokio::select! {
                () = closed(&mut self.closing) => {
                    // If it does not answer, the connection ends all the same.
                    let _ = timeout(GOODBYE, connection.quit()).await;
                    return Ok(());
                }
                heard = connection.hear() => match heard? {
                    Heard::Said(said) => self.said(said),
                    Heard::Ping(token) => connection.pong(&token).await?,
                    Heard::Nothing => connection.ask().await?,
                },
                Some(line) = next => {
                    pace.passed();
                    let sent = connection.say(&line).await;
                    let count = if sent.is_ok() { &self.counts.to_irc } else { &self.counts.dropped };
                    count.fetch_add(1, Relaxed);
                    sent?;
                }
            }
        }
    }

    fn said(&self, said: Said) {
        if self.incoming.try_send(said).is_err() {
            self.counts.dropped.fetch_add(1, Relaxed);
        }
    }

    fn link(&self) -> Link {
        self.link.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn tell(&self, nick: Option<String>, reason: Option<String>) {
        let link = Link {
            nick,
            reason,
            ..self.link()
        };
        *self.link.lock().unwrap_or_else(PoisonError::into_inner) = link.clone();
        // Whoever has no room for it gets the next one.
        let _ = self.events.linked(&link).await;
    }
}

/// Waits until the bridge is closed, or gone.
async fn closed(closing: &mut watch::Receiver<bool>) {
    // An error means that the bridge is gone.
    let _ = closing.wait_for(|closing| *closing).await;
}
