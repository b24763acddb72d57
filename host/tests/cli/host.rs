//! A host that the test starts, and commands that speak to it.

use serde_json::Value as Json;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(10);

/// A host in a folder of its own, which holds its `bundle.toml`.
pub(crate) struct Host {
    pub(crate) folder: TempDir,
    child: Child,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The program, with nothing of the surroundings.
pub(crate) fn backplane(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backplane"));
    command.args(args).current_dir(folder);
    for (name, _) in std::env::vars_os() {
        if name == "XDG_DATA_HOME" || name.to_string_lossy().starts_with("BACKPLANE_") {
            command.env_remove(name);
        }
    }
    command.env("HOME", folder).stdin(Stdio::null());
    command
}

pub(crate) fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Waits until `look` finds something.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(PAUSE);
    }
}

/// What a bundle grants the fixture `misbehaving`: the event that it listens to.
pub(crate) const HEARS: &str = "grants = [\"fixture.greeter.greeted\"]\n";

/// A table of a bundle that makes `plugin` the module `name`.
pub(crate) fn module(name: &str, plugin: &Path, more: &str) -> String {
    format!(
        "[modules.{name}]\nplugin = {:?}\n{more}\n",
        plugin.display().to_string()
    )
}

/// Writes a bundle with these modules.
pub(crate) fn write_bundle(folder: &Path, modules: &[String]) {
    let bundle = format!("[host]\ndata-dir = \"data\"\n{}", modules.concat());
    fs::write(folder.join("bundle.toml"), bundle).unwrap();
}

impl Host {
    /// Starts a host with these modules, and waits until it answers.
    pub(crate) fn start(modules: &[String], args: &[&str]) -> Self {
        let host = Self::spawn(modules, args);
        host.ok(&["modules"]);
        host
    }

    /// Starts a host, and waits until its socket is there.
    pub(crate) fn spawn(modules: &[String], args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_bundle(folder.path(), modules);
        Self::spawn_in(folder, args)
    }

    /// Starts a host with the bundle in `folder`, and waits until its socket is there.
    pub(crate) fn spawn_in(folder: TempDir, args: &[&str]) -> Self {
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = backplane(folder.path(), &["run"]);
        let child = command
            .args(args)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut host = Self { folder, child };
        wait_for("a socket", || {
            if let Some(status) = host.child.try_wait().unwrap() {
                panic!("the host ended with {status}: {}", host.log());
            }
            std::os::unix::net::UnixStream::connect(host.socket()).ok()
        });
        host
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("data/backplane.sock")
    }

    /// What the host has written.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Runs a command beside the bundle of the host, whose socket it finds there.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        ended(&mut backplane(self.folder.path(), args))
    }

    /// The output of a command that must succeed.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let ended = self.run(args);
        assert_eq!(ended.code, Some(0), "{args:?}: {ended:?}\n{}", self.log());
        assert_eq!(ended.err, "", "{args:?}");
        ended.out
    }

    /// The output of a command that must succeed, as JSON on one line.
    pub(crate) fn json(&self, args: &[&str]) -> Json {
        let out = self.ok(&[args, &["--json"]].concat());
        assert_eq!(out.lines().count(), 1, "{args:?}: {out}");
        serde_json::from_str(&out).unwrap()
    }

    /// The exit code and the message of a command that must fail.
    pub(crate) fn refused(&self, args: &[&str]) -> (i32, String) {
        let ended = self.run(args);
        assert_eq!(ended.out, "", "{args:?}");
        (ended.code.unwrap(), ended.err.trim_end().to_owned())
    }

    /// The same with the text on the standard input.
    pub(crate) fn run_with_input(&self, args: &[&str], input: &str) -> Ended {
        let mut command = backplane(self.folder.path(), args);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        Ended {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Waits until the host has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait_for_end(&mut self.child)
    }
}

pub(crate) fn signal(child: &Child, name: &str) {
    let mut kill = Command::new("kill");
    assert!(
        kill.args(["-s", name, &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
}

pub(crate) fn wait_for_end(child: &mut Child) -> ExitStatus {
    wait_for("the end of the program", || child.try_wait().unwrap())
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
