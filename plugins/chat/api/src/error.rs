//! Why a call failed.

use backplane_sdk::record;

use crate::StoredMessage;

/// Why a call failed. Every case about bad input names the field and the limit.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChatError {
    /// A field that must hold something is empty, or only white space.
    #[error("{field} is empty")]
    Empty {
        /// The field.
        field: String,
    },
    /// A field is longer than its limit.
    #[error("{field} is {actual} {unit} long, the limit is {limit}")]
    TooLong {
        /// The field.
        field: String,
        /// Its length.
        actual: u64,
        /// The longest allowed.
        limit: u64,
        /// What is counted, for example `bytes` or `characters`.
        unit: String,
    },
    /// A field holds a character that a terminal or a list could not show.
    #[error("{field} holds a control character at byte {at}")]
    ControlCharacter {
        /// The field.
        field: String,
        /// Where, in bytes from its start.
        at: u64,
    },
    /// A number is outside its range.
    #[error("{field} is {actual}, allowed is {min} to {max}")]
    OutOfRange {
        /// The field.
        field: String,
        /// Its value.
        actual: u64,
        /// The smallest allowed.
        min: u64,
        /// The largest allowed.
        max: u64,
    },
    /// A field does not have the form that it must have.
    #[error("{field} is not valid: {expected}")]
    Malformed {
        /// The field.
        field: String,
        /// What was expected.
        expected: String,
    },
    /// One text was sent so often within a second that no timestamp is left to tell the copies apart.
    #[error("the same text was sent more than {limit} times within a second")]
    Repeated {
        /// How many copies are possible.
        limit: u64,
    },
    /// The message is in the history, unpublished: the relay did not take it.
    #[error("message {} is kept but was not published: {fault}", .message.hash)]
    NotPublished {
        /// The message as it stands in the history.
        message: StoredMessage,
        /// What the relay said.
        fault: PortFault,
    },
    /// The relay failed.
    #[error("relay: {0}")]
    Relay(PortFault),
    /// The store failed. Nothing was announced.
    #[error("history: {0}")]
    History(PortFault),
}

/// What went wrong with a module that the chat needs.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortFault {
    /// It is not there, or is being replaced for too long.
    #[error("not available: {reason}")]
    Unavailable {
        /// Which module, and why.
        reason: String,
    },
    /// It did not answer in time.
    #[error("no answer in time")]
    Timeout,
    /// It answered that it cannot do this.
    #[error("refused: {reason}")]
    Refused {
        /// Why.
        reason: String,
    },
}
