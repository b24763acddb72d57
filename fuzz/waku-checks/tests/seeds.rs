//! The seeds of each target, and what was found with it before, pass.

#[path = "../../checks/tests/replay/mod.rs"]
mod replay;

use replay::replay;

#[test]
fn waku_messages() {
    replay("waku_messages", waku_fuzz_checks::waku_messages);
}

#[test]
fn waku_records() {
    replay("waku_records", waku_fuzz_checks::waku_records);
}

#[test]
fn waku_services() {
    replay("waku_services", waku_fuzz_checks::waku_services);
}

#[test]
fn waku_texts() {
    replay("waku_texts", waku_fuzz_checks::waku_texts);
}

#[test]
fn waku_sync_payload() {
    replay("waku_sync_payload", waku_fuzz_checks::waku_sync_payload);
}

#[test]
fn waku_sync_transfer() {
    replay("waku_sync_transfer", waku_fuzz_checks::waku_sync_transfer);
}
