//! TXT records through hickory.

use std::net::SocketAddr;

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::rr::RData,
};

use super::walk::Texts;
use crate::limits::MAX_TXT;

/// Asks name servers.
#[derive(Clone)]
pub(super) struct Resolver(TokioResolver);

impl Resolver {
    /// Without name servers, those of the system are asked.
    pub(super) fn new(servers: &[SocketAddr]) -> Result<Self, String> {
        let builder = if servers.is_empty() {
            TokioResolver::builder_tokio().map_err(|error| error.to_string())?
        } else {
            let servers = servers.iter().map(|server| {
                let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
                connections.iter_mut().for_each(|it| it.port = server.port());
                NameServerConfig::new(server.ip(), true, connections)
            });
            let config = ResolverConfig::from_name_servers(servers.collect());
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        builder.build().map(Self).map_err(|error| error.to_string())
    }
}

impl Texts for Resolver {
    async fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        // Absolute, or the search domains of the system would be tried too.
        let absolute = format!("{}.", name.trim_end_matches('.'));
        let answer = self
            .0
            .txt_lookup(absolute)
            .await
            .map_err(|error| error.to_string())?;
        let texts = answer.answers().iter().filter_map(|record| match &record.data {
            RData::TXT(txt) => Some(txt.txt_data.concat()),
            _ => None,
        });
        let texts = texts.filter(|bytes| bytes.len() <= MAX_TXT);
        Ok(texts.filter_map(|bytes| String::from_utf8(bytes).ok()).collect())
    }
}
