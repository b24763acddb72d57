//! `waku.store` in a host with the real storage: what chat and others see of it, a swap, and the end by `kill -9`.
#![cfg(target_os = "linux")]

mod support;

#[path = "support/host.rs"]
mod host;

#[path = "support/archive.rs"]
mod archive;

use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Instant,
};

use archive::storage_module;
use backplane_sdk::CallError;
use host::Hosted;
use support::{CONTENT_TOPIC, DEADLINE, config, light, message, start, until, until_peers};
use waku_api::{
    ArchiveFigures, MessageHash, ServiceError, StoreError, StoreQuery, StoredMessage, WakuMessage,
};
use waku_plugin::Node;

/// Asks for the messages of the test's content topic.
fn query() -> StoreQuery {
    StoreQuery {
        content_topics: vec![CONTENT_TOPIC.into()],
        pubsub_topic: None,
        time_start: None,
        time_end: None,
        hashes: Vec::new(),
        cursor: None,
        forward: true,
        limit: None,
        include_data: true,
    }
}

fn said(text: &str) -> WakuMessage {
    WakuMessage {
        payload: text.as_bytes().into(),
        content_topic: CONTENT_TOPIC.into(),
        version: 0,
        timestamp: 0,
        meta: None,
        ephemeral: false,
        proof: None,
    }
}

/// A host whose node keeps an archive.
fn keeping(folder: &Path) -> Hosted {
    Hosted::beside(folder, &storage_module(), "store = true")
}

/// Publishes; that nobody is there to relay it does not matter.
async fn publish(hosted: &Hosted, text: &str) -> MessageHash {
    match hosted.relay.publish(&said(text), &None).await {
        Ok(hash) | Err(CallError::Interface(waku_api::PublishError::NoPeers { hash })) => hash,
        Err(error) => panic!("{error}"),
    }
}

async fn figures(hosted: &Hosted) -> ArchiveFigures {
    hosted.store.archive().await.unwrap().unwrap()
}

async fn history(hosted: &Hosted, query: &StoreQuery, peers: &[String]) -> Vec<StoredMessage> {
    let mut stream = hosted.store.history(query, &peers.to_vec()).await.unwrap();
    let mut all = Vec::new();
    while let Some(message) = stream.next().await {
        all.push(message.unwrap());
    }
    all
}

