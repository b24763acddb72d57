//! Who is logged in, and the keys that are unlocked.

use super::envelope::DataKey;
use super::error::VaultError;
use crate::address::{Address, KeyUid};
use crate::clock::{Clock, Moment};
use crate::derivation::ExtendedKey;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a caller may know about the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    /// No profile is logged in.
    LoggedOut,
    /// A profile is logged in, but its keys are wiped from memory.
    Locked {
        /// Which one.
        key_uid: KeyUid,
    },
    /// A profile is logged in and can sign.
    Unlocked {
        /// Which one.
        key_uid: KeyUid,
        /// Time until it locks itself if nothing is signed; none if it never does.
        locks_in: Option<Duration>,
    },
}

/// The open profile. Nothing here waits: the mutex is never held during key derivation or I/O.
#[derive(Debug)]
pub(super) struct Session {
    open: Mutex<Option<Open>>,
    clock: Arc<dyn Clock>,
    auto_lock: Option<Duration>,
}

struct Open {
    key_uid: KeyUid,
    unlocked: Option<Unlocked>,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open")
            .field("key_uid", &self.key_uid)
            .field("unlocked", &self.unlocked.is_some())
            .finish()
    }
}

struct Unlocked {
    data_key: Arc<DataKey>,
    keys: HashMap<Address, Arc<ExtendedKey>>,
    used: Moment,
}

/// Permission to load keys, valid while the same login lasts.
pub(super) struct Grant {
    pub(super) key_uid: KeyUid,
    pub(super) data_key: Arc<DataKey>,
}

impl Session {
    pub(super) fn new(clock: Arc<dyn Clock>, auto_lock: Option<Duration>) -> Self {
        Self {
            open: Mutex::new(None),
            clock,
            auto_lock,
        }
    }

    pub(super) fn state(&self) -> SessionState {
        match self.current().as_ref() {
            None => SessionState::LoggedOut,
            Some(Open {
                key_uid,
                unlocked: None,
            }) => SessionState::Locked { key_uid: *key_uid },
            Some(Open {
                key_uid,
                unlocked: Some(unlocked),
            }) => SessionState::Unlocked {
                key_uid: *key_uid,
                locks_in: self
                    .auto_lock
                    .map(|limit| limit.saturating_sub(self.idle(unlocked))),
            },
        }
    }

    /// The profile that is logged in, locked or not.
    pub(super) fn key_uid(&self) -> Result<KeyUid, VaultError> {
        let open = self.current();
        open.as_ref().map(|o| o.key_uid).ok_or(VaultError::LoggedOut)
    }

    /// Refuses when a profile other than `key_uid` is logged in.
    pub(super) fn check_free_for(&self, key_uid: Option<KeyUid>) -> Result<(), VaultError> {
        match self.current().as_ref() {
            Some(open) if Some(open.key_uid) != key_uid => Err(VaultError::LoggedIn {
                key_uid: open.key_uid,
            }),
            _ => Ok(()),
        }
    }

    /// Logs in or unlocks.
    pub(super) fn unlock(
        &self,
        key_uid: KeyUid,
        data_key: DataKey,
        keys: Vec<ExtendedKey>,
    ) -> Result<(), VaultError> {
        let mut open = self.current();
        if let Some(other) = open.as_ref().filter(|o| o.key_uid != key_uid) {
            return Err(VaultError::LoggedIn {
                key_uid: other.key_uid,
            });
        }
        *open = Some(Open {
            key_uid,
            unlocked: Some(Unlocked {
                data_key: Arc::new(data_key),
                keys: keys
                    .into_iter()
                    .map(|key| (key.address(), Arc::new(key)))
                    .collect(),
                used: Moment::now(&*self.clock),
            }),
        });
        Ok(())
    }

    /// Opens the profile locked, unless it is open already.
    pub(super) fn resume(&self, key_uid: KeyUid) -> Result<(), VaultError> {
        let mut open = self.current();
        let open = open.get_or_insert(Open {
            key_uid,
            unlocked: None,
        });
        if open.key_uid == key_uid {
            Ok(())
        } else {
            Err(VaultError::LoggedIn {
                key_uid: open.key_uid,
            })
        }
    }

    /// Wipes the keys. True if there were any.
    pub(super) fn lock(&self) -> bool {
        self.current()
            .as_mut()
            .is_some_and(|open| open.unlocked.take().is_some())
    }

    /// Wipes the keys and forgets the profile, which is returned.
    pub(super) fn close(&self) -> Option<KeyUid> {
        self.current().take().map(|open| open.key_uid)
    }

    /// Counts as use.
    pub(super) fn grant(&self) -> Result<Grant, VaultError> {
        self.with_unlocked(|key_uid, unlocked| Grant {
            key_uid,
            data_key: Arc::clone(&unlocked.data_key),
        })
    }

    /// A key that is in memory already. Counts as use.
    pub(super) fn key(&self, address: Address) -> Result<Option<Arc<ExtendedKey>>, VaultError> {
        self.with_unlocked(|_, unlocked| unlocked.keys.get(&address).cloned())
    }

    /// Keeps a loaded key until the session is locked; refuses if it was locked meanwhile.
    pub(super) fn keep(&self, grant: &Grant, key: Arc<ExtendedKey>) -> Result<(), VaultError> {
        self.with_unlocked(|_, unlocked| {
            if !Arc::ptr_eq(&unlocked.data_key, &grant.data_key) {
                return Err(VaultError::Locked);
            }
            unlocked.keys.insert(key.address(), key);
            Ok(())
        })?
    }

    /// Forgets keys of accounts that were removed.
    pub(super) fn forget(&self, addresses: &[Address]) {
        if let Some(unlocked) = self.current().as_mut().and_then(|o| o.unlocked.as_mut()) {
            unlocked.keys.retain(|a, _| !addresses.contains(a));
        }
    }

    fn with_unlocked<T>(&self, use_it: impl FnOnce(KeyUid, &mut Unlocked) -> T) -> Result<T, VaultError> {
        let mut open = self.current();
        let open = open.as_mut().ok_or(VaultError::LoggedOut)?;
        let unlocked = open.unlocked.as_mut().ok_or(VaultError::Locked)?;
        unlocked.used = Moment::now(&*self.clock);
        Ok(use_it(open.key_uid, unlocked))
    }

    /// The session, locked first if it was idle for too long.
    fn current(&self) -> MutexGuard<'_, Option<Open>> {
        let mut guard = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(open), Some(limit)) = (guard.as_mut(), self.auto_lock)
            && open.unlocked.as_ref().is_some_and(|u| self.idle(u) >= limit)
        {
            open.unlocked = None;
            tracing::info!(key_uid = %open.key_uid, "profile locked: idle for too long");
        }
        guard
    }

    fn idle(&self, unlocked: &Unlocked) -> Duration {
        Moment::now(&*self.clock).since(unlocked.used)
    }
}
