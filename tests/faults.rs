//! What goes wrong in plugins, and what the host says of it and goes on with.

use backplane_host::bundle::Grants;
use backplane_host::{FrontEnd, Host, ModuleState};
use backplane_sdk::{CallError, Client, plugin_api::status};
use backplane_test_support::{fixture, workspace};
use backplane_tests::{host, until};
use fixture_api::{EchoClient, FaultsClient, GreeterClient};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// What the fixture `misbehaving` listens to.
const HEARS: &str = "grants = [\"fixture.greeter.greeted\"]\n";

fn module(name: &str, fixture_name: &str, more: &str) -> String {
    let grants = if fixture_name == "misbehaving" { HEARS } else { "" };
    format!(
        "[modules.{name}]\nplugin = {:?}\n{grants}{more}\n",
        fixture(fixture_name)
    )
}

fn greeter(folder: &Path) -> (Host, FrontEnd) {
    let host = host(folder, &module("hello", "hello", HEARS)).expect("the host starts");
    let front = host.front_end("test", &Grants::all()).expect("a front end");
    (host, front)
}

fn misbehaving(folder: &Path, more: &str) -> (Host, FrontEnd) {
    let host = host(folder, &module("bad", "misbehaving", more)).expect("the host starts");
    let front = host.front_end("test", &Grants::all()).expect("a front end");
    (host, front)
}

fn status_of<T: std::fmt::Debug>(result: Result<T, CallError>) -> (i32, String) {
    match result.expect_err("the call fails") {
        CallError::Host { status, message } => (status, message),
        CallError::Interface(never) => match never {},
    }
}

/// The reasons for which the module has failed so far.
fn failures(host: &Host) -> Vec<String> {
    let failed = |it: backplane_host::StateChange| (it.state == ModuleState::Failed).then_some(it.reason);
    host.state_changes().into_iter().filter_map(failed).collect()
}

#[tokio::test]
async fn a_panic_in_a_call_is_answered_and_the_module_restarted() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = misbehaving(folder.path(), "restart-backoff-ms = 1");
    let faults: FaultsClient = front.client().expect("it is there");
    for later in [false, true] {
        let message = "the plugin panics".to_owned();
        let answer = if later {
            faults.panic_later(&message).await
        } else {
            faults.panic_now(&message).await
        };
        let (code, message) = status_of(answer);
        assert_eq!(code, status::PANICKED);
        assert!(
            message.contains("the plugin panics") && message.contains("misbehaving/src/lib.rs:"),
            "{message}"
        );
        until("it was restarted", || {
            settled(&host) == (2 + u32::from(later), ModuleState::Ready)
        });
        assert_eq!(faults.fine().await, Ok("fine".to_owned()));
    }
    let report = host.module("bad").expect("it is there");
    assert_eq!((report.panics, report.restarts), (2, 2));
    assert!(host.stop().is_empty());
}

/// Generation and state of the module `bad`.
fn settled(host: &Host) -> (u32, ModuleState) {
    let report = host.module("bad").expect("it is there");
    (report.generation, report.state)
}

#[tokio::test]
async fn a_module_that_keeps_panicking_is_given_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = misbehaving(folder.path(), "restart-backoff-ms = 1\nrestart-limit = 2");
    let faults: FaultsClient = front.client().expect("it is there");
    for generation in 1..=3 {
        until("it is there again", || {
            settled(&host) == (generation, ModuleState::Ready)
        });
        let panicked = faults.panic_now(&"again".to_owned()).await;
        assert_eq!(status_of(panicked).0, status::PANICKED);
    }
    let reason = || host.module("bad").expect("it is there").reason;
    until("it is given up", || {
        reason().starts_with("it failed after 2 restarts within 60 s: panicked at")
    });
    let (code, message) = status_of(faults.fine().await);
    assert_eq!(
        (code, message),
        (status::UNAVAILABLE, format!("bad is not running: {}", reason()))
    );
    assert!(host.stop().is_empty());
}

