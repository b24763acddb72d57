//! The folder of a plugin outside of the workspace, the commands that are run in it, and its host.

use backplane_test_support::Outside;
use serde_json::Value as Json;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(20);

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

/// The folder that commands run in, as they stand in a guide, and the host that runs there.
pub(crate) struct Project {
    folder: PathBuf,
    host: Option<Child>,
}

impl Project {
    pub(crate) fn new(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        Self {
            folder: folder.to_owned(),
            host: None,
        }
    }

    /// Goes on in another folder.
    pub(crate) fn enter(&mut self, folder: &Path) {
        self.folder = folder.to_owned();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Puts `to` in the place of `from`, which must be in the file.
    pub(crate) fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.text(name);
        assert!(text.contains(from), "{from:?} is not in {name}");
        fs::write(self.path(name), text.replace(from, to)).unwrap();
    }

    /// A command with this build's `backplane` in the path, and nothing of the surroundings that it listens to.
    fn command(&self, line: &str) -> Command {
        let mut command = Outside::shell(&self.folder, line);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("BACKPLANE_") {
                command.env_remove(name);
            }
        }
        let program = Path::new(env!("CARGO_BIN_EXE_backplane"));
        let mut path = vec![program.parent().unwrap().to_owned()];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
        command.env("PATH", std::env::join_paths(path).unwrap());
        command
            .env("XDG_DATA_HOME", self.path("home"))
            .stdin(Stdio::null());
        command
    }

    /// The output of a command that must succeed.
    pub(crate) fn run(&self, line: &str) -> String {
        let output = self.command(line).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{line}:\n{printed}\n{said}\n{}",
            self.log()
        );
        printed
    }

    /// The output of a command that must succeed, as JSON.
    pub(crate) fn json(&self, line: &str) -> Json {
        serde_json::from_str(&self.run(&format!("{line} --json"))).unwrap()
    }

    /// What a command says that must fail.
    pub(crate) fn refused(&self, line: &str) -> String {
        let output = self.command(line).output().unwrap();
        assert!(!output.status.success(), "{line} did not fail");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Starts a command that writes lines of JSON.
    pub(crate) fn follow(&self, line: &str) -> Followed {
        let mut command = self.command(&format!("exec {line}"));
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Followed { child, lines }
    }

    /// Starts the host, and waits until it answers.
    pub(crate) fn start(&mut self) {
        let log = File::create(self.path("log")).unwrap();
        let mut command = self.command("exec backplane run");
        self.host = Some(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let answers = || {
            if let Some(status) = self.host.as_mut().and_then(|host| host.try_wait().unwrap()) {
                panic!("the host ended with {status}: {}", self.log());
            }
            let modules = self.command("backplane modules").output().unwrap();
            modules.status.success().then_some(())
        };
        wait_for("a host", answers);
    }

    /// What the host has written.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Stops the host, which must end well.
    pub(crate) fn stop(&mut self) {
        self.run("backplane stop");
        let mut host = self.host.take().unwrap();
        let status = wait_for("the end of the host", || host.try_wait().unwrap());
        assert!(status.success(), "{status}: {}", self.log());
    }
}

/// A command that writes lines of JSON for as long as it is held.
pub(crate) struct Followed {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Followed {
    /// The next line, which must come.
    pub(crate) fn next(&mut self) -> Json {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        if let Some(mut host) = self.host.take() {
            // It may have ended by itself.
            let _ = host.kill();
            let _ = host.wait();
        }
    }
}
