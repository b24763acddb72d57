//! The guides in `docs/`: every file that they show is written, built, tested, loaded, called and swapped, with
//! the commands that they show, in a folder outside of the workspace.

use backplane_host::Host;
use backplane_host::bundle::{Bundle, Grants};
use backplane_sdk::CallError;
use backplane_test_support::{Outside, target_dir, workspace};
use backplane_tests::until;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The longest minimal plugin, in lines of code.
const MINIMAL: usize = 60;

/// What a guide shows in its code blocks.
struct Guide {
    /// The files, by path.
    files: Vec<(String, String)>,
    /// The lines of its shell blocks.
    commands: Vec<String>,
}

impl Guide {
    fn read(name: &str) -> Self {
        let text = fs::read_to_string(workspace().join("docs").join(name)).expect("the guide is there");
        let (mut files, mut commands) = (Vec::new(), Vec::new());
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let Some(info) = line.strip_prefix("```") else {
                continue;
            };
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if let Some((_, path)) = info.split_once(" file=") {
                files.push((path.to_owned(), block.join("\n") + "\n"));
            } else if info == "sh" {
                commands.extend(block.into_iter().map(str::to_owned));
            }
        }
        Self { files, commands }
    }

    fn write(&self, folder: &Path) {
        for (path, text) in &self.files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
    }

    fn file(&self, path: &str) -> &str {
        let found = self.files.iter().find(|(name, _)| name == path);
        &found.unwrap_or_else(|| panic!("the guide shows no {path}")).1
    }

    /// Runs the first command that begins with `start`.
    fn run(&self, folder: &Path, start: &str) -> String {
        let command = self.commands.iter().find(|it| it.starts_with(start));
        run(
            folder,
            command.unwrap_or_else(|| panic!("the guide shows no command {start}")),
        )
    }
}

/// Runs a command as it stands in the guide; its output.
fn run(folder: &Path, command: &str) -> String {
    let output = Outside::shell(folder, command)
        .output()
        .expect("there is a shell");
    let said = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command}:\n{printed}\n{said}");
    printed
}

/// A folder `counter` beside `backplane`, as the guide has it, that shares the workspace's build results.
fn place(outside: &Outside) -> PathBuf {
    let folder = outside.path().join("counter");
    for own in [folder.clone(), folder.join("embed")] {
        fs::create_dir_all(&own).expect("a folder");
        outside.share_target(&own);
    }
    folder
}

