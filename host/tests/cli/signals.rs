//! The end of a host: by signal, by command, and when it will not end.

use crate::host::{HEARS, Host, module, wait_for};
use backplane_test_support::fixture;
use serde_json::json;

#[test]
fn a_signal_stops_the_modules_and_removes_the_socket() {
    for signal in ["INT", "TERM"] {
        let mut host = Host::start(&[module("hello", &fixture("hello"), "")], &[]);
        host.signal(signal);
        let status = host.wait();
        assert_eq!(status.code(), Some(0), "{signal}: {}", host.log());
        assert!(!host.socket().exists());
        assert!(host.log().contains("stopped: the host stops"), "{}", host.log());
    }
}

#[test]
fn the_command_stop_returns_when_the_host_has_ended() {
    let mut host = Host::start(&[module("hello", &fixture("hello"), "")], &[]);
    assert_eq!(host.ok(&["stop"]), "the host has ended\n");
    assert_eq!(host.wait().code(), Some(0), "{}", host.log());
    assert!(!host.socket().exists());
    let (code, message) = host.refused(&["modules"]);
    let socket = host.socket();
    let expected = format!(
        "backplane: no host answers at {}; start one with `backplane run`",
        socket.display()
    );
    assert_eq!((code, message), (3, expected));
    let mut host = Host::start(&[], &[]);
    assert_eq!(host.json(&["stop"]), json!(true));
    assert_eq!(host.wait().code(), Some(0));
}

#[test]
fn a_second_signal_ends_a_host_whose_module_hangs() {
    let hangs = module(
        "bad",
        &fixture("misbehaving"),
        &format!("{HEARS}config = {{ fault = \"stop_hang\" }}"),
    );
    let mut host = Host::start(&[hangs], &[]);
    host.signal("INT");
    wait_for("the host to stop", || {
        host.log().contains("the host stops: Ctrl-C").then_some(())
    });
    host.signal("INT");
    assert_eq!(host.wait().code(), Some(130), "{}", host.log());
    assert!(!host.socket().exists());
}

#[test]
fn a_second_host_is_refused_and_a_killed_one_is_succeeded() {
    let mut host = Host::start(&[], &[]);
    let (code, message) = host.refused(&["run"]);
    let expected = format!(
        "backplane: a host runs at {} already; end it with `backplane stop`, or choose another socket with --socket",
        host.socket().display()
    );
    assert_eq!((code, message), (1, expected));
    host.signal("KILL");
    host.wait();
    assert!(host.socket().exists());
    let status = {
        let mut command = crate::host::backplane(host.folder.path(), &["run", "--log", "off"]);
        let mut second = command.spawn().unwrap();
        wait_for("the second host", || {
            (host.run(&["modules"]).code == Some(0)).then_some(())
        });
        host.ok(&["stop"]);
        crate::host::wait_for_end(&mut second)
    };
    assert_eq!(status.code(), Some(0));
}
