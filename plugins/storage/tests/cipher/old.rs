//! Files that other programs wrote with SQLCipher, and those of status-go among them, become databases.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use backplane_sdk::test::Running;
use backplane_sdk::{Bytes, CallError};
use rusqlite::Connection;
use serde_json::json;
use storage_api::{CipherHash, Imported, KeyError, KvError, OldCipher};
use storage_plugin::Storage;
use tempfile::TempDir;

use super::databases::{bytes, key_error, unlock};
use super::sql::{Db, rows, storage};
use super::{PLAIN, holds};

const SECRET: &[u8] = b"pass'word \xc3\xa9";
const MARK: &str = "what the other program has written";

const DEFAULTS: OldCipher = OldCipher {
    secret: Bytes(Vec::new()),
    version: 4,
    kdf_iter: None,
    page_size: None,
    hmac: None,
    kdf: None,
};

fn cipher(version: u32) -> OldCipher {
    OldCipher {
        secret: SECRET.into(),
        version,
        ..DEFAULTS
    }
}

/// What status-go writes: SQLCipher 4 with the ciphers of 3.
fn status_go(page_size: u32, rounds: u32) -> OldCipher {
    OldCipher {
        page_size: Some(page_size),
        kdf_iter: Some(rounds),
        hmac: Some(CipherHash::Sha1),
        kdf: Some(CipherHash::Sha1),
        ..cipher(4)
    }
}

fn rounds(version: u32, rounds: u32) -> OldCipher {
    OldCipher {
        kdf_iter: Some(rounds),
        ..cipher(version)
    }
}

/// Settings as a program spells them that knows nothing of ours.
fn cases() -> Vec<(&'static str, OldCipher)> {
    vec![
        ("", cipher(4)),
        ("PRAGMA cipher_compatibility = 3;", cipher(3)),
        (
            "PRAGMA cipher_compatibility = 3; PRAGMA kdf_iter = 3200;",
            rounds(3, 3_200),
        ),
        (
            "PRAGMA cipher_compatibility = 3; PRAGMA kdf_iter = 256000;",
            rounds(3, 256_000),
        ),
        ("PRAGMA cipher_compatibility = 2;", cipher(2)),
        (
            "PRAGMA cipher_page_size = 8192; PRAGMA cipher_hmac_algorithm = HMAC_SHA1;
             PRAGMA cipher_kdf_algorithm = PBKDF2_HMAC_SHA1; PRAGMA kdf_iter = 3200;",
            status_go(8192, 3_200),
        ),
        (
            "PRAGMA cipher_page_size = 8192; PRAGMA cipher_hmac_algorithm = HMAC_SHA1;
             PRAGMA cipher_kdf_algorithm = PBKDF2_HMAC_SHA1; PRAGMA kdf_iter = 256000;",
            status_go(8192, 256_000),
        ),
        (
            "PRAGMA cipher_page_size = 1024; PRAGMA cipher_hmac_algorithm = HMAC_SHA1;
             PRAGMA cipher_kdf_algorithm = PBKDF2_HMAC_SHA1; PRAGMA kdf_iter = 3200;",
            status_go(1024, 3_200),
        ),
    ]
}

const TABLES: &str = "
    CREATE TABLE messages (id TEXT PRIMARY KEY, text TEXT, at INT);
    CREATE TABLE settings (synthetic_id TEXT DEFAULT 'id' PRIMARY KEY, name TEXT) WITHOUT ROWID;
    CREATE INDEX messages_at ON messages (at);
    INSERT INTO messages WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
        SELECT 'm' || i, 'what the other program has written', i FROM n;
    INSERT INTO settings (name) VALUES ('a name');
    PRAGMA user_version = 42;";

