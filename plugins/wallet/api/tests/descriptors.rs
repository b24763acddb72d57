//! The contract is what `interfaces/` says; with `UPDATE=1` it is written there.

use backplane_sdk::Interface;
use backplane_sdk::descriptor::{committed, fixed::InterfaceTy};
use std::path::Path;
use wallet_api::{KeysInterface, ProfileInterface, SignInterface};

#[test]
fn no_contract_changes_without_its_version() {
    check(ProfileInterface::TY);
    check(KeysInterface::TY);
    check(SignInterface::TY);
}

fn check(interface: &InterfaceTy) {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/interfaces"));
    committed::check(folder, interface).unwrap_or_else(|error| panic!("{error}"));
}
