//! The bridge between a chat and a server that both only listen.

use super::*;
use backplane_sdk::test::Bench;
use bridge_events::Linked;
use chat_api::{ChatError, Cursor, MessageHash, Page, Room, RoomInfo, RoomInterface};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// A chat that tells what it is sent.
struct Chat(mpsc::Sender<String>);

fn message(nick: &str, text: &str, direction: Direction) -> StoredMessage {
    StoredMessage {
        hash: MessageHash(Fixed([0; 32])),
        cursor: Cursor(Fixed([0; 40])),
        timestamp: 0,
        sent_at: 0,
        received_at: 0,
        nick: nick.to_owned(),
        text: text.to_owned(),
        raw: false,
        direction,
        published: true,
    }
}

impl Room for Chat {
    async fn send(&self, text: String) -> Result<StoredMessage, ChatError> {
        self.0.send(text.clone()).await.unwrap();
        Ok(message("backplane", &text, Direction::Outgoing))
    }

    async fn history(&self, _: Option<Cursor>, _: u32) -> Result<Page, ChatError> {
        unreachable!("the bridge looks at no history")
    }

    async fn history_after(&self, _: Option<Cursor>, _: u32) -> Result<Page, ChatError> {
        unreachable!("the bridge looks at no history")
    }

    fn nick(&self) -> String {
        "backplane".to_owned()
    }

    async fn set_nick(&self, nick: String) -> Result<String, ChatError> {
        Ok(nick)
    }

    fn info(&self) -> RoomInfo {
        unreachable!("the bridge asks for no figures")
    }
}

/// A filter that minds one word.
struct Asterisks;

impl Filter for Asterisks {
    fn clean(&self, text: String) -> Cleaned {
        let covered = text.matches("darn").count() as u32;
        Cleaned {
            text: text.replace("darn", "****"),
            covered,
        }
    }
}

/// The server's side of a connection.
struct Client {
    lines: Lines<BufReader<OwnedReadHalf>>,
    writer: OwnedWriteHalf,
}

impl Client {
    fn new(stream: TcpStream) -> Self {
        let (reader, writer) = stream.into_split();
        let lines = BufReader::new(reader).lines();
        Self { lines, writer }
    }

    async fn line(&mut self) -> String {
        self.lines.next_line().await.unwrap().unwrap()
    }

    async fn write(&mut self, line: &str) {
        self.writer
            .write_all(format!("{line}\r\n").as_bytes())
            .await
            .unwrap();
    }

    /// Lets the bridge in, after its nickname was taken once.
    async fn welcome(&mut self) {
        assert_eq!(self.line().await, "NICK backplane");
        assert_eq!(self.line().await, "USER backplane 0 * :a bridge to a chat");
        self.write(":irc 433 * backplane :it is taken").await;
        assert_eq!(self.line().await, "NICK backplane_");
        self.write(":irc 001 backplane_ :welcome").await;
        assert_eq!(self.line().await, "JOIN #room");
        self.write(":irc 366 backplane_ #room :end of names").await;
    }
}

#[tokio::test]
async fn lines_go_both_ways_and_none_comes_back() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (sent, mut told) = mpsc::channel(8);
    let config = Config {
        server: server.local_addr().unwrap().to_string(),
        channel: "#room".to_owned(),
        nick: "backplane".to_owned(),
    };
    let bench = Bench::new()
        .fake::<RoomInterface, _>(Chat(sent))
        .fake::<FilterInterface, _>(Asterisks);
    let bridge = bench.start::<IrcBridge>(config).await.unwrap();
    let mut client = Client::new(server.accept().await.unwrap().0);
    client.welcome().await;
    let linked = bridge.events::<Linked>().next().await.unwrap().body;
    assert_eq!(
        (linked.nick.as_deref(), linked.reason),
        (Some("backplane_"), None)
    );

    client.write("PING :here").await;
    assert_eq!(client.line().await, "PONG :here");
    client.write(":ada!a@host PRIVMSG #room :darn, it works").await;
    let ours = told.recv().await.unwrap();
    assert_eq!(ours, "<ada> ****, it works");
    client.write(":ada!a@host PRIVMSG #elsewhere :not for us").await;

    let told = async |nick: &str, text: &str, direction| {
        let message = message(nick, text, direction);
        bridge.emit::<room_events::Message>(&message).await.unwrap();
    };
    told("backplane", &ours, Direction::Outgoing).await;
    told("bob", "hello\nthere", Direction::Incoming).await;
    assert_eq!(client.line().await, "PRIVMSG #room :<bob> hello");
    assert_eq!(client.line().await, "PRIVMSG #room :<bob> there");
    // A line is counted when it is gone, which may be after it has come.
    let client: BridgeClient = bridge.client();
    let counted = async {
        loop {
            let status = client.status().await.unwrap();
            if (status.to_irc, status.to_chat, status.dropped) == (2, 1, 0) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), counted).await.unwrap();
}
