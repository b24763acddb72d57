//! The REST API of a Waku node, and its metrics for Prometheus, as nwaku serves both: scripts, dashboards and health
//! checks that were written for nwaku go on working.
//!
//! [`Rest`] listens from its start on, and says that the node is initialising until it is [attached](Rest::attach) to
//! a host that runs the module `waku`. [`Metrics`] is the server of `/metrics`. Both talk to the node through the
//! typed interfaces of the plugin, as any front end: they go on while it is replaced by another version.
//!
//! A request goes from `http` (bounded reading, origins) to `route` and from there to the `endpoint`
//! of its group, which answers an `Answer`. What comes in from the network waits in `cache`
//! until it is read.

pub mod limits;

mod answer;
mod cache;
mod config;
mod endpoint;
mod error;
mod feed;
mod http;
mod json;
mod metrics;
mod query;
mod rest;
mod route;
mod text;
mod waku;

pub use config::{LogLevel, MetricsConfig, OnLogLevel, RestConfig};
pub use error::ServeError;
pub use metrics::{Metrics, render};
pub use rest::Rest;
