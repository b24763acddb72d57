//! The plugins in `examples`: copied out of the tree, built, packed, signed, installed, granted, run, called and swapped.

use crate::irc::{Person, Server};
use crate::project::{Project, wait_for};
use backplane_test_support::{Outside, cargo_build, workspace};
use serde_json::{Value as Json, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// An example as a third party has it: a folder of its own beside `backplane`, called `place`.
fn example(outside: &Outside, name: &str, place: &str) -> PathBuf {
    let folder = outside.path().join(place);
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
    ada.say(&format!("darn, hello {number} from IRC"));
    let expected = format!("<ada> ****, hello {number} from IRC");
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

/// Swears in the chat until the filter has told somebody of it; how often that was.
fn caught(project: &Project) -> u64 {
    let mut events = project.follow("backplane events text.filter.caught --json");
    let mut times = 0;
    std::thread::scope(|scope| {
        let first = scope.spawn(|| events.next());
        while !first.is_finished() {
            times += 1;
            project.refused(&format!("backplane call chat.room.send '\"oh heck {times}\"'"));
        }
        let event = first.join().unwrap();
        assert_eq!(event["body"], json!({"nick": "anonymous", "covered": 1}));
    });
    times
}

#[test]
fn a_bridge_in_rust_brings_the_chat_and_a_server_of_irc_together() {
    let outside = Outside::open();
    let folder = example(&outside, "irc-bridge", "irc-bridge");
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
    let filter = filter(&outside, "filter-for-irc").path("libfilter.so");
    let filter = pack(&project, &filter, &license, "filter-0.1.0.bpkg");
    project.run(&format!("backplane install {bridge} {filter}"));

    // Nothing goes without the grants.
    let grants = r#"grants = ["chat.room.send", "chat.room.message"]"#;
    project.replace("bundle.toml", grants, "grants = []");
    let refused = project.refused("backplane run");
    assert!(refused.contains("chat.room"), "{refused}");
    let grants = r#"grants = ["chat.room.send", "chat.room.message", "text.filter.clean"]"#;
    project.replace("bundle.toml", "grants = []", grants);
    let filter = "\n[modules.filter]\ngrants = [\"chat.room.message\"]\n";
    fs::write(project.path("bundle.toml"), project.text("bundle.toml") + filter).unwrap();
    project.start();

    let mut ada = Person::join(server.port, "ada", "#backplane");
    assert_eq!(linked(&project)["link"]["nick"], "backplane");
    both_ways(&project, &mut ada, 1);
    let swearing = caught(&project);
    ada.hears("<anonymous> oh heck");

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
            (counts == [&json!(2), &json!(2 + swearing), &json!(0)]).then_some(())
        },
    );
    project.stop();
}

/// Builds the filter and runs its test.
fn filter(outside: &Outside, place: &str) -> Project {
    let filter = Project::new(&example(outside, "filter", place));
    filter.run("make");
    assert_eq!(filter.run("make test").lines().last(), Some("all is well"));
    filter
}

#[test]
fn a_plugin_in_nim_calls_a_filter_in_c_once_it_is_granted() {
    let outside = Outside::open();
    let filter = filter(&outside, "filter");
    let plain = Project::new(&example(&outside, "plain-text", "plain-text"));
    plain.run("nim c plain_text.nim");
    assert!(
        plain
            .run("nim c -r test_plain_text.nim")
            .ends_with("all is well\n")
    );

    let mut site = Project::new(&outside.path().join("site"));
    let bundle = "[host]\ndata-dir = \"data\"\n[modules.filter]\n[modules.plain-text]\ngrants = []\n";
    fs::write(site.path("bundle.toml"), bundle).unwrap();
    author(&site);
    let license = filter.path("LICENSE");
    let (in_c, in_nim) = (filter.path("libfilter.so"), plain.path("libplain_text.so"));
    let packages = [
        pack(&site, &in_c, &license, "filter-0.1.0.bpkg"),
        pack(&site, &in_nim, &license, "plain-text-0.1.0.bpkg"),
    ];
    site.run(&format!("backplane install {}", packages.join(" ")));

    site.start();
    let tidy =
        |site: &Project, text: &str| site.json(&format!("backplane call text.plain.tidy '\"{text}\"'"));
    assert_eq!(
        site.json("backplane call text.plain.plain '\"Crème brûlée\"'"),
        "Creme brulee"
    );
    let ungranted = tidy(&site, "därn");
    assert_eq!(
        ungranted,
        json!({"text": "darn", "covered": 0}),
        "nobody has granted the filter"
    );
    site.stop();
    site.replace("bundle.toml", "grants = []", "grants = [\"text.filter.clean\"]");
    site.start();
    assert_eq!(tidy(&site, "Dàrn!"), json!({"text": "****!", "covered": 1}));

    assert_eq!(
        site.json(r#"backplane call text.filter.add '{"words": ["Fiddlesticks"]}'"#),
        json!(5)
    );
    let refused = site.refused(r#"backplane call text.filter.add '{"words": ["two words"]}'"#);
    assert!(refused.contains("two words"), "{refused}");
    filter.replace("filter.c", r#""version": "0.1.0""#, r#""version": "0.2.0""#);
    filter.run("make");
    let versions = swap(&site, &in_c, &license, "filter-0.2.0.bpkg");
    assert_eq!(versions, (json!("0.1.0"), json!("0.2.0")));
    assert_eq!(
        tidy(&site, "oh fiddlesticks"),
        json!({"text": "oh ************", "covered": 1}),
        "the words came along, and the caller has noticed nothing"
    );
    plain.replace("plain_text.nim", r#""version": "0.1.0""#, r#""version": "0.2.0""#);
    plain.run("nim c plain_text.nim");
    let versions = swap(&site, &in_nim, &license, "plain-text-0.2.0.bpkg");
    assert_eq!(versions, (json!("0.1.0"), json!("0.2.0")));
    assert_eq!(tidy(&site, "hèck"), json!({"text": "****", "covered": 1}));
    site.stop();
}
