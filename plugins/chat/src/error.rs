//! What can go wrong in the engine, as types.

use crate::record::StoredMessage;

/// A failure of the engine. Every variant about bad input names the field and the limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChatError {
    /// A field that must hold something is empty, or only white space.
    #[error("{field} is empty")]
    Empty {
        /// The field.
        field: &'static str,
    },
    /// A field is longer than its limit.
    #[error("{field} is {actual} {unit} long, the limit is {limit}")]
    TooLong {
        /// The field.
        field: &'static str,
        /// Its length.
        actual: usize,
        /// The longest allowed.
        limit: usize,
        /// What is counted: `bytes` or `characters`.
        unit: &'static str,
    },
    /// A field holds a character that a terminal or a list could not show.
    #[error("{field} holds a control character at byte {at}")]
    ControlCharacter {
        /// The field.
        field: &'static str,
        /// Where, in bytes from its start.
        at: usize,
    },
    /// A number is outside its range.
    #[error("{field} is {actual}, allowed is {min} to {max}")]
    OutOfRange {
        /// The field.
        field: &'static str,
        /// Its value.
        actual: usize,
        /// The smallest allowed.
        min: usize,
        /// The largest allowed.
        max: usize,
    },
    /// A field does not have the form it must have.
    #[error("{field} is not valid: {expected}")]
    Malformed {
        /// The field.
        field: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// One text was sent so often within a second that no timestamp is left to tell the copies apart.
    #[error("the same text was sent more than {limit} times within a second")]
    Repeated {
        /// How many copies are possible.
        limit: u64,
    },
    /// The message is in the history, unpublished; the relay did not take it.
    #[error("message {} is kept but was not published: {source}", .message.hash)]
    NotPublished {
        /// The message as stored.
        message: Box<StoredMessage>,
        /// What the relay said.
        source: PortError,
    },
    /// The relay failed.
    #[error("relay: {0}")]
    Relay(#[source] PortError),
    /// The store failed. Nothing was announced.
    #[error("history: {0}")]
    History(#[source] PortError),
}

/// A failure behind one of the [ports](crate::ports).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PortError {
    /// The module behind the port is not there, or is being replaced for too long.
    #[error("not available: {0}")]
    Unavailable(String),
    /// The module did not answer before the call's deadline.
    #[error("no answer in time")]
    Timeout,
    /// The module answered that it cannot do this.
    #[error("refused: {0}")]
    Refused(String),
}

/// Checks a length against its limit.
pub(crate) fn check_len(
    field: &'static str,
    actual: usize,
    limit: usize,
    unit: &'static str,
) -> Result<(), ChatError> {
    if actual > limit {
        return Err(ChatError::TooLong {
            field,
            actual,
            limit,
            unit,
        });
    }
    Ok(())
}
