//! The driver of `light/light.mjs`.

use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use crate::{
    Options, PeerError,
    install::Runtime,
    process::{Process, Report},
};

/// What `light.mjs` writes, one JSON object a line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Event {
    Ready(LightReady),
    Connected(LightConnected),
    Pushed(Outcome),
    Subscribed(bool),
    Unsubscribed(bool),
    Pinged(Outcome),
    Exchanged(Exchanged),
    Record(LightRecord),
    Received(LightReceived),
    Queried(Vec<Vec<LightReceived>>),
    Vector(String),
    Error(String),
}

impl Report for Event {
    fn checked(self) -> Result<Self, String> {
        match self {
            Self::Error(text) => Err(text),
            event => Ok(event),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LightReady {
    peer_id: String,
}

/// What became of a request; no error means that the peer did it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Outcome {
    error: Option<String>,
}

/// A peer that the light node has connected to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LightConnected {
    /// The multiplexer that was agreed on.
    pub muxer: Option<String>,
    /// The protocols that it speaks.
    pub protocols: Vec<String>,
    /// Its cluster.
    pub cluster_id: Option<u32>,
}

/// What came of a request for peers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Exchanged {
    error: Option<String>,
    records: Vec<LightRecord>,
}

/// A node record as js-waku reads it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LightRecord {
    /// The peer that has signed it.
    pub peer_id: String,
    /// Its cluster, if it names one.
    pub cluster_id: Option<u16>,
    /// Its shards.
    pub shards: Vec<u16>,
    /// Whether it serves lightpush.
    pub light_push: bool,
    /// Whether it serves filter.
    pub filter: bool,
    /// Where it can be dialled.
    pub addresses: Vec<String>,
}

/// A message that was pushed to the light node, or found by it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LightReceived {
    /// The content topic.
    pub topic: String,
    /// The payload as text.
    pub payload: String,
    /// The message hash as js-waku has it.
    pub hash: String,
    /// Milliseconds since 1970.
    pub timestamp: Option<u64>,
}

/// What the light node asks a store for.
#[derive(Debug, Clone, Copy)]
pub struct LightQuery<'a> {
    /// The content topic.
    pub topic: &'a str,
    /// From the oldest to the newest, or back.
    pub forward: bool,
    /// Messages of one page.
    pub limit: u32,
    /// From when to when, in milliseconds since 1970.
    pub time: Option<(u64, u64)>,
}

/// A running js-waku light node. It is killed when dropped.
#[derive(Debug)]
pub struct LightNode {
    process: Process,
    peer_id: String,
}