/// A file as another program leaves it that was killed: with a log beside it.
fn old_file(folder: &Path, settings: &str, secret: Option<&[u8]>) -> PathBuf {
    let (path, writing) = (folder.join("old.db"), folder.join("writing.db"));
    let connection = Connection::open(&writing).unwrap();
    if let Some(secret) = secret {
        let secret = std::str::from_utf8(secret).unwrap();
        connection
            .pragma_update_and_check(None, "key", secret, |_| Ok(()))
            .unwrap();
        connection.execute_batch(settings).unwrap();
    }
    connection
        .pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))
        .unwrap();
    connection.execute_batch(TABLES).unwrap();
    for suffix in ["", "-wal"] {
        let name = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        assert!(fs::copy(name(&writing), name(&path)).unwrap() > 0);
    }
    drop(connection);
    fs::remove_file(writing).unwrap();
    path
}

/// Each file of a folder, with its content.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

struct Place {
    folder: TempDir,
    _directory: TempDir,
    _storage: Running<Storage>,
    root: PathBuf,
    db: Db,
}

async fn place() -> Place {
    let (directory, storage) = storage(json!({ "access": { "chat": ["*"] } })).await;
    Place {
        folder: tempfile::tempdir().unwrap(),
        root: directory.path().join("sql"),
        db: Db::new(storage.client_as("chat"), "old"),
        _directory: directory,
        _storage: storage,
    }
}

async fn import(
    place: &Place,
    path: &Path,
    cipher: Option<OldCipher>,
    key: u8,
) -> Result<Imported, CallError<KeyError>> {
    let path = path.to_str().unwrap().to_owned();
    let import = place
        .db
        .client
        .import_database(&place.db.name, &path, &cipher, &bytes(key));
    import.await
}

