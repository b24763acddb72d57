//! Streams between modules, and what becomes of them when one of their ends goes away.

use backplane_host::bundle::Grants;
use backplane_host::{FrontEnd, Host};
use backplane_sdk::plugin_api::status;
use backplane_sdk::{Bytes, CallError, Stream, Value};
use backplane_test_support::fixture;
use backplane_tests::{another_build, host, until};
use fixture_streams_api::{ConsumerClient, Row, RowsClient};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// What one stream holds at most, and what is read at a time.
const WINDOW: u64 = (1 << 20) + (64 << 10);

fn start(folder: &Path, modules: &[(&str, &str)]) -> (Host, FrontEnd) {
    let module = |(name, plugin): &(&str, &str)| {
        format!(
            "[modules.{name}]\nplugin = {:?}\ngrants = [\"stream.rows\"]\n",
            fixture(plugin)
        )
    };
    let modules: String = modules.iter().map(module).collect();
    let host = host(folder, &modules).expect("the host starts");
    let front = host.front_end("test", &Grants::all()).expect("a front end");
    (host, front)
}

fn row(number: u64, size: usize) -> Row {
    Row {
        number,
        cells: Bytes(vec![number as u8; size]),
    }
}

/// The rest of a stream, and the error that it ends with.
async fn rest<T: Value>(stream: &mut Stream<T>) -> (Vec<T>, Option<CallError>) {
    let mut items = Vec::new();
    while let Some(item) = stream.next().await {
        match item {
            Ok(item) => items.push(item),
            Err(error) => return (items, Some(error)),
        }
    }
    (items, None)
}

