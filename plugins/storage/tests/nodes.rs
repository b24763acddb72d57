//! Nodes that share a job on a PostgreSQL server, and the loss of the server.

mod common;
#[path = "postgres/server.rs"]
mod server;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{eventually, key, rows, store_with};
use server::TestServer;
use storage_plugin::{
    Ack, Batch, Change, CipherKey, Error, KeyRange, Options, Scan, Server, Session, Store, Watch, encoding,
};
use tempfile::TempDir;

fn shared() -> &'static TestServer {
    static SERVER: OnceLock<TestServer> = OnceLock::new();
    SERVER.get_or_init(TestServer::start)
}

/// A store with connections of its own, as each node has.
fn node(url: &str) -> (TempDir, Store) {
    let server = Server::new(url).unwrap();
    store_with(Options {
        servers: [("j".to_owned(), server)].into(),
        ..Options::default()
    })
}

fn session(store: &Store) -> Session {
    store.open_job("j").unwrap().session()
}

fn next(watch: &mut Watch) -> Change {
    let mut told = None;
    eventually("a change", || {
        told = watch.try_next();
        told.is_some()
    });
    told.unwrap()
}

#[test]
fn what_one_node_writes_the_others_read_and_are_told_of_in_order() {
    let url = shared().new_database();
    let ((_a, one), (_b, other)) = (node(&url), node(&url));
    let (writer, reader) = (session(&one), session(&other));
    let (mut own, mut foreign) = (
        writer.watch("c", KeyRange::all()).unwrap(),
        reader.watch("c", KeyRange::all()).unwrap(),
    );
    for number in 1..=20 {
        writer.put("c", key(number), "x").unwrap();
    }
    assert_eq!(reader.count("c", &KeyRange::all()).unwrap(), 20);
    let short = Batch::new().put_for("c", key(21), "x", Some(Duration::from_millis(20)));
    reader.persist(short, Ack::Applied).unwrap().wait().unwrap();
    for number in 1..=20u64 {
        let key = key(number as i64);
        let put = |sequence| Change::Put {
            sequence,
            key: key.clone(),
        };
        assert_eq!((next(&mut own), next(&mut foreign)), (put(number), put(0)));
    }
    assert!(matches!(next(&mut own), Change::Put { sequence: 0, .. }));
    assert!(matches!(next(&mut foreign), Change::Put { sequence: 1, .. }));
    for watch in [&mut own, &mut foreign] {
        assert_eq!(next(watch), Change::Expired { key: key(21) });
    }
    // What is too long to be told is told as a gap.
    writer.put("c", vec![7; 5_000], "x").unwrap();
    assert_eq!(next(&mut foreign), Change::Lost { changes: 1 });

    other.drop_job("j").unwrap();
    let error = writer.put("c", key(1), "x").unwrap_err();
    assert_eq!(error, Error::JobNotFound { job: "j".into() });
    assert!(one.list_jobs().unwrap().is_empty());
}

/// Adds one to a number until it was added `times` times.
fn count(session: &Session, times: i64) {
    for _ in 0..times {
        loop {
            let before = session.get("c", key(0)).unwrap();
            let number = before
                .as_deref()
                .map_or(0, |payload| encoding::decode(payload).unwrap());
            let now = encoding::payload(&(number + 1i64)).unwrap();
            if session.compare_and_put("c", key(0), before, now).unwrap() {
                break;
            }
        }
    }
}

#[test]
fn nodes_that_compare_and_put_at_once_lose_nothing() {
    let url = shared().new_database();
    let nodes = [node(&url), node(&url), node(&url)];
    thread::scope(|scope| {
        for (_, store) in &nodes {
            let session = session(store);
            scope.spawn(move || count(&session, 40));
        }
    });
    let number = session(&nodes[0].1).get("c", key(0)).unwrap().unwrap();
    assert_eq!(encoding::decode::<i64>(&number).unwrap(), 120);
}

