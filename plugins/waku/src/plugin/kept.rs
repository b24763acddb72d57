//! What the module keeps in its folder, so that it is the same node after a swap, a crash and a restart: the ports
//! that the system chose, and which messages it has delivered.
//!
//! Losing these files does no more harm than another port, and a message that comes twice. So an error with them is
//! a warning.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use backplane_sdk::{Fixed, Value, record};
use tokio::task::spawn_blocking;

use crate::{MessageHash, Multiaddr, limits::DELIVERED_TTL};

/// The name of the file with the node key.
pub(super) const NODE_KEY: &str = "nodekey";
const ADDRESSES: &str = "addresses";
const DELIVERED: &str = "delivered";

/// The folder.
pub(super) struct Kept(PathBuf);

/// An address of the configuration, and the same with the port that the system chose.
#[record]
#[derive(Debug, Clone, PartialEq)]
struct Bound {
    /// What the configuration says.
    configured: String,
    /// What was listened on.
    bound: String,
}

/// A message that was delivered.
#[record]
#[derive(Debug, Clone, Copy, PartialEq)]
struct Delivered {
    /// Its hash.
    hash: Fixed<32>,
    /// When, in milliseconds since the Unix epoch.
    at: u64,
}

impl Kept {
    pub(super) fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// The addresses to listen on, with the ports of last time where the configuration leaves them open.
    pub(super) async fn addresses(&self, configured: &[Multiaddr]) -> Vec<Multiaddr> {
        let mut kept: Vec<Bound> = self.read(ADDRESSES, |_| Ok(())).await.unwrap_or_default();
        let mut address = |configured: &Multiaddr| {
            let text = configured.to_string();
            let place = kept.iter().position(|it| it.configured == text)?;
            kept.remove(place).bound.parse().ok()
        };
        configured
            .iter()
            .map(|it| address(it).unwrap_or_else(|| it.clone()))
            .collect()
    }

    pub(super) async fn keep_addresses(&self, configured: &[Multiaddr], bound: &[Multiaddr]) {
        let pair = |(configured, bound): (&Multiaddr, &Multiaddr)| Bound {
            configured: configured.to_string(),
            bound: bound.to_string(),
        };
        self.write(
            ADDRESSES,
            configured.iter().zip(bound).map(pair).collect::<Vec<_>>(),
        )
        .await;
    }

    /// What was delivered before, with its age. The file goes, as it is soon no longer true.
    pub(super) async fn take_delivered(&self) -> Vec<(MessageHash, Duration)> {
        let kept: Vec<Delivered> = self
            .read(DELIVERED, |path| fs::remove_file(path))
            .await
            .unwrap_or_default();
        let now = since_epoch();
        let age = |it: Delivered| {
            let age = now.saturating_sub(Duration::from_millis(it.at));
            (age < DELIVERED_TTL).then(|| (MessageHash::from(it.hash.0), age))
        };
        kept.into_iter().filter_map(age).collect()
    }

    pub(super) async fn keep_delivered(&self, delivered: Vec<(MessageHash, Duration)>) {
        let now = since_epoch();
        let entry = |(hash, age): (MessageHash, Duration)| Delivered {
            hash: (*hash.as_bytes()).into(),
            at: u64::try_from(now.saturating_sub(age).as_millis()).unwrap_or(u64::MAX),
        };
        self.write(DELIVERED, delivered.into_iter().map(entry).collect::<Vec<_>>())
            .await;
    }

    async fn read<T: Value>(&self, name: &str, after: fn(&Path) -> io::Result<()>) -> Option<T> {
        let path = self.0.join(name);
        let read = move || {
            let bytes = fs::read(&path)?;
            after(&path)?;
            T::decode(&bytes).map_err(io::Error::other)
        };
        match flat(spawn_blocking(read).await) {
            Ok(value) => Some(value),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(name, %error, "a file of the module is not readable");
                None
            }
        }
    }

    /// Writes a file beside and renames it, so that no half of it is ever read.
    async fn write<T: Value>(&self, name: &str, value: T) {
        let path = self.0.join(name);
        let write = move || {
            let mut bytes = Vec::new();
            value.encode(&mut bytes).map_err(io::Error::other)?;
            let fresh = path.with_extension("new");
            fs::write(&fresh, bytes)?;
            fs::rename(fresh, path)
        };
        if let Err(error) = flat(spawn_blocking(write).await) {
            tracing::warn!(name, %error, "a file of the module cannot be written");
        }
    }
}

fn flat<T>(outcome: Result<io::Result<T>, tokio::task::JoinError>) -> io::Result<T> {
    outcome.map_err(io::Error::other).flatten()
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Multiaddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn a_port_is_used_again_only_for_the_address_it_was_chosen_for() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(folder.path());
        let (open, ws) = (
            address("/ip4/127.0.0.1/tcp/0"),
            address("/ip4/127.0.0.1/tcp/0/ws"),
        );
        let only_open = vec![open.clone()];
        assert_eq!(kept.addresses(&only_open).await, only_open);

        let (first, second, third) = (
            address("/ip4/127.0.0.1/tcp/1"),
            address("/ip4/127.0.0.1/tcp/2"),
            address("/ip4/127.0.0.1/tcp/3/ws"),
        );
        let bound = [first.clone(), second.clone(), third.clone()];
        kept.keep_addresses(&[open.clone(), open.clone(), ws.clone()], &bound)
            .await;
        let fixed = address("/ip4/127.0.0.1/tcp/7");
        let wanted = [ws, fixed.clone(), open.clone(), open.clone(), open.clone()];
        assert_eq!(kept.addresses(&wanted).await, [third, fixed, first, second, open]);
    }

    #[tokio::test]
    async fn what_was_delivered_is_remembered_once_and_as_long_as_it_counts() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(folder.path());
        assert!(kept.take_delivered().await.is_empty());
        let (old, young) = (MessageHash::from([1; 32]), MessageHash::from([2; 32]));
        let age = Duration::from_secs(60);
        kept.keep_delivered(vec![(old, DELIVERED_TTL), (young, age)])
            .await;
        let taken = kept.take_delivered().await;
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].0, young);
        assert!((age..age * 2).contains(&taken[0].1), "{:?}", taken[0].1);
        assert!(kept.take_delivered().await.is_empty());
    }

    #[tokio::test]
    async fn a_damaged_file_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(folder.path());
        for name in [ADDRESSES, DELIVERED] {
            fs::write(folder.path().join(name), b"\xff").unwrap();
        }
        let open = address("/ip4/127.0.0.1/tcp/0");
        assert_eq!(kept.addresses(std::slice::from_ref(&open)).await, [open]);
        assert!(kept.take_delivered().await.is_empty());
    }
}
