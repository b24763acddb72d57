//! What `storage.admin` does with a job that a server keeps, and what it refuses.

#[path = "postgres/server.rs"]
mod server;

use std::fmt::Debug;

use backplane_sdk::CallError;
use backplane_sdk::test::Bench;
use serde_json::json;
use server::TestServer;
use storage_api::{Ack, AdminClient, KvClient, KvError, Op, RowPlace};
use storage_plugin::Storage;

#[track_caller]
fn refusal<T: Debug>(answer: Result<T, CallError<KvError>>) -> String {
    match answer {
        Err(CallError::Interface(error)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_job_on_a_server_is_looked_into_and_its_upkeep_is_left_to_the_server() {
    let server = TestServer::start();
    let folder = tempfile::tempdir().unwrap();
    let jobs = ["notes/log", "notes/absent"].map(|job| (job, json!({ "url": server.new_database() })));
    let config = json!({ "jobs": serde_json::Map::from_iter(jobs.map(|(job, url)| (job.to_owned(), url))) });
    let bench = Bench::new().data_dir(folder.path());
    let storage = bench.start_json::<Storage>(config).await.unwrap();
    let (kv, admin): (KvClient, AdminClient) = (storage.client_as("notes"), storage.client_as("cli"));
    let (log, job) = ("log".to_owned(), "notes/log".to_owned());
    // Sorted otherwise than by length; one page ends by bytes.
    let large = vec![7; 3 << 20];
    let ops = vec![
        Op::put("b", &[1][..], &b"x"[..]),
        Op::put("aa", &[2][..], &large[..]),
        Op::put("aa", &[3][..], &large[..]),
        Op::Put {
            category: "aa".to_owned(),
            key: [1][..].into(),
            payload: b"y"[..].into(),
            ttl_ms: Some(3_600_000),
        },
    ];
    kv.persist(&log, &ops, &Ack::Applied, &true).await.unwrap();

    for open in [true, false] {
        let found = admin.jobs(&true).await.unwrap();
        let [found] = &found[..] else { panic!("{found:?}") };
        assert_eq!((found.job.as_str(), found.owner.as_str()), ("notes/log", "notes"));
        assert_eq!(
            (found.rows, found.free_bytes, found.problem.as_deref()),
            (Some(4), None, None)
        );
        assert!(found.file_bytes > 8192 && found.log_bytes == 0, "{found:?}");
        assert_eq!(found.open, open);
        kv.close_job(&log).await.unwrap();
    }

    let (mut rows, mut after, mut pages) = (Vec::new(), None::<RowPlace>, 0);
    loop {
        let page = admin.rows(&job, &after, &1000).await.unwrap();
        rows.extend(page.rows);
        (pages, after) = (pages + 1, page.next);
        if after.is_none() {
            break;
        }
    }
    let places = rows.iter().map(|row| (row.category.as_str(), row.key.0[0]));
    let expected = [("aa", 1), ("aa", 2), ("aa", 3), ("b", 1)];
    assert_eq!(places.collect::<Vec<_>>(), expected);
    assert_eq!(pages, 2);
    assert!(rows[0].expires_ms.is_some() && rows[1].expires_ms.is_none());
    assert!(rows[1].payload.0 == large);

    let reason = "job: is kept by a server, which looks after its own files";
    assert_eq!(refusal(admin.check_job(&job).await), reason);
    for rewrite in [false, true] {
        assert_eq!(refusal(admin.compact_job(&job, &rewrite).await), reason);
    }
    let absent = "notes/absent".to_owned();
    assert_eq!(
        refusal(admin.rows(&absent, &None, &10).await),
        "there is no job \"notes/absent\""
    );
    assert_eq!(admin.jobs(&false).await.unwrap().len(), 1, "no call makes a job");
}
