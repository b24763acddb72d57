//! The plugins in `examples`: copied out of the tree, built, packed, signed, installed, granted, run, called and swapped.

use crate::irc::{Person, Server};
use crate::project::{Project, wait_for};
use backplane_test_support::{Outside, cargo_build, workspace};
use serde_json::{Value as Json, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// An example as a third party has it: a folder of its own beside `backplane`.
fn example(outside: &Outside, name: &str) -> PathBuf {
    let folder = outside.path().join(name);
    copy(&workspace().join("examples").join(name), &folder);
    folder
}

/// Copies what belongs to a source. Paths to Backplane's lead out of the folder then.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().unwrap() {
            kind if kind.is_dir() && entry.file_name() != "target" => copy(&path, &to),
            kind if kind.is_file() && entry.file_name() != "Cargo.lock" => {
                // What is no text was built here.
                if let Ok(text) = fs::read_to_string(&path) {
                    fs::write(to, text.replace("../../", "../backplane/")).unwrap();
                }
            }
            _ => {}
        }
    }
}

/// Makes a key, and believes what it signs.
fn author(project: &Project) {
    project.run("backplane key new author.key");
    project.run("backplane key trust author author.key.pub");
}

/// Packs and signs a library: the package, as a command names it.
fn pack(project: &Project, library: &Path, license: &Path, package: &str) -> String {
    let (library, license) = (library.display(), license.display());
    project.run(&format!(
        "backplane pack {library} --license {license} --output {package}"
    ));
    project.run(&format!("backplane sign {package} --key author.key"));
    format!("./{package}")
}

/// The same, and has the host that runs go over to it; from which version to which.
fn swap(project: &Project, library: &Path, license: &Path, package: &str) -> (Json, Json) {
    let package = pack(project, library, license, package);
    let report = project.json(&format!("backplane install {package} --swap"));
    let swapped = &report["swapped"][0];
    (swapped["from"].clone(), swapped["to"].clone())
}

/// The texts in the history of the chat, the newest last.
fn history(project: &Project) -> Vec<String> {
    let page = project.json("backplane call chat.room.history");
    let messages = page["messages"].as_array().unwrap();
    messages
        .iter()
        .map(|it| it["text"].as_str().unwrap().to_owned())
        .collect()
}

/// Waits until the bridge is in its channel; how it stands.
fn linked(project: &Project) -> Json {
    wait_for("a connection to IRC", || {
        let status = project.json("backplane call irc.bridge.status");
        status["link"]["nick"].is_string().then_some(status)
    })
}

/// Says a line on each side, which must come out on the other.
fn both_ways(project: &Project, ada: &mut Person, number: u32) {
    ada.say(&format!("hello {number} from IRC"));
    let expected = format!("<ada> hello {number} from IRC");
    wait_for("a line in the chat", || {
        history(project).contains(&expected).then_some(())
    });
    // Without peers nobody else has it, and the chat says so; here it is told all the same.
    let refused = project.refused(&format!(
        "backplane call chat.room.send '\"hello {number} from the chat\"'"
    ));
    assert!(refused.contains("not_published"), "{refused}");
    let line = ada.hears("from the chat");
    assert!(
        line.ends_with(&format!(
            "PRIVMSG #backplane :<anonymous> hello {number} from the chat"
        )),
        "{line}"
    );
}

#[test]
fn a_bridge_in_rust_brings_the_chat_and_a_server_of_irc_together() {
    let outside = Outside::open();
    let folder = example(&outside, "irc-bridge");
    outside.share_target(&folder);
    let mut project = Project::new(&folder);
    project.run("cargo fmt --check");
    project.run("cargo build");
    let tested = project.run("cargo test");
    assert!(tested.contains("test result: ok"), "{tested}");
    fs::create_dir(project.path("plugins")).unwrap();
    for package in ["storage-plugin", "waku-plugin", "chat-plugin"] {
        let library = cargo_build(package);
        symlink(
            &library,
            project.path("plugins").join(library.file_name().unwrap()),
        )
        .unwrap();
    }
    let server = Server::start(&folder);
    project.replace(
        "bundle.toml",
        "127.0.0.1:6667",
        &format!("127.0.0.1:{}", server.port),
    );
    author(&project);
    let (library, license) = (
        project.path("target/debug/libirc_bridge.so"),
        project.path("LICENSE"),
    );
    let bridge = pack(&project, &library, &license, "irc-bridge-0.1.0.bpkg");
    project.run(&format!("backplane install {bridge}"));

    // Nothing goes without the grants.
    let grants = r#"grants = ["chat.room.send", "chat.room.message"]"#;
    project.replace("bundle.toml", grants, "grants = []");
    let refused = project.refused("backplane run");
    assert!(refused.contains("chat.room"), "{refused}");
    project.replace("bundle.toml", "grants = []", grants);
    project.start();

    let mut ada = Person::join(server.port, "ada", "#backplane");
    assert_eq!(linked(&project)["link"]["nick"], "backplane");
    both_ways(&project, &mut ada, 1);

    project.replace("Cargo.toml", r#"version = "0.1.0""#, r#"version = "0.2.0""#);
    project.run("cargo build");
    let versions = swap(&project, &library, &license, "irc-bridge-0.2.0.bpkg");
    assert_eq!(versions, (json!("0.1.0"), json!("0.2.0")));
    ada.hears("QUIT");
    ada.hears("JOIN");
    linked(&project);
    both_ways(&project, &mut ada, 2);
    wait_for(
        "the counts, which came along: nothing came back to where it was said",
        || {
            let status = project.json("backplane call irc.bridge.status");
            let counts = [&status["to_chat"], &status["to_irc"], &status["dropped"]];
            (counts == [&json!(2), &json!(2), &json!(0)]).then_some(())
        },
    );
    project.stop();
}