#[test]
fn a_batch_that_expects_what_another_node_removes_is_not_half_right() {
    // Each node writes its own key if the other's is absent: together they must not both succeed.
    let url = shared().new_database();
    let nodes = [node(&url), node(&url)];
    let sessions: Vec<_> = nodes.iter().map(|(_, store)| session(store)).collect();
    for round in 0..30 {
        let written: Vec<bool> = thread::scope(|scope| {
            let tries: Vec<_> = (0..2)
                .map(|own| {
                    let session = &sessions[own as usize];
                    let batch = Batch::new().expect("c", key(2 * round + 1 - own), None).put(
                        "c",
                        key(2 * round + own),
                        "x",
                    );
                    scope.spawn(move || session.persist(batch, Ack::Applied).unwrap().wait())
                })
                .collect();
            let ended = tries.into_iter().map(|it| it.join().unwrap());
            ended
                .map(|outcome| match outcome {
                    Ok(_) => true,
                    Err(Error::Conflict { op: 0 }) => false,
                    Err(error) => panic!("{error}"),
                })
                .collect()
        });
        assert_eq!(
            written.iter().filter(|written| **written).count(),
            1,
            "round {round}"
        );
    }
}

/// Writes pairs of rows until it is told to end; gives the numbers that were acknowledged as durable.
fn write_pairs(session: &Session, end: &AtomicBool, failures: &mut Vec<Error>) -> Vec<i64> {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        if end.load(Ordering::Relaxed) {
            break;
        }
        let batch = Batch::new()
            .put("a", key(number), vec![7; 300])
            .put("b", key(number), "x");
        match session.persist(batch, Ack::Durable).unwrap().wait() {
            Ok(_) => acknowledged.push(number),
            Err(error) => failures.push(error),
        }
    }
    acknowledged
}

#[test]
fn the_loss_of_the_server_loses_nothing_acknowledged_and_is_told_by_type() {
    let server = TestServer::start();
    let (_directory, store) = node(&server.new_database());
    let writer = session(&store);
    let mut watch = writer.watch("mark", KeyRange::all()).unwrap();
    let file = store.open_job("other").unwrap().session();
    let (end, mut failures) = (AtomicBool::new(false), Vec::new());
    let acknowledged = thread::scope(|scope| {
        let (failures, session, end) = (&mut failures, writer.clone(), &end);
        let writing = scope.spawn(move || write_pairs(&session, end, failures));
        for round in 0..2 {
            let before = writer.count("a", &KeyRange::all()).unwrap();
            eventually("some writes", || {
                writer.count("a", &KeyRange::all()).unwrap() > before + 20
            });
            server.tell("stop");
            let reading = Instant::now();
            let read = writer.get("c", key(1));
            assert!(matches!(read, Err(Error::Unavailable { .. })), "{read:?}");
            assert!(reading.elapsed() < Duration::from_secs(20));
            // Jobs that are files go on.
            file.put("c", key(round), "x").unwrap();
            server.tell("start");
            eventually("the server", || writer.get("c", key(1)).is_ok());
        }
        end.store(true, Ordering::Relaxed);
        writing.join().unwrap()
    });
    for error in &failures {
        assert!(
            matches!(error, Error::Unavailable { .. } | Error::OutcomeUnknown),
            "{error:?}"
        );
    }
    assert!(
        !failures.is_empty() && acknowledged.len() > 40,
        "{} acknowledged",
        acknowledged.len()
    );
    let numbers = |category| -> Vec<i64> {
        let found = rows(&writer, category, Scan::new(KeyRange::all()).keys_only());
        found
            .iter()
            .map(|row| encoding::decode(row.key.as_bytes()).unwrap())
            .collect()
    };
    let (a, b) = (numbers("a"), numbers("b"));
    assert_eq!(a, b, "a batch is halved");
    assert!(
        acknowledged.iter().all(|number| a.binary_search(number).is_ok()),
        "a write is lost"
    );
    // A write that was told as not applied is not there, unless it is unknown.
    let unknown = failures
        .iter()
        .filter(|error| **error == Error::OutcomeUnknown)
        .count();
    assert!(a.len() <= acknowledged.len() + unknown);
    assert!(matches!(next(&mut watch), Change::Lost { .. }));
    assert_eq!(file.count("c", &KeyRange::all()).unwrap(), 2);
    println!(
        "{} acknowledged, {} failed, {unknown} unknown",
        acknowledged.len(),
        failures.len()
    );
}

