//! What the engine needs from outside: somebody who carries messages, somebody who keeps them.
//!
//! Both may be called from several tasks at once. A dropped future may or may not have had its effect.

use std::future::Future;

use crate::{error::PortError, message::WakuMessage};

/// Carries messages, as the `waku` module does.
pub trait Relay: Send + Sync {
    /// Asks for the messages of a content topic. Doing so twice is doing it once.
    fn subscribe(
        &self,
        pubsub_topic: &str,
        content_topic: &str,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Hands a message to the network. It is done when the relay has taken it.
    fn publish(
        &self,
        pubsub_topic: &str,
        message: &WakuMessage,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// Keeps bytes under ordered keys, as the `storage` module does.
///
/// A write that returned is there after a restart, and every later read sees it.
pub trait History: Send + Sync {
    /// Stores a value unless the key has one; atomic. `true` when this call stored it.
    fn put_if_absent(
        &self,
        key: Vec<u8>,
        value: Vec<u8>,
    ) -> impl Future<Output = Result<bool, PortError>> + Send;

    /// Stores a value, over an earlier one if need be.
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> impl Future<Output = Result<(), PortError>> + Send;

    /// The value of a key.
    fn get(&self, key: &[u8]) -> impl Future<Output = Result<Option<Vec<u8>>, PortError>> + Send;

    /// The rows of a range, keys and values, in the order asked for.
    fn scan(&self, scan: Scan) -> impl Future<Output = Result<Vec<Row>, PortError>> + Send;
}

/// A key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// A range of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The first key, included.
    pub start: Vec<u8>,
    /// The end, left out.
    pub end: Vec<u8>,
    /// Most rows to return.
    pub limit: usize,
    /// From the end backwards.
    pub reverse: bool,
}
