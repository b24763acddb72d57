//! Servers that take their time.

use super::server::{Client, send, serve};
use super::*;
use std::time::Instant;

/// Less patient than is usual.
fn hasty() -> Web {
    Web {
        pace: Pace {
            step: Duration::from_millis(500),
            bytes: 1000,
            time: Duration::from_millis(500),
            all: Duration::from_secs(60),
        },
        ..Web::default()
    }
}

/// How a hasty client fares; in any case it is done before its patience for the whole file is over.
fn refused(web: &Web, answer: impl Fn(&mut dyn Client) + Send + Sync + 'static) -> WebError {
    let server = serve(move |_, client| answer(client));
    let start = Instant::now();
    let refused = get_sized(web, &format!("http://{server}/a"), Size::AtMost(1 << 30)).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(60), "{refused}");
    refused
}

/// Waits until the client hangs up.
fn be_silent(client: &mut dyn Client) {
    // How it does that does not matter.
    let _ = client.read_to_end(&mut Vec::new());
}

#[test]
fn one_that_says_nothing_is_left() {
    let refused = refused(&hasty(), be_silent);
    assert!(
        refused
            .to_string()
            .ends_with(": the server took longer than 0.5 s to answer"),
        "{refused}"
    );
}

#[test]
fn one_that_stops_in_the_middle_is_left() {
    let refused = refused(&hasty(), |client| {
        send(client, b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        send(client, &[0; 5000]);
        be_silent(client);
    });
    assert!(matches!(refused, WebError::Slow { least: 1000, .. }), "{refused}");
}

#[test]
fn one_that_trickles_is_left() {
    let refused = refused(&hasty(), |client| {
        send(client, b"HTTP/1.1 200 OK\r\n\r\n");
        while send(client, b"x") {
            thread::sleep(Duration::from_millis(5));
        }
    });
    assert!(
        refused
            .to_string()
            .contains(": too slow: after 0 bytes, less than 1000 more came within 0.5 s"),
        "{refused}"
    );
}

#[test]
fn one_whose_head_trickles_is_left() {
    let refused = refused(&hasty(), |client| {
        while send(client, b"HTTP/1.1 200 OK\r\nX: y\r\n".as_slice()) {
            thread::sleep(Duration::from_millis(100));
        }
    });
    assert!(
        matches!(refused, WebError::Silent { .. } | WebError::Broken { .. }),
        "{refused}"
    );
}

#[test]
fn one_that_goes_on_for_ever_is_left() {
    let mut web = hasty();
    web.pace.bytes = 1;
    web.pace.all = Duration::from_secs(1);
    let refused = refused(&web, |client| {
        send(client, b"HTTP/1.1 200 OK\r\n\r\n");
        while send(client, b"x") {
            thread::sleep(Duration::from_millis(10));
        }
    });
    assert!(
        refused.to_string().ends_with(": it was not there within 1 s"),
        "{refused}"
    );
}
