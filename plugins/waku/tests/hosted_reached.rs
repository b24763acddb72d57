//! How a hosted node says that it is reached.
#![cfg(target_os = "linux")]

mod support;

#[path = "support/host.rs"]
mod host;

use backplane_test_support::certificates::Authority;
use host::Hosted;
use support::certificates::{certify, files};
use tempfile::TempDir;
use waku_api::Reachability;

#[tokio::test(flavor = "multi_thread")]
async fn a_module_listens_on_secure_websocket_under_its_name() {
    let folder = TempDir::new().unwrap();
    let files = files(folder.path());
    let authority = Authority::new(folder.path(), "authority");
    certify(&authority, &files);
    let config = format!(
        "listen-addresses = [\"/ip4/127.0.0.1/tcp/0/wss\"]\nwebsocket-secure-key-path = {:?}\n\
         websocket-secure-cert-path = {:?}\ndns4-domain-name = \"localhost\"\nnat = \"any\"",
        files.key, files.certificate
    );
    let server = Hosted::start(&folder.path().join("server"), &config);
    let info = server.node.info().await.unwrap();
    assert_eq!(info.reachability, Some(Reachability::Unknown));
    let [address] = &info.announced_addresses[..] else {
        panic!("{:?}", info.announced_addresses)
    };
    assert!(address.starts_with("/dns4/localhost/tcp/"), "{address}");
    assert!(
        address.ends_with(&format!("/wss/p2p/{}", info.peer_id)),
        "{address}"
    );

    let config = format!("websocket-trust-path = {:?}", authority.file());
    let client = Hosted::start(&folder.path().join("client"), &config);
    assert_eq!(client.node.connect(address).await, Ok(info.peer_id));
    client.stop().await;
    server.stop().await;
}
