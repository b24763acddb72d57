//! How others reach the node behind a router.

use std::{net::IpAddr, str::FromStr};

/// What the key `nat` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nat {
    /// As the other keys say.
    None,
    /// At this address, with the same ports.
    External(IpAddr),
}

/// Why a value of the key `nat` is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NatError {
    /// The text means nothing. The wording is that of the deployed nodes.
    #[error("not a valid NAT mechanism: {0}")]
    Unknown(String),
    /// What stands behind `extip:` is no IP address. The wording is that of the deployed nodes.
    #[error("not a valid IP address: {0}")]
    Address(String),
    /// A protocol by which a router is asked, which this node does not speak; carries its name.
    #[error(
        "{0}: this node asks no router for a port; map the port by hand and say extip:IP, or any, or none, or use \
         relay-client"
    )]
    Unsupported(String),
}

impl FromStr for Nat {
    type Err = NatError;

    /// Reads `none`, `any` and `extip:IP`. `any` leaves the choice to the node, which is `none`: it asks no router.
    fn from_str(text: &str) -> Result<Self, NatError> {
        if let Some(ip) = text.strip_prefix("extip:") {
            let ip = ip.parse().map_err(|_| NatError::Address(ip.to_owned()))?;
            return Ok(Self::External(ip));
        }
        match text.to_ascii_lowercase().as_str() {
            "none" | "any" => Ok(Self::None),
            "upnp" | "pmp" => Err(NatError::Unsupported(text.to_owned())),
            _ => Err(NatError::Unknown(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_a_router_is_refused_by_its_name() {
        for text in ["none", "any", "ANY"] {
            assert_eq!(text.parse(), Ok(Nat::None));
        }
        for ip in ["203.0.113.7", "2001:db8::1"] {
            let external = Nat::External(ip.parse().unwrap());
            assert_eq!(format!("extip:{ip}").parse(), Ok(external));
        }
        let fault = |text: &str| text.parse::<Nat>().unwrap_err().to_string();
        assert!(fault("upnp").starts_with("upnp: this node asks no router for a port"));
        assert!(fault("pmp").starts_with("pmp: "));
        assert_eq!(fault("extip:router"), "not a valid IP address: router");
        assert_eq!(fault("stun"), "not a valid NAT mechanism: stun");
    }
}
