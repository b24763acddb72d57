//! The build without encryption refuses keys, and says how to get it. The other build is shown in `tests/cipher`.
#![cfg(not(feature = "sqlcipher"))]

#[path = "common/sql.rs"]
mod sql;

use std::fs;

use backplane_sdk::{Bytes, CallError};
use serde_json::json;
use sha2::{Digest, Sha256};
use storage_api::{KeyError, KvClient, KvError, OldCipher};
use storage_plugin::{CipherKey, Error, Options, Store};

fn refused<T: std::fmt::Debug>(answer: Result<T, CallError<KeyError>>) {
    let error = match answer {
        Err(CallError::Interface(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(error, KeyError::NoEncryption);
    assert_eq!(
        error.to_string(),
        "this build has no encryption; build `storage-plugin` with its feature `sqlcipher`"
    );
}

#[tokio::test]
async fn a_key_is_refused_and_nothing_is_made() {
    let (directory, storage) = sql::storage(json!({ "access": { "chat": ["*"] } })).await;
    let kv: KvClient = storage.client_as("chat");
    let db = sql::open(&storage);
    let (job, key) = ("notes".to_owned(), Some(Bytes(vec![1; 32])));
    refused(kv.open_job(&job, &key).await);
    refused(db.client.open_database(&job, &key).await);
    let files = || fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(files(), 0);

    kv.open_job(&job, &None).await.unwrap();
    db.client.open_database(&job, &None).await.unwrap();
    refused(kv.set_job_key(&job, &None, &key, &true).await);
    refused(db.client.set_database_key(&job, &None, &key, &true).await);
    let path = "/no/such/file".to_owned();
    refused(
        db.client
            .import_database(&"new".to_owned(), &path, &None, &key)
            .await,
    );
    let cipher: OldCipher = serde_json::from_value(json!({ "secret": "0x61" })).unwrap();
    refused(
        db.client
            .import_database(&"new".to_owned(), &path, &Some(cipher), &None)
            .await,
    );
    assert_eq!(kv.list_jobs().await.unwrap(), ["notes"]);
    assert_eq!(db.client.list_databases().await.unwrap(), ["notes"]);
}

#[tokio::test]
async fn a_plain_file_of_another_program_becomes_a_database() {
    let (directory, storage) = sql::storage(json!({ "access": { "chat": ["*"] } })).await;
    let path = directory.path().join("other.sqlite");
    let other = rusqlite::Connection::open(&path).unwrap();
    let table = "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('x'), ('y'); PRAGMA user_version = 7";
    other.execute_batch(table).unwrap();
    let db = sql::open(&storage);
    let path = path.to_str().unwrap().to_owned();
    let import = db.client.import_database(&db.name, &path, &None, &None);
    let imported = import.await.unwrap();
    assert_eq!((imported.tables, imported.rows, imported.user_version), (1, 2, 7));
    assert_eq!(db.texts("SELECT a FROM t").await, ["x", "y"]);
}

#[test]
fn a_file_that_looks_encrypted_is_told_from_others() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::new(directory.path(), Options::default()).unwrap();
    let random: Vec<u8> = (0..128u32)
        .flat_map(|it| Sha256::digest(it.to_be_bytes()))
        .collect();
    fs::write(directory.path().join("j.db"), &random).unwrap();
    let expected = Error::KeyRequired { job: "j".into() };
    assert_eq!(store.open_job("j").err(), Some(expected.clone()));
    assert!(matches!(KvError::from(expected), KvError::WrongKey { .. }));
    let key = CipherKey::new(vec![1; 32]).unwrap();
    assert_eq!(
        store.open_job_with("j", Some(key)).err(),
        Some(Error::NoEncryption)
    );
    assert_eq!(fs::read(directory.path().join("j.db")).unwrap(), random);
}
