//! Servers that give out what they are asked for.

use super::server::{moved, ok, send, serve};
use super::*;
use std::sync::Mutex;

#[test]
fn a_file_comes_with_its_length_in_chunks_and_up_to_the_end() {
    let server = serve(|path, client| {
        let answer = match path {
            "/r/length" => ok("a file"),
            "/r/chunks" => {
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na \r\n4\r\nfile\r\n0\r\n\r\n"
                    .to_vec()
            }
            "/r/end" => b"HTTP/1.0 200 OK\r\n\r\na file".to_vec(),
            _ => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
        };
        send(client, &answer);
    });
    let web = Web::default();
    for file in ["length", "chunks", "end"] {
        let url = format!("http://{server}/r/{file}");
        assert_eq!(get(&web, &url).unwrap(), b"a file", "{file}");
        assert_eq!(
            get_sized(&web, &url, Size::Exactly(6)).unwrap(),
            b"a file",
            "{file}"
        );
    }
    let url = format!("http://{server}/r/other");
    assert_eq!(
        get(&web, &url).unwrap_err().to_string(),
        format!("{url}: the server answered 404: there is no such file")
    );
}

#[test]
fn a_redirect_is_followed_also_to_another_server() {
    let other = serve(|path, client| {
        assert_eq!(path, "/there?v=1");
        send(client, &ok("a file"));
    });
    let server = serve(move |path, client| {
        let answer = match path {
            "/r/index.json" => moved("../moved"),
            _ => moved(&format!("http://{other}/there?v=1#part")),
        };
        send(client, &answer);
    });
    let url = format!("http://{server}/r/index.json");
    assert_eq!(get(&Web::default(), &url).unwrap(), b"a file");
}

#[test]
fn how_far_it_is_is_told_up_to_the_end() {
    let server = serve(|_, client| {
        send(client, &ok(&"x".repeat(300_000)));
    });
    let told = Arc::new(Mutex::new(Vec::new()));
    let web = Web::default().telling({
        let told = told.clone();
        move |download| {
            told.lock()
                .unwrap()
                .push((download.bytes, download.of, download.ended))
        }
    });
    get_sized(&web, &format!("http://{server}/a"), Size::Exactly(300_000)).unwrap();
    let told = told.lock().unwrap();
    assert!(told.len() > 2 && told.is_sorted(), "{told:?}");
    assert_eq!(told.last(), Some(&(300_000, Some(300_000), true)));
    assert_eq!(told.iter().filter(|(_, _, ended)| *ended).count(), 1);
}

#[test]
fn inside_a_runtime_it_works_as_well() {
    let server = serve(|_, client| {
        send(client, &ok("a file"));
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let url = format!("http://{server}/a");
    assert_eq!(
        runtime.block_on(async { get(&Web::default(), &url) }).unwrap(),
        b"a file"
    );
}