fn host_error(status: i32, message: &str) -> Option<CallError> {
    let message = message.to_owned();
    Some(CallError::Host { status, message })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_holds_up_the_writer_and_nobody_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = start(folder.path(), &[("rows", "streams")]);
    let rows: RowsClient = front.client().expect("it is there");
    let (count, size) = (1024, 64 << 10);
    let mut scan = rows.scan(&0, &count, &(size as u32)).await.expect("a stream");
    for number in 0..count {
        assert_eq!(scan.next().await, Some(Ok(row(number, size))));
        if number % 64 == 0 {
            let written = rows.written().await.expect("the module answers meanwhile");
            let ahead = written.saturating_sub(number + 1) * size as u64;
            assert!(ahead <= WINDOW, "{ahead} bytes are ahead of the reader");
        }
    }
    assert_eq!(scan.next().await, None);
    assert_eq!(rows.written().await, Ok(count));
    assert_eq!(host.pending_calls(), 0);
    assert!(host.stop().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_module_downloads_uploads_and_passes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let modules = [("rows", "streams"), ("consumer", "streams-consumer")];
    let (host, front) = start(folder.path(), &modules);
    let consumer: ConsumerClient = front.client().expect("it is there");
    assert_eq!(consumer.download(&1000, &10_000).await, Ok(499_500));
    assert_eq!(consumer.upload(&1000, &10_000).await, Ok(499_500));
    let mut passed = consumer.pass_on(&1000).await.expect("a stream");
    let (items, error) = rest(&mut passed).await;
    assert_eq!((items.len(), error), (1000, None));

    let rows: RowsClient = front.client().expect("it is there");
    let (mut sender, upload) = front.channel();
    let write = async {
        for number in 0..100 {
            sender.send(&row(number, 100_000)).await.expect("it is taken");
        }
        drop(sender);
    };
    let (sum, ()) = tokio::join!(async { rows.put(&upload).await }, write);
    assert_eq!(sum, Ok(4950));
    let mut page = rows.page(&3).await.expect("a page");
    assert_eq!((page.count, rest(&mut page.rows).await.0.len()), (3, 3));
    assert!(host.stop().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_writes_is_told_that_nobody_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = start(folder.path(), &[("rows", "streams")]);
    let rows: RowsClient = front.client().expect("it is there");
    let mut scan = rows.scan(&0, &u64::MAX, &1000).await.expect("a stream");
    assert!(scan.next().await.expect("a row").is_ok());
    drop(scan);
    assert_eq!(rows.closed().await, Ok(status::CANCELLED));

    let call = rows.never();
    let gave_up = tokio::time::timeout(Duration::from_millis(50), async { call.await }).await;
    assert!(gave_up.is_err());
    assert_eq!(
        rows.closed().await,
        Ok(status::CANCELLED),
        "a cancelled call closes what it would have answered"
    );

    let (mut sender, upload) = front.channel();
    sender.send(&row(7, 1)).await.expect("there is room");
    assert_eq!(rows.hold(&upload).await, Ok(Some(row(7, 1))));
    sender.send(&row(8, 1)).await.expect("it is held, and not read");
    host.unload("rows", false).expect("nobody needs it");
    let closed = sender.send(&row(9, 1)).await.expect_err("the module is gone");
    assert_eq!(closed.status, status::CANCELLED);
    assert!(host.stop().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_ends_a_stream_after_what_was_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = start(folder.path(), &[("rows", "streams")]);
    let rows: RowsClient = front.client().expect("it is there");
    let mut cursed = rows.cursed(&3).await.expect("a stream");
    let (items, error) = rest(&mut cursed).await;
    assert_eq!(items, [row(0, 1), row(1, 1), row(2, 1)]);
    let error = error.expect("it is not complete");
    assert_eq!(error.status(), status::PANICKED);
    assert!(error.to_string().contains("row 3 is cursed"), "{error}");

    let mut endless = rows.scan(&0, &u64::MAX, &100_000).await.expect("a stream");
    assert_eq!(endless.next().await, Some(Ok(row(0, 100_000))));
    let panicked = rows.panic_now().await.expect_err("it panics");
    assert_eq!(panicked.status(), status::PANICKED);
    let (items, error) = rest(&mut endless).await;
    assert!(items.iter().map(|row| row.number).eq(1..=items.len() as u64));
    let error = error.expect("it is not complete");
    assert_eq!(error.status(), status::UNAVAILABLE);
    let message = error.to_string();
    assert!(
        message.contains("rows failed: ") && message.contains("the store is cursed"),
        "{message}"
    );
    assert!(host.stop().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swap_ends_streams_and_a_reader_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = start(folder.path(), &[("rows", "streams")]);
    let rows: RowsClient = front.client().expect("it is there");
    let next = another_build(&fixture("streams"), folder.path(), "next");
    let count = 200;
    let mut scan = rows.scan(&0, &count, &100_000).await.expect("a stream");
    let mut read = Vec::new();
    for _ in 0..10 {
        read.push(scan.next().await.expect("a row").expect("it comes"));
    }
    let report = tokio::task::block_in_place(|| host.swap("rows", &next, None)).expect("it is swapped");
    assert_eq!(report.abandoned, 0);
    assert!(report.total_us < 5_000_000, "a stream does not hold up a swap");
    let (written, error) = rest(&mut scan).await;
    assert!(!written.is_empty(), "what was written is still read");
    assert_eq!(error, host_error(status::UNAVAILABLE, "rows was exchanged"));
    read.extend(written);
    let from = read.len() as u64;
    let mut scan = rows
        .scan(&from, &(count - from), &100_000)
        .await
        .expect("a stream");
    let (written, error) = rest(&mut scan).await;
    assert_eq!(error, None);
    read.extend(written);
    assert!(read.iter().map(|row| row.number).eq(0..count));

    let mut scan = rows.scan(&0, &u64::MAX, &1).await.expect("a stream");
    tokio::task::block_in_place(|| host.unload("rows", false)).expect("nobody needs it");
    let (_, error) = rest(&mut scan).await;
    assert_eq!(error, host_error(status::UNAVAILABLE, "rows was stopped"));
    assert!(host.stop().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_outlives_the_library_that_wrote_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let modules = [("rows", "streams-clean"), ("consumer", "streams-consumer")];
    let (host, front) = start(folder.path(), &modules);
    let rows: RowsClient = front.client().expect("it is there");
    let consumer: ConsumerClient = front.client().expect("it is there");
    assert_eq!(consumer.download(&100, &10_000).await, Ok(4950));
    assert_eq!(consumer.upload(&100, &10_000).await, Ok(4950));
    let mut short = rows.scan(&0, &5, &1000).await.expect("a stream");
    let mut page = rows.page(&5).await.expect("a page");
    let mut endless = rows.scan(&0, &u64::MAX, &1000).await.expect("a stream");
    for number in 0..2000 {
        let read = endless.next().await;
        assert_eq!(
            read,
            Some(Ok(row(number, 1000))),
            "the writer is woken from here, too"
        );
    }
    let is_written = || async { rows.written().await.expect("it answers") > 2500 };
    while !is_written().await {
        tokio::task::yield_now().await;
    }
    let sha256 = host.module("rows").expect("it is there").sha256;
    let is_mapped = || {
        let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux");
        maps.contains(&sha256)
    };
    assert!(is_mapped());
    tokio::task::block_in_place(|| {
        host.unload("consumer", false).expect("nobody needs it");
        host.unload("rows", false).expect("nobody needs it");
        until("it is unmapped", || !is_mapped());
    });
    assert_eq!(rest(&mut short).await.0.len(), 5);
    assert_eq!(rest(&mut page.rows).await.0.len(), 5);
    let (items, error) = rest(&mut endless).await;
    assert!(!items.is_empty());
    assert_eq!(error, host_error(status::UNAVAILABLE, "rows was stopped"));
    assert!(host.stop().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_a_list_where_json_is_spoken() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = start(folder.path(), &[("rows", "streams")]);
    let args = json!({"from": 3, "count": 2, "size": 1});
    let rows = json!([{"number": 3, "cells": "0x03"}, {"number": 4, "cells": "0x04"}]);
    assert_eq!(front.call_json("stream.rows.scan", &args).await, Ok(rows.clone()));
    let page = json!({"count": 1, "rows": [{"number": 0, "cells": "0x00"}]});
    assert_eq!(
        front.call_json("stream.rows.page", &json!({"count": 1})).await,
        Ok(page)
    );
    assert_eq!(
        front.call_json("stream.rows.put", &json!({"rows": rows})).await,
        Ok(json!(7))
    );
    assert_eq!(
        front.call_json("stream.rows.put", &json!({"rows": []})).await,
        Ok(json!(0))
    );

    let refused = async |count: u64, size: u32| {
        let args = json!({"from": 0, "count": count, "size": size});
        let error = front.call_json("stream.rows.scan", &args).await;
        error.expect_err("too much").to_string()
    };
    assert_eq!(
        refused(200_000, 1).await,
        "too_large: stream.rows.scan: the stream has more than 100000 items, the limit of an answer in JSON"
    );
    assert_eq!(
        refused(1000, 100_000).await,
        "too_large: stream.rows.scan: the stream has more than 16777216 bytes, the limit of an answer in JSON"
    );
    let torn = front.call_json("stream.rows.cursed", &json!({"count": 1})).await;
    let torn = torn.expect_err("it is not complete").to_string();
    assert!(torn.starts_with("panicked: stream.rows.cursed: "), "{torn}");
    let error = front.call_json("stream.rows.put", &json!({"rows": [{}]})).await;
    assert_eq!(
        error.expect_err("no row").to_string(),
        "bad_arguments: stream.rows.put: rows[0].number: missing, expected u64"
    );
    assert!(host.stop().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_in_c_streams_and_cannot_write_to_the_streams_of_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = start(folder.path(), &[("rows", "streams"), ("c", "c-streams")]);
    let rows: RowsClient = front.client().expect("it is there");
    let mut endless = rows.scan(&0, &u64::MAX, &1000).await.expect("a stream");
    assert!(endless.next().await.expect("a row").is_ok());
    assert_eq!(
        front.call_json("stream.c.count", &json!({})).await,
        Ok(json!([1, 2, 3]))
    );
    assert_eq!(front.call_json("stream.c.steal", &json!({})).await, Ok(json!(0)));
    assert_eq!(endless.next().await, Some(Ok(row(1, 1000))), "it goes on");
    assert!(host.stop().is_empty());
}
