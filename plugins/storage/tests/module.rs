//! The module as others meet it: whose job it is, and what only the interface has.

mod common;

use std::fmt::Debug;

use backplane_sdk::test::{Bench, Running};
use backplane_sdk::{Bytes, CallError};
use rusqlite::Connection;
use serde_json::json;
use storage_api::{
    Ack, AdminClient, Change, Fault, KeyRange, KvClient, KvError, Op, Scan, TypedCategory, TypedError,
};
use storage_plugin::{Storage, limits};
use tempfile::TempDir;

async fn storage(config: serde_json::Value) -> (TempDir, Running<Storage>) {
    let directory = tempfile::tempdir().unwrap();
    let bench = Bench::new().data_dir(directory.path());
    let running = bench.start_json::<Storage>(config).await.unwrap();
    (directory, running)
}

fn c() -> String {
    "c".to_owned()
}

fn s(text: &str) -> String {
    text.to_owned()
}

fn text(text: &str) -> Bytes {
    text.as_bytes().into()
}

async fn put(kv: &KvClient, job: &str, key: &str, payload: &str) -> Result<(), CallError<KvError>> {
    kv.put(&s(job), &c(), &text(key), &text(payload), &false, &None)
        .await
}

async fn get(kv: &KvClient, job: &str, key: &str) -> Result<Option<Bytes>, CallError<KvError>> {
    kv.get(&s(job), &c(), &text(key)).await
}

