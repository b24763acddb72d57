//! What needs no host, or finds none.

use crate::host::{backplane, ended};
use backplane_test_support::fixture;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let ended = ended(&mut backplane(folder, args));
    (ended.code, ended.out, ended.err.trim_end().to_owned())
}

#[test]
fn a_wrong_socket_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.sock");
    let named = wrong.display().to_string();
    let default = folder.path().join(".local/share/backplane/backplane.sock");
    for (args, socket) in [
        (&["--socket", &named, "modules"][..], &wrong),
        (&["modules", "--socket", "wrong.sock"], &wrong),
        (&["modules"], &default),
        (&["events"], &default),
        (&["stop"], &default),
    ] {
        let expected = format!(
            "backplane: no host answers at {}; start one with `backplane run`",
            socket.display()
        );
        assert_eq!(
            run(folder.path(), args),
            (Some(3), String::new(), expected),
            "{args:?}"
        );
    }
    let (code, _, error) = run(folder.path(), &["modules", "--json"]);
    let error: serde_json::Value = serde_json::from_str(&error).unwrap();
    assert_eq!((code, &error["exit"]), (Some(3), &3.into()));
    let mut command = backplane(folder.path(), &["modules"]);
    let from_environment = ended(command.env("BACKPLANE_SOCKET", &wrong));
    assert!(from_environment.err.contains(&named), "{}", from_environment.err);
}

#[test]
fn a_bad_bundle_is_refused_with_file_line_and_the_nearest_key() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = "[host]\ndata-dir = \"data\"\n\n[modules.hello]\ngrant = [\"storage.kv\"]\n";
    fs::write(folder.path().join("bundle.toml"), bundle).unwrap();
    let expected =
        "backplane: bundle.toml:5:1: unknown key \"grant\" in [modules.hello]; did you mean \"grants\"?";
    for args in [&["run"][..], &["run", "--bundle", "bundle.toml"], &["modules"]] {
        assert_eq!(
            run(folder.path(), args),
            (Some(2), String::new(), expected.to_owned())
        );
    }
    let missing = run(folder.path(), &["run", "--bundle", "other.toml"]);
    let expected = "backplane: other.toml: No such file or directory (os error 2)".to_owned();
    assert_eq!(missing, (Some(2), String::new(), expected));
    assert!(!folder.path().join("data").exists());
}

#[test]
fn the_default_bundle_says_where_it_has_looked_for_its_plugins() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    // A copy, beside which no plugins lie.
    let program = folder.path().join("backplane");
    fs::copy(env!("CARGO_BIN_EXE_backplane"), &program).unwrap();
    let mut command = Command::new(program);
    command.args(["run", "--plugins", "empty", "--data-dir", "data"]);
    let refused = ended(command.current_dir(folder.path()));
    let here = folder.path().canonicalize().unwrap();
    let expected = format!(
        "backplane: module chat wants plugin chat *; no such plugin was found; looked in {}, {}; build the plugins, or name their folder with --plugins\n",
        folder.path().join("empty").display(),
        here.display(),
    );
    assert_eq!((refused.code, refused.err), (Some(1), expected));
    let (code, _, error) = run(folder.path(), &["run", "--plugins", "nowhere"]);
    let expected = "backplane: --plugins nowhere: there is no such folder";
    assert_eq!((code, &*error), (Some(2), expected));
}

#[test]
fn a_file_is_inspected_without_a_host_and_a_bad_one_refused() {
    let folder = tempfile::tempdir().unwrap();
    let library = fixture("hello");
    let (code, shown, _) = run(folder.path(), &["inspect", library.to_str().unwrap()]);
    assert_eq!(code, Some(0));
    assert!(
        shown.contains("fixture.greeter 1.0.0\nGreets people and counts them.\n"),
        "{shown}"
    );
    assert!(!shown.contains("speaks"), "{shown}");
    let library = fixture("json-notes");
    let (_, shown, _) = run(folder.path(), &["inspect", library.to_str().unwrap()]);
    assert!(shown.contains("\nspeaks      json\n"), "{shown}");
    fs::write(folder.path().join("notes.so"), "just text").unwrap();
    let (code, shown, error) = run(folder.path(), &["inspect", "notes.so"]);
    let expected = format!(
        "backplane: {} is not a dynamic library but a text file: build the plugin as a cdylib or with -shared",
        folder.path().join("notes.so").display()
    );
    assert_eq!((code, &*shown, error), (Some(1), "", expected));
    let (code, _, error) = run(folder.path(), &["inspect", "What?"]);
    let expected = "backplane: \"What?\" is neither the name of a module nor the id of an interface; write a file with its folder, as in ./FILE";
    assert_eq!((code, &*error), (Some(2), expected));
}

#[test]
fn completion_scripts_are_complete_and_parse() {
    let folder = tempfile::tempdir().unwrap();
    let script = |shell: &str| {
        let (code, script, error) = run(folder.path(), &["completion", shell]);
        assert_eq!((code, &*error), (Some(0), ""));
        script
    };
    let bash = script("bash");
    let mut check = Command::new("bash")
        .arg("-n")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    check.stdin.take().unwrap().write_all(bash.as_bytes()).unwrap();
    assert!(check.wait().unwrap().success());
    let (zsh, fish) = (script("zsh"), script("fish"));
    assert!(zsh.starts_with("#compdef backplane"));
    assert!(fish.contains("complete -c backplane"));
    for command in [
        "new", "run", "modules", "inspect", "call", "events", "load", "unload", "swap", "rollback", "logs",
        "storage", "pack", "sign", "verify", "key", "publish", "install", "list", "outdated", "remove",
        "stop",
    ] {
        for script in [&bash, &zsh, &fish] {
            assert!(script.contains(command), "{command}");
        }
    }
    assert_eq!(run(folder.path(), &["completion", "tcsh"]).0, Some(2));
}

#[test]
fn help_lists_the_exit_codes_and_examples() {
    let folder = tempfile::tempdir().unwrap();
    let (code, help, _) = run(folder.path(), &["--help"]);
    assert_eq!(code, Some(0));
    assert!(help.contains("Exit codes:\n  0    done\n  1    failed"), "{help}");
    let (_, help, _) = run(folder.path(), &["call", "--help"]);
    assert!(
        help.contains("Examples:\n  backplane call chat.room.send"),
        "{help}"
    );
    for args in [
        &["frob"][..],
        &[],
        &["call"],
        &["modules", "--timeout", "0"],
        &["modules", "--timeout", "1e40"],
    ] {
        assert_eq!(run(folder.path(), args).0, Some(2), "{args:?}");
    }
}
