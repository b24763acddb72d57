//! Jobs on a server that is reached by TLS, and who is refused.

mod common;
#[path = "postgres/server.rs"]
mod server;

use std::fmt::Display;
use std::path::Path;
use std::sync::OnceLock;

use backplane_test_support::certificates::Authority;
use common::{eventually, key, store_with};
use server::TestServer;
use storage_plugin::{Change, KeyRange, Options, Server, Session, Store};
use tempfile::TempDir;

/// The name in the certificate of the server, which no name server knows.
const HOST: &str = "db.backplane.test";

/// An address that no other test of this run has.
fn address(number: u32) -> String {
    let process = std::process::id();
    let [_, a, b, c] = process.to_be_bytes();
    format!("127.{}.{b}.{c}", 1 + (u32::from(a) * 2 + number) % 250)
}

/// A server that speaks TLS, and its authority.
struct Secure {
    server: TestServer,
    address: String,
    authority: Authority,
}

/// The one of all tests here.
fn secure() -> &'static Secure {
    static SERVER: OnceLock<Secure> = OnceLock::new();
    SERVER.get_or_init(|| {
        let address = address(0);
        let server = TestServer::start_at(&address);
        let authority = Authority::new(server.folder(), "authority");
        let [file, own] = ["server.pem", "server.key"].map(|name| server.folder().join(name));
        authority.certify(&[HOST], &own, &file);
        server.own(&file);
        server.own(&own);
        let path = |file: &Path| file.display().to_string();
        for (setting, value) in [
            ("ssl_cert_file", path(&file)),
            ("ssl_key_file", path(&own)),
            ("ssl", "on".to_owned()),
        ] {
            server.sql("postgres", &format!("ALTER SYSTEM SET {setting} = '{value}'"));
        }
        server.sql(
            "postgres",
            "CREATE USER with_password SUPERUSER PASSWORD 'a-secret'",
        );
        server.sql("postgres", "CREATE USER without_tls SUPERUSER");
        server.sql("postgres", "SELECT pg_reload_conf()");
        eventually("TLS", || server.sql("postgres", "SHOW ssl") == "on");
        Secure {
            server,
            address,
            authority,
        }
    })
}

impl Secure {
    fn url(&self, login: &str, host: &str, database: &str, parameters: impl Display) -> String {
        let address = &self.address;
        format!("postgres://{login}@{host}/{database}?hostaddr={address}&{parameters}")
    }

    fn root(&self) -> String {
        format!("sslrootcert={}", self.authority.file().display())
    }

    /// Whether all connections to a database are encrypted; nothing while there is none.
    fn encrypts(&self, database: &str) -> String {
        let connections = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)";
        let query = format!("{connections} WHERE datname = '{database}'");
        self.server.sql("postgres", &query)
    }
}

/// A store whose job `j` is at a URL.
fn store(url: &str) -> (TempDir, Store) {
    store_with(Options {
        servers: [("j".to_owned(), Server::new(url).unwrap())].into(),
        ..Options::default()
    })
}

fn session(store: &Store) -> Session {
    store.open_job("j").unwrap().session()
}

#[track_caller]
fn refused(url: &str, reason: &str) {
    let (_directory, store) = store(url);
    let error = store.open_job("j").err().unwrap().to_string();
    assert_eq!(error, format!("the server of the job is unavailable: {reason}"));
}

#[test]
fn a_job_is_kept_and_watched_by_tls_whose_server_is_known() {
    let secure = secure();
    for mode in ["require", "verify-ca", "verify-full"] {
        let database = secure.server.new_database_name();
        let parameters = format!("sslmode={mode}&{}", secure.root());
        let (_directory, store) = store(&secure.url("backplane", HOST, &database, parameters));
        let session = session(&store);
        let mut watch = session.watch("c", KeyRange::all()).unwrap();
        session.put("c", key(1), "x").unwrap();
        assert_eq!(session.get("c", key(1)).unwrap().as_deref(), Some(&b"x"[..]));
        let mut told = None;
        eventually("the change", || {
            told = watch.try_next();
            told.is_some()
        });
        assert!(matches!(told, Some(Change::Put { .. })), "{told:?}");
        assert_eq!(secure.encrypts(&database), "t", "{mode}");
    }
}