#[test]
fn a_server_that_cannot_be_reached_is_an_error_without_the_password() {
    let (_directory, store) = node("postgres://somebody:a-secret@127.0.0.1:1/database");
    let error = store.open_job("j").err().unwrap();
    assert_eq!(
        error.to_string(),
        "the server of the job is unavailable: the connection is refused"
    );
    assert_eq!(store.list_jobs().unwrap(), ["j"], "it may be there");
    store.open_job("file").unwrap();
    let server = Server::new("postgres://somebody:a-secret@127.0.0.1:1/database").unwrap();
    assert_eq!(format!("{server:?}"), "Server(127.0.0.1/database)");
    let expected = "is not postgres://USER:PASSWORD@HOST:PORT/DATABASE";
    for (url, reason) in [
        ("postgres://somebody:a-secret@host:port/database", expected),
        ("postgres:///x", "names no host"),
        ("mysql://a-secret", "must begin with postgres://"),
    ] {
        let refused = Server::new(url).err().unwrap().to_string();
        assert_eq!(refused, format!("url: {reason}"));
    }
}

#[test]
fn a_login_that_is_refused_is_told_at_once() {
    let url = shared().new_database();
    let (_directory, store) = node(&url.replace("backplane@", "nobody:a-secret@"));
    let error = store.open_job("j").err().unwrap();
    assert_eq!(
        error.to_string(),
        "the server of the job is unavailable: the login is refused"
    );
}

#[test]
fn a_newer_format_is_refused_and_left_as_it_is() {
    let url = shared().new_database();
    let (_directory, store) = node(&url);
    session(&store).put("c", key(1), "x").unwrap();
    store.close_job("j").unwrap();
    let database = url.rsplit('/').next().unwrap();
    shared().sql(database, "UPDATE backplane.job SET format = 2");
    let refused = Error::IncompatibleVersion {
        job: "j".into(),
        found: 2,
        supported: 1,
    };
    assert_eq!(store.open_job("j").err(), Some(refused));
    assert_eq!(shared().sql(database, "SELECT count(*) FROM backplane.kv_1"), "1");
}

#[test]
fn what_is_for_files_alone_is_refused() {
    let (directory, store) = node(&shared().new_database());
    let refused = store.import_job("j", directory.path()).unwrap_err();
    let reason = "job id: is kept by a server; only a file can be imported";
    assert_eq!(refused.to_string(), reason);
    store.open_job("j").unwrap();
    let key = Some(CipherKey::new(vec![7; 32]).unwrap());
    assert!(store.open_job_with("j", key.clone()).is_err());
    assert!(store.rekey_job("j", None, key, false).is_err());
    session(&store).put("c", common::key(1), "x").unwrap();
}

#[test]
fn counts_and_lookups_go_by_the_index() {
    let url = shared().new_database();
    let (_directory, store) = node(&url);
    session(&store).put("c", key(1), "x").unwrap();
    let database = url.rsplit('/').next().unwrap();
    let plan = shared().sql(
        database,
        "SET enable_seqscan = off; EXPLAIN SELECT head, tail FROM backplane.kv_1
         WHERE (head, tail) >= ('a', '') AND (head, tail) < ('b', '') ORDER BY head, tail LIMIT 10",
    );
    assert!(
        plan.contains("Index Scan using kv_1_pkey") && plan.contains("Incremental Sort"),
        "{plan}"
    );
}

#[test]
fn many_openings_leave_no_connection_behind() {
    let url = shared().new_database();
    let (_directory, store) = node(&url);
    for _ in 0..100 {
        let session = session(&store);
        let watch = session.watch("c", KeyRange::all()).unwrap();
        session.put("c", key(1), "x").unwrap();
        session.get("c", key(1)).unwrap();
        drop(watch);
        store.close_job("j").unwrap();
    }
    let database = url.rsplit('/').next().unwrap();
    let connections = || {
        let count = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}'");
        shared().sql("postgres", &count)
    };
    // One that reads and one that writes.
    eventually("the end of those that listened", || connections() == "2");
    drop(store);
    eventually("the end of all", || connections() == "0");
}
