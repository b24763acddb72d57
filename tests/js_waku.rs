//! Toy chat with js-waku, the real package from npm: two hosts, and a peer at each of them.

mod chat;

use backplane_descriptor::Overflow;
use backplane_host::Subscription;
use chat::{DEADLINE, Hosted, history, library, until};
use chat_api::{StoredMessage, room_events::Message};
use std::path::Path;
use test_peers::{Event, Options, ToyChat};
use tokio::time::timeout;
use waku_api::NodeClient;

/// Who said what.
type Line = (String, String);

/// A host with the plugins waku, storage and chat.
struct Side {
    hosted: Hosted,
    node: NodeClient,
    heard: Subscription<Message>,
}

impl Side {
    fn start(folder: &Path, nick: &str) -> Self {
        let modules = format!(
            "[modules.waku]\nplugin = {:?}\n[modules.waku.config]\ncluster-id = 99\nnum-shards-in-network = 8\n\
             listen-addresses = [\"/ip4/127.0.0.1/tcp/0\", \"/ip4/127.0.0.1/tcp/0/ws\"]\n{}",
            library("waku-plugin"),
            chat::modules(&format!("nick = {nick:?}")),
        );
        let hosted = Hosted::start(folder, &modules);
        let node = hosted.front.client().expect("waku is there");
        let heard = hosted
            .front
            .subscribe(Overflow::Block, 64)
            .expect("it is granted");
        Self { hosted, node, heard }
    }

    /// Where it can be dialled over WebSocket, or over bare TCP.
    async fn address(&self, websocket: bool) -> String {
        let info = self.node.info().await.expect("the node answers");
        let mut addresses = info.listen_addresses.into_iter();
        addresses
            .find(|address| address.contains("/ws/") == websocket)
            .expect("it listens")
    }

    /// Waits until two peers are its neighbours in the mesh of the conversation.
    async fn until_meshed(&self) {
        let topic = self.hosted.room.info().await.expect("chat answers").pubsub_topic;
        until("two neighbours in the mesh", async || {
            let info = self.node.info().await.expect("the node answers");
            let mut shards = info.shards.iter();
            shards.any(|shard| shard.pubsub_topic == topic && shard.mesh == 2)
        })
        .await;
    }

    async fn hear(&mut self) -> StoredMessage {
        let event = timeout(DEADLINE, self.heard.next()).await;
        event.expect("no message in time").expect("a message").body
    }

    async fn lines(&self) -> Vec<Line> {
        let messages = history(&self.hosted.room).await;
        sorted(messages.into_iter().map(|it| (it.nick, it.text)))
    }

    async fn stop(self) {
        let info = self.node.info().await.expect("the node answers");
        assert_eq!(
            (info.stats.rejected, info.stats.ignored, info.stats.missed),
            (0, 0, 0)
        );
        self.hosted.stop().await;
    }
}

/// Toy chat counts time in seconds: of messages of one second any may come first.
fn sorted(lines: impl IntoIterator<Item = Line>) -> Vec<Line> {
    let mut lines: Vec<_> = lines.into_iter().collect();
    lines.sort();
    lines
}

/// Two hosts in a row between two js-waku peers: `browser` – `alice` – `bob` – `server`.
struct Room {
    alice: Side,
    bob: Side,
    browser: ToyChat,
    server: ToyChat,
    said: Vec<Line>,
}

impl Room {
    /// js-waku dials, as it does from a browser, and the hosts each other.
    async fn connect(&mut self) {
        for (js, side, websocket, muxer) in [
            (&mut self.browser, &self.alice, true, "/mplex/6.7.0"),
            (&mut self.server, &self.bob, false, "/yamux/1.0.0"),
        ] {
            let peer = js
                .connect(&side.address(websocket).await)
                .await
                .expect("connected");
            assert_eq!((peer.connected, peer.muxer.as_deref()), (true, Some(muxer)));
        }
        let bob = self.bob.address(false).await;
        self.alice.node.connect(&bob).await.expect("connected");
        self.alice.until_meshed().await;
        self.bob.until_meshed().await;
    }

    /// Each of the four says something, which the three others hear.
    async fn talk(&mut self, round: &str) {
        for nick in ["alice", "browser", "server", "bob"] {
            let text = format!("{round}: ünïcode € from {nick}");
            self.say(nick, &text).await;
            for side in [&mut self.alice, &mut self.bob] {
                let heard = side.hear().await;
                assert_eq!((&*heard.nick, &*heard.text, heard.raw), (nick, &*text, false));
            }
            for (name, js) in [("browser", &mut self.browser), ("server", &mut self.server)] {
                if name != nick {
                    let heard = js.received().await.expect("a message");
                    assert_eq!((&*heard.nick, &*heard.text), (nick, &*text));
                }
            }
            self.said.push((nick.to_owned(), text));
        }
    }

    async fn say(&mut self, nick: &str, text: &str) {
        match nick {
            "browser" => drop(self.browser.send(nick, text).await.expect("it is sent")),
            "server" => drop(self.server.send(nick, text).await.expect("it is sent")),
            _ => {
                let side = if nick == "alice" { &self.alice } else { &self.bob };
                let stored = side.hosted.room.send(&text.to_owned()).await;
                assert!(stored.expect("it is sent").published);
            }
        }
    }

    /// The history of each host holds each message exactly once.
    async fn check(&self) {
        let said = sorted(self.said.clone());
        assert_eq!(self.alice.lines().await, said, "alice");
        assert_eq!(self.bob.lines().await, said, "bob");
    }
}

/// Waits until the peer has noticed that its host is gone.
async fn until_alone(js: &mut ToyChat) {
    while !matches!(js.next().await.expect("an event"), Event::Peer(peer) if !peer.connected) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn toy_chat_with_js_waku_is_in_the_history_once_after_a_restart_too() {
    let (alice, bob) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    let mut room = Room {
        alice: Side::start(alice.path(), "alice"),
        bob: Side::start(bob.path(), "bob"),
        browser: ToyChat::start(Options::WS_MPLEX).await.expect("js-waku runs"),
        server: ToyChat::start(Options::TCP_YAMUX).await.expect("js-waku runs"),
        said: Vec::new(),
    };
    room.connect().await;
    room.talk("first").await;
    room.talk("second").await;
    room.check().await;

    let (browser_dials, server_dials) = (room.alice.address(true).await, room.bob.address(false).await);
    room.alice.stop().await;
    room.bob.stop().await;
    until_alone(&mut room.browser).await;
    until_alone(&mut room.server).await;
    room.alice = Side::start(alice.path(), "alice");
    room.bob = Side::start(bob.path(), "bob");
    room.check().await;
    assert_eq!(
        room.alice.address(true).await,
        browser_dials,
        "it is the same node"
    );
    assert_eq!(room.bob.address(false).await, server_dials, "it is the same node");

    // js-waku still remembers what was said, and offers it again.
    room.connect().await;
    room.talk("third").await;
    room.check().await;
    room.alice.stop().await;
    room.bob.stop().await;
    room.browser.stop().await.expect("it ends");
    room.server.stop().await.expect("it ends");
}
