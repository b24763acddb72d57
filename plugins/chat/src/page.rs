//! A piece of the history.

use crate::{
    error::{ChatError, PortError},
    key::{Cursor, RoomKeys, Walk},
    limits::{MAX_PAGE, MAX_PAGE_BYTES, SCAN_CHUNK},
    ports::History,
    record::StoredMessage,
};

/// Consecutive messages, oldest first whichever way they were read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The messages.
    pub messages: Vec<StoredMessage>,
    /// Where to go on in the same direction; `None` when there is nothing more.
    pub next: Option<Cursor>,
    /// Records in this part of the history that could not be read (damaged, or of a later format).
    pub unreadable: usize,
}

/// Reads up to `limit` messages; a page also ends once it exceeds [`MAX_PAGE_BYTES`].
///
/// # Errors
/// [`ChatError::OutOfRange`] for field `limit`, [`ChatError::History`].
pub(crate) async fn read(
    history: &impl History,
    keys: &RoomKeys,
    walk: Walk,
    limit: usize,
) -> Result<Page, ChatError> {
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(ChatError::OutOfRange {
            field: "limit",
            actual: limit,
            min: 1,
            max: MAX_PAGE,
        });
    }
    let mut page = Page::default();
    let (mut walk, mut rows, mut bytes) = (walk, 0, 0);
    'page: loop {
        // One row more than wanted tells whether there is a next page.
        let chunk = SCAN_CHUNK.min(limit - rows + 1);
        let found = history
            .scan(keys.scan(walk, chunk))
            .await
            .map_err(ChatError::History)?;
        let last_chunk = found.len() < chunk;
        for (key, record) in found {
            let cursor = keys.cursor(&key).ok_or_else(foreign_key)?;
            if rows == limit || bytes > MAX_PAGE_BYTES {
                page.next = position(walk);
                break 'page;
            }
            rows += 1;
            bytes += record.len();
            walk = onward(walk, cursor);
            match StoredMessage::from_record(&record) {
                Some(message) => page.messages.push(message),
                None => page.unreadable += 1,
            }
        }
        if last_chunk {
            break;
        }
    }
    if matches!(walk, Walk::Backward(_)) {
        page.messages.reverse();
    }
    Ok(page)
}

fn onward(walk: Walk, cursor: Cursor) -> Walk {
    match walk {
        Walk::Backward(_) => Walk::Backward(Some(cursor)),
        Walk::Forward(_) => Walk::Forward(Some(cursor)),
    }
}

fn position(walk: Walk) -> Option<Cursor> {
    match walk {
        Walk::Backward(cursor) | Walk::Forward(cursor) => cursor,
    }
}

fn foreign_key() -> ChatError {
    ChatError::History(PortError::Refused(
        "the store returned a key outside the range asked for".into(),
    ))
}
