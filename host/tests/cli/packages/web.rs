//! Registries that a web server gives out: the one that Python brings.

use super::{Bench, text};
use crate::host::wait_for;
use backplane_test_support::certificates::Authority;
use serde_json::json;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Gives out a folder at a free port, whose number it says first; with TLS if it is told a certificate and a key.
const SERVER: &str = "\
import functools, http.server, ssl, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
if len(sys.argv) > 2:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = tls.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
";

/// A web server that ends with the test.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(scheme: &str, folder: &Path, certificate: &[&Path]) -> Self {
        let mut command = Command::new("python3");
        command.args(["-c", SERVER]).arg(folder).args(certificate);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("python3 serves");
        let mut port = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut port).unwrap();
        let url = format!("{scheme}://127.0.0.1:{}/registry", port.trim());
        Self { child, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_registry_is_used_over_http_as_a_folder_is() {
    let bench = Bench::new();
    bench.publish("1.0.0");
    let server = Server::start("http", bench.folder.path(), &[]);
    let from = ["--registry", &format!("{}/", server.url)];
    let dry = bench.json(&[&["install", "c-hello", "--dry-run"][..], &from].concat());
    assert_eq!(dry["packages"][0]["origin"], server.url.as_str());
    assert!(!bench.path("packages").exists());
    bench.ok(&[&["install", "c-hello"][..], &from].concat());
    let lock = text(bench.path("backplane.lock"));
    assert!(
        lock.contains(&format!("[registries.\"{}\"]\nserial = 1", server.url)),
        "{lock}"
    );
    assert_eq!(bench.json(&["list"])[0]["registry"], server.url.as_str());
    bench.publish("1.1.0");
    assert_eq!(bench.json(&["outdated"])[0]["newest"], "1.1.0");
    bench.ok(&["install", "c-hello"]);
    assert_eq!(bench.installed(), "1.1.0");
    fs::remove_dir_all(bench.path("packages")).unwrap();
    assert_eq!(bench.json(&["install"]), json!({ "restored": ["c-hello 1.1.0"] }));
    let (code, published) = bench.refused(&[
        "publish",
        "c-hello-1.1.0.bpkg",
        "--to",
        &server.url,
        "--key",
        "registry.key",
    ]);
    assert_eq!(code, Some(1));
    assert!(
        published.ends_with("here it must be a folder: name the one that the server gives out"),
        "{published}"
    );
    // Without the server, everything goes on that needs none.
    let gone = server.url.clone();
    drop(server);
    wait_for("the end of the server", || {
        let (_, refused) = bench.refused(&["outdated"]);
        let expected = format!("backplane: {gone}/index.json: the server cannot be reached: ");
        refused.starts_with(&expected).then_some(())
    });
    assert_eq!(bench.json(&["install"]), json!({ "restored": [] }));
}

#[test]
fn what_a_server_changes_or_holds_back_is_noticed() {
    let bench = Bench::new();
    bench.publish("1.0.0");
    let server = Server::start("http", bench.folder.path(), &[]);
    let install = &["install", "c-hello", "--registry", &server.url][..];
    let (index, package) = ("registry/index.json", "registry/packages/c-hello-1.0.0.bpkg");
    let (old, good) = (text(bench.path(index)), fs::read(bench.path(package)).unwrap());
    let refused = |expected: &str| {
        let (code, refused) = bench.refused(install);
        assert_eq!(code, Some(1), "{refused}");
        assert!(refused.contains(expected), "{expected}: {refused}");
        assert!(!bench.path("backplane.lock").exists());
    };
    // The package: other bytes, fewer, none.
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    fs::write(bench.path(package), &bad).unwrap();
    refused("it was changed after it was published");
    fs::write(bench.path(package), &good[..middle]).unwrap();
    refused(&format!(
        "the file has {middle} bytes, the index says {}",
        good.len()
    ));
    fs::remove_file(bench.path(package)).unwrap();
    refused("c-hello-1.0.0.bpkg: the server answered 404: there is no such file");
    fs::write(bench.path(package), &good).unwrap();
    // The index: changed, signed by somebody else, none.
    fs::write(bench.path(index), old.replacen("c-hello", "c-hallo", 1)).unwrap();
    refused("the index");
    bench.ok(&["key", "new", "squatter.key"]);
    fs::rename(bench.path("registry"), bench.path("honest")).unwrap();
    bench.ok(&[
        "publish",
        "c-hello-1.0.0.bpkg",
        "--to",
        "registry",
        "--key",
        "squatter.key",
    ]);
    refused("which is not in the keyring");
    fs::remove_file(bench.path(index)).unwrap();
    refused("index.json: the server answered 404: there is no such file");
    fs::remove_dir_all(bench.path("registry")).unwrap();
    fs::rename(bench.path("honest"), bench.path("registry")).unwrap();
    fs::write(bench.path(index), &old).unwrap();
    // An index of before.
    bench.publish("1.1.0");
    bench.ok(install);
    fs::write(bench.path(index), &old).unwrap();
    for args in [install, &["outdated"]] {
        let (_, rollback) = bench.refused(args);
        assert!(
            rollback.ends_with("but it had 2 before: somebody gives out an old one"),
            "{rollback}"
        );
    }
    assert_eq!(bench.installed(), "1.1.0");
}

#[test]
fn over_https_an_authority_has_to_vouch_for_the_server() {
    let bench = Bench::new();
    bench.publish("1.0.0");
    let authority = Authority::new(bench.folder.path(), "authority");
    let (key, certificate) = (bench.path("server.key"), bench.path("server.pem"));
    authority.certify(&["127.0.0.1"], &key, &certificate);
    let server = Server::start("https", bench.folder.path(), &[&certificate, &key]);
    let install = &["install", "c-hello", "--registry", &server.url][..];
    let (code, unknown) = bench.refused(&[install, &["--ca", "server.key"]].concat());
    assert_eq!(
        (code, &*unknown),
        (
            Some(1),
            "backplane: server.key: it has no certificate of an authority"
        )
    );
    Authority::new(bench.folder.path(), "other");
    let (_, unknown) = bench.refused(&[install, &["--ca", "other.pem"]].concat());
    assert!(
        unknown.contains("none of the known authorities vouches for the server"),
        "{unknown}"
    );
    bench.ok(&[install, &["--ca", "authority.pem"]].concat());
    assert_eq!(bench.installed(), "1.0.0");
    assert_eq!(bench.json(&["outdated", "--ca", "authority.pem"]), json!([]));
}
