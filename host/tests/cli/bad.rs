//! Calls that go wrong: the exit code, the message, and what reaches the log.

use crate::host::{HEARS, Host, module};
use backplane_test_support::fixture;
use serde_json::{Value as Json, json};

fn faulty() -> Host {
    let policy = format!("{HEARS}on-failure = \"continue\"");
    Host::start(
        &[module("bad", &fixture("misbehaving"), &policy)],
        &["--log", "trace"],
    )
}

#[test]
fn each_failure_has_its_exit_code_and_says_what_to_do() {
    let host = faulty();
    for (args, code, message) in [
        (
            &["call", "fixture.faults.fine", "nonsense"][..],
            2,
            "backplane: the arguments are not JSON (line 1, column 2); a text needs quotes, as in '\"hello\"'",
        ),
        (
            &["call", "fine"],
            4,
            "backplane: \"fine\" is not of the form INTERFACE.METHOD, for example chat.room.send",
        ),
        (
            &["call", "fixture.fault.fine"],
            4,
            "backplane: no module provides fixture.fault; did you mean fixture.faults?",
        ),
        (
            &["call", "fixture.faults.fin"],
            4,
            "backplane: fixture.faults has no method fin; did you mean fine?",
        ),
        (
            &["call", "fixture.greeter.greet", r#"{"nmae": "Ann"}"#],
            4,
            "backplane: fixture.greeter.greet: ",
        ),
        (
            &["call", "fixture.faults.never", "--deadline", "50"],
            5,
            "backplane: the deadline passed before there was an answer",
        ),
        (
            &["--timeout", "0.2", "call", "fixture.faults.never"],
            5,
            "backplane: the host did not answer within 0.2 s; --timeout sets another limit",
        ),
        (
            &["call", "fixture.faults.garbage"],
            1,
            "backplane: fixture.faults.garbage answered what is not of its type: ",
        ),
        (
            &["inspect", "nobody"],
            4,
            "backplane: there is no module nobody; `backplane modules` lists them",
        ),
        (
            &["inspect", "fixture.greter"],
            4,
            "backplane: no module provides fixture.greter; did you mean fixture.greeter?",
        ),
        (
            &["call", "fixture.faults.fine", "--deadline", "0"],
            2,
            "error: invalid value '0' for '--deadline <MS>'",
        ),
    ] {
        let (found, said) = host.refused(args);
        assert_eq!(found, code, "{args:?}: {said}");
        assert!(said.starts_with(message), "{args:?}: {said}\nexpected: {message}");
    }
    assert_eq!(host.ok(&["call", "fixture.faults.fine"]), "fine\n");
}

#[test]
fn an_error_for_scripts_is_one_line_of_json() {
    let host = faulty();
    let args = ["call", "fixture.faults.never", "--deadline", "50", "--json"];
    let (code, said) = host.refused(&args);
    let error: Json = serde_json::from_str(&said).unwrap();
    let expected = json!({
        "exit": 5,
        "error": {
            "code": -32004,
            "message": "the deadline passed before there was an answer",
            "data": { "status": "timeout" },
        },
    });
    assert_eq!((code, error), (5, expected));
}

#[test]
fn what_is_passed_to_a_method_is_not_logged() {
    let host = faulty();
    let secret = "correct horse battery staple";
    let as_text = json!(secret).to_string();
    assert_eq!(
        host.ok(&["call", "fixture.greeter.greet", &as_text]),
        format!("Go away, {secret}!\n")
    );
    for (target, args) in [
        ("fixture.greeter.greet", json!({ "name": { "is": secret } })),
        ("fixture.greeter.greet", json!({ secret: 1 })),
        ("fixture.faults.fine", json!({ "password": secret })),
    ] {
        host.run(&["call", target, &args.to_string()]);
    }
    let log = host.log();
    assert!(log.contains("TRACE") && log.contains("call"), "{log}");
    assert!(!log.contains("horse"), "{log}");
    assert!(!host.ok(&["logs"]).contains("horse"));
}
