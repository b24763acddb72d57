//! The servers before there is a node behind them, and what holds for every request.

use std::net::SocketAddr;

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use wakunode_rest::{Metrics, MetricsConfig, Rest, RestConfig};

use super::support::http::{Http, NOWHERE, Reply};

fn loopback() -> SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

async fn rest(allow_origins: &[&str]) -> (Rest, Http) {
    let config = RestConfig {
        address: loopback(),
        allow_origins: allow_origins.iter().map(|it| (*it).to_owned()).collect(),
        ..RestConfig::default()
    };
    let rest = Rest::start(config).await.unwrap();
    let http = Http(rest.address());
    (rest, http)
}

#[tokio::test]
async fn before_the_node_is_there_health_alone_answers() {
    let (rest, http) = rest(&[]).await;
    let health = http.get("/health").await.json(200);
    let initializing = json!({
        "nodeHealth": "INITIALIZING", "connectionStatus": "Disconnected", "protocolsHealth": [],
    });
    assert_eq!(health, initializing);
    for group in ["admin", "debug", "relay", "filter", "lightpush", "store"] {
        let text = format!("/{group} endpoints are not available while initializing.");
        http.get(&format!("/{group}/v1/messages")).await.text(404, &text);
    }
    for path in ["/", "/info", "/version", "/nothing/v1"] {
        http.get(path).await.text(400, NOWHERE);
    }
    rest.stop().await;
}

async fn from(http: &Http, origins: &[&str]) -> Reply {
    let headers: Vec<(&str, &str)> = origins.iter().map(|origin| ("origin", *origin)).collect();
    http.ask("GET", "/health", &headers, String::new()).await
}

#[tokio::test]
async fn pages_of_allowed_origins_alone_may_read() {
    let (rest, http) = rest(&["test.net:1234", "https://localhost:*"]).await;
    for origin in ["http://test.net:1234", "https://localhost:8080"] {
        let reply = from(&http, &[origin]).await;
        assert_eq!(reply.status, 200, "{origin}");
        assert_eq!(reply.header("access-control-allow-origin"), Some(origin));
        assert_eq!(reply.header("access-control-allow-headers"), Some("Content-Type"));
        assert_eq!(
            reply.header("vary").map(str::to_lowercase).as_deref(),
            Some("origin")
        );
    }
    for origin in ["http://test.net:12345", "http://localhost:8080"] {
        let reply = from(&http, &[origin]).await;
        reply.text(403, "Origin not allowed");
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }
    let twice = from(&http, &["http://test.net:1234", "http://test.net:1234"]).await;
    twice.text(400, "Only a single Origin header must be specified");
    let none = from(&http, &[]).await;
    assert_eq!(
        (none.status, none.header("access-control-allow-origin")),
        (200, None)
    );
    rest.stop().await;
}

#[tokio::test]
async fn without_origins_nothing_is_told_to_browsers_and_a_star_lets_all_read() {
    let (silent, http) = rest(&[]).await;
    let reply = from(&http, &["http://anywhere"]).await;
    assert_eq!(
        (reply.status, reply.header("access-control-allow-origin")),
        (200, None)
    );
    silent.stop().await;
    let (open, http) = rest(&["*"]).await;
    let reply = from(&http, &["http://anywhere"]).await;
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    open.stop().await;
}

#[tokio::test]
async fn a_body_of_more_than_16_mib_is_refused_before_it_comes() {
    let (rest, http) = rest(&[]).await;
    let mut stream = TcpStream::connect(http.0).await.unwrap();
    let size = 16 * 1024 * 1024 + 1;
    let head =
        format!("POST /relay/v1/subscriptions HTTP/1.1\r\nhost: localhost\r\ncontent-length: {size}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 413");
    rest.stop().await;
}

#[tokio::test]
async fn metrics_without_a_node_are_those_of_the_process() {
    let config = MetricsConfig {
        address: loopback(),
        version: "v1".to_owned(),
    };
    let metrics = Metrics::start(config).await.unwrap();
    let http = Http(metrics.address());
    let reply = http.get("/metrics").await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    for line in [
        r#"waku_version{version="v1"} 1"#,
        r#"logos_delivery_version{version="v1"} 1"#,
        "# TYPE process_cpu_seconds_total counter",
    ] {
        assert!(reply.body.lines().any(|it| it == line), "{line}: {}", reply.body);
    }
    http.get("/health").await.ok();
    assert_eq!(http.get("/nothing").await.status, 404);
    metrics.stop().await;
}
