//! The servers beside the node: REST and metrics.

use std::{net::SocketAddr, sync::Arc};

use backplane_host::Host;
use wakunode_rest::{LogLevel, Metrics, MetricsConfig, OnLogLevel, Rest, ServeError};

use crate::{
    config::{Config, shifted},
    flags::{self, Flag},
    log::{Level, Log},
    settings::{Settings, SettingsError},
};

/// What the servers are told; none of one that is off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServersConfig {
    /// The REST interface.
    pub rest: Option<RestConfig>,
    /// Where metrics are served.
    pub metrics: Option<SocketAddr>,
}

/// What the REST interface is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestConfig {
    /// Where it is served.
    pub address: SocketAddr,
    /// Whether `/admin` is served.
    pub admin: bool,
    /// Messages of the relay that it keeps until they are asked for.
    pub relay_cache_capacity: u32,
    /// Origins whose pages may use it, with `*` and `?` as wildcards.
    pub allow_origin: Vec<String>,
}

impl ServersConfig {
    /// Reads the flags of the servers.
    ///
    /// # Errors
    /// A port is too high with `--ports-shift`.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let on = |flag| settings.switch(flag) == Some(true);
        let capacity = settings
            .number(&flags::REST_RELAY_CACHE_CAPACITY)
            .unwrap_or_default();
        let rest = match on(&flags::REST) {
            true => Some(RestConfig {
                address: at(settings, &flags::REST_ADDRESS, &flags::REST_PORT)?,
                admin: on(&flags::REST_ADMIN),
                relay_cache_capacity: u32::try_from(capacity).unwrap_or(u32::MAX),
                allow_origin: settings
                    .values(&flags::REST_ALLOW_ORIGIN)
                    .map(str::to_owned)
                    .collect(),
            }),
            false => None,
        };
        let metrics = match on(&flags::METRICS_SERVER) {
            true => Some(at(
                settings,
                &flags::METRICS_SERVER_ADDRESS,
                &flags::METRICS_SERVER_PORT,
            )?),
            false => None,
        };
        Ok(Self { rest, metrics })
    }
}

/// What the servers are told by the program, whatever their own flags say.
pub(crate) fn served(config: &Config, log: &Log, version: &str) -> wakunode_rest::RestConfig {
    let log = log.clone();
    wakunode_rest::RestConfig {
        content_topics: config.content_topics.clone(),
        version: version.to_owned(),
        on_log_level: Some(OnLogLevel(Arc::new(move |wanted| log.set_level(level(wanted))))),
        ..wakunode_rest::RestConfig::default()
    }
}

/// As `--log-level` takes the words.
fn level(wanted: LogLevel) -> Level {
    match wanted {
        LogLevel::Trace => Level::Trace,
        LogLevel::Debug => Level::Debug,
        LogLevel::Info => Level::Info,
        LogLevel::Notice | LogLevel::Warn => Level::Warn,
        LogLevel::Error | LogLevel::Fatal => Level::Error,
    }
}

/// The servers that are on.
pub(crate) struct Servers {
    rest: Option<Rest>,
    metrics: Option<Metrics>,
}

impl Servers {
    /// Has the servers listen. They say that the node is initialising until they are attached.
    pub(crate) async fn start(
        config: &ServersConfig,
        served: wakunode_rest::RestConfig,
    ) -> Result<Self, ServeError> {
        let metrics = match config.metrics {
            Some(address) => {
                let version = served.version.clone();
                Some(Metrics::start(MetricsConfig { address, version }).await?)
            }
            None => None,
        };
        let rest = match &config.rest {
            Some(rest) => Some(Rest::start(rest.told(served)).await?),
            None => None,
        };
        Ok(Self { rest, metrics })
    }

    /// Has the servers serve the node of a host.
    pub(crate) fn attach(&self, host: &Arc<Host>) -> Result<(), ServeError> {
        self.rest.as_ref().map_or(Ok(()), |rest| rest.attach(host))?;
        self.metrics
            .as_ref()
            .map_or(Ok(()), |metrics| metrics.attach(host))
    }

    /// Ends the servers, and the requests under way with them.
    pub(crate) async fn stop(self) {
        if let Some(rest) = self.rest {
            rest.stop().await;
        }
        if let Some(metrics) = self.metrics {
            metrics.stop().await;
        }
    }
}

impl RestConfig {
    /// As the server is told it.
    fn told(&self, served: wakunode_rest::RestConfig) -> wakunode_rest::RestConfig {
        wakunode_rest::RestConfig {
            address: self.address,
            admin: self.admin,
            allow_origins: self.allow_origin.clone(),
            relay_cache: self.relay_cache_capacity as usize,
            ..served
        }
    }
}

fn at(settings: &Settings, ip: &Flag, port: &'static Flag) -> Result<SocketAddr, SettingsError> {
    Ok(SocketAddr::new(settings.ip(ip), shifted(settings, port)?))
}
