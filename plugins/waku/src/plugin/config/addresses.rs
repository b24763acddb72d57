//! Multiaddrs in the configuration.

use std::net::SocketAddr;

use libp2p::multiaddr::Protocol;

use super::ConfigFault;
use crate::Multiaddr;

/// The socket of `/ip4/ADDRESS/udp/PORT`.
pub(in crate::plugin) fn udp_socket(address: &Multiaddr) -> Option<SocketAddr> {
    let parts: Vec<_> = address.iter().collect();
    match parts[..] {
        [Protocol::Ip4(ip), Protocol::Udp(port)] => Some((ip, port).into()),
        [Protocol::Ip6(ip), Protocol::Udp(port)] => Some((ip, port).into()),
        _ => None,
    }
}

/// The addresses of a list, all of them `usable`.
pub(super) fn addresses(
    field: &'static str,
    texts: &[String],
    usable: fn(&Multiaddr) -> bool,
) -> Result<Vec<Multiaddr>, ConfigFault> {
    let parse = |(index, text): (usize, &String)| {
        let fault = |reason: String| ConfigFault::Address {
            field,
            index,
            text: text.clone(),
            reason,
        };
        let address: Multiaddr = text
            .parse()
            .map_err(|error| fault(format!("is not a multiaddr: {error}")))?;
        if usable(&address) {
            Ok(address)
        } else {
            Err(fault(
                "is not of the form /ip4/ADDRESS/tcp/PORT, with nothing, /ws, /wss or /tls/ws behind"
                    .to_owned(),
            ))
        }
    };
    texts.iter().enumerate().map(parse).collect()
}

/// The address in a key that is no list.
pub(super) fn address(field: &'static str, text: &str) -> Result<Multiaddr, ConfigFault> {
    text.parse()
        .map_err(|error: libp2p::multiaddr::Error| ConfigFault::Multiaddr {
            field,
            text: text.to_owned(),
            reason: error.to_string(),
        })
}

/// Whether one can listen on it: TCP, or WebSocket on top of it, plain or over TLS.
pub(super) fn listenable(address: &Multiaddr) -> bool {
    let parts: Vec<_> = address.iter().collect();
    match &parts[..] {
        [Protocol::Ip4(_) | Protocol::Ip6(_), Protocol::Tcp(_), rest @ ..] => match rest {
            [] => true,
            [Protocol::Ws(path) | Protocol::Wss(path)] | [Protocol::Tls, Protocol::Ws(path)] => path == "/",
            _ => false,
        },
        _ => false,
    }
}
