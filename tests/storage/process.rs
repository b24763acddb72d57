//! Processes of a test that tell it things, and can be killed.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

/// Tells the test something.
pub(crate) fn tell(what: &str, value: impl std::fmt::Display) {
    println!("\n@{what} {value}");
    std::io::stdout().flush().expect("the test listens");
}

/// How much more memory is used than when this began; the most since then.
pub(crate) struct Memory(u64);

impl Memory {
    pub(crate) fn idle() -> Self {
        // Forgets the most that there was before.
        std::fs::write("/proc/self/clear_refs", "5").expect("it is this process's own");
        Memory(status("VmRSS"))
    }

    pub(crate) fn tell(&self) {
        tell("memory", status("VmHWM").saturating_sub(self.0));
    }
}

/// A field of `/proc/self/status`, in bytes.
fn status(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("it is there");
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kib = line
        .expect("the field is there")
        .trim_matches([':', ' ', '\t'])
        .trim_end_matches(" kB");
    kib.parse::<u64>().expect("a number") * 1024
}

/// A process, and what it tells.
pub(crate) struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    memory: u64,
}

impl Process {
    pub(crate) fn start(mut command: Command) -> Self {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.spawn().expect("a process");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        Process {
            child,
            lines,
            memory: 0,
        }
    }

    /// The next value that it tells under this name, and that is wanted.
    fn until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        loop {
            let line = self.lines.next().expect("the process has ended").expect("a line");
            let Some((name, value)) = line.strip_prefix('@').and_then(|line| line.split_once(' ')) else {
                continue;
            };
            if name == "memory" {
                self.memory = self.memory.max(value.parse().expect("a number"));
            }
            if name == what && wanted(value) {
                return value.to_owned();
            }
        }
    }

    /// The next number that it tells under this name and that is not less.
    pub(crate) fn number(&mut self, what: &str, least: u64) -> u64 {
        let number = |value: &str| value.parse::<u64>().expect("a number");
        number(&self.until(what, |value| number(value) >= least))
    }

    pub(crate) fn told(&mut self, what: &str) -> String {
        self.until(what, |_| true)
    }

    /// Kills it; the most memory that it told of.
    pub(crate) fn kill(mut self) -> u64 {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it has ended");
        self.memory
    }

    /// Waits for its end, which must be a good one; the most memory that it told of.
    pub(crate) fn end(mut self) -> u64 {
        drop(self.child.stdin.take());
        while let Some(Ok(line)) = self.lines.next() {
            if let Some(memory) = line.strip_prefix("@memory ") {
                self.memory = self.memory.max(memory.parse().expect("a number"));
            }
        }
        assert!(self.child.wait().expect("it has ended").success());
        self.memory
    }
}