#[tokio::test]
async fn a_critical_module_that_is_gone_for_good_takes_the_host_along() {
    let folder = tempfile::tempdir().expect("a folder");
    let more = "critical = true\nrestart-backoff-ms = 1\nrestart-limit = 1";
    let (host, front) = misbehaving(folder.path(), more);
    let faults: FaultsClient = front.client().expect("it is there");
    for generation in 1..=2 {
        until("it is there again", || {
            settled(&host) == (generation, ModuleState::Ready)
        });
        assert_eq!(host.stop_requested(Duration::ZERO), None);
        let panicked = faults.panic_now(&"again".to_owned()).await;
        assert_eq!(status_of(panicked).0, status::PANICKED);
    }
    let reason = host
        .stop_requested(Duration::from_secs(30))
        .expect("it is to stop");
    assert!(
        reason.starts_with("bad: it failed after 1 restarts within 60 s: panicked at"),
        "{reason}"
    );
    assert!(host.stop_is_failure());
    assert!(host.stop().is_empty());
}

#[tokio::test]
async fn a_call_that_never_completes_ends_with_its_deadline() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = misbehaving(folder.path(), "");
    let faults: FaultsClient = front.client().expect("it is there");
    let (code, message) = status_of(faults.with_deadline(Duration::from_millis(50)).never().await);
    assert_eq!(
        (code, message.as_str()),
        (status::TIMEOUT, "the deadline passed before there was an answer")
    );
    // A call that its caller drops is cancelled, and does not hold up the stop.
    drop(faults.never());
    assert!(host.stop().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_not_cbor_is_an_error_of_the_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = misbehaving(folder.path(), "");
    let error = front
        .call_json("fixture.faults.garbage", &json!({}))
        .await
        .expect_err("no answer");
    assert!(
        error
            .to_string()
            .starts_with("internal: fixture.faults.garbage answered what is not of its type:"),
        "{error}"
    );
    assert_eq!(
        front.call_json("fixture.faults.fine", &json!({})).await,
        Ok(json!("fine"))
    );
    assert!(host.stop().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = misbehaving(folder.path(), "");
    let faults: FaultsClient = front.client().expect("it is there");
    let limit = 72 << 20;
    for later in [false, true] {
        // A byte string of this size has five bytes of its own.
        let largest = faults.large(&(limit - 5), &later).await;
        assert_eq!(largest.map(|it| it.0.len() as u64), Ok(limit - 5));
        let message = "the answer of bad is 75497473 bytes long, at most 75497472 are allowed";
        assert_eq!(
            status_of(faults.large(&(limit - 4), &later).await),
            (status::TOO_LARGE, message.to_owned())
        );
    }
    assert!(host.stop().is_empty());
}

#[tokio::test]
async fn a_start_that_panics_fails_or_hangs_leaves_the_others_running() {
    let folder = tempfile::tempdir().expect("a folder");
    let bad = |name: &str, fault: &str| {
        let more = format!("on-failure = \"continue\"\n[modules.{name}.config]\nfault = {fault:?}");
        module(name, "misbehaving", &more)
    };
    let modules = [
        bad("x", "start_panic"),
        bad("y", "start_fail"),
        bad("z", "start_hang"),
        module("hello", "hello", ""),
    ];
    let text = modules.concat();
    // [host] goes on with the timeout, because the data folder is the last line before the modules.
    let host = host(folder.path(), &format!("start-timeout-ms = 300\n{text}")).expect("the host starts");
    until("all have failed", || failures(&host).len() >= 6);
    let reason = |name: &str| host.module(name).expect("it is there").reason;
    assert!(
        reason("x").starts_with("it failed: start panicked: panicked at"),
        "{}",
        reason("x")
    );
    assert!(reason("x").contains("start panics, as configured"));
    assert_eq!(reason("y"), "it failed: start failed: start fails, as configured");
    assert_eq!(
        reason("z"),
        "it failed: start took longer than 300 ms; its thread is given up"
    );
    let front = host.front_end("test", &Grants::all()).expect("a front end");
    assert_eq!(
        front.call_json("fixture.greeter.greet", &json!("Ada")).await,
        Ok(json!("Hello, Ada!"))
    );
    assert!(host.stop().is_empty());
}

#[test]
fn a_start_that_ends_too_late_finds_the_host_still_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let more = "on-failure = \"continue\"\n[modules.x.config]\nfault = \"start_late\"";
    let text = format!("start-timeout-ms = 400\n{}", module("x", "misbehaving", more));
    let host = host(folder.path(), &text).expect("the host starts");
    until("it is given up", || !failures(&host).is_empty());
    assert_eq!(told_to_the_thread(folder.path()), "x has stopped");
    assert!(host.stop().is_empty());
}

