//! Connections to one IP address, which are limited.

use std::{collections::HashMap, net::IpAddr};

use libp2p::{Multiaddr, multiaddr::Protocol};

use super::announce::is_circuit;

/// How many connections there are to each IP address. The loopback interface does not count.
pub(super) struct Crowd {
    counts: HashMap<IpAddr, usize>,
    /// 0 for any number.
    limit: usize,
}

impl Crowd {
    pub(super) fn new<'a>(addresses: impl Iterator<Item = &'a Multiaddr>, limit: usize) -> Self {
        let mut crowd = Self {
            counts: HashMap::new(),
            limit,
        };
        addresses.for_each(|address| crowd.add(address));
        crowd
    }

    pub(super) fn add(&mut self, address: &Multiaddr) {
        if let Some(ip) = ip_of(address) {
            *self.counts.entry(ip).or_default() += 1;
        }
    }

    /// Whether another connection to the address is within the limit.
    pub(super) fn has_room(&self, address: &Multiaddr) -> bool {
        self.limit == 0 || self.count(address) < self.limit
    }

    /// Whether there is a connection too many.
    pub(super) fn is_over(&self, address: &Multiaddr) -> bool {
        self.limit > 0 && self.count(address) > self.limit
    }

    fn count(&self, address: &Multiaddr) -> usize {
        let ip = ip_of(address);
        ip.and_then(|ip| self.counts.get(&ip))
            .copied()
            .unwrap_or_default()
    }
}

fn ip_of(address: &Multiaddr) -> Option<IpAddr> {
    if is_circuit(address) {
        // The address is that of the relay.
        return None;
    }
    let ip = match address.iter().next()? {
        Protocol::Ip4(ip) => IpAddr::V4(ip),
        Protocol::Ip6(ip) => IpAddr::V6(ip),
        _ => return None,
    };
    (!ip.is_loopback()).then_some(ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<Multiaddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn one_address_has_room_up_to_the_limit_whatever_the_port() {
        let all = addresses(&[
            "/ip4/10.0.0.1/tcp/1",
            "/ip4/10.0.0.1/tcp/2/ws",
            "/ip4/10.0.0.2/tcp/1",
        ]);
        let (one, other) = (&all[0], &all[2]);
        let mut crowd = Crowd::new(all.iter(), 2);
        assert!(!crowd.has_room(one) && crowd.has_room(other));
        assert!(!crowd.is_over(one));
        crowd.add(one);
        assert!(crowd.is_over(one));
        let unlimited = Crowd::new(all.iter(), 0);
        assert!(unlimited.has_room(one) && !unlimited.is_over(one));
    }

    #[test]
    fn the_loopback_interface_and_names_do_not_count() {
        let all = addresses(&["/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1", "/dns4/a.example/tcp/1"]);
        let crowd = Crowd::new(all.iter().chain(&all), 1);
        assert!(
            all.iter()
                .all(|address| crowd.has_room(address) && !crowd.is_over(address))
        );
    }
}
