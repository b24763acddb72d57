//! Every command in the form for people and in the form for scripts.

use crate::host::{Ended, HEARS, Host, backplane, module, signal, wait_for_end};
use backplane_test_support::fixture;
use serde_json::{Value as Json, json};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Stdio};

fn greeter() -> Host {
    Host::start(&[module("hello", &fixture("hello"), "")], &[])
}

fn columns(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

#[test]
fn modules() {
    let host = greeter();
    let table = host.ok(&["modules"]);
    let mut lines = table.lines();
    assert_eq!(
        columns(lines.next().unwrap()),
        [
            "NAME", "VERSION", "STATE", "FOR", "GEN", "CALLS", "ERRORS", "RESTARTS", "PROVIDES"
        ]
    );
    let row = columns(lines.next().unwrap());
    assert_eq!(row[..3], ["hello", "0.1.0", "ready"]);
    assert_eq!(row[4..], ["1", "0", "0", "0", "fixture.greeter", "1.0.0"]);
    assert_eq!(lines.next(), None);
    let modules = host.json(&["modules"]);
    assert_eq!(modules[0]["name"], "hello");
    assert_eq!(modules[0]["provides"], json!(["fixture.greeter 1.0.0"]));
    assert_eq!(modules.as_array().map(Vec::len), Some(1));
}

#[test]
fn inspect_a_module_an_interface_and_a_file() {
    let host = greeter();
    let library = fixture("hello").display().to_string();
    let of_interface = "\
fixture.greeter 1.0.0
Greets people and counts them.

methods
  0 greet(name: text) -> text  [30000 ms]
    Greets `name`, and announces it.
  1 count() -> u64  [30000 ms, inline]
    How many were greeted so far.

events
  0 greeted(Greeting)
    Somebody was greeted.

types
  record Greeting
    Who was greeted.
    name: text  — The name.
    count: u64  — How many that makes.
";
    let shown = host.ok(&["inspect", "fixture.greeter"]);
    assert_eq!(shown, format!("{of_interface}\nprovided by hello\n"));
    for subject in ["hello", &library] {
        let shown = host.ok(&["inspect", subject]);
        for part in [
            "hello 0.1.0\n",
            "writes schema 1, reads 1\n",
            "word: text = \"Hello\"",
        ] {
            assert!(shown.contains(part), "{part:?} is not in\n{shown}");
        }
        assert!(shown.ends_with(of_interface), "{shown}");
    }
    assert!(
        host.ok(&["inspect", "hello"])
            .starts_with("module      hello\nstate       ready: ")
    );
    assert!(
        host.ok(&["inspect", &library])
            .starts_with(&format!("file       {library}\n"))
    );

    let found = host.json(&["inspect", "fixture.greeter"]);
    assert_eq!(
        (&found["interface"]["id"], &found["modules"]),
        (&json!("fixture.greeter"), &json!(["hello"]))
    );
    let found = host.json(&["inspect", "hello"]);
    assert_eq!(found["report"]["state"], "ready");
    assert_eq!(found["manifest"]["provides"][0]["methods"][0]["name"], "greet");
    assert_eq!(found["interfaces"][0]["id"], "fixture.greeter");
    let found = host.json(&["inspect", &library]);
    assert_eq!(
        (&found["file"]["path"], &found["manifest"]["name"]),
        (&json!(library), &json!("hello"))
    );
    assert_eq!(found["file"]["sha256"], host.json(&["modules"])[0]["sha256"]);
}

#[test]
fn call_with_arguments_in_each_form() {
    let host = greeter();
    let greet = "fixture.greeter.greet";
    for args in [r#"{"name": "Ann"}"#, r#"["Ann"]"#, r#""Ann""#] {
        assert_eq!(host.ok(&["call", greet, args]), "Hello, Ann!\n", "{args}");
    }
    assert_eq!(host.json(&["call", greet, r#""Ann""#]), json!("Hello, Ann!"));
    let Ended { code, out, err } = host.run_with_input(&["call", greet, "-"], r#"{"name": "Bob"}"#);
    assert_eq!((code, &*out, &*err), (Some(0), "Hello, Bob!\n", ""));
    assert_eq!(host.ok(&["call", "fixture.greeter.count"]), "5\n");
    assert_eq!(
        host.json(&["call", "fixture.greeter.count", "--deadline", "5000"]),
        json!(5)
    );
}

/// A command that follows, and its lines.
struct Follower {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Follower {
    fn start(host: &Host, args: &[&str]) -> Self {
        let mut child = backplane(host.folder.path(), args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

/// Greets until the test is over: a follower may begin late.
fn keep_greeting(host: &Host, times: usize) {
    for _ in 0..times {
        host.ok(&["call", "fixture.greeter.greet", r#""Ann""#]);
    }
}

#[test]
fn events_for_people_and_for_scripts() {
    let host = greeter();
    let mut people = Follower::start(&host, &["events", "fixture.*"]);
    let mut scripts = Follower::start(&host, &["events", "*.greeted", "--json"]);
    let (line, event) = std::thread::scope(|scope| {
        let first = scope.spawn(|| people.line());
        let second = scope.spawn(|| scripts.line());
        while !first.is_finished() || !second.is_finished() {
            keep_greeting(&host, 1);
        }
        (first.join().unwrap(), second.join().unwrap())
    });
    let (head, body) = line.split_once(' ').unwrap();
    let (publisher, body) = body.split_once(' ').unwrap();
    let body: Json = serde_json::from_str(body).unwrap();
    assert_eq!(head, "fixture.greeter.greeted");
    assert_eq!(publisher, format!("hello#{}", body["count"]));
    assert_eq!(body["name"], "Ann");
    let event: Json = serde_json::from_str(&event).unwrap();
    let expected = json!({
        "subscription": 1,
        "interface": "fixture.greeter",
        "event": "greeted",
        "publisher": "hello",
        "sequence": event["body"]["count"],
        "lost": 0,
        "body": { "name": "Ann", "count": event["sequence"] },
    });
    assert_eq!(event, expected);
    // Ctrl-C is the ordinary way to end it, and so is the end of whoever reads.
    signal(&people.child, "INT");
    assert_eq!(wait_for_end(&mut people.child).code(), Some(0));
    drop(scripts.lines);
    let ended = std::thread::scope(|scope| {
        let end = scope.spawn(|| wait_for_end(&mut scripts.child));
        while !end.is_finished() {
            keep_greeting(&host, 1);
        }
        end.join().unwrap()
    });
    assert_eq!(ended.code(), Some(0));
}

#[test]
fn logs_are_shown_and_followed() {
    let host = greeter();
    let plugin = fixture("misbehaving").display().to_string();
    host.ok(&["load", "bad", &plugin, "--grant", "fixture.greeter.greeted"]);
    assert_eq!(host.ok(&["logs", "--module", "nobody"]), "");
    let mut people = Follower::start(&host, &["logs", "--follow"]);
    let mut scripts = Follower::start(&host, &["logs", "-f", "-m", "bad", "--json"]);
    let panicked = host.run(&["call", "fixture.faults.panic-now", r#""it is on fire""#]);
    assert_eq!(panicked.code, Some(4), "{panicked:?}");
    let panicked = host.run(&["call", "fixture.faults.panic_now", r#""it is on fire""#]);
    assert_eq!(panicked.code, Some(1), "{panicked:?}");
    let line = people.line();
    assert!(
        line.contains("ERROR bad: ") && line.contains("it is on fire"),
        "{line}"
    );
    let line: Json = serde_json::from_str(&scripts.line()).unwrap();
    assert_eq!(
        (&line["module"], &line["level"]),
        (&json!("bad"), &json!("error"))
    );
    let shown = host.ok(&["logs", "--module", "bad"]);
    assert!(shown.contains("it is on fire"), "{shown}");
    // They end with the host.
    host.ok(&["stop"]);
    assert_eq!(wait_for_end(&mut people.child).code(), Some(0));
    assert_eq!(wait_for_end(&mut scripts.child).code(), Some(0));
}

#[test]
fn permissions_say_who_may_do_what_and_which_line_says_so() {
    let host = Host::start(&[module("bad", &fixture("misbehaving"), HEARS)], &[]);
    let table = host.ok(&["permissions", "bad"]);
    let mut lines = table.lines();
    assert_eq!(
        columns(lines.next().unwrap()),
        [
            "MODULE", "MAY", "WHAT", "ALLOWED", "OF", "GRANTED", "BY", "MANIFEST"
        ]
    );
    let target = "fixture.greeter.greeted";
    assert_eq!(
        columns(lines.next().unwrap())[..5],
        ["bad", "hear", target, "yes", "-"]
    );
    assert_eq!(lines.next(), None);
    let found = host.json(&["permissions"]);
    assert_eq!(
        (&found[0]["target"], &found[0]["granted_by"]),
        (&json!(target), &json!(format!("bundle.toml:5:11 \"{target}\"")))
    );
    let (code, message) = host.refused(&["permissions", "nobody"]);
    assert_eq!((code, message.contains("there is no module nobody")), (4, true));

    let plugin = fixture("misbehaving").display().to_string();
    let (code, message) = host.refused(&["load", "second", &plugin]);
    let line = format!("[modules.second] needs grants = [\"{target}\"]");
    assert_eq!((code, message.ends_with(&line)), (1, true), "{message}");
    let noted = host.json(&["permissions", "--audit", "second"]);
    assert_eq!(
        (&noted[0]["kind"], &noted[0]["target"], &noted[0]["count"]),
        (&json!("refusal"), &json!(target), &json!(1))
    );
    let table = host.ok(&["permissions", "--audit"]);
    let granted = table
        .lines()
        .any(|line| columns(line).contains(&"grant") && line.contains(target));
    assert!(granted, "{table}");
}
