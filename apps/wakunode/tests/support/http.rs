//! HTTP as any other program speaks it.

use std::{net::SocketAddr, path::Path, time::Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request,
    body::Bytes,
    client::conn::http1::handshake,
    header::{CONTENT_TYPE, HOST, HeaderMap},
};
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};

use super::{DEADLINE, PAUSE, Wakunode, until};

/// With REST, and without whatever finds peers by itself.
pub(crate) const SERVED: [&str; 4] = [
    "--rest",
    "--rest-port=0",
    "--discv5-discovery=false",
    "--peer-exchange=false",
];

/// What is said of a path that there is not, or not with this method.
pub(crate) const NOWHERE: &str = "Bad request initiated. Invalid path or method used.";

/// A server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Http(pub(crate) SocketAddr);

/// What a server has answered.
#[derive(Debug)]
pub(crate) struct Reply {
    asked: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// Starts a node of the test network with REST, and waits until all of it is served.
pub(crate) async fn served(folder: &Path, arguments: &[&str]) -> (Wakunode, Http) {
    served_sharded(folder, 8, arguments).await
}

/// The same with another number of shards, or 0 for static sharding.
pub(crate) async fn served_sharded(folder: &Path, shards: u16, arguments: &[&str]) -> (Wakunode, Http) {
    let node = Wakunode::start_sharded(folder, shards, &[&SERVED, arguments].concat());
    let http = node.server("the REST API listens");
    until("everything is served", || async {
        http.get("/health").await.json(200)["nodeHealth"] == "READY"
    })
    .await;
    (node, http)
}

/// A text as a part of a path, or as the value of a parameter.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

impl Http {
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], String::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Json) -> Reply {
        self.send("POST", path, body).await
    }

    /// With a body of JSON.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &Json) -> Reply {
        self.say(method, path, "application/json", &body.to_string())
            .await
    }

    /// With any body, which is called whatever `media_type` says.
    pub(crate) async fn say(&self, method: &str, path: &str, media_type: &str, body: &str) -> Reply {
        let headers = [(CONTENT_TYPE.as_str(), media_type)];
        self.ask(method, path, &headers, body.to_owned()).await
    }

    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "localhost");
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let exchange = timeout(DEADLINE, self.exchange(request));
        let (status, headers, body) = exchange.await.expect("an answer in time");
        Reply {
            asked: format!("{method} {path}"),
            status,
            headers,
            body,
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> (u16, HeaderMap, String) {
        let stream = TcpStream::connect(self.0).await.unwrap();
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let (head, body) = sender.send_request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        connection.abort();
        (
            head.status.as_u16(),
            head.headers,
            String::from_utf8(body.into()).unwrap(),
        )
    }

    /// The messages that wait at a path, once there are any. They are gone from there then.
    pub(crate) async fn drained(&self, path: &str) -> Vec<Json> {
        let begun = Instant::now();
        loop {
            let messages = self.get(path).await.list(200);
            if !messages.is_empty() {
                return messages;
            }
            assert!(begun.elapsed() < DEADLINE, "no message at {path}");
            sleep(PAUSE).await;
        }
    }
}

impl Reply {
    /// It is this text and nothing else.
    #[track_caller]
    pub(crate) fn text(&self, status: u16, text: &str) {
        assert_eq!(
            (self.status, self.body.as_str()),
            (status, text),
            "{}",
            self.asked
        );
        assert_eq!(self.media_type(), "text/plain", "{}", self.asked);
    }

    /// It is a text that begins so.
    #[track_caller]
    pub(crate) fn text_from(&self, status: u16, start: &str) {
        let (asked, body) = (&self.asked, &self.body);
        assert!(
            self.status == status && body.starts_with(start),
            "{asked}: {} {body}",
            self.status
        );
        assert_eq!(self.media_type(), "text/plain", "{asked}");
    }

    /// It is `OK`.
    #[track_caller]
    pub(crate) fn ok(&self) {
        self.text(200, "OK");
    }

    /// It is JSON.
    #[track_caller]
    pub(crate) fn json(&self, status: u16) -> Json {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.body);
        assert_eq!(self.media_type(), "application/json", "{}", self.asked);
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{}: {error}", self.asked))
    }

    /// It is a list in JSON.
    #[track_caller]
    pub(crate) fn list(&self, status: u16) -> Vec<Json> {
        let Json::Array(all) = self.json(status) else {
            panic!("{}: {}", self.asked, self.body)
        };
        all
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn media_type(&self) -> &str {
        self.header(CONTENT_TYPE.as_str()).unwrap_or_default()
    }
}
