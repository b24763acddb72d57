//! Who vouches for a server.

use super::server::{moved, ok, send, serve, serve_tls};
use super::*;
use backplane_test_support::certificates::Authority;
use std::io::Write as _;
use std::net::TcpListener;

fn refused(web: &Web, url: &str) -> String {
    get(web, url).unwrap_err().to_string()
}

#[test]
fn a_server_is_believed_for_which_an_authority_vouches_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "authority");
    let server = serve_tls(&authority, folder.path(), "127.0.0.1", |_, client| {
        send(client, &ok("a file"));
    });
    let url = format!("https://{server}/a");
    let web = Web::default().with_authorities(authority.file()).unwrap();
    assert_eq!(get(&web, &url).unwrap(), b"a file");
    let other = Authority::new(folder.path(), "other");
    let strange = Web::default().with_authorities(other.file()).unwrap();
    assert_eq!(
        refused(&strange, &url),
        format!(
            "{url}: no secure connection comes about: none of the known authorities vouches for the server; if one of your own does, name its certificate with --ca"
        )
    );
    let named = url.replace("127.0.0.1", "localhost");
    assert!(
        refused(&web, &named).ends_with("the certificate of the server is for other hosts"),
        "{}",
        refused(&web, &named)
    );
}

#[test]
fn protection_is_not_given_up_on_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "authority");
    let plain = serve(|_, client| {
        send(client, &ok("a file"));
    });
    let to = format!("http://{plain}/a");
    let server = serve_tls(&authority, folder.path(), "127.0.0.1", {
        let to = to.clone();
        move |_, client| {
            send(client, &moved(&to));
        }
    });
    let web = Web::default().with_authorities(authority.file()).unwrap();
    let url = format!("https://{server}/a");
    assert_eq!(
        refused(&web, &url),
        format!(
            "{url}: the server redirects to {to:?}: from https:// it leads to http://, which anyone on the way can read and change"
        )
    );
}

#[test]
fn a_server_without_tls_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "authority");
    let web = Web::default().with_authorities(authority.file()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/a", listener.local_addr().unwrap());
    let answering = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    assert_eq!(
        refused(&web, &url),
        format!("{url}: no secure connection comes about: the server does not speak TLS at this port")
    );
    answering.join().unwrap();
}

#[test]
fn a_file_without_authorities_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.pem");
    let read = || Web::default().with_authorities(&path).unwrap_err().to_string();
    assert!(read().contains("none.pem: No such file"), "{}", read());
    std::fs::write(&path, "nothing").unwrap();
    assert!(
        read().ends_with("none.pem: it has no certificate of an authority"),
        "{}",
        read()
    );
    std::fs::write(
        &path,
        "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    assert!(read().ends_with("none.pem: it is no PEM file"), "{}", read());
}
