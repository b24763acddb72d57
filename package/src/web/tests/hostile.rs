//! Servers that give out what nobody asked for.

use super::server::{moved, ok, send, serve};
use super::*;
use std::net::TcpListener;

/// How a server fares whose answer to everything is `answer`.
fn refused(answer: impl Fn(&mut dyn server::Client) + Send + Sync + 'static) -> (String, WebError) {
    let server = serve(move |_, client| answer(client));
    let url = format!("http://{server}/index.json");
    let error = get(&Web::default(), &url).unwrap_err();
    (url, error)
}

/// The same with an answer that is sent as it is, after which the connection ends.
fn refused_after(answer: &[u8]) -> WebError {
    let answer = answer.to_owned();
    refused(move |client| {
        send(client, &answer);
    })
    .1
}

#[test]
fn a_file_without_end_is_left_at_its_limit() {
    let (url, endless) = refused(|client| {
        send(client, b"HTTP/1.1 200 OK\r\n\r\n");
        while send(client, &[b'x'; 500]) {}
    });
    assert_eq!(
        endless.to_string(),
        format!("{url}: the file is larger than 1024 bytes")
    );
    let (_, endless) = refused(|client| {
        send(client, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while send(client, b"5\r\nxxxxx\r\n") {}
    });
    assert!(
        matches!(endless, WebError::TooLarge { limit: 1024, .. }),
        "{endless}"
    );
}

#[test]
fn a_file_that_says_that_it_is_too_large_is_not_read() {
    let server = serve(|_, client| {
        send(
            client,
            b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\n",
        );
    });
    let web = Web::default();
    let url = format!("http://{server}/a");
    let refused = get(&web, &url).unwrap_err();
    assert!(matches!(refused, WebError::TooLarge { .. }), "{refused}");
    let refused = get_sized(&web, &url, Size::Exactly(7)).unwrap_err();
    assert!(
        refused
            .to_string()
            .ends_with("the file has 9000000000000000000 bytes, the index says 7"),
        "{refused}"
    );
}

#[test]
fn a_file_of_another_length_than_it_says_or_the_index_says_is_refused() {
    for cut in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nless"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nxx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nxx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nless",
    ] {
        let refused = refused_after(cut);
        assert!(matches!(refused, WebError::Broken { .. }), "{refused}");
    }
    let server = serve(|path, client| {
        let answer = match path {
            "/said" => ok("less"),
            _ => b"HTTP/1.0 200 OK\r\n\r\nless".to_vec(),
        };
        send(client, &answer);
    });
    for file in ["said", "unsaid"] {
        for size in [3, 5] {
            let url = format!("http://{server}/{file}");
            let refused = get_sized(&Web::default(), &url, Size::Exactly(size)).unwrap_err();
            assert!(
                matches!(refused, WebError::OtherSize { found: 4, .. }),
                "{refused}"
            );
        }
    }
}

#[test]
fn what_is_no_answer_of_http_is_refused() {
    for nonsense in [
        &b""[..],
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    ] {
        let refused = refused_after(nonsense);
        assert!(matches!(refused, WebError::Broken { .. }), "{refused}");
    }
    let (_, headers) = refused(|client| {
        send(client, b"HTTP/1.1 200 OK\r\n");
        while send(
            client,
            b"X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n",
        ) {}
    });
    assert!(matches!(headers, WebError::Broken { .. }), "{headers}");
    for (answer, status) in [
        (&b"HTTP/1.1 206 Partial\r\n\r\n"[..], 206),
        (b"HTTP/1.1 304 Same\r\n\r\n", 304),
    ] {
        let refused = refused_after(answer);
        assert!(
            matches!(&refused, WebError::Status { status: found, .. } if *found == status),
            "{refused}"
        );
    }
}

#[test]
fn redirects_without_end_or_to_elsewhere_are_not_followed() {
    let (url, circle) = refused(|client| {
        send(client, &moved("/index.json"));
    });
    assert_eq!(circle.to_string(), format!("{url}: more than 5 redirects"));
    for (to, problem) in [
        ("file:///etc/passwd", RedirectProblem::Scheme),
        ("http://me:secret@127.0.0.1/", RedirectProblem::Credentials),
        ("", RedirectProblem::NoUrl),
    ] {
        let refused = refused_after(&moved(to));
        assert!(
            matches!(&refused, WebError::Redirect { problem: found, .. } if *found == problem),
            "{refused}"
        );
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/a", listener.local_addr().unwrap());
    drop(listener);
    let refused = get(&Web::default(), &url).unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with(&format!("{url}: the server cannot be reached: ")),
        "{refused}"
    );
}
