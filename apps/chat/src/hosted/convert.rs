//! The contracts' types as the screen's.

use backplane_host::ModuleReport;
use backplane_sdk::{CallError, Fixed};
use chat_api::{ChatError, Cursor, Direction, StoredMessage};
use waku_api::PeerInfo;

use crate::session::{ChatLine, Module, Page, Peer, SessionError};

pub(super) fn line(message: StoredMessage) -> ChatLine {
    ChatLine {
        cursor: hex::encode(message.cursor.0.0),
        nick: message.nick,
        text: message.text,
        sent_at: message.sent_at,
        outgoing: message.direction == Direction::Outgoing,
        published: message.published,
        raw: message.raw,
    }
}

pub(super) fn page(page: chat_api::Page) -> Page {
    Page {
        lines: page.messages.into_iter().map(line).collect(),
        older: page.next.map(|cursor| hex::encode(cursor.0.0)),
    }
}

/// The place that [`line`] or [`page`] gave.
pub(super) fn cursor(text: &str) -> Result<Cursor, SessionError> {
    let mut bytes = [0; 40];
    hex::decode_to_slice(text, &mut bytes)
        .map_err(|_| SessionError::Refused(format!("{text:?} is no place in the history")))?;
    Ok(Cursor(Fixed(bytes)))
}

/// `None` for a static peer that is not connected.
pub(super) fn peer(peer: PeerInfo) -> Option<Peer> {
    peer.direction?;
    Some(Peer {
        id: peer.peer_id?,
        address: peer.address,
    })
}

pub(super) fn module(report: ModuleReport) -> Module {
    Module {
        name: report.name,
        version: report.version,
        state: report.state.name().to_owned(),
    }
}

/// The modules in the order to show: those of the chat as data flow through them, then all others by name.
pub(super) fn modules(reports: Vec<ModuleReport>) -> Vec<Module> {
    let mut modules: Vec<Module> = reports.into_iter().map(module).collect();
    let rank = |module: &Module| {
        ["waku", "chat", "storage", "wallet"]
            .iter()
            .position(|name| *name == module.name)
            .unwrap_or(usize::MAX)
    };
    modules.sort_by_key(rank);
    modules
}

pub(super) fn refused<E: std::fmt::Display>(error: CallError<E>) -> SessionError {
    SessionError::Refused(error.to_string())
}

pub(super) fn unsent(error: CallError<ChatError>) -> SessionError {
    match error {
        CallError::Interface(ChatError::NotPublished { message, fault }) => SessionError::Unsent {
            line: Box::new(line(message)),
            reason: fault.to_string(),
        },
        other => refused(other),
    }
}