#[test]
fn a_thread_that_outlives_its_module_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = module("x", "misbehaving", "[modules.x.config]\nfault = \"leave_thread\"");
    let host = host(folder.path(), &text).expect("the host starts");
    host.unload("x", false).expect("nobody needs it");
    assert_eq!(told_to_the_thread(folder.path()), "x has stopped");
    assert!(host.stop().is_empty());
}

/// What the host answered to the thread that the module `x` has left.
fn told_to_the_thread(folder: &Path) -> String {
    let late = folder.join("data/modules/x/late");
    let answer = || std::fs::read_to_string(&late).unwrap_or_default();
    until("the thread that it left has called", || !answer().is_empty());
    answer()
}

#[tokio::test]
async fn a_module_with_too_many_calls_under_way_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = misbehaving(folder.path(), "");
    let faults: FaultsClient = front.client().expect("it is there");
    let under_way: Vec<_> = (0..4096).map(|_| faults.never()).collect();
    assert_eq!(
        status_of(faults.never().await),
        (status::BUSY, "bad has 4096 calls under way".to_owned())
    );
    drop(under_way);
    until("the calls are cancelled", || host.pending_calls() == 0);
    assert_eq!(faults.fine().await, Ok("fine".to_owned()));
    assert!(host.stop().is_empty());
}

#[tokio::test]
async fn a_panic_in_an_event_handler_restarts_the_module_and_the_next_event_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    let more = "restart-backoff-ms = 1\n[modules.bad.config]\nfault = \"event_panic\"";
    let more = more.replace("bad", "x");
    let modules = module("hello", "hello", "") + &module("x", "misbehaving", &more);
    let host = host(folder.path(), &modules).expect("the host starts");
    let front = host.front_end("test", &Grants::all()).expect("a front end");
    for (name, panics) in [("Ada", 1), ("Bob", 2)] {
        let answer = front.call_json("fixture.greeter.greet", &json!(name)).await;
        assert_eq!(answer, Ok(json!(format!("Hello, {name}!"))));
        until("it was restarted", || {
            host.module("x")
                .is_ok_and(|it| it.restarts == panics && it.state == ModuleState::Ready)
        });
        assert_eq!(host.module("x").map(|it| it.panics).ok(), Some(panics as u64));
    }
    let reason = failures(&host).pop().expect("it has failed");
    assert!(
        reason.contains("the handler panics at Bob, as configured"),
        "{reason}"
    );
    assert!(host.stop().is_empty());
}

