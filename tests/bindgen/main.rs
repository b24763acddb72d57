//! Servers in C and Nim that are made from one schema, called by clients in Rust and TypeScript that are made from it.

mod made;
mod rust;

use backplane_bindgen::{Language, Sides};
use backplane_descriptor::Interface;
use backplane_descriptor::canonical::canonical_json;
use backplane_host::Host;
use backplane_host::bundle::Grants;
use backplane_host::gateway::Gateway;
use backplane_sdk::Interface as _;
use backplane_test_support::workspace;
use backplane_tests::host;
use fixture_kinds_api::KindsInterface;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The longest that the client in TypeScript may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn started(folder: &Path, plugin: &Path) -> Host {
    host(folder, &format!("[modules.kinds]\nplugin = {plugin:?}\n")).expect("the host starts")
}

/// Compiles the client and its user, for node.
async fn typescript_client(folder: &Path) -> PathBuf {
    let client = Sides {
        client: true,
        server: false,
    };
    made::make(folder, Language::TypeScript, client);
    let user = workspace().join("tests/bindgen/kinds.ts");
    std::fs::copy(user, folder.join("kinds.ts")).expect("a file");
    test_peers::compile_typescript(folder)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Runs the client in TypeScript against the control socket of `host`.
async fn typescript(host: &Arc<Host>, folder: &Path) {
    let program = typescript_client(folder).await.join("kinds.js");
    let gateway = Gateway::bind(&folder.join("host.sock")).await.expect("a socket");
    let mut node = tokio::process::Command::new("node");
    node.arg(program).arg(gateway.socket()).kill_on_drop(true);
    let ended = tokio::select! {
        served = gateway.serve(Arc::clone(host)) => panic!("{served:?}"),
        ended = tokio::time::timeout(PATIENCE, node.output()) => ended.expect("it ends").expect("node runs"),
    };
    let (said, printed) = (
        String::from_utf8_lossy(&ended.stderr),
        String::from_utf8_lossy(&ended.stdout),
    );
    assert!(ended.status.success(), "{printed}\n{said}");
    assert_eq!(printed, "all is well\n");
}

/// A plugin that calls `fixture.kinds` says what came of it, and has heard its event.
async fn asks(host: &Host, plugin: &Path) {
    let grants = Grants::all();
    host.load("asker", plugin, grants, &json!({}))
        .expect("it is loaded");
    let front = host.front_end("test-asker", &Grants::all()).expect("a front end");
    assert_eq!(
        front.call_json("fixture.asker.ask", &json!({})).await,
        Ok(json!("all is well"))
    );
    front
        .call_json("fixture.kinds.tell", &json!({"text": "news"}))
        .await
        .expect("it is told");
    let deadline = Instant::now() + PATIENCE;
    while front.call_json("fixture.asker.heard", &json!({})).await != Ok(json!(1)) {
        assert!(Instant::now() < deadline, "the event has not come");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn works(server: impl FnOnce(&Path) -> PathBuf, client: impl FnOnce(&Path) -> PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let plugin = server(folder.path());
    let host = Arc::new(started(folder.path(), &plugin));
    let front = host.front_end("test", &Grants::all()).expect("a front end");
    rust::calls_everything(&front).await;
    rust::wrong_arguments_are_refused_by_their_place(&front).await;
    typescript(&host, folder.path()).await;
    asks(&host, &client(folder.path())).await;
    assert!(host.stop().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_in_c_answers_clients_in_rust_typescript_and_nim() {
    let server = |folder: &Path| made::c_plugin(folder, "kinds-c/server.c");
    works(server, |folder| made::nim_plugin(folder, "kinds-nim/client.nim")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_in_nim_answers_clients_in_rust_typescript_and_c() {
    let server = |folder: &Path| made::nim_plugin(folder, "kinds-nim/server.nim");
    works(server, |folder| made::c_plugin(folder, "kinds-c/client.c")).await;
}

#[tokio::test]
async fn typescript_of_every_interface_of_ours_compiles() {
    let folder = tempfile::tempdir().expect("a folder");
    let client = Sides {
        client: true,
        server: false,
    };
    for (name, schema) in made::schemas() {
        let own = folder.path().join(name);
        std::fs::create_dir(&own).expect("a folder");
        made::write(&own, &schema, Language::TypeScript, client);
    }
    if let Err(error) = test_peers::compile_typescript(folder.path()).await {
        panic!("{error}");
    }
}

#[test]
fn the_contract_is_the_schema() {
    let contract = KindsInterface::TY.to_model().expect("it is valid");
    let schema = include_bytes!("../fixtures/kinds-api/interfaces/fixture.kinds-1.0.0.json");
    let schema = Interface::parse(schema).expect("it is valid");
    assert_eq!(canonical_json(&contract), canonical_json(&schema));
}
