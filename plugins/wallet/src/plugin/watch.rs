//! Tells changes of the session, and locks it when its time is over.

use crate::limits::{MAX_LOCK_PAUSE, MAX_SILENCE};
use crate::vault::{self, Vault};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use wallet_api::{ProfileEvents, SessionState};

/// What subscribers know.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The newest state; none before the first look that counts.
    pub(crate) state: Option<SessionState>,
    /// A successor may have told its own state and then have been given up: tell this one again.
    again: bool,
    /// A successor tells from now on.
    over: bool,
}

pub(crate) struct Watch {
    vault: Arc<Vault>,
    told: watch::Sender<Told>,
}

impl Watch {
    pub(crate) fn new(vault: Arc<Vault>) -> Self {
        let told = watch::Sender::new(Told::default());
        Self { vault, told }
    }

    /// What is told from now on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Told> {
        self.told.subscribe()
    }

    /// Looks at the session on behalf of a call or a lifecycle function: this module is the one that serves.
    pub(crate) fn look(&self) {
        self.refresh(true);
    }

    fn refresh(&self, serving: bool) {
        self.told.send_if_modified(|told| {
            // Asked for in here, so that of two threads the later one has the newer state.
            let state = state(self.vault.state());
            if told.over || !serving && told.state.is_none() {
                return false;
            }
            let news = told.state.as_ref() != Some(&state) || serving && told.again;
            told.again &= !serving;
            told.state = Some(state);
            news
        });
    }

    /// The state was exported: should the swap be given up, the next call shows it.
    pub(crate) fn tell_again(&self) {
        self.told.send_if_modified(|told| {
            told.again = true;
            false
        });
    }

    /// Nothing is told any more.
    pub(crate) fn end(&self) {
        self.told.send_if_modified(|told| {
            told.over = true;
            false
        });
    }

    /// Looks at the session when it is due to lock itself. A successor keeps silent until it took over, which
    /// its state or a call shows: until then it knows nothing of the session.
    pub(crate) async fn keep(self: Arc<Self>, successor: bool) {
        let mut told = self.subscribe();
        if successor && told.borrow().state.is_none() {
            tokio::time::timeout(MAX_SILENCE, told.changed()).await.ok();
        }
        self.look();
        loop {
            let pause = pause(self.vault.state());
            let due = async {
                match pause {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = told.changed() => if changed.is_err() { return },
                () = due => self.refresh(false),
            }
        }
    }
}

/// Publishes what is told. One task does it, so that the order is kept.
pub(crate) async fn publish(mut told: watch::Receiver<Told>, events: ProfileEvents) {
    while told.changed().await.is_ok() {
        let state = {
            let told = told.borrow_and_update();
            if told.over {
                return;
            }
            told.state.clone()
        };
        if let Some(state) = state
            && let Err(error) = events.session_changed(&state).await
        {
            tracing::warn!(%error, "a change of the session did not reach everybody");
        }
    }
}

/// Time until the next look that is not caused by a call.
fn pause(state: vault::SessionState) -> Option<Duration> {
    match state {
        vault::SessionState::Unlocked { locks_in, .. } => Some(locks_in?.min(MAX_LOCK_PAUSE)),
        _ => None,
    }
}

pub(crate) fn state(state: vault::SessionState) -> SessionState {
    match state {
        vault::SessionState::LoggedOut => SessionState::LoggedOut,
        vault::SessionState::Locked { key_uid } => SessionState::Locked {
            key_uid: key_uid.to_bytes().into(),
        },
        vault::SessionState::Unlocked { key_uid, .. } => SessionState::Unlocked {
            key_uid: key_uid.to_bytes().into(),
        },
    }
}
