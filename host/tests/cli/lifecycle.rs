//! Loading, exchanging and unloading modules from the command line.

use crate::host::{Host, module};
use backplane_test_support::{compile_c, fixture, workspace};
use serde_json::json;
use std::fs;
use std::sync::LazyLock;

/// The plugin in C, in two versions.
static ECHO: LazyLock<[String; 2]> = LazyLock::new(|| {
    let source = fs::read_to_string(workspace().join("tests/fixtures/c-hello/plugin.c")).unwrap();
    ["1.0.0", "2.0.0"].map(|version| {
        let define = format!("-DVERSION=\"{version}\"");
        let library = compile_c(&format!("cli-echo-{version}"), &source, &[&define]);
        library.display().to_string()
    })
});

#[test]
fn load_swap_rollback_and_unload() {
    let host = Host::start(&[], &[]);
    assert_eq!(host.json(&["modules"]), json!([]));
    let [first, second] = &*ECHO;
    assert_eq!(host.ok(&["load", "echo", first]), "echo 1.0.0 is ready\n");
    assert_eq!(host.json(&["call", "fixture.echo.echo", r#""hi""#]), json!("hi"));
    let swapped = host.ok(&["swap", "echo", second]);
    assert!(
        swapped.starts_with("echo: 1.0.0 -> 2.0.0, generation 2, callers waited "),
        "{swapped}"
    );
    let back = host.json(&["rollback", "echo"]);
    assert_eq!((&back["from"], &back["to"]), (&json!("2.0.0"), &json!("1.0.0")));
    let again = host.json(&["swap", "echo", second]);
    assert_eq!((&again["to"], &again["generation"]), (&json!("2.0.0"), &json!(4)));
    let back = host.ok(&["rollback", "echo"]);
    assert!(back.starts_with("echo: 2.0.0 -> 1.0.0, generation 5, "), "{back}");
    assert_eq!(host.ok(&["unload", "echo"]), "echo is unloaded\n");
    let loaded = host.json(&["load", "echo", second]);
    assert_eq!(
        (&loaded["version"], &loaded["state"]),
        (&json!("2.0.0"), &json!("ready"))
    );
    assert_eq!(host.json(&["unload", "echo", "--force"]), json!(true));
    assert_eq!(host.json(&["modules"]), json!([]));
}

#[test]
fn a_configuration_is_given_when_loading_and_when_swapping() {
    let host = Host::start(&[], &[]);
    let library = fixture("hello").display().to_string();
    host.ok(&["load", "hello", &library, "--config", r#"{"word": "Servus"}"#]);
    assert_eq!(
        host.ok(&["call", "fixture.greeter.greet", r#""Ann""#]),
        "Servus, Ann!\n"
    );
    host.ok(&["swap", "hello", &library, "--config", r#"{"word": "Ahoy"}"#]);
    assert_eq!(
        host.ok(&["call", "fixture.greeter.greet", r#""Ann""#]),
        "Ahoy, Ann!\n"
    );
    assert_eq!(host.ok(&["call", "fixture.greeter.count"]), "2\n");
}

#[test]
fn a_refusal_names_the_reason_and_the_old_version_serves_on() {
    let hello = fixture("hello");
    let host = Host::start(&[module("hello", &hello, "")], &[]);
    let library = hello.display().to_string();
    let [echo, _] = &*ECHO;
    for (args, code, message) in [
        (
            &["load", "hello", &library][..],
            4,
            "backplane: there is a module hello already".to_owned(),
        ),
        (
            &["load", "../up", &library],
            4,
            "backplane: name: \"../up\" is not a module name: lower-case letters, digits and '-', beginning with a letter, at most 64 bytes".to_owned(),
        ),
        (
            &["load", "cli", &library],
            4,
            "backplane: name: cli is the name of those who call through the control socket".to_owned(),
        ),
        (
            &["load", "second", &library, "--grant", "*.b"],
            4,
            "backplane: grants: \"*.b\": there are no wildcards: name each interface, or each method, that is meant".to_owned(),
        ),
        (
            &["load", "second", &library, "--config", r#"{"wrod": "Hi"}"#],
            4,
            "backplane: bundle: unknown key \"wrod\" in [modules.second.config]; did you mean \"word\"?".to_owned(),
        ),
        (
            &["load", "second", "bundle.toml"],
            1,
            format!(
                "backplane: {} is not a dynamic library but a text file: build the plugin as a cdylib or with -shared",
                host.folder.path().join("bundle.toml").display()
            ),
        ),
        (
            &["swap", "hello", echo],
            1,
            "backplane: hello is not swapped: ".to_owned(),
        ),
        (
            &["swap", "nobody", echo],
            4,
            "backplane: there is no module nobody; `backplane modules` lists them".to_owned(),
        ),
        (
            &["rollback", "hello"],
            1,
            "backplane: hello has not been swapped since the host started".to_owned(),
        ),
        (
            &["unload", "nobody"],
            4,
            "backplane: there is no module nobody; `backplane modules` lists them".to_owned(),
        ),
    ] {
        let (found, said) = host.refused(args);
        assert_eq!(found, code, "{args:?}: {said}");
        assert!(said.starts_with(&message), "{args:?}: {said}\nexpected: {message}");
    }
    assert_eq!(
        host.ok(&["call", "fixture.greeter.greet", r#""Ann""#]),
        "Hello, Ann!\n"
    );
    assert_eq!(host.json(&["modules"]).as_array().map(Vec::len), Some(1));
}