#[test]
fn tls_is_taken_where_the_url_does_not_speak_of_it_and_left_where_it_says_so() {
    let secure = secure();
    for (parameters, encrypts) in [
        ("", "t"),
        ("sslmode=prefer", "t"),
        ("sslmode=require", "t"),
        ("sslmode=disable", "f"),
    ] {
        let database = secure.server.new_database_name();
        let (_directory, store) = store(&secure.url("backplane", "elsewhere", &database, parameters));
        session(&store).put("c", key(1), "x").unwrap();
        assert_eq!(secure.encrypts(&database), encrypts, "{parameters}");
    }
}

#[test]
fn a_server_of_another_authority_is_refused() {
    let secure = secure();
    let folder = tempfile::tempdir().unwrap();
    let stranger = Authority::new(folder.path(), "stranger");
    let root = stranger.file().display();
    for mode in ["require", "verify-ca", "verify-full"] {
        let parameters = format!("sslmode={mode}&sslrootcert={root}");
        refused(
            &secure.url("backplane", HOST, "postgres", parameters),
            "url: sslrootcert: the certificate of the server is of none of these authorities",
        );
    }
}

#[test]
fn a_server_for_another_host_is_refused_where_the_name_counts() {
    let secure = secure();
    for host in ["elsewhere.backplane.test", &secure.address] {
        let parameters = format!("sslmode=verify-full&{}", secure.root());
        refused(
            &secure.url("backplane", host, "postgres", parameters),
            "url: the certificate of the server is for other hosts",
        );
        let parameters = format!("sslmode=verify-ca&{}", secure.root());
        let (_directory, store) = store(&secure.url("backplane", host, "postgres", parameters));
        session(&store);
        store.drop_job("j").unwrap();
    }
}

#[test]
fn a_server_without_tls_is_refused_where_tls_is_asked_for() {
    let address = address(1);
    let server = TestServer::start_at(&address);
    let database = server.new_database_name();
    let url = |mode| format!("postgres://backplane:a-secret@{address}/{database}?sslmode={mode}");
    refused(&url("require"), "url: sslmode: the server does not speak TLS");
    for mode in ["prefer", "disable"] {
        let (_directory, store) = store(&url(mode));
        session(&store).put("c", key(1), "x").unwrap();
    }
}

#[test]
fn a_login_that_is_for_plain_connections_is_taken_where_tls_is_only_preferred() {
    let secure = secure();
    let database = secure.server.new_database_name();
    let url = |mode| secure.url("without_tls", HOST, &database, format!("sslmode={mode}"));
    let (_directory, store) = store(&url("prefer"));
    session(&store);
    assert_eq!(secure.encrypts(&database), "f");
    refused(&url("require"), "the login is refused");
}

#[test]
fn a_password_is_bound_to_the_certificate() {
    let secure = secure();
    let database = secure.server.new_database_name();
    let parameters = format!("sslmode=verify-full&channel_binding=require&{}", secure.root());
    let (_directory, store) = store(&secure.url("with_password:a-secret", HOST, &database, &parameters));
    session(&store).put("c", key(1), "x").unwrap();
    refused(
        &secure.url("with_password:another", HOST, &database, &parameters),
        "the login is refused",
    );
}

#[test]
fn what_a_url_says_wrongly_of_tls_is_told_without_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.pem");
    let unreadable = format!("sslrootcert: {missing:?} cannot be read: entity not found");
    let missing = format!("sslmode=verify-full&sslrootcert={}", missing.display());
    for (parameters, reason) in [
        (
            "sslmode=always",
            "sslmode must be disable, prefer, require, verify-ca or verify-full",
        ),
        (
            "sslmode=verify-full",
            "sslmode=verify-ca and verify-full need sslrootcert",
        ),
        (
            "sslrootcert=/roots.pem",
            "sslrootcert needs sslmode=verify-full, verify-ca or require",
        ),
        (
            "sslnegotiation=direct",
            "sslnegotiation=direct needs sslmode=require or a stricter one",
        ),
        (
            "sslmode=require&sslcert=/own.pem",
            "takes of TLS only sslmode, sslrootcert and sslnegotiation",
        ),
        (missing.as_str(), unreadable.as_str()),
    ] {
        let url = format!("postgres://somebody:a-secret@host/x?{parameters}");
        let refused = Server::new(&url).err().unwrap().to_string();
        assert_eq!(refused, format!("url: {reason}"));
    }
}
