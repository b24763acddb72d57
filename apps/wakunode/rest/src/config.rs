//! How the servers are set up.

use std::{fmt, net::SocketAddr, sync::Arc};

use crate::limits::RELAY_CACHE;

/// How the REST API is served. The defaults are those of nwaku.
#[derive(Debug, Clone)]
pub struct RestConfig {
    /// Where to listen; port 0 lets the system choose. Default: `127.0.0.1:8645`.
    pub address: SocketAddr,
    /// Whether to serve `/admin`, by which anybody who reaches the server steers the node.
    pub admin: bool,
    /// The origins from which browsers may read: `HOST:PORT` with or without a scheme before it, with `*` for any
    /// text and `?` for a character or none; `*` alone for all. Without any, nothing is told to browsers and nothing
    /// refused. At most 64, of at most 512 bytes.
    pub allow_origins: Vec<String>,
    /// Messages that wait to be read from the relay, of all topics together; at most 100000.
    pub relay_cache: usize,
    /// Content topics that are subscribed to from the start, as far as shards follow from them.
    pub content_topics: Vec<String>,
    /// What `/version` says.
    pub version: String,
    /// What else happens when `/admin/v1/log-level` is called, beside telling the host.
    pub on_log_level: Option<OnLogLevel>,
}

impl Default for RestConfig {
    fn default() -> Self {
        Self {
            address: ([127, 0, 0, 1], 8645).into(),
            admin: false,
            allow_origins: Vec::new(),
            relay_cache: RELAY_CACHE,
            content_topics: Vec::new(),
            version: version(),
            on_log_level: None,
        }
    }
}

/// How the metrics are served. The defaults are those of nwaku.
#[derive(Debug, Clone)]
pub struct MetricsConfig {
    /// Where to listen; port 0 lets the system choose. Default: `127.0.0.1:8008`.
    pub address: SocketAddr,
    /// The version that the metric `version` tells.
    pub version: String,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self {
            address: ([127, 0, 0, 1], 8008).into(),
            version: version(),
        }
    }
}

fn version() -> String {
    concat!("backplane-", env!("CARGO_PKG_VERSION")).to_owned()
}

/// How much is logged, in the words of nwaku.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Everything.
    Trace,
    /// What developers need.
    Debug,
    /// What happens.
    Info,
    /// What happens, as far as it matters.
    Notice,
    /// What may be wrong.
    Warn,
    /// What went wrong.
    Error,
    /// What ends the program.
    Fatal,
}

/// Something to do with a log level.
#[derive(Clone)]
pub struct OnLogLevel(pub Arc<dyn Fn(LogLevel) + Send + Sync>);

impl fmt::Debug for OnLogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnLogLevel")
    }
}
