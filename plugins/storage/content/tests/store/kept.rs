//! What was put in is there, and stays.

use storage_content::{Contents, Error, NewUpload, Options};
use tempfile::tempdir;

use crate::common::{OWNER, drain, get, open, put, sequence, upload};
use crate::{BLOCK, files};

#[test]
fn the_upstream_constants_come_out_of_uploads() {
    let directory = tempdir().unwrap();
    let contents = open(directory.path());
    let file = put(&contents, b"some file contents");
    assert_eq!(
        file.manifest.tree.to_string(),
        "zDzSvJTezk7bJNQqFq8k1iHXY84psNuUfZVusA5bBQQUSuyzDSVL"
    );
    let hello = NewUpload {
        name: Some("hello.txt".into()),
        mime: Some("text/plain".into()),
        ..NewUpload::default()
    };
    let file = upload(&contents, OWNER, b"Hello World!", hello).unwrap();
    assert_eq!(
        file.manifest.tree.to_string(),
        "zDzSvJTf8JYwvysKPmG7BtzpbiAHfuwFMRphxm4hdvnMJ4XPJjKX"
    );
    assert_eq!(
        file.cid.to_string(),
        "zDvZRwzm93r6pbHvCDtfXiLiLF96cXTiX5rkv1fWMLGfV1NJX8cr"
    );
}

#[test]
fn every_range_of_a_file_is_read() {
    let directory = tempdir().unwrap();
    let contents = open(directory.path());
    let bytes = sequence(0, 3 * BLOCK + 17);
    let file = put(&contents, &bytes);
    assert_eq!(get(&contents, OWNER, file.cid).unwrap(), bytes);
    let size = bytes.len() as u64;
    for (offset, len) in [
        (0, 0),
        (0, 1),
        (65535, 2),
        (65536, 65536),
        (100, 150_000),
        (size - 1, 9),
        (size, 1),
    ] {
        let read = contents.read(OWNER, file.cid, offset, Some(len)).unwrap();
        let end = (offset + len).min(size) as usize;
        assert_eq!(
            drain(read).unwrap(),
            bytes[offset as usize..end],
            "{offset} {len}"
        );
    }
    let behind = contents.read(OWNER, file.cid, size + 1, None).err();
    assert!(matches!(
        behind,
        Some(Error::InvalidArgument { field: "offset", .. })
    ));
}

#[test]
fn files_stay_when_the_store_is_opened_anew_and_nobody_opens_it_twice() {
    let directory = tempdir().unwrap();
    let bytes = sequence(7, 200_000);
    let contents = open(directory.path());
    let file = put(&contents, &bytes);
    let second = Contents::open(directory.path(), Options::default()).err();
    assert!(matches!(second, Some(Error::AlreadyOpen { .. })), "{second:?}");
    contents.close().unwrap();
    assert_eq!(get(&contents, OWNER, file.cid), Err(Error::Closed));
    drop(contents);
    let contents = open(directory.path());
    assert_eq!(get(&contents, OWNER, file.cid).unwrap(), bytes);
    assert_eq!(contents.file(OWNER, file.cid).unwrap(), file);
}

#[test]
fn none_of_many_files_goes_when_the_store_is_opened_anew() {
    let directory = tempdir().unwrap();
    let contents = open(directory.path());
    let files: Vec<_> = (0..32_u64)
        .map(|number| sequence(number << 32, 70_000))
        .map(|bytes| (put(&contents, &bytes).cid, bytes))
        .collect();
    let begun = contents.open_upload(OWNER, NewUpload::default()).unwrap();
    let bytes = sequence(0, 200_000);
    contents.append(OWNER, &begun.id, 0, &bytes[..131_072]).unwrap();
    contents.close().unwrap();

    let contents = open(directory.path());
    for (cid, bytes) in files {
        assert_eq!(get(&contents, OWNER, cid).unwrap(), bytes);
    }
    contents
        .append(OWNER, &begun.id, 131_072, &bytes[131_072..])
        .unwrap();
    let file = contents.finish(OWNER, &begun.id).unwrap();
    assert_eq!(get(&contents, OWNER, file.cid).unwrap(), bytes);
}

#[test]
fn files_that_nobody_has_are_removed_and_those_of_others_are_left() {
    let directory = tempdir().unwrap();
    drop(open(directory.path()));
    std::fs::write(directory.path().join("files/99.data"), "left over").unwrap();
    drop(open(directory.path()));
    assert_eq!(files(directory.path()), 0);
    let index = rusqlite::Connection::open(directory.path().join("index.db")).unwrap();
    index.execute_batch("PRAGMA user_version = 2").unwrap();
    drop(index);
    let refused = Contents::open(directory.path(), Options::default()).err();
    assert!(
        matches!(refused, Some(Error::ForeignFile { format: 2, .. })),
        "{refused:?}"
    );
}
