//! One program with all four plugins in it, and no library that is loaded.

use backplane_host::bundle::{Bundle, Grants, Placement};
use backplane_host::library::Linked;
use backplane_host::{Host, ModuleState};
use backplane_sdk::CallError;
use chat_api::{ChatError, RoomClient};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node that nobody finds.
const BUNDLE: &str = r#"
[modules.storage]
placement = "static"
[modules.waku]
placement = "static"
grants = ["storage.kv"]
[modules.waku.config]
listen-addresses = ["/ip4/127.0.0.1/tcp/0"]
[modules.chat]
placement = "static"
grants = ["waku.relay", "storage.kv"]
[modules.wallet]
placement = "static"
"#;

fn linked() -> Linked {
    let linked = Linked::none()
        .with::<chat_plugin::plugin::Chat>()
        .and_then(Linked::with::<storage_plugin::Storage>)
        .and_then(Linked::with::<waku_plugin::Waku>)
        .and_then(Linked::with::<wallet_plugin::plugin::Wallet>);
    linked.expect("their manifests are right")
}

fn start(folder: &Path) -> Arc<Host> {
    let text = format!("[host]\ndata-dir = {:?}\n{BUNDLE}", folder.join("data"));
    let bundle = Bundle::parse(&folder.join("bundle.toml"), text.as_bytes(), folder, None);
    let host = Host::start_with(bundle.expect("the bundle is right"), linked()).expect("the host starts");
    assert!(host.wait_ready(PATIENCE), "{:?}", host.state_changes());
    Arc::new(host)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("no panic")
}

/// No part of a plugin is a file that is mapped.
fn assert_nothing_is_loaded() {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("the process has a map");
    let plugins: Vec<_> = maps.lines().filter(|line| line.contains("plugin")).collect();
    assert_eq!(plugins, [""; 0]);
}

/// Says something where nobody listens: it is kept, and whoever said it learns that no peer has it.
async fn say(room: &RoomClient, text: &str) {
    let said = room.send(&text.to_owned()).await;
    assert!(
        matches!(&said, Err(CallError::Interface(ChatError::NotPublished { message, .. })) if message.text == text),
        "{said:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_runs_in_one_program_and_keeps_its_history_across_a_swap_and_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().to_owned();
    let host = blocking(move || start(&place)).await;
    for module in host.modules() {
        assert_eq!(
            (module.placement, module.state),
            (Placement::Static, ModuleState::Ready)
        );
        assert_eq!((module.path.as_str(), module.layout.as_str()), ("", "verified"));
    }
    let front = host.front_end("test", &Grants::all()).expect("a front end");
    let room: RoomClient = front.client().expect("chat is there");
    say(&room, "said in one program").await;

    let swapping = Arc::clone(&host);
    let report = blocking(move || swapping.swap("chat", Path::new("linked:chat"), None)).await;
    assert_eq!(report.expect("chat gives way to itself").generation, 2);
    say(&room, "said by its successor").await;
    assert_nothing_is_loaded();
    let stopping = Arc::clone(&host);
    assert_eq!(blocking(move || stopping.stop()).await, [""; 0]);

    let place = folder.path().to_owned();
    let host = blocking(move || start(&place)).await;
    let front = host.front_end("test", &Grants::all()).expect("a front end");
    let room: RoomClient = front.client().expect("chat is there");
    let page = room.history_after(&None, &10).await.expect("a page");
    let mut texts: Vec<_> = page
        .messages
        .iter()
        .map(|message| message.text.as_str())
        .collect();
    // Toy chat counts seconds, and those of one second stand in the order of their hashes.
    texts.sort_unstable();
    assert_eq!(texts, ["said by its successor", "said in one program"]);
    assert_eq!(blocking(move || host.stop()).await, [""; 0]);
}