impl LightNode {
    /// Installs what is missing and starts the node; the content topic of the options is left aside.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn start(options: Options<'_>) -> Result<Self, PeerError> {
        let how = ["--transport", options.transport, "--muxer", options.muxer];
        Self::run(options, &how).await
    }

    /// The same in a page of this Chromium, where there are neither other transports than WebSocket nor other muxers than
    /// mplex: the options for these are left aside, too.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn start_in_browser(options: Options<'_>, program: &str) -> Result<Self, PeerError> {
        Self::run(options, &["--browser", program]).await
    }

    async fn run(options: Options<'_>, how: &[&str]) -> Result<Self, PeerError> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("light");
        let (cluster, shards) = (options.cluster.to_string(), options.shards.to_string());
        let flags = [how, &["--cluster", &cluster, "--shards", &shards]].concat();
        let mut process = Process::start(Runtime::Node, &folder, "light.mjs", &flags).await?;
        let ready = |event| match event {
            Event::Ready(ready) => Some(ready.peer_id),
            _ => None,
        };
        let peer_id = process.wait_for(ready).await?;
        Ok(Self { process, peer_id })
    }

    /// Its peer id.
    pub fn peer_id(&self) -> &str {
        &self.peer_id
    }

    /// Dials a peer, which is the service from then on, and waits until it is identified.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn connect(&mut self, address: &str) -> Result<LightConnected, PeerError> {
        self.ask(json!({ "connect": address }), |event| match event {
            Event::Connected(connected) => Some(connected),
            _ => None,
        })
        .await
    }

    /// Has the service publish a message, by lightpush 3 or 2. Gives js-waku's word for a refusal.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn push(
        &mut self,
        topic: &str,
        payload: &str,
        legacy: bool,
    ) -> Result<Option<String>, PeerError> {
        let command = json!({ "push": { "topic": topic, "payload": payload, "legacy": legacy } });
        self.ask(command, |event| match event {
            Event::Pushed(outcome) => Some(outcome.error),
            _ => None,
        })
        .await
    }

    /// Subscribes at the service; whether that went well.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn subscribe(&mut self, topic: &str) -> Result<bool, PeerError> {
        self.ask(json!({ "subscribe": { "topic": topic } }), |event| match event {
            Event::Subscribed(done) => Some(done),
            _ => None,
        })
        .await
    }

    /// Takes a subscription back. js-waku does not wait for the answer.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn unsubscribe(&mut self, topic: &str) -> Result<bool, PeerError> {
        self.ask(
            json!({ "unsubscribe": { "topic": topic } }),
            |event| match event {
                Event::Unsubscribed(done) => Some(done),
                _ => None,
            },
        )
        .await
    }

    /// Asks the service whether it knows the node. Gives js-waku's word for a refusal.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn ping(&mut self) -> Result<Option<String>, PeerError> {
        self.ask(json!({ "ping": true }), |event| match event {
            Event::Pinged(outcome) => Some(outcome.error),
            _ => None,
        })
        .await
    }

    /// Asks the service for the records of up to `count` peers. Gives js-waku's word for a refusal.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn exchange(&mut self, count: u32) -> Result<Result<Vec<LightRecord>, String>, PeerError> {
        self.ask(json!({ "exchange": count }), |event| match event {
            Event::Exchanged(Exchanged { error: None, records }) => Some(Ok(records)),
            Event::Exchanged(Exchanged {
                error: Some(error), ..
            }) => Some(Err(error)),
            _ => None,
        })
        .await
    }

    /// Has js-waku read a node record.
    ///
    /// # Errors
    /// [`PeerError`], also if js-waku finds fault with it.
    pub async fn read_record(&mut self, record: &str) -> Result<LightRecord, PeerError> {
        self.ask(json!({ "record": record }), |event| match event {
            Event::Record(record) => Some(record),
            _ => None,
        })
        .await
    }

    /// Waits for the next message and drops other events before it.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn received(&mut self) -> Result<LightReceived, PeerError> {
        let received = |event| match event {
            Event::Received(received) => Some(received),
            _ => None,
        };
        self.process.wait_for(received).await
    }

    /// Asks the service's store page by page until a page is empty. Gives the messages of each page.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn query(&mut self, query: LightQuery<'_>) -> Result<Vec<Vec<LightReceived>>, PeerError> {
        let command = json!({ "query": {
            "topic": query.topic,
            "forward": query.forward,
            "limit": query.limit,
            "start": query.time.map(|(start, _)| start),
            "end": query.time.map(|(_, end)| end),
        }});
        self.queried(command).await
    }

    /// Asks the service's store for the messages of these hashes, which are hexadecimal digits.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn lookup(&mut self, topic: &str, hashes: &[String]) -> Result<Vec<LightReceived>, PeerError> {
        let command = json!({ "lookup": { "topic": topic, "hashes": hashes } });
        Ok(self.queried(command).await?.concat())
    }

    /// Asks js-waku's packages for golden bytes: `question` is an object with one key, as `light/vectors.mjs` has them.
    /// Gives the answer, hexadecimal digits where it is bytes.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn vector(&mut self, question: serde_json::Value) -> Result<String, PeerError> {
        self.ask(json!({ "vector": question }), |event| match event {
            Event::Vector(answer) => Some(answer),
            _ => None,
        })
        .await
    }

    /// The bytes of a value of a type of @waku/proto, such as `proto_store.StoreQueryRequest`, in hexadecimal digits. Its
    /// fields have the names of the package; bytes are `{"bytes": HEX}`, 64-bit numbers `{"int": DIGITS}`.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn encode(&mut self, codec: &str, value: serde_json::Value) -> Result<String, PeerError> {
        self.vector(json!({ "encode": { "codec": codec, "value": value } }))
            .await
    }

    async fn queried(&mut self, command: serde_json::Value) -> Result<Vec<Vec<LightReceived>>, PeerError> {
        self.ask(command, |event| match event {
            Event::Queried(pages) => Some(pages),
            _ => None,
        })
        .await
    }

    /// Lets the node end by itself.
    ///
    /// # Errors
    /// [`PeerError::Timeout`] if it does not, [`PeerError::Io`].
    pub async fn stop(self) -> Result<(), PeerError> {
        self.process.stop().await
    }

    async fn ask<T>(
        &mut self,
        command: serde_json::Value,
        pick: impl FnMut(Event) -> Option<T>,
    ) -> Result<T, PeerError> {
        self.process.command(command).await?;
        self.process.wait_for(pick).await
    }
}
