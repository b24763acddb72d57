//! Programs that run, and how tests speak with them.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod http;

use std::{
    env::consts::{DLL_PREFIX, DLL_SUFFIX},
    fs,
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, LazyLock, Mutex},
    thread,
    time::{Duration, Instant},
};

use backplane_host::gateway::Client;
use backplane_test_support::cargo_build;
use http::Http;
use serde_json::{Value as Json, json};
use tokio::time::sleep;

/// Longer than anything takes on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(90);

/// Between two looks at something that is waited for.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);

pub(crate) const CONTENT_TOPIC: &str = "/toychat/2/huilong/proto";

/// The shard of this content topic among eight.
pub(crate) const SHARD: &str = "/waku/2/rs/99/3";

/// Cluster 99 on the loopback interface, on ports that the system chooses.
const NETWORK: [&str; 4] = [
    "--cluster-id=99",
    "--listen-address=127.0.0.1",
    "--tcp-port=0",
    "--discv5-udp-port=0",
];

/// A `wakunode` process. It is killed when this is dropped.
pub(crate) struct Wakunode {
    child: Child,
    socket: PathBuf,
    /// What it has said on its standard output.
    pub(crate) log: Arc<Mutex<Vec<String>>>,
}

/// The program with plugins, no variable of ours and nothing to read.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wakunode"));
    command.arg(format!("--plugins={}", plugins().display()));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WAKUNODE2_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// A folder with the two plugins and nothing else.
fn plugins() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let test = std::env::current_exe().unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test.file_name().unwrap());
        fs::create_dir_all(&folder).unwrap();
        for package in ["waku-plugin", "storage-plugin"] {
            let built = cargo_build(package);
            let link = folder.join(format!("{DLL_PREFIX}{}{DLL_SUFFIX}", package.replace('-', "_")));
            // There is one of an earlier run.
            let _ = fs::remove_file(&link);
            fs::hard_link(built, link).unwrap();
        }
        folder
    });
    &FOLDER
}

impl Wakunode {
    /// Starts a node of the test network, which has eight shards, in `folder`, and waits until it says that it is
    /// complete.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_sharded(folder, 8, arguments)
    }

    /// The same with another number of shards, or 0 for static sharding.
    pub(crate) fn start_sharded(folder: &Path, shards: u16, arguments: &[&str]) -> Self {
        let mut command = program();
        command.args(NETWORK).args(arguments);
        command.arg(format!("--num-shards-in-network={shards}"));
        command.arg(format!("--local-storage-path={}", folder.display()));
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (out, lines) = (child.stdout.take().unwrap(), Arc::clone(&log));
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                lines.lock().unwrap().push(line);
            }
        });
        let mut node = Self {
            child,
            socket: folder.join("backplane.sock"),
            log,
        };
        let begun = Instant::now();
        while !node.said("Node setup complete") {
            if node.child.try_wait().unwrap().is_some() || begun.elapsed() > DEADLINE {
                let mut problem = String::new();
                let _ = node.child.kill();
                node.child
                    .stderr
                    .take()
                    .unwrap()
                    .read_to_string(&mut problem)
                    .unwrap();
                panic!(
                    "it did not start: {problem}\n{}",
                    node.log.lock().unwrap().join("\n")
                );
            }
            thread::sleep(Duration::from_millis(20));
        }
        node
    }

    pub(crate) fn said(&self, text: &str) -> bool {
        self.log.lock().unwrap().iter().any(|line| line.contains(text))
    }

    /// The server that has told where it listens by a line that begins so.
    pub(crate) fn server(&self, line: &str) -> Http {
        let log = self.log.lock().unwrap();
        let told = log.iter().find(|it| it.contains(line)).expect("it is served");
        let (_, address) = told.split_once("address=").unwrap();
        Http(address.trim().parse::<SocketAddr>().unwrap())
    }

    /// A connection to the control socket.
    pub(crate) async fn client(&self) -> Client {
        Client::connect(&self.socket).await.unwrap()
    }

    /// Calls a method of a module; an error is its text.
    pub(crate) async fn try_call(&self, target: &str, args: Json) -> Result<Json, String> {
        let params = json!({ "target": target, "args": args });
        let answer = self.client().await.request("call", params).await;
        answer.map_err(|error| error.to_string())
    }

    pub(crate) async fn call(&self, target: &str, args: Json) -> Json {
        self.try_call(target, args).await.unwrap()
    }

    pub(crate) async fn info(&self) -> Json {
        self.call("waku.node.info", json!({})).await
    }

    /// Where others dial it.
    pub(crate) async fn address(&self) -> String {
        self.info().await["listen_addresses"][0]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) async fn enr(&self) -> String {
        self.info().await["enr"].as_str().unwrap().to_owned()
    }

    /// The hashes of all messages that its own archive shows.
    pub(crate) async fn stored(&self) -> Vec<String> {
        let (mut hashes, mut cursor) = (Vec::new(), Json::Null);
        loop {
            let query = json!({ "include_data": false, "limit": 100, "cursor": cursor });
            let mut page = self.call("waku.store.query", json!({ "query": query })).await;
            let messages = page["messages"].as_array().unwrap();
            hashes.extend(
                messages
                    .iter()
                    .map(|message| message["hash"].as_str().unwrap().to_owned()),
            );
            cursor = page["cursor"].take();
            if cursor.is_null() {
                return hashes;
            }
        }
    }

    /// Asks it to stop, as an operator does, and waits until it has.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < DEADLINE, "it did not stop");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Wakunode {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `condition` holds.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < DEADLINE, "not within {DEADLINE:?}: {what}");
        sleep(PAUSE).await;
    }
}

/// A message for `waku.relay.publish` and `waku.lightpush.publish_anywhere`.
pub(crate) fn message(text: &str) -> Json {
    let payload: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    json!({ "message": { "payload": format!("0x{payload}"), "content_topic": CONTENT_TOPIC } })
}

/// What a program prints that ends by itself.
pub(crate) fn output(command: &mut Command) -> (ExitStatus, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status, text(output.stdout), text(output.stderr))
}

/// Makes the folder `name` below `root`.
pub(crate) fn folder(root: &Path, name: &str) -> PathBuf {
    let folder = root.join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}