#[track_caller]
fn refusal<T: Debug>(answer: Result<T, CallError<KvError>>) -> String {
    match answer {
        Err(CallError::Interface(error)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn two_callers_that_name_the_same_job_have_two() {
    let (directory, storage) = storage(json!({})).await;
    let (chat, notes): (KvClient, KvClient) = (storage.client_as("chat"), storage.client_as("notes"));
    put(&chat, "history", "a", "of chat").await.unwrap();
    put(&notes, "history", "a", "of notes").await.unwrap();
    assert_eq!(get(&chat, "history", "a").await.unwrap(), Some(text("of chat")));
    assert_eq!(
        get(&notes, "notes/history", "a").await.unwrap(),
        Some(text("of notes"))
    );
    assert_eq!(chat.list_jobs().await.unwrap(), ["history"]);
    assert!(directory.path().join("chat%2Fhistory.db").exists());

    notes.drop_job(&s("history")).await.unwrap();
    assert_eq!(notes.list_jobs().await.unwrap(), Vec::<String>::new());
    assert_eq!(get(&chat, "history", "a").await.unwrap(), Some(text("of chat")));
}

#[tokio::test]
async fn no_call_leads_to_the_job_of_another() {
    let (directory, storage) = storage(json!({})).await;
    let (chat, notes): (KvClient, KvClient) = (storage.client_as("chat"), storage.client_as("notes"));
    put(&chat, "history", "a", "1").await.unwrap();
    let job = s("chat/history");
    let expected = "job: belongs to \"chat\"; \"notes\" has no access to it";
    let key = text("a");
    let all = KeyRange::All;
    let ops = vec![Op::put("c", "b".as_bytes(), "2".as_bytes())];
    let refusals = [
        refusal(notes.persist(&job, &ops, &Ack::Queued, &false).await),
        refusal(notes.barrier(&job).await),
        refusal(notes.flush(&job).await),
        refusal(get(&notes, &job, "a").await),
        refusal(notes.get_many(&job, &c(), &vec![key.clone()]).await),
        refusal(notes.exists(&job, &c(), &key).await),
        refusal(notes.count(&job, &c(), &all).await),
        refusal(notes.scan(&job, &c(), &Scan::new(all.clone())).await),
        refusal(put(&notes, &job, "a", "2").await),
        refusal(notes.put_if_absent(&job, &c(), &key, &key, &false, &None).await),
        refusal(notes.compare_and_put(&job, &c(), &key, &None, &key, &false).await),
        refusal(notes.delete(&job, &c(), &key, &false).await),
        refusal(notes.delete_range(&job, &c(), &all, &false).await),
        refusal(notes.list_categories(&job, &None, &10).await),
        refusal(notes.stats(&job).await),
        refusal(notes.watch(&job, &c(), &all).await),
        refusal(notes.close_job(&job).await),
        refusal(notes.drop_job(&job).await),
    ];
    for refusal in refusals {
        assert_eq!(refusal, expected);
    }
    // Nor does a name that looks like a path.
    for name in ["../chat/history", "chat//history", "/", "chat/"] {
        let refused = refusal(put(&notes, name, "a", "2").await);
        assert!(refused.starts_with("job: "), "{refused}");
    }
    assert_eq!(get(&chat, "history", "a").await.unwrap(), Some(text("1")));
    let path = directory.path().join("copy.db");
    let refused = refusal(notes.backup_job(&s("own"), &s(path.to_str().unwrap())).await);
    assert_eq!(
        refused,
        "path: \"notes\" may not name one: it has no access to all jobs"
    );
    assert_eq!(
        refusal(notes.import_job(&s("own"), &s("/etc/passwd")).await),
        refused
    );
}

#[tokio::test]
async fn the_configuration_gives_access_to_jobs_of_others() {
    let access = json!({ "access": { "notes": ["chat/history"], "desk": ["chat/*"], "root": ["*"] } });
    let (_directory, storage) = storage(access).await;
    let chat: KvClient = storage.client_as("chat");
    put(&chat, "history", "a", "1").await.unwrap();
    put(&chat, "secret", "a", "2").await.unwrap();

    let notes: KvClient = storage.client_as("notes");
    put(&notes, "own", "a", "3").await.unwrap();
    assert_eq!(notes.list_jobs().await.unwrap(), ["chat/history", "own"]);
    put(&notes, "chat/history", "b", "of notes").await.unwrap();
    assert_eq!(get(&chat, "history", "b").await.unwrap(), Some(text("of notes")));
    refusal(get(&notes, "chat/secret", "a").await);

    let desk: KvClient = storage.client_as("desk");
    assert_eq!(desk.list_jobs().await.unwrap(), ["chat/history", "chat/secret"]);
    let root: KvClient = storage.client_as("root");
    assert_eq!(
        root.list_jobs().await.unwrap(),
        ["chat/history", "chat/secret", "notes/own"]
    );
    // What is configured stands in place of the default.
    let cli: KvClient = storage.client_as("cli");
    assert_eq!(cli.list_jobs().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_key_with_a_time_to_live_is_gone_after_it() {
    let (_directory, storage) = storage(json!({})).await;
    let kv: KvClient = storage.client();
    let (one, two, three) = (text("1"), text("2"), text("3"));
    kv.put(&s("j"), &c(), &one, &one, &false, &Some(30))
        .await
        .unwrap();
    assert!(
        kv.put_if_absent(&s("j"), &c(), &two, &two, &false, &Some(30))
            .await
            .unwrap()
    );
    let op = Op::Put {
        category: c(),
        key: three,
        payload: text(""),
        ttl_ms: Some(30),
    };
    kv.persist(&s("j"), &vec![op], &Ack::Applied, &true)
        .await
        .unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while kv.count(&s("j"), &c(), &KeyRange::All).await.unwrap() > 0 {
        assert!(std::time::Instant::now() < deadline, "the keys did not expire");
        tokio::task::yield_now().await;
    }
    let refused = kv.put(&s("j"), &c(), &one, &one, &false, &Some(0)).await;
    assert_eq!(refusal(refused), "time to live: must be 1 ms to 3153600000000 ms");
}

#[tokio::test]
async fn a_job_has_the_quota_that_is_configured_for_it() {
    let quotas = json!({ "quota": 1_000_000, "quotas": { "chat/small": 131_072 } });
    let (_directory, storage) = storage(quotas).await;
    let kv: KvClient = storage.client_as("chat");
    let large = Bytes(vec![7; 200_000]);
    let refused = kv.put(&s("small"), &c(), &text("a"), &large, &false, &None).await;
    let full = Fault::QuotaExceeded { limit: 131_072 };
    assert_eq!(
        refused,
        Err(CallError::Interface(KvError::Failed {
            op: Some(0),
            fault: full
        }))
    );
    kv.put(&s("other"), &c(), &text("a"), &large, &false, &None)
        .await
        .unwrap();
    put(&kv, "small", "a", "fits").await.unwrap();
    assert_eq!(kv.stats(&s("small")).await.unwrap().quota, Some(131_072));
    assert_eq!(kv.stats(&s("other")).await.unwrap().quota, Some(1_000_000));
}

#[tokio::test]
async fn an_operator_backs_up_and_imports() {
    let (directory, storage) = storage(json!({})).await;
    let (chat, cli): (KvClient, KvClient) = (storage.client_as("chat"), storage.client_as("cli"));
    put(&chat, "history", "a", "1").await.unwrap();
    let copy = directory.path().join("copy.db");
    cli.backup_job(&s("chat/history"), &s(copy.to_str().unwrap()))
        .await
        .unwrap();
    let rows = |path| -> i64 {
        let file = Connection::open(path).unwrap();
        file.query_row("SELECT count(*) FROM kv", [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!(rows(&copy), 1);
    let refused = refusal(cli.backup_job(&s("chat/history"), &s("copy.db")).await);
    assert_eq!(refused, "path: must be absolute");
    let refused = refusal(
        cli.backup_job(&s("chat/history"), &s(copy.to_str().unwrap()))
            .await,
    );
    assert_eq!(refused, "path: exists already");

    let source = directory.path().join("sds.db");
    let upstream = Connection::open(&source).unwrap();
    upstream
        .execute_batch(
            "CREATE TABLE kv (category BLOB NOT NULL, key BLOB NOT NULL, payload BLOB NOT NULL,
             PRIMARY KEY (category, key)) WITHOUT ROWID;
             INSERT INTO kv VALUES (x'63', x'61', x'31'); PRAGMA user_version = 1;",
        )
        .unwrap();
    drop(upstream);
    assert_eq!(
        cli.import_job(&s("chat/sds"), &s(source.to_str().unwrap())).await,
        Ok(1)
    );
    assert_eq!(get(&chat, "sds", "a").await.unwrap(), Some(text("1")));
}

#[tokio::test]
async fn a_typed_category_takes_and_gives_values() {
    let (_directory, storage) = storage(json!({})).await;
    let kv: KvClient = storage.client();
    let log: TypedCategory<(String, i64), String> = TypedCategory::new(kv.clone(), "j", "log");
    let at = |number| ("general".to_owned(), number);
    log.put(&at(-1), &s("minus one")).await.unwrap();
    assert!(log.put_if_absent(&at(2), &s("two")).await.unwrap());
    assert!(!log.put_if_absent(&at(2), &s("zwei")).await.unwrap());
    let ops = vec![
        log.put_op(&at(1), &s("one")).unwrap(),
        log.delete_op(&at(9)).unwrap(),
    ];
    kv.persist(&s("j"), &ops, &Ack::Applied, &true).await.unwrap();
    log.put(&("other".to_owned(), 7), &s("seven")).await.unwrap();

    assert_eq!(log.get(&at(2)).await, Ok(Some(s("two"))));
    assert_eq!(log.get(&at(3)).await, Ok(None));
    let mut scan = Scan::new(KeyRange::prefix_of("general").unwrap());
    scan.limit = 2;
    let page = log.scan(&scan).await.unwrap();
    assert_eq!(page.rows, [(at(-1), s("minus one")), (at(1), s("one"))]);
    scan.after = page.next;
    let page = log.scan(&scan).await.unwrap();
    assert_eq!((page.rows, page.next), (vec![(at(2), s("two"))], None));
    assert_eq!(log.delete(&at(2)).await, Ok(true));

    let numbers: TypedCategory<(String, i64), i64> = TypedCategory::new(kv, "j", "log");
    let refused = numbers.get(&at(1)).await.unwrap_err();
    assert!(
        matches!(
            refused,
            TypedError::Decode {
                what: "the payload",
                ..
            }
        ),
        "{refused}"
    );
    let long = ("x".repeat(65_536), 1);
    assert_eq!(
        log.put(&long, &s("")).await.unwrap_err().to_string(),
        "a component has 65536 bytes; the limit is 65535"
    );
}

#[tokio::test]
async fn the_end_of_one_instance_leaves_another_as_it_is() {
    let (_one, first) = storage(json!({})).await;
    let (_two, second) = storage(json!({})).await;
    let (one, two): (KvClient, KvClient) = (first.client(), second.client());
    put(&one, "j", "a", "1").await.unwrap();
    put(&two, "j", "a", "2").await.unwrap();
    first.stop().await.unwrap();
    assert_eq!(get(&two, "j", "a").await.unwrap(), Some(text("2")));
    assert!(get(&one, "j", "a").await.is_err());
    drop(first);
    for number in 0..500 {
        put(&two, "j", "a", &number.to_string()).await.unwrap();
    }
    assert_eq!(get(&two, "j", "a").await.unwrap(), Some(text("499")));
}

#[tokio::test]
async fn only_who_has_access_to_all_jobs_may_look_after_them() {
    let (_directory, storage) = storage(json!({ "access": { "keeper": ["*"], "cli": ["chat/*"] } })).await;
    put(&storage.client_as("chat"), "history", "a", "1")
        .await
        .unwrap();
    let (chat, cli): (AdminClient, AdminClient) = (storage.client_as("chat"), storage.client_as("cli"));
    let job = s("chat/history");
    for (name, admin) in [("chat", chat), ("cli", cli)] {
        let expected =
            format!("caller: {name:?} has no access to all jobs, which the configuration could give it");
        let refusals = [
            refusal(admin.jobs(&true).await),
            refusal(admin.rows(&job, &None, &10).await),
            refusal(admin.check_job(&job).await),
            refusal(admin.compact_job(&job, &true).await),
        ];
        assert!(
            refusals.iter().all(|refusal| *refusal == expected),
            "{refusals:?}"
        );
    }

    let keeper: AdminClient = storage.client_as("keeper");
    let jobs = keeper.jobs(&true).await.unwrap();
    assert_eq!(
        (jobs.len(), &*jobs[0].job, jobs[0].rows),
        (1, "chat/history", Some(1))
    );
    let rows = keeper.rows(&job, &None, &10).await.unwrap().rows;
    assert_eq!((&*rows[0].category, &rows[0].payload), ("c", &text("1")));
    assert_eq!(keeper.check_job(&job).await.unwrap(), Vec::<String>::new());
    keeper.compact_job(&job, &false).await.unwrap();
    keeper.compact_job(&job, &true).await.unwrap();
    let kv: KvClient = storage.client_as("chat");
    assert_eq!(get(&kv, "history", "a").await.unwrap(), Some(text("1")));
    // No job is made by looking for it.
    let missing = refusal(keeper.rows(&s("chat/other"), &None, &10).await);
    assert_eq!(missing, "there is no job \"chat/other\"");
    assert_eq!(keeper.jobs(&false).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_instance_that_was_not_stopped_gives_its_folder_free() {
    let directory = tempfile::tempdir().unwrap();
    let start = || {
        Bench::new()
            .data_dir(directory.path())
            .start_json::<Storage>(json!({}))
    };
    let first = start().await.unwrap();
    put(&first.client(), "j", "a", "1").await.unwrap();
    drop(first);
    let second = start().await.unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        match get(&second.client(), "j", "a").await {
            Ok(found) => break assert_eq!(found, Some(text("1"))),
            Err(CallError::Interface(KvError::AlreadyOpen { .. })) => tokio::task::yield_now().await,
            Err(other) => panic!("{other}"),
        }
        assert!(std::time::Instant::now() < deadline, "the folder is not free");
    }
}

#[tokio::test]
async fn a_start_that_fails_says_why_and_the_next_one_works() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let start = |folder: &std::path::Path| {
        let config = json!({ "directory": folder.to_str().unwrap() });
        Bench::new()
            .data_dir(directory.path())
            .start_json::<Storage>(config)
    };
    let refused = start(&file).await.err().unwrap().to_string();
    assert!(refused.contains("is not a directory"), "{refused}");
    let storage = start(&directory.path().join("data")).await.unwrap();
    put(&storage.client(), "j", "a", "1").await.unwrap();
}

#[tokio::test]
async fn one_caller_cannot_take_the_places_of_all_jobs() {
    let (_directory, storage) = storage(json!({})).await;
    let (greedy, modest): (KvClient, KvClient) = (storage.client_as("greedy"), storage.client_as("modest"));
    for number in 0..limits::MAX_OPEN_JOBS_OF_OWNER {
        put(&greedy, &number.to_string(), "a", "1").await.unwrap();
    }
    let refused = refusal(put(&greedy, "one more", "a", "1").await);
    assert_eq!(refused, "open jobs of one owner are used up (limit 64)");
    put(&modest, "one", "a", "1").await.unwrap();
    greedy.close_job(&s("7")).await.unwrap();
    put(&greedy, "one more", "a", "1").await.unwrap();
}

#[tokio::test]
async fn a_watch_streams_what_is_committed_until_the_job_is_closed() {
    let (_directory, storage) = storage(json!({})).await;
    let kv: KvClient = storage.client();
    let range = KeyRange::prefix("a".as_bytes());
    let mut watch = kv.watch(&s("j"), &c(), &range).await.unwrap();
    put(&kv, "j", "b", "x").await.unwrap();
    put(&kv, "j", "ab", "x").await.unwrap();
    put(&kv, "j", "ac", "x").await.unwrap();
    kv.delete(&s("j"), &c(), &text("ab"), &false).await.unwrap();
    kv.delete_range(&s("j"), &c(), &KeyRange::All, &false)
        .await
        .unwrap();
    let (sequence, key) = (2, text("ab"));
    assert_eq!(watch.next().await, Some(Ok(Change::Put { sequence, key })));
    let (sequence, key) = (3, text("ac"));
    assert_eq!(watch.next().await, Some(Ok(Change::Put { sequence, key })));
    let (sequence, key) = (4, text("ab"));
    assert_eq!(watch.next().await, Some(Ok(Change::Deleted { sequence, key })));
    let range = KeyRange::Between {
        start: text(""),
        stop: None,
    };
    let sequence = 5;
    assert_eq!(
        watch.next().await,
        Some(Ok(Change::RangeDeleted { sequence, range }))
    );
    kv.close_job(&s("j")).await.unwrap();
    assert_eq!(watch.next().await, None);
}
