//! Lists of nodes in DNS, and the name servers that are asked for them.

use std::net::{IpAddr, SocketAddr};

use super::{ConfigFault, WakuConfig};
use crate::DnsConfig;

const DNS_PORT: u16 = 53;

impl WakuConfig {
    pub(super) fn dns(&self, preset: &[&str]) -> Result<DnsConfig, ConfigFault> {
        let texts = self
            .dns_discovery
            .iter()
            .map(String::as_str)
            .chain(preset.iter().copied());
        let trees = texts.enumerate().map(|(index, text)| {
            text.parse().map_err(|source| ConfigFault::Tree {
                index,
                text: text.to_owned(),
                source,
            })
        });
        let servers = self.dns_name_servers.iter().enumerate().map(|(index, text)| {
            let plain = || text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, DNS_PORT));
            text.parse()
                .or_else(|_| plain())
                .map_err(|_| ConfigFault::NameServer {
                    index,
                    text: text.clone(),
                })
        });
        Ok(DnsConfig {
            trees: trees.collect::<Result<_, _>>()?,
            name_servers: servers.collect::<Result<_, _>>()?,
        })
    }
}
