//! What others answer us, and what we answer, in each other's types.

use std::fmt::Display;

use backplane_sdk::{CallError, Fixed, plugin_api::status};
use chat_api::PortFault;

use crate::{ChatError, Cursor, Direction, Page, PortError, StoredMessage};

/// An error of an interface that a port is built on.
pub(crate) trait Failure: Display {
    /// The interface, to be named in messages.
    const INTERFACE: &'static str;

    /// Whether the module is of no use at present.
    fn is_away(&self) -> bool {
        false
    }

    /// Whether the module took too long.
    fn is_late(&self) -> bool {
        false
    }
}

/// What a failed call means for the engine.
pub(crate) fn port_error<E: Failure>(error: CallError<E>) -> PortError {
    let named = |message: &dyn Display| format!("{}: {message}", E::INTERFACE);
    match &error {
        CallError::Interface(failure) if failure.is_late() => PortError::Timeout,
        CallError::Interface(failure) if failure.is_away() => PortError::Unavailable(named(failure)),
        CallError::Interface(failure) => PortError::Refused(named(failure)),
        CallError::Host { status, .. } => match *status {
            status::TIMEOUT => PortError::Timeout,
            status::UNAVAILABLE
            | status::STOPPING
            | status::NOT_FOUND
            | status::BUSY
            | status::CANCELLED
            | status::PANICKED => PortError::Unavailable(named(&error)),
            _ => PortError::Refused(named(&error)),
        },
    }
}

impl From<PortError> for PortFault {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Unavailable(reason) => Self::Unavailable { reason },
            PortError::Timeout => Self::Timeout,
            PortError::Refused(reason) => Self::Refused { reason },
        }
    }
}

impl From<ChatError> for chat_api::ChatError {
    fn from(error: ChatError) -> Self {
        match error {
            ChatError::Empty { field } => Self::Empty { field: field.into() },
            ChatError::TooLong {
                field,
                actual,
                limit,
                unit,
            } => Self::TooLong {
                field: field.into(),
                actual: actual as u64,
                limit: limit as u64,
                unit: unit.into(),
            },
            ChatError::ControlCharacter { field, at } => Self::ControlCharacter {
                field: field.into(),
                at: at as u64,
            },
            ChatError::OutOfRange {
                field,
                actual,
                min,
                max,
            } => Self::OutOfRange {
                field: field.into(),
                actual: actual as u64,
                min: min as u64,
                max: max as u64,
            },
            ChatError::Malformed { field, expected } => Self::Malformed {
                field: field.into(),
                expected: expected.into(),
            },
            ChatError::Repeated { limit } => Self::Repeated { limit },
            ChatError::NotPublished { message, source } => Self::NotPublished {
                message: (*message).into(),
                fault: source.into(),
            },
            ChatError::Relay(error) => Self::Relay(error.into()),
            ChatError::History(error) => Self::History(error.into()),
        }
    }
}

impl From<StoredMessage> for chat_api::StoredMessage {
    fn from(message: StoredMessage) -> Self {
        Self {
            hash: chat_api::MessageHash(Fixed(message.hash.0)),
            cursor: message.cursor().into(),
            timestamp: message.timestamp,
            sent_at: message.sent_at,
            received_at: message.received_at,
            nick: message.nick,
            text: message.text,
            raw: message.raw,
            direction: match message.direction {
                Direction::Incoming => chat_api::Direction::Incoming,
                Direction::Outgoing => chat_api::Direction::Outgoing,
            },
            published: message.published,
        }
    }
}

impl From<Page> for chat_api::Page {
    fn from(page: Page) -> Self {
        Self {
            messages: page.messages.into_iter().map(Into::into).collect(),
            next: page.next.map(Into::into),
            unreadable: u32::try_from(page.unreadable).unwrap_or(u32::MAX),
        }
    }
}

impl From<Cursor> for chat_api::Cursor {
    fn from(cursor: Cursor) -> Self {
        Self(Fixed(*cursor.as_bytes()))
    }
}

impl From<chat_api::Cursor> for Cursor {
    fn from(chat_api::Cursor(Fixed(bytes)): chat_api::Cursor) -> Self {
        Self::from_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use waku_api::SubscribeError;

    use super::*;
    use crate::{MessageHash, WakuMessage};

    fn stored() -> StoredMessage {
        let message = WakuMessage {
            payload: b"hello there".to_vec(),
            timestamp: 7_000_000_001,
            ..WakuMessage::default()
        };
        StoredMessage::incoming(&message, MessageHash([0xab; 32]), 9)
    }

    fn host(status: i32) -> PortError {
        port_error::<SubscribeError>(CallError::Host {
            status,
            message: "the module was unloaded".into(),
        })
    }

    #[test]
    fn a_status_of_the_host_becomes_the_ports_error_and_names_the_interface() {
        assert_eq!(host(status::TIMEOUT), PortError::Timeout);
        for away in [status::UNAVAILABLE, status::STOPPING, status::BUSY] {
            let PortError::Unavailable(text) = host(away) else {
                panic!("{away}")
            };
            assert!(text.starts_with("waku.relay: "), "{text}");
            assert!(text.ends_with(": the module was unloaded"), "{text}");
        }
        for refused in [status::DENIED, status::BAD_ARGUMENTS, status::DEADLOCK] {
            assert!(matches!(host(refused), PortError::Refused(_)), "{refused}");
        }
    }

    #[test]
    fn a_message_keeps_every_field_and_its_place() {
        let message = chat_api::StoredMessage::from(stored());
        assert_eq!(message.hash.to_string(), format!("0x{}", "ab".repeat(32)));
        assert_eq!(
            (message.timestamp, message.sent_at, message.received_at),
            (7_000_000_001, 7, 9)
        );
        assert_eq!(
            (&*message.text, message.raw, message.published),
            ("hello there", true, true)
        );
        assert_eq!(message.direction, chat_api::Direction::Incoming);
        assert_eq!(Cursor::from(message.cursor), stored().cursor());
    }

    #[test]
    fn an_error_reads_the_same_on_both_sides() {
        let errors = [
            ChatError::Empty { field: "text" },
            ChatError::TooLong {
                field: "nick",
                actual: 33,
                limit: 32,
                unit: "characters",
            },
            ChatError::ControlCharacter { field: "nick", at: 4 },
            ChatError::OutOfRange {
                field: "limit",
                actual: 0,
                min: 1,
                max: 200,
            },
            ChatError::Malformed {
                field: "cursor",
                expected: "80 hex digits",
            },
            ChatError::Repeated { limit: 11 },
            ChatError::NotPublished {
                message: Box::new(stored()),
                source: PortError::Timeout,
            },
            ChatError::Relay(PortError::Unavailable("waku.relay: gone".into())),
            ChatError::History(PortError::Refused("storage.kv: the disk is full".into())),
        ];
        for error in errors {
            let text = error.to_string();
            assert_eq!(chat_api::ChatError::from(error).to_string(), text);
        }
    }
}
