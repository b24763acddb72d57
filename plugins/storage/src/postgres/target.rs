//! Where a server is and how its connections are protected: what a URL says.
//!
//! `sslmode` and `sslrootcert` are read here, by the rules of libpq; the rest of the URL is the library's.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use tokio_postgres::config::{Host, SslMode, SslNegotiation};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::connection::Answer;
use super::tls::{self, Protection};
use crate::error::{Error, Result};
use crate::limits;

/// What drives a connection.
pub(super) type Driver =
    tokio_postgres::Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// A server and a database of it. It holds the password.
#[derive(Clone)]
pub(super) struct Target {
    config: Config,
    tls: MakeRustlsConnect,
    /// A server with which TLS fails is spoken to without.
    prefers: bool,
}

impl Target {
    /// What a URL says. No error shows a part of it that may be secret.
    pub(super) fn parse(url: &str) -> Result<Target> {
        let Parts {
            rest,
            protection,
            roots,
        } = Parts::of(url)?;
        let mut config = rest.parse::<Config>().map_err(|_| malformed())?;
        if config.get_hosts().is_empty() {
            // The library takes the name in certificates from the host alone.
            for address in config.get_hostaddrs().to_vec() {
                config.host(address.to_string());
            }
        }
        if config.get_hosts().is_empty() {
            return Err(Error::argument("url", "names no host"));
        }
        let direct = config.get_ssl_negotiation() == SslNegotiation::Direct;
        if direct && protection < Protection::Require {
            let reason = "sslnegotiation=direct needs sslmode=require or a stricter one";
            return Err(Error::argument("url", reason));
        }
        config.ssl_mode(match protection {
            // As with libpq: what a socket of this machine says, nobody else hears.
            _ if config.get_hosts().iter().all(is_socket) => SslMode::Disable,
            Protection::Disable => SslMode::Disable,
            Protection::Prefer => SslMode::Prefer,
            Protection::Require | Protection::VerifyCa | Protection::VerifyFull => SslMode::Require,
        });
        config.connect_timeout(limits::SERVER_CONNECT_TIME);
        config.keepalives_idle(limits::SERVER_KEEPALIVE);
        config.tcp_user_timeout(limits::SERVER_KEEPALIVE);
        if config.get_application_name().is_none() {
            config.application_name("backplane");
        }
        Ok(Target {
            prefers: config.get_ssl_mode() == SslMode::Prefer,
            tls: tls::connector(protection, roots.as_deref())?,
            config,
        })
    }

    /// Host and database, for people.
    pub(super) fn name(&self) -> String {
        let host = match self.config.get_hosts().first() {
            Some(Host::Tcp(host)) => host.clone(),
            #[cfg(unix)]
            Some(Host::Unix(path)) => path.display().to_string(),
            None => String::new(),
        };
        format!("{host}/{}", self.config.get_dbname().unwrap_or_default())
    }

    /// Connects once, or with `sslmode=prefer` a second time without TLS. Needs a runtime.
    pub(super) async fn connect(&self) -> Answer<(Client, Driver)> {
        match self.config.connect(self.tls.clone()).await {
            Err(failed) if self.prefers && tls::is_against(&failed) => {
                let mut plain = self.config.clone();
                plain.ssl_mode(SslMode::Disable);
                plain.connect(self.tls.clone()).await
            }
            connected => connected,
        }
    }
}

#[cfg_attr(not(unix), allow(unused_variables, reason = "there are no such sockets"))]
fn is_socket(host: &Host) -> bool {
    match host {
        #[cfg(unix)]
        Host::Unix(_) => true,
        Host::Tcp(_) => false,
    }
}

/// The cause is left out: it may show a part of the URL.
fn malformed() -> Error {
    Error::argument("url", "is not postgres://USER:PASSWORD@HOST:PORT/DATABASE")
}

/// A URL without what is read here, and that.
struct Parts {
    rest: String,
    protection: Protection,
    roots: Option<String>,
}

impl Parts {
    fn of(url: &str) -> Result<Parts> {
        let mut parts = Parts {
            rest: url.to_owned(),
            protection: Protection::Prefer,
            roots: None,
        };
        // A password may have question marks of its own.
        let behind_login = url.find('@').map_or(0, |at| at + 1);
        let Some(mark) = url[behind_login..].find('?') else {
            return Ok(parts);
        };
        let (base, query) = url.split_at(behind_login + mark);
        let mut others = Vec::new();
        for parameter in query[1..].split('&') {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match &*decoded(key)? {
                "sslmode" => parts.protection = Protection::named(&decoded(value)?)?,
                "sslrootcert" => parts.roots = Some(decoded(value)?.into_owned()),
                key if key.starts_with("ssl") && key != "sslnegotiation" => {
                    let reason = "takes of TLS only sslmode, sslrootcert and sslnegotiation";
                    return Err(Error::argument("url", reason));
                }
                _ => others.push(parameter),
            }
        }
        parts.rest = format!("{base}?{}", others.join("&"));
        Ok(parts)
    }
}

fn decoded(text: &str) -> Result<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> SslMode {
        Target::parse(url).unwrap().config.get_ssl_mode()
    }

    #[test]
    fn the_mode_is_that_of_the_url_and_not_of_the_password() {
        assert_eq!(mode("postgres://host/x"), SslMode::Prefer);
        assert_eq!(mode("postgres://host/x?sslmode=disable"), SslMode::Disable);
        assert_eq!(
            mode("postgres://host/x?%73slmode=requir%65&connect_timeout=3"),
            SslMode::Require
        );
        assert_eq!(mode("postgres://u:p?sslmode=disable@host/x"), SslMode::Prefer);
        let login = Target::parse("postgres://u:p?w%26@host/x?sslmode=require").unwrap();
        assert_eq!(login.config.get_password(), Some(&b"p?w&"[..]));
    }

    #[test]
    fn a_socket_of_this_machine_needs_no_protection() {
        assert_eq!(
            mode("postgres://u@%2Frun%2Fx/x?sslmode=require"),
            SslMode::Disable
        );
    }

    #[test]
    fn an_address_stands_for_the_name_that_is_left_out() {
        let target = Target::parse("postgres:///x?hostaddr=127.0.0.1,::1").unwrap();
        let hosts = ["127.0.0.1", "::1"].map(|host| Host::Tcp(host.to_owned()));
        assert_eq!(target.config.get_hosts(), hosts);
    }
}
