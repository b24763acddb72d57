//! Where the node listens, and what it tells of that.

use std::net::IpAddr;

use toml::Table;

use super::{ConfigError, absolute};
use crate::{
    flags::{self, Flag},
    settings::{Settings, SettingsError, ValueProblem},
};

pub(super) fn add(settings: &Settings, waku: &mut Table) -> Result<(), ConfigError> {
    let on = |flag| settings.switch(flag) == Some(true);
    let host = host(settings.ip(&flags::LISTEN_ADDRESS));
    let mut listen = vec![format!("{host}/tcp/{}", shifted(settings, &flags::TCP_PORT)?)];
    let secure = on(&flags::WEBSOCKET_SECURE_SUPPORT);
    if secure || on(&flags::WEBSOCKET_SUPPORT) {
        let port = shifted(settings, &flags::WEBSOCKET_PORT)?;
        listen.push(format!("{host}/tcp/{port}/{}", if secure { "wss" } else { "ws" }));
    }
    waku.insert("listen-addresses".into(), listen.into());
    if secure {
        for flag in [
            &flags::WEBSOCKET_SECURE_KEY_PATH,
            &flags::WEBSOCKET_SECURE_CERT_PATH,
        ] {
            waku.insert(flag.name.into(), file(settings, flag)?.into());
        }
    }
    if on(&flags::DISCV5_DISCOVERY) {
        let port = shifted(settings, &flags::DISCV5_UDP_PORT)?;
        waku.insert("discv5-address".into(), format!("{host}/udp/{port}").into());
    }
    // wakunode2 either is reached through relays or is one, and always answers who asks whether it can be reached.
    waku.insert("relay-client".into(), on(&flags::RELAY_CLIENT).into());
    waku.insert("circuit-relay".into(), (!on(&flags::RELAY_CLIENT)).into());
    waku.insert("autonat".into(), true.into());
    Ok(nat(settings)?)
}

/// The absolute path of a file of the certificate.
fn file(settings: &Settings, flag: &'static Flag) -> Result<String, ConfigError> {
    let Some(path) = settings.path(flag) else {
        let reason = "it is needed for --websocket-secure-support".to_owned();
        return Err(settings.wrong(flag, ValueProblem::Other(reason)).into());
    };
    Ok(absolute(path)?.display().to_string())
}

/// The port of a flag with `--ports-shift` added; 0 stays 0, for any port.
pub(crate) fn shifted(settings: &Settings, flag: &'static Flag) -> Result<u16, SettingsError> {
    let port = settings.port(flag);
    let shift = settings.port(&flags::PORTS_SHIFT);
    if port == 0 {
        return Ok(0);
    }
    port.checked_add(shift).ok_or_else(|| {
        let reason = format!("{port} plus --ports-shift={shift} is more than 65535");
        settings.wrong(flag, ValueProblem::Other(reason))
    })
}

/// `/ip4/ADDRESS` or `/ip6/ADDRESS`.
fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("/ip4/{ip}"),
        IpAddr::V6(ip) => format!("/ip6/{ip}"),
    }
}

/// Refuses ways to a public address that the node has not.
fn nat(settings: &Settings) -> Result<(), SettingsError> {
    let method = settings.text(&flags::NAT).unwrap_or("none");
    let problem = match method {
        "any" | "none" => return Ok(()),
        "upnp" | "pmp" => ValueProblem::Lacks(
            "routers are not asked for a port; open one by hand, and name its address with --nat=extip:IP",
        ),
        method => match method.strip_prefix("extip:").map(str::parse::<IpAddr>) {
            Some(Ok(_)) => return Ok(()),
            _ => ValueProblem::Other(format!("{method:?} is none of any, none, upnp, pmp and extip:IP")),
        },
    };
    Err(settings.wrong(&flags::NAT, problem))
}
