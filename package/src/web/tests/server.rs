//! A server that does with each connection what a test says.

use backplane_test_support::certificates::Authority;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::thread;

/// A connection to a client, protected or not.
pub(super) trait Client: Read + Write {}

impl<T: Read + Write> Client for T {}

/// Serves for as long as the test runs. `answer` gets what was asked for; the address of the server, `HOST:PORT`.
pub(super) fn serve(answer: impl Fn(&str, &mut dyn Client) + Send + Sync + 'static) -> String {
    start(None, answer)
}

/// The same over TLS, with a certificate for `name` by `authority`.
pub(super) fn serve_tls(
    authority: &Authority,
    folder: &Path,
    name: &str,
    answer: impl Fn(&str, &mut dyn Client) + Send + Sync + 'static,
) -> String {
    let (key, certificate) = (folder.join("server.key"), folder.join("server.pem"));
    authority.certify(&[name], &key, &certificate);
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_file(certificate).unwrap()],
            PrivateKeyDer::from_pem_file(key).unwrap(),
        )
        .unwrap();
    start(Some(Arc::new(config)), answer)
}

fn start(
    tls: Option<Arc<ServerConfig>>,
    answer: impl Fn(&str, &mut dyn Client) + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, tls, answer) = (stream.unwrap(), tls.clone(), answer.clone());
            thread::spawn(move || match tls {
                Some(config) => {
                    let connection = ServerConnection::new(config).unwrap();
                    serve_one(&mut StreamOwned::new(connection, stream), &*answer);
                }
                None => serve_one(&mut { stream }, &*answer),
            });
        }
    });
    address
}

fn serve_one(client: &mut dyn Client, answer: &dyn Fn(&str, &mut dyn Client)) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        // One who hangs up, or refuses the certificate, asks for nothing.
        if client.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    answer(head.split(' ').nth(1).unwrap(), client);
}

/// Writes until the client has had enough; whether it still listens.
pub(super) fn send(client: &mut dyn Client, bytes: &[u8]) -> bool {
    client.write_all(bytes).and_then(|()| client.flush()).is_ok()
}

/// An answer with a body.
pub(super) fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// An answer that sends the client elsewhere.
pub(super) fn moved(to: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}
