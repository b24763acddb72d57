//! The contract is what `interfaces/` says; with `UPDATE=1` it is written there.

use std::path::Path;

use backplane_descriptor::committed;
use backplane_descriptor::fixed::InterfaceTy;
use backplane_sdk::Interface;

#[test]
fn no_contract_changes_without_its_version() {
    check(waku_api::RelayInterface::TY);
    check(waku_api::NodeInterface::TY);
    check(waku_api::LightPushInterface::TY);
    check(waku_api::FilterInterface::TY);
    check(waku_api::StoreInterface::TY);
    check(waku_api::MessagingInterface::TY);
}

fn check(interface: &InterfaceTy) {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/interfaces"));
    committed::check(folder, interface).unwrap_or_else(|error| panic!("{error}"));
}
