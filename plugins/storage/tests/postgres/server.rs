//! A PostgreSQL server of the tests: Debian's package, started in a folder of its own, on a socket there.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// A running server. It ends with this, and with the process.
pub(crate) struct TestServer {
    directory: TempDir,
    programs: PathBuf,
    /// The shell, whose input is taken away to end it.
    control: Mutex<(Child, Option<ChildStdin>, BufReader<ChildStdout>)>,
    databases: AtomicU32,
}

/// The programs of the newest PostgreSQL that is installed.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let versions = versions.filter_map(|version| {
        let version = version.ok()?;
        let number: u32 = version.file_name().to_str()?.parse().ok()?;
        Some((number, version.path().join("bin")))
    });
    let newest = versions.filter(|(_, bin)| bin.join("initdb").exists()).max();
    newest
        .expect("PostgreSQL is missing: apt-get install postgresql")
        .1
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// A command that runs as somebody who may run a server: the server refuses root.
fn command(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"])
        .arg(program);
    command
}

fn own(path: &Path) {
    let owned = Command::new("chown").arg("postgres").arg(path).status();
    assert!(owned.unwrap().success());
}

impl TestServer {
    /// A server on a socket.
    pub(crate) fn start() -> TestServer {
        TestServer::start_at("")
    }

    /// A server on a socket and at an address of 127.0.0.0/8: no other has to be found that is free.
    pub(crate) fn start_at(address: &str) -> TestServer {
        let directory = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").unwrap();
        let programs = programs();
        if is_root() {
            own(directory.path());
        }
        let mut child = command(Path::new("/bin/sh"))
            .args(["-c", include_str!("server.sh"), "server.sh"])
            .args([directory.path(), &programs, Path::new(address)])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        let server = TestServer {
            directory,
            programs,
            control: Mutex::new((child, input, output)),
            databases: AtomicU32::new(0),
        };
        server.tell("start");
        server
    }

    /// Has the server do something, and waits until it is done.
    pub(crate) fn tell(&self, order: &str) {
        let mut control = self.control.lock().unwrap();
        let (_, input, output) = &mut *control;
        writeln!(input.as_mut().unwrap(), "{order}").unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        assert_eq!(answer.trim(), order, "the server failed");
    }

    /// Its folder, which it may read.
    pub(crate) fn folder(&self) -> &Path {
        self.directory.path()
    }

    /// Gives a file to whoever runs the server, for nobody else to read.
    pub(crate) fn own(&self, file: &Path) {
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
        if is_root() {
            own(file);
        }
    }

    /// Runs statements in a database.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        let output = Command::new(self.programs.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "backplane"])
            .arg("-h")
            .arg(self.directory.path())
            .args(["-d", database, "-c", sql])
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The URL of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        let socket = self.directory.path().to_str().unwrap().replace('/', "%2F");
        format!("postgres://backplane@{socket}/{database}")
    }

    /// The URL of a database that nobody has used.
    pub(crate) fn new_database(&self) -> String {
        self.url(&self.new_database_name())
    }

    /// Its name.
    pub(crate) fn new_database_name(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        name
    }

    /// Whether the server still does something for a client of a database, which may be gone.
    pub(crate) fn is_used(&self, database: &str) -> bool {
        let clients =
            "SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname =";
        self.sql("postgres", &format!("{clients} '{database}'")) == "t"
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let (child, input, _) = self.control.get_mut().unwrap();
        drop(input.take());
        let _ = child.wait();
    }
}
