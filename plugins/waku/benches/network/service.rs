//! The node that is measured.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use waku_plugin::{
    Archive, ArchiveConfig, FilterConfig, Multiaddr, NodeConfig, RateLimit, RateLimits, Retention,
};

use crate::{
    archive::{Storage, at},
    support::{TCP, address, config, start},
};

const ASKED: &str = "WAKU_BENCH_SERVICE";
/// Content topics in the archive, and messages of them.
pub(crate) const TOPICS: i64 = 200;
const MESSAGES: i64 = 4000;

pub(crate) fn is_asked_for() -> bool {
    env::var_os(ASKED).is_some()
}

pub(crate) fn content_topic(number: i64) -> String {
    format!("/app/1/{number}/proto")
}

/// Runs a node that serves everything, with no limit to requests, until it is killed.
pub(crate) async fn serve() {
    let storage = Storage::start();
    let archive = storage
        .archive(ArchiveConfig {
            retention: Retention::NONE,
            ..ArchiveConfig::default()
        })
        .await;
    fill(&archive).await;
    let node = start(NodeConfig {
        max_connections: 1200,
        filter: Some(FilterConfig::default()),
        store: Some(archive),
        rate_limits: RateLimits {
            filter: RateLimit::NONE,
            ..RateLimits::default()
        },
        ..config(TCP)
    })
    .await;
    println!("listens {}", address(&node).await);
    std::future::pending().await
}

async fn fill(archive: &Archive) {
    let message = |number: i64| at((number % 8) as u16, &content_topic(number % TOPICS), number);
    archive
        .take_in((0..MESSAGES).map(message).collect())
        .await
        .unwrap();
}

/// Its process. It is killed when dropped.
pub(crate) struct Service {
    child: Child,
    pub(crate) address: Multiaddr,
}

impl Service {
    pub(crate) fn start() -> Self {
        let mut child = Command::new("sh")
            .args(["-c", "ulimit -n 4096; exec \"$@\"", "sh"])
            .arg(env::current_exe().unwrap())
            .env(ASKED, "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.find_map(|line| line.unwrap().strip_prefix("listens ").map(str::to_owned));
        let address = line.expect("the service ended").parse().unwrap();
        Self { child, address }
    }

    /// The memory that it takes, in bytes.
    pub(crate) fn resident(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
