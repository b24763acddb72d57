//! The node under attack.

use std::{
    env, fs,
    io::{BufRead, BufReader, Lines},
    process::{Child, ChildStdout, Command, Stdio},
};

use libp2p::Multiaddr;
use waku_plugin::{ArchiveConfig, FilterConfig, NodeConfig, Retention};

use super::{
    archive::Storage,
    support::{TCP, address, config, start},
};

const CONNECTIONS: &str = "WAKU_TEST_CONNECTIONS";
/// What Linux reads to forget the peak of a process's memory.
const RESET_PEAK: &str = "5";
/// What a process may have open: a thousand connections, and more.
const FILES: u32 = 4096;

/// A process with a node that serves everything. It is killed when dropped.
pub(crate) struct Victim {
    process: Process,
    pub(crate) address: Multiaddr,
    /// The memory that it had taken before the attack, in bytes.
    calm: usize,
}

impl Victim {
    /// Starts it with room for so many connections.
    pub(crate) fn start(max_connections: u32) -> Self {
        let mut process = Process::start(
            "victim::the_node_under_attack",
            CONNECTIONS,
            &max_connections.to_string(),
        );
        let address = process.line_after("listens ").parse().unwrap();
        Self {
            process,
            address,
            calm: 0,
        }
    }

    /// The attack begins: what the start has taken at its peak, and given back, does not count.
    pub(crate) fn is_calm(&mut self) {
        fs::write(
            format!("/proc/{}/clear_refs", self.process.child.id()),
            RESET_PEAK,
        )
        .unwrap();
        self.calm = self.peak();
    }

    /// How much more memory the node has taken at its peak since the attack began, in bytes.
    pub(crate) fn grown(&self) -> usize {
        self.peak() - self.calm
    }

    fn peak(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.child.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        let kilobytes: usize = line.trim().trim_end_matches(" kB").parse().unwrap();
        kilobytes * 1024
    }
}

/// This test program again, for one of its tests. It is killed when dropped.
pub(crate) struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts a test that does nothing unless this variable is set.
    pub(crate) fn start(test: &str, variable: &str, value: &str) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", &format!("ulimit -n {FILES}; exec \"$@\""), "sh"])
            .arg(env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture"])
            .env(variable, value)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Waits for a line that has this text, and gives what is behind it.
    pub(crate) fn line_after(&mut self, text: &str) -> String {
        let line = self.lines.find_map(|line| {
            let line = line.unwrap();
            line.split_once(text).map(|(_, rest)| rest.to_owned())
        });
        line.expect("the process ended")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The process of [`Victim`]. It does nothing unless that starts it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_node_under_attack() {
    let Ok(connections) = env::var(CONNECTIONS) else {
        return;
    };
    let storage = Storage::start();
    let archive = storage
        .archive(ArchiveConfig {
            retention: Retention::NONE,
            ..ArchiveConfig::default()
        })
        .await;
    let node = start(NodeConfig {
        max_connections: connections.parse().unwrap(),
        filter: Some(FilterConfig::default()),
        lightpush: true,
        peer_exchange: true,
        store: Some(archive),
        ..config(TCP)
    })
    .await;
    println!("listens {}", address(&node).await);
    std::future::pending::<()>().await;
}
