//! The servers beside the node: REST and metrics.

use std::net::SocketAddr;

use crate::{
    config::shifted,
    flags::{self, Flag},
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

fn at(settings: &Settings, ip: &Flag, port: &'static Flag) -> Result<SocketAddr, SettingsError> {
    Ok(SocketAddr::new(settings.ip(ip), shifted(settings, port)?))
}
