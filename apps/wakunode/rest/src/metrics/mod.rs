//! `/metrics` for Prometheus, and a `/health` that only says that the server answers.

mod process;
mod render;

pub use render::render;

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use backplane_host::Host;
use hyper::{Response, StatusCode, body::Incoming, header::HeaderValue};
use tokio::time::timeout;
use waku_api::{MetricFamily, MetricKind, MetricLabel, MetricSample, MetricScope, MetricValue};

use crate::{
    MetricsConfig, ServeError,
    answer::{Answer, Body},
    error::Refusal,
    http::{self, Listening},
    limits::CALL_TIMEOUT,
    waku::Waku,
};

/// The text format of Prometheus.
const PROMETHEUS: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// The name by which modules know the metrics server.
const CALLER: &str = "metrics";

/// A metrics server that listens. It stops with [`stop`](Self::stop).
#[derive(Debug)]
pub struct Metrics {
    service: Service,
    listening: Listening,
}

#[derive(Clone)]
struct Service {
    version: Arc<str>,
    waku: Arc<OnceLock<Waku>>,
}

impl Metrics {
    /// Listens. Until a host is [attached](Self::attach), it tells the version and what the system says of the process.
    /// Needs a tokio runtime with time and IO.
    ///
    /// # Errors
    /// [`ServeError::Listen`].
    pub async fn start(config: MetricsConfig) -> Result<Self, ServeError> {
        let service = Service {
            version: config.version.into(),
            waku: Arc::default(),
        };
        let listening = http::serve(config.address, service.clone()).await?;
        tracing::info!(address = %listening.address, "the metrics server listens");
        Ok(Self { service, listening })
    }

    /// Asks the module `waku` of a host from now on. Once; later calls change nothing.
    ///
    /// # Errors
    /// [`ServeError::Host`]: a module has the name `metrics`.
    pub fn attach(&self, host: &Arc<Host>) -> Result<(), ServeError> {
        let waku = Waku::new(host, CALLER)?;
        // Whoever was first stays.
        let _second = self.service.waku.set(waku);
        Ok(())
    }

    /// Where it listens, with the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.listening.address
    }

    /// Ends the server: no more connections, and five seconds for requests under way.
    pub async fn stop(self) {
        self.listening.stop().await;
    }
}

impl http::Service for Service {
    async fn answer(&self, request: hyper::Request<Incoming>) -> Response<Body> {
        let answer = match request.uri().path() {
            "/metrics" => self.metrics().await,
            "/health" => Answer::ok(),
            _ => Refusal::not_found("").into(),
        };
        answer.into_response()
    }
}

impl Service {
    async fn metrics(&self) -> Answer {
        let mut families = vec![version(&self.version)];
        families.extend(self.of_node().await);
        let mut text = render(&families);
        text.push_str(&process::measure());
        Answer::typed(StatusCode::OK, PROMETHEUS, text)
    }

    /// What the node has measured, if it can be asked.
    async fn of_node(&self) -> Vec<MetricFamily> {
        let Some(Ok(clients)) = self.waku.get().map(Waku::clients) else {
            return Vec::new();
        };
        match timeout(CALL_TIMEOUT, clients.node.metrics()).await {
            Ok(Ok(families)) => families,
            Ok(Err(error)) => {
                tracing::debug!(%error, "the node tells no metrics");
                Vec::new()
            }
            Err(_) => {
                tracing::warn!("the node tells no metrics in time");
                Vec::new()
            }
        }
    }
}

fn version(version: &str) -> MetricFamily {
    let label = MetricLabel {
        name: "version".to_owned(),
        value: version.to_owned(),
    };
    MetricFamily {
        scope: MetricScope::Waku,
        name: "version".to_owned(),
        help: "The version of the node".to_owned(),
        kind: MetricKind::Gauge,
        samples: vec![MetricSample {
            labels: vec![label],
            value: MetricValue::Number(1.0),
        }],
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