fn wrong_key() -> KeyError {
    KeyError::WrongKey {
        name: "chat/old".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_old_file_is_imported_with_its_log_and_a_wrong_secret_changes_nothing() {
    for (settings, cipher) in cases() {
        let place = place().await;
        let path = old_file(place.folder.path(), settings, Some(SECRET));
        let before = contents(place.folder.path());

        let other_secret = OldCipher {
            secret: b"password".as_slice().into(),
            ..cipher.clone()
        };
        assert_eq!(
            key_error(import(&place, &path, Some(other_secret), 1).await),
            wrong_key()
        );
        let other_rounds = OldCipher {
            kdf_iter: Some(4_711),
            ..cipher.clone()
        };
        assert_eq!(
            key_error(import(&place, &path, Some(other_rounds), 1).await),
            wrong_key()
        );
        assert!(contents(place.folder.path()) == before, "{settings}");
        let left = contents(&place.root);
        assert_eq!(left.keys().collect::<Vec<_>>(), [&place.root.join(".lock")]);

        let imported = import(&place, &path, Some(cipher), 1).await.unwrap();
        let expected = Imported {
            tables: 2,
            rows: 501,
            user_version: 42,
        };
        assert_eq!(imported, expected, "{settings}");
        assert!(contents(place.folder.path()) == before, "{settings}");
        let file = place.root.join("chat%2Fold.db");
        assert!(!holds(&file, MARK.as_bytes()));
        unlock(&place.db, 1).await.unwrap();
        let texts = place.db.texts("SELECT text FROM messages WHERE at > 490").await;
        assert_eq!(texts, [MARK; 10]);
        assert_eq!(place.db.texts("PRAGMA integrity_check").await, ["ok"]);
        assert_eq!(
            place.db.texts("SELECT synthetic_id || name FROM settings").await,
            ["ida name"]
        );
        place
            .db
            .run("INSERT INTO settings VALUES ('b', 'c')")
            .await
            .unwrap();
        let again = key_error(import(&place, &path, None, 0).await);
        assert!(again.to_string().ends_with("exists already"), "{again}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_file_is_imported_and_may_become_encrypted() {
    let place = place().await;
    let path = old_file(place.folder.path(), "", None);
    assert_eq!(
        key_error(import(&place, &path, Some(cipher(4)), 0).await),
        wrong_key()
    );
    assert_eq!(import(&place, &path, None, 0).await.unwrap().rows, 501);
    let file = place.root.join("chat%2Fold.db");
    assert!(fs::read(&file).unwrap().starts_with(PLAIN) && holds(&file, MARK.as_bytes()));
    let found = place
        .db
        .query("SELECT count(*) FROM messages", vec![])
        .await
        .unwrap();
    assert_eq!(rows(found.rows).await.unwrap(), [[500i64.into()]]);
    place.db.client.drop_database(&place.db.name).await.unwrap();

    import(&place, &path, None, 1).await.unwrap();
    assert!(!holds(&file, MARK.as_bytes()));
    unlock(&place.db, 1).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_imported_is_told_by_its_reason_and_leaves_no_database() {
    let place = place().await;
    let path = old_file(place.folder.path(), "", Some(SECRET));
    let refused = |cipher: OldCipher| {
        let place = &place;
        let path = &path;
        async move { key_error(import(place, path, Some(cipher), 1).await).to_string() }
    };
    assert_eq!(refused(cipher(5)).await, "version: must be 1 to 4");
    assert_eq!(refused(rounds(4, 0)).await, "kdf_iter: must be 1 to 10000000");
    assert_eq!(
        refused(status_go(1000, 3_200)).await,
        "page_size: must be a power of two from 512 to 65536"
    );
    let shown = format!("{:?}", cipher(4));
    assert!(
        shown.contains("version: 4") && !shown.contains("secret"),
        "{shown}"
    );

    // A page in the middle that was changed.
    let damaged = place.folder.path().join("damaged.db");
    let connection = Connection::open(&path).unwrap();
    connection
        .pragma_update_and_check(None, "key", "pass'word é", |_| Ok(()))
        .unwrap();
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    connection.close().map_err(|(_, error)| error).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(&damaged, &bytes).unwrap();
    let error = key_error(import(&place, &damaged, Some(cipher(4)), 1).await);
    assert_eq!(error.to_string(), "the file of job \"chat/old\" is damaged");
    let letter = place.folder.path().join("letter");
    fs::write(&letter, "This is a letter. ".repeat(99)).unwrap();
    let error = key_error(import(&place, &letter, None, 1).await);
    assert_eq!(
        error.to_string(),
        "the file of job \"chat/old\" is not a database"
    );
    let absent = key_error(import(&place, Path::new("/no/such/file"), None, 1).await);
    assert!(
        matches!(
            absent,
            KeyError::Store {
                error: KvError::Failed { .. }
            }
        ),
        "{absent:?}"
    );
    let relative = key_error(import(&place, Path::new("old.db"), None, 1).await);
    assert_eq!(relative.to_string(), "path: must be absolute");
    let left = contents(&place.root);
    assert_eq!(left.keys().collect::<Vec<_>>(), [&place.root.join(".lock")]);
    assert_eq!(
        place.db.client.list_databases().await.unwrap(),
        Vec::<String>::new()
    );
}

/// Whether Debian's program is here, which writes files of version 3. Where faults are to be found it must be.
fn has_other_program() -> bool {
    let found = Command::new("sqlcipher").arg("--version").output().is_ok();
    assert!(
        found || env::var_os("CI").is_none(),
        "sqlcipher is missing: apt-get install sqlcipher"
    );
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_another_program_made_is_imported() {
    if !has_other_program() {
        eprintln!("sqlcipher is not installed (Debian's package sqlcipher); not tried");
        return;
    }
    let place = place().await;
    for (settings, cipher) in [("", cipher(3)), ("PRAGMA kdf_iter = 3200;", rounds(3, 3_200))] {
        let path = place.folder.path().join("foreign.db");
        let script = format!("PRAGMA key = 'pass''word é'; {settings} {TABLES}");
        let made = Command::new("sqlcipher").arg(&path).arg(script).status().unwrap();
        assert!(made.success());
        let imported = import(&place, &path, Some(cipher), 1).await.unwrap();
        assert_eq!((imported.rows, imported.user_version), (501, 42));
        place.db.client.drop_database(&place.db.name).await.unwrap();
        fs::remove_file(path).unwrap();
    }
}
