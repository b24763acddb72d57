//! The way to a server.

use super::WebError;
use super::error::chain;
use super::roots::Roots;
use crate::limits;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// A connection, protected or not.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Connects to the server of `url`; each step may take as long as `step`.
pub(super) async fn connect(url: &Url, roots: &Roots, step: Duration) -> Result<Box<dyn Wire>, WebError> {
    let stream = reach(url, step).await?;
    if url.scheme() != "https" {
        return Ok(Box::new(stream));
    }
    let connector = TlsConnector::from(roots.config()?);
    match timeout(step, connector.connect(server_name(url)?, stream)).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => Err(WebError::Tls {
            url: url.to_string(),
            problem: explain(&error),
        }),
        Err(_) => Err(WebError::silent(url, "to make the connection secure", step)),
    }
}

/// The first of the server's addresses that answers.
async fn reach(url: &Url, step: Duration) -> Result<TcpStream, WebError> {
    let unreachable = |source| WebError::Unreachable {
        url: url.to_string(),
        source,
    };
    let mut failed = WebError::silent(url, "to connect", step);
    for address in addresses(url, step).await? {
        match timeout(step, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failed = unreachable(error),
            Err(_) => {}
        }
    }
    Err(failed)
}

async fn addresses(url: &Url, step: Duration) -> Result<Vec<SocketAddr>, WebError> {
    let port = url.port_or_known_default().unwrap_or_default();
    let name = match url.host() {
        Some(Host::Ipv4(ip)) => return Ok(vec![(ip, port).into()]),
        Some(Host::Ipv6(ip)) => return Ok(vec![(ip, port).into()]),
        Some(Host::Domain(name)) => name,
        None => "",
    };
    match timeout(step, lookup_host((name, port))).await {
        Ok(Ok(found)) => Ok(found.take(limits::ADDRESSES).collect()),
        Ok(Err(source)) => Err(WebError::Unreachable {
            url: url.to_string(),
            source,
        }),
        Err(_) => Err(WebError::silent(url, "to be found by its name", step)),
    }
}

fn server_name(url: &Url) -> Result<ServerName<'static>, WebError> {
    let name = match url.host() {
        Some(Host::Ipv4(ip)) => ServerName::IpAddress(ip.into()),
        Some(Host::Ipv6(ip)) => ServerName::IpAddress(ip.into()),
        host => {
            let name = host.map_or_else(String::new, |it| it.to_string());
            ServerName::try_from(name).map_err(|_| WebError::Tls {
                url: url.to_string(),
                problem: "no certificate can be for such a name".to_owned(),
            })?
        }
    };
    Ok(name)
}

/// What a failed handshake means, and what to do about it.
fn explain(error: &io::Error) -> String {
    let cause = error.get_ref().and_then(|it| it.downcast_ref::<rustls::Error>());
    let known = match cause {
        Some(rustls::Error::InvalidCertificate(certificate)) => match certificate {
            CertificateError::UnknownIssuer => {
                "none of the known authorities vouches for the server; if one of your own does, name its certificate with --ca"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the certificate of the server is for other hosts"
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the certificate of the server has expired"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the certificate of the server is not valid yet"
            }
            _ => return format!("the certificate of the server cannot be verified: {certificate}"),
        },
        Some(
            rustls::Error::PeerIncompatible(_)
            | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion),
        ) => "the server does not speak TLS 1.3",
        Some(rustls::Error::InvalidMessage(_)) => "the server does not speak TLS at this port",
        _ => return chain(error),
    };
    known.to_owned()
}