fn hashes(messages: &[StoredMessage]) -> Vec<MessageHash> {
    messages.iter().map(|it| it.hash).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn others_read_the_archive_by_topic_time_and_hash_also_after_a_swap() {
    let folder = tempfile::tempdir().unwrap();
    let hosted = keeping(folder.path());
    let mut sent = Vec::new();
    for number in 0..25 {
        sent.push(publish(&hosted, &format!("{number}")).await);
    }
    until("25 messages", async || figures(&hosted).await.stored == 25).await;
    let page = hosted.store.query(&query(), &None).await.unwrap();
    assert_eq!(hashes(&page.messages), sent[..20]);
    let next = StoreQuery {
        cursor: page.cursor,
        ..query()
    };
    let rest = hosted.store.query(&next, &None).await.unwrap();
    assert_eq!((hashes(&rest.messages), rest.cursor), (sent[20..].to_vec(), None));
    let backward = StoreQuery {
        forward: false,
        ..query()
    };
    let mut newest_first = sent.clone();
    newest_first.reverse();
    assert_eq!(hashes(&history(&hosted, &backward, &[]).await), newest_first);

    let swapped = hosted.swap(folder.path(), "another").await;
    assert!(!swapped.module.is_empty());
    assert_eq!(hashes(&history(&hosted, &query(), &[]).await), sent);
    let fifth = page.messages[5].message.as_ref().unwrap().timestamp;
    let timed = StoreQuery {
        time_start: Some(fifth),
        limit: Some(3),
        ..query()
    };
    let page = hosted.store.query(&timed, &None).await.unwrap();
    assert_eq!(hashes(&page.messages), sent[5..8]);
    let named = StoreQuery {
        hashes: vec![sent[7], sent[2]],
        include_data: false,
        ..query()
    };
    let page = hosted.store.query(&named, &None).await.unwrap();
    assert_eq!(hashes(&page.messages), [sent[2], sent[7]]);
    assert_eq!(figures(&hosted).await.messages, 25);
    hosted.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_an_archive_asks_its_peers_or_says_that_there_is_none() {
    let folders = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let hosted = Hosted::start(folders.0.path(), "");
    let none = Err(CallError::Interface(StoreError::NoStore));
    assert_eq!(hosted.store.query(&query(), &None).await, none);
    assert_eq!(hosted.store.archive().await.unwrap(), None);
    let mut nothing = hosted.store.history(&query(), &vec![]).await.unwrap();
    let text = nothing.next().await.unwrap().unwrap_err().to_string();
    assert!(text.contains("no store is known"), "{text}");
    let stranger = hosted.store.query(&query(), &Some("nobody".into())).await;
    assert!(matches!(
        stranger,
        Err(CallError::Interface(StoreError::Service(
            ServiceError::InvalidPeer { .. }
        )))
    ));

    let keeper = keeping(folders.1.path());
    let sent = publish(&keeper, "kept").await;
    until("the message", async || figures(&keeper).await.stored == 1).await;
    let info = keeper.node.info().await.unwrap();
    hosted.node.connect(&info.listen_addresses[0]).await.unwrap();
    until("the store", async || {
        hosted.store.query(&query(), &None).await.is_ok()
    })
    .await;
    for peers in [vec![], vec![info.peer_id.clone()]] {
        assert_eq!(hashes(&history(&hosted, &query(), &peers).await), [sent]);
    }
    let bad = StoreQuery {
        cursor: Some(MessageHash([7; 32].into())),
        ..query()
    };
    assert_eq!(
        hosted.store.query(&bad, &Some(info.peer_id)).await,
        Err(CallError::Interface(StoreError::Service(ServiceError::Refused {
            status: 300,
            text: "archive error: DRIVER_ERROR: cursor not found".into(),
        })))
    );
    let own = keeper.store.query(&bad, &None).await.unwrap_err();
    assert!(
        own.to_string().contains("DRIVER_ERROR: cursor not found"),
        "{own}"
    );
    hosted.stop().await;
    keeper.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_without_storage_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let modules = format!(
        "[modules.waku]\nplugin = {:?}\n[modules.waku.config]\nstore = true\n",
        host::library()
    );
    let host = backplane_tests::host(folder.path(), &modules).unwrap();
    until("the refusal", async || {
        format!("{:?}", host.state_changes()).contains("store = true needs storage.kv")
    })
    .await;
    host.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_away_fetches_what_it_missed_from_another() {
    let folders = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let keeper = keeping(folders.0.path());
    let peer = keeper.node.info().await.unwrap().listen_addresses[0].clone();
    let resuming = format!("store = true\nstore-resume = true\nstatic-peers = [{peer:?}]");
    let other = Hosted::beside(folders.1.path(), &storage_module(), &resuming);
    until("the other", async || {
        let shards = keeper.node.info().await.unwrap().shards;
        shards.iter().all(|shard| shard.peers == 1)
    })
    .await;
    let both = publish(&keeper, "for both").await;
    until("the first message", async || figures(&other).await.messages == 1).await;
    other.stop().await;
    let mut sent = vec![both];
    for number in 0..5 {
        sent.push(publish(&keeper, &format!("missed {number}")).await);
    }
    until("all messages", async || figures(&keeper).await.stored == 6).await;
    let other = Hosted::beside(folders.1.path(), &storage_module(), &resuming);
    until("what was missed", async || figures(&other).await.messages == 6).await;
    assert_eq!(hashes(&history(&other, &query(), &[]).await), sent);
    other.stop().await;
    keeper.stop().await;
}

const FOLDER: &str = "WAKU_TEST_STORE_FOLDER";

/// The process that is killed: a host with an archive, which says where it listens. It does nothing unless the test
/// below starts it.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_node_of_its_own_process() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let hosted = keeping(Path::new(&folder));
    println!(
        "listens {}",
        hosted.node.info().await.unwrap().listen_addresses[0]
    );
    std::future::pending::<()>().await;
}

struct Process(Child);

impl Process {
    /// Starts the process and gives its address.
    fn start(folder: &Path) -> (Self, String) {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "a_store_node_of_its_own_process", "--nocapture"])
            .env(FOLDER, folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .map(Result::unwrap)
            .find_map(|line| line.split_once("listens ").map(|(_, address)| address.to_owned()))
            .unwrap();
        (Self(child), address)
    }

    /// `kill -9`.
    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It was killed already, unless the test failed.
        let _gone = self.0.kill();
    }
}

/// What the peer has in its store.
async fn kept(client: &Node, address: &str) -> Vec<waku_plugin::MessageHash> {
    let peer = client.connect(address.parse().unwrap()).await.unwrap();
    let query = waku_plugin::StoreQuery {
        include_data: false,
        ..waku_plugin::StoreQuery::default()
    };
    let mut history = client.history(query, vec![peer]);
    let mut all = Vec::new();
    while let Ok(Some(page)) = history.next().await {
        all.extend(page.iter().map(|it| it.hash));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_that_the_store_has_shown_is_there_after_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut shown = Vec::new();
    for round in 0..3 {
        let (process, address) = Process::start(folder.path());
        let relay = start(config(support::TCP)).await;
        relay.connect(address.parse().unwrap()).await.unwrap();
        until_peers(&relay, 1).await;
        let client = start(light()).await;
        let before = kept(&client, &address).await;
        assert!(
            shown.iter().all(|hash| before.contains(hash)),
            "lost before round {round}"
        );
        let writing = tokio::spawn({
            let relay = relay.clone();
            async move {
                for number in 0.. {
                    // A full queue is no matter: the next one will do.
                    let _busy = relay.publish(None, message(&format!("{round} {number}"))).await;
                    tokio::task::yield_now().await;
                }
            }
        });
        let deadline = Instant::now() + DEADLINE;
        while shown.len() < before.len() + 100 {
            assert!(Instant::now() < deadline, "{} messages", shown.len());
            shown = kept(&client, &address).await;
        }
        process.kill();
        writing.abort();
        relay.shutdown().await;
        client.shutdown().await;
    }
    let (process, address) = Process::start(folder.path());
    let client = start(light()).await;
    let after = kept(&client, &address).await;
    assert!(shown.iter().all(|hash| after.contains(hash)));
    assert!(after.len() >= 300, "{}", after.len());
    process.kill();
}
