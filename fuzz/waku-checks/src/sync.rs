//! Store sync: what can be decoded is encoded to bytes that mean the same.

use waku_plugin::{SyncPayload, TransferredMessage};

/// Payloads of reconciliation.
pub fn waku_sync_payload(bytes: &[u8]) {
    if let Ok(payload) = SyncPayload::decode(bytes) {
        let again = SyncPayload::decode(&payload.encode());
        // Without a range, nothing else of it is told.
        let told = match payload.ranges.is_empty() {
            true => SyncPayload::default(),
            false => payload,
        };
        assert_eq!(again, Ok(told));
    }
}

/// Messages of other archives.
pub fn waku_sync_transfer(bytes: &[u8]) {
    if let Ok(transferred) = TransferredMessage::decode(bytes) {
        assert_eq!(TransferredMessage::decode(&transferred.encode()), Ok(transferred));
    }
}