#[test]
fn a_minimal_plugin_is_short_and_safe() {
    let guide = Guide::read("plugin-guide.md");
    let text = guide.file("api/src/lib.rs").to_owned() + guide.file("plugin/src/lib.rs");
    let code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
    let lines = text.lines().filter(code).count();
    assert!(lines < MINIMAL, "{lines} lines");
    for expected in ["#[event]", "async fn export", "async fn import"] {
        assert!(text.contains(expected), "{expected} is missing");
    }
    assert!(!text.contains("unsafe"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guides_work_as_they_stand() {
    let outside = Outside::open();
    let folder = place(&outside);
    let (guide, embedding) = (Guide::read("plugin-guide.md"), Guide::read("embedding.md"));
    guide.write(&folder);
    embedding.write(&folder);

    guide.run(&folder, "cargo build");
    let tested = guide.run(&folder, "cargo test");
    assert!(tested.contains("3 passed"), "{tested}");

    let host = Host::start(Bundle::read(&folder.join("bundle.toml")).expect("the bundle is right"));
    let host = host.expect("the host starts");
    rust(&host, &guide, &folder).await;
    guide.run(&folder, "cc ");
    foreign(&host, "answer", &folder, "demo.answer.get").await;
    guide.run(&folder, "cc -o libbell.so");
    json_plugin(&host, &folder).await;
    nim(&guide, &folder);
    foreign(&host, "nimble", &folder, "demo.nimble.get").await;
    assert!(host.stop().is_empty());
    drop(host);

    let printed = embedding.run(&folder, "cargo run");
    assert_eq!(
        printed,
        "total 4\nchanged to 4 by counter\nno more than 10\ntotal 4\n\
         counter 0.2.0 ready\nreporter 0.1.0 ready\n"
    );
}

async fn rust(host: &Host, guide: &Guide, folder: &Path) {
    let front = host.front_end("test", &Grants::all()).expect("a front end");
    let call = async |method: &str, args: Value| front.call_json(method, &args).await.expect("it answers");
    assert_eq!(call("demo.counter.add", json!({"by": 4})).await, json!(4));
    assert_eq!(
        call("demo.counter.add", json!({})).await,
        json!(5),
        "one by default"
    );
    assert_eq!(
        call("demo.report.totals", json!({"times": 2})).await,
        json!([6, 7])
    );
    assert_eq!(
        call("demo.report.rush", json!({"times": 9})).await,
        json!("stopped at 10")
    );
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        let heard = || runtime.block_on(call("demo.report.heard", json!({}))) == json!(7);
        until("the events are heard", heard);
    });

    let manifest = guide.file("plugin/Cargo.toml").replace("0.1.0", "0.2.0");
    fs::write(folder.join("plugin/Cargo.toml"), manifest).expect("a file");
    guide.run(folder, "cargo build");
    host.swap("counter", &folder.join("target/debug/libcounter.so"), None)
        .expect("it is swapped");
    let version = || host.module("counter").expect("it is there").version.to_string();
    assert_eq!(version(), "0.2.0");
    assert_eq!(
        call("demo.counter.total", json!({})).await,
        json!(10),
        "the state came along"
    );
    host.rollback("counter").expect("it goes back");
    assert_eq!(version(), "0.1.0");
    assert_eq!(call("demo.counter.total", json!({})).await, json!(10));
}

/// Loads a plugin in another language, whose one method answers 42.
async fn foreign(host: &Host, name: &str, folder: &Path, method: &str) {
    let library = folder.join(format!("lib{name}.so"));
    host.load(name, &library, Grants::default(), &json!({}))
        .expect("it is loaded");
    let front = host
        .front_end(&format!("test-{name}"), &Grants::all())
        .expect("a front end");
    assert_eq!(front.call_json(method, &json!({})).await, Ok(json!(42)));
}

/// Loads the plugin that speaks JSON, for which the counter counts up to its limit.
async fn json_plugin(host: &Host, folder: &Path) {
    let grants = Grants::all();
    host.load("bell", &folder.join("libbell.so"), grants, &json!({}))
        .expect("it is loaded");
    let front = host.front_end("test-bell", &Grants::all()).expect("a front end");
    let ring = async |args: Value| front.call_json("demo.bell.ring", &args).await;
    assert_eq!(
        ring(json!({"times": 0})).await,
        Ok(json!({"sound": "ding", "total": 10}))
    );
    assert_eq!(
        ring(json!({})).await,
        Err(CallError::Interface(json!({"limit": 10})))
    );
}

/// Compiles the plugin in Nim. Where there is no compiler, Debian's package is unpacked for it.
fn nim(guide: &Guide, folder: &Path) {
    let tools = target_dir().join("nim");
    let installed = Command::new("nim").arg("--version").output().is_ok();
    let command = guide.commands.iter().find(|it| it.starts_with("nim "));
    let command = command.expect("the guide compiles it");
    if installed {
        run(folder, command);
        return;
    }
    if !tools.join("usr/bin/nim").exists() {
        fs::create_dir_all(&tools).expect("a folder");
        run(&tools, "apt-get download nim && dpkg -x nim_*.deb .");
    }
    let unpacked = format!(
        "{0}/usr/bin/nim --lib:{0}/usr/lib/nim/lib --skipParentCfg",
        tools.display()
    );
    run(folder, &command.replacen("nim", &unpacked, 1));
}