#[test]
fn a_configuration_key_that_does_not_exist_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = module("hello", "hello", "[modules.hello.config]\nwrd = \"Hi\"");
    let error = host(folder.path(), &text).err().expect("refused").to_string();
    assert!(
        error.ends_with(
            "bundle.toml:6:1: unknown key \"wrd\" in [modules.hello.config]; did you mean \"word\"?"
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_bad_version_is_rolled_back_with_the_reason_and_the_old_one_serves_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = greeter(folder.path());
    let hello: GreeterClient = front.client().expect("it is there");
    assert_eq!(hello.greet(&"Ada".to_owned()).await, Ok("Hello, Ada!".to_owned()));
    let cases = [
        ("start_panic", "hello is not swapped: start panicked: panicked at"),
        (
            "start_fail",
            "hello is not swapped: start failed: start fails, as configured",
        ),
        (
            "import_panic",
            "hello is not swapped: import panicked: panicked at",
        ),
        (
            "import_fail",
            "hello is not swapped: import failed: import fails, as configured",
        ),
    ];
    for (fault, expected) in cases {
        let config = json!({"fault": fault});
        let error = host
            .swap("hello", &fixture("misbehaving"), config.as_object())
            .expect_err("refused")
            .to_string();
        assert!(error.starts_with(expected), "{error}");
        assert_eq!(
            hello.count().await,
            Ok(1),
            "the old version and its state are there"
        );
    }
    let report = host.module("hello").expect("it is there");
    assert_eq!((report.generation, report.state), (1, ModuleState::Ready));
    assert!(host.stop().is_empty());
}

#[tokio::test]
async fn a_version_whose_start_hangs_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("start-timeout-ms = 300\n{}", module("hello", "hello", HEARS));
    let host = host(folder.path(), &text).expect("the host starts");
    let front = host.front_end("test", &Grants::all()).expect("a front end");
    let hello: GreeterClient = front.client().expect("it is there");
    let config = json!({"fault": "start_hang"});
    let error = host
        .swap("hello", &fixture("misbehaving"), config.as_object())
        .expect_err("refused")
        .to_string();
    assert_eq!(
        error,
        "hello is not swapped: start took longer than 300 ms; its thread is given up"
    );
    assert_eq!(hello.count().await, Ok(0));
    assert!(host.stop().is_empty());
}

#[tokio::test]
async fn what_is_not_granted_is_denied_and_the_rule_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, _) = greeter(folder.path());
    let nobody = host.front_end("nobody", &Grants::default()).expect("a front end");
    let error = nobody.client::<GreeterClient>().expect_err("denied").to_string();
    assert_eq!(
        error,
        "denied: nobody may not call fixture.greeter: the program that made this front end does not grant it; it needs the grant \"fixture.greeter\""
    );
    assert!(host.stop().is_empty());
}

#[tokio::test]
async fn a_module_that_is_gone_is_answered_for_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = greeter(folder.path());
    let hello: GreeterClient = front.client().expect("it is there");
    host.unload("hello", false).expect("nobody needs it");
    assert_eq!(
        status_of(hello.count().await),
        (
            status::UNAVAILABLE,
            "hello is not running: it was unloaded".to_owned()
        )
    );
    assert_eq!(
        status_of(front.client::<EchoClient>().map(drop)).1,
        "no module provides fixture.echo"
    );
    assert!(host.stop().is_empty());
}

#[tokio::test]
async fn two_versions_run_side_by_side_and_a_swap_is_rolled_back_on_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = greeter(folder.path());
    let hello: GreeterClient = front.client().expect("it is there");
    hello.greet(&"Ada".to_owned()).await.expect("it greets");
    let other = backplane_tests::another_build(&fixture("hello"), folder.path(), "other");
    let beside = host
        .load("hello-2", &other, Grants::default(), &json!({"word": "Moin"}))
        .expect("it loads");
    assert_eq!((beside.state, beside.generation), (ModuleState::Ready, 1));
    let report = host.swap("hello", &other, None).expect("it swaps");
    assert_eq!((report.generation, hello.count().await), (2, Ok(1)));
    let report = host.rollback("hello").expect("it goes back");
    assert_eq!((report.generation, hello.count().await), (3, Ok(1)));
    assert!(host.stop().is_empty());
    assert!(workspace().join("Cargo.toml").exists());
}
