//! The store by itself: what goes in comes out, whose it is, how much of it, and what damage does.

mod common;

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use common::{OWNER, drain, get, open, put, sequence, upload, with_quota};
use proptest::prelude::*;
use storage_content::{Contents, Error, Manifest, NewUpload, Options, limits};
use tempfile::tempdir;

const BLOCK: usize = limits::BLOCK_BYTES as usize;

fn named(name: &str) -> NewUpload {
    NewUpload {
        name: Some(name.into()),
        ..NewUpload::default()
    }
}

fn unpinned() -> NewUpload {
    NewUpload {
        pinned: false,
        ..NewUpload::default()
    }
}

/// The file with the content of the only dataset.
fn data_file(root: &Path) -> PathBuf {
    let files = std::fs::read_dir(root.join("files")).unwrap();
    let mut data = files
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|of| of == "data"));
    let only = data.next().unwrap();
    assert_eq!(data.next(), None);
    only
}

fn files(root: &Path) -> usize {
    std::fs::read_dir(root.join("files")).unwrap().count()
}

fn overwrite(path: &Path, at: u64) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(b"damage", at).unwrap();
}

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
fn an_upload_goes_on_where_it_stood() {
    let directory = tempdir().unwrap();
    let bytes = sequence(0, 10 << 20);
    let contents = open(directory.path());
    let begun = contents.open_upload(OWNER, named("large")).unwrap();
    let mut at = 0;
    for chunk in bytes[..9 << 20].chunks(333_333) {
        at = contents.append(OWNER, &begun.id, at, chunk).unwrap();
    }
    let wrong = contents.append(OWNER, &begun.id, at + 1, b"x");
    assert_eq!(wrong, Err(Error::WrongOffset { expected: at }));
    // Not closed, as when it is killed: what was noted counts.
    drop(contents);
    let contents = open(directory.path());
    let uploads = contents.uploads(OWNER).unwrap();
    let [resumed] = &uploads[..] else {
        panic!("{uploads:?}")
    };
    assert_eq!(
        (resumed.id.clone(), resumed.name.as_deref()),
        (begun.id, Some("large"))
    );
    assert!(
        resumed.offset >= 8 << 20 && resumed.offset < 9 << 20,
        "{}",
        resumed.offset
    );
    let rest = &bytes[resumed.offset as usize..];
    contents.append(OWNER, &resumed.id, resumed.offset, rest).unwrap();
    let file = contents.finish(OWNER, &resumed.id).unwrap();
    assert_eq!(contents.finish(OWNER, &resumed.id).unwrap(), file);
    let over = contents.append(OWNER, &resumed.id, bytes.len() as u64, b"x");
    assert!(matches!(over, Err(Error::UploadNotFound { .. })), "{over:?}");
    assert_eq!(contents.uploads(OWNER).unwrap(), []);
    assert_eq!(get(&contents, OWNER, file.cid).unwrap(), bytes);
    let whole = upload(&contents, "chat", &bytes, named("large")).unwrap();
    assert_eq!(whole.cid, file.cid);
}

#[test]
fn uploads_are_bounded_belong_to_their_owner_and_can_be_given_up() {
    let directory = tempdir().unwrap();
    let contents = open(directory.path());
    let uploads: Vec<_> = (0..limits::MAX_UPLOADS_OF_OWNER)
        .map(|_| contents.open_upload(OWNER, NewUpload::default()).unwrap().id)
        .collect();
    let refused = contents.open_upload(OWNER, NewUpload::default());
    assert!(
        matches!(refused, Err(Error::Busy { limit: 16, .. })),
        "{refused:?}"
    );
    contents.append(OWNER, &uploads[0], 0, b"mine").unwrap();
    for refused in [
        contents.append("chat", &uploads[0], 4, b"x").map(drop),
        contents.finish("chat", &uploads[0]).map(drop),
        contents.cancel_upload("chat", &uploads[0]),
    ] {
        assert!(
            matches!(refused, Err(Error::UploadNotFound { .. })),
            "{refused:?}"
        );
    }
    for id in &uploads {
        contents.cancel_upload(OWNER, id).unwrap();
    }
    assert_eq!(
        (contents.uploads(OWNER).unwrap().len(), files(directory.path())),
        (0, 0)
    );
    assert_eq!(contents.space(OWNER).unwrap().used, 0);
    let empty = contents.open_upload(OWNER, NewUpload::default()).unwrap();
    let refused = contents.finish(OWNER, &empty.id);
    assert!(matches!(refused, Err(Error::Manifest(_))), "{refused:?}");
}

#[test]
fn names_types_and_block_sizes_that_break_a_rule_are_refused() {
    let directory = tempdir().unwrap();
    let contents = open(directory.path());
    let long = "n".repeat(256);
    for name in ["", "..", "a/b", "a\\b", "a\nb", &long] {
        let refused = contents.open_upload(OWNER, named(name));
        assert!(
            matches!(refused, Err(Error::InvalidArgument { field: "name", .. })),
            "{name:?}: {refused:?}"
        );
    }
    for mime in [
        "",
        "text",
        "text/",
        "/plain",
        "text/plain; charset=utf-8",
        "te xt/plain",
    ] {
        let new = NewUpload {
            mime: Some(mime.into()),
            ..NewUpload::default()
        };
        let refused = contents.open_upload(OWNER, new);
        assert!(
            matches!(refused, Err(Error::InvalidArgument { field: "mime", .. })),
            "{mime:?}: {refused:?}"
        );
    }
    let new = NewUpload {
        block_bytes: 65537,
        ..NewUpload::default()
    };
    assert!(matches!(
        contents.open_upload(OWNER, new),
        Err(Error::Manifest(_))
    ));
}

#[test]
fn what_two_owners_have_is_kept_once_and_goes_with_the_last() {
    let directory = tempdir().unwrap();
    let contents = open(directory.path());
    let bytes = sequence(0, 300_000);
    let first = upload(&contents, "chat", &bytes, named("a")).unwrap();
    let second = upload(&contents, OWNER, &bytes, named("b")).unwrap();
    assert_ne!(first.cid, second.cid);
    assert_eq!(first.manifest.tree, second.manifest.tree);
    assert_eq!(files(directory.path()), 2);
    // Each counts for its owner, and nobody reads by another's name.
    assert_eq!(contents.space("chat").unwrap().used, 300_000);
    assert_eq!(contents.space(OWNER).unwrap().used, 300_000);
    assert_eq!(
        get(&contents, OWNER, first.cid),
        Err(Error::NotFound { cid: first.cid })
    );
    contents.delete("chat", first.cid).unwrap();
    assert_eq!(get(&contents, OWNER, second.cid).unwrap(), bytes);
    let mut reading = contents.read(OWNER, second.cid, 0, None).unwrap();
    reading.next_chunk().unwrap();
    contents.delete(OWNER, second.cid).unwrap();
    assert_eq!(files(directory.path()), 0);
    assert_eq!(drain(reading).unwrap(), bytes[BLOCK..]);
    let gone = Error::NotFound { cid: second.cid };
    assert_eq!(contents.delete(OWNER, second.cid), Err(gone));
}

#[test]
fn lists_have_pages_in_order() {
    let directory = tempdir().unwrap();
    let contents = open(directory.path());
    for number in 0..7u8 {
        upload(&contents, "a", &[number], NewUpload::default()).unwrap();
        upload(&contents, "b", &[number], NewUpload::default()).unwrap();
    }
    let mut after = None;
    let mut found = Vec::new();
    loop {
        let last = after
            .as_ref()
            .map(|(owner, cid): &(String, _)| (owner.as_str(), *cid));
        let page = contents.files(last, 3, |owner, _| owner == "b").unwrap();
        let Some(file) = page.last() else { break };
        after = Some((file.owner.clone(), file.cid));
        found.extend(page);
    }
    assert_eq!(found.len(), 7);
    assert!(found.is_sorted_by_key(|file| file.cid.digest));
    assert!(contents.files(None, 0, |_, _| true).is_err());
    assert!(contents.files(None, 1001, |_, _| true).is_err());
}

#[test]
fn a_quota_is_for_each_owner_and_what_is_not_pinned_goes_first() {
    let directory = tempdir().unwrap();
    let contents = with_quota(directory.path(), 1_000_000);
    let pinned = put(&contents, &sequence(0, 400_000));
    let old = upload(&contents, OWNER, &sequence(1, 200_000), unpinned()).unwrap();
    let new = upload(&contents, OWNER, &sequence(2, 200_000), unpinned()).unwrap();
    // Reading makes it the newer one.
    get(&contents, OWNER, old.cid).unwrap();
    let (old, new) = (new, old);
    let space = contents.space(OWNER).unwrap();
    assert_eq!((space.used, space.evictable, space.files), (800_000, 400_000, 3));
    upload(&contents, OWNER, &sequence(3, 300_000), NewUpload::default()).unwrap();
    assert_eq!(
        contents.file(OWNER, old.cid).err(),
        Some(Error::NotFound { cid: old.cid })
    );
    contents.file(OWNER, new.cid).unwrap();
    let refused = upload(&contents, OWNER, &sequence(4, 500_000), NewUpload::default());
    assert!(
        matches!(refused, Err(Error::QuotaExceeded { limit: 1_000_000, .. })),
        "{refused:?}"
    );
    // What did not fit went nowhere: its upload is there, and the files, too.
    contents.file(OWNER, pinned.cid).unwrap();
    let unfinished = contents.uploads(OWNER).unwrap();
    contents.cancel_upload(OWNER, &unfinished[0].id).unwrap();
    contents.set_pinned(OWNER, pinned.cid, false).unwrap();
    upload(&contents, OWNER, &sequence(5, 700_000), NewUpload::default()).unwrap();
    assert!(contents.file(OWNER, pinned.cid).is_err());
    // Another owner has a quota of its own.
    upload(&contents, "chat", &sequence(6, 1_000_000), NewUpload::default()).unwrap();
    let announced = NewUpload {
        bytes: Some(2_000_000),
        ..NewUpload::default()
    };
    let refused = contents.open_upload("wallet", announced);
    let full = Error::QuotaExceeded {
        needed: 2_000_000,
        available: 1_000_000,
        limit: 1_000_000,
    };
    assert_eq!(refused, Err(full));
}

#[test]
fn a_damaged_block_is_found_named_dropped_and_can_be_uploaded_again() {
    let directory = tempdir().unwrap();
    let contents = open(directory.path());
    let bytes = sequence(0, 5 * BLOCK + 1);
    let file = put(&contents, &bytes);
    let clean = contents.check(OWNER, file.cid).unwrap();
    assert_eq!((clean.blocks, clean.damaged), (6, 0));
    let data = data_file(directory.path());
    overwrite(&data, 2 * BLOCK as u64);
    overwrite(&data, 4 * BLOCK as u64 + 77);
    let found = contents.check(OWNER, file.cid).unwrap();
    assert_eq!((found.blocks, found.damaged, found.named), (6, 2, vec![2, 4]));
    let partial = contents.file(OWNER, file.cid).unwrap();
    assert_eq!((partial.here, partial.is_complete()), (4, false));
    // It stays dropped, and the others are still read.
    drop(contents);
    let contents = open(directory.path());
    assert_eq!(contents.file(OWNER, file.cid).unwrap().here, 4);
    let first = contents.read(OWNER, file.cid, 0, Some(2 * BLOCK as u64)).unwrap();
    assert_eq!(drain(first).unwrap(), bytes[..2 * BLOCK]);
    assert_eq!(put(&contents, &bytes).here, 6);
    assert_eq!(get(&contents, OWNER, file.cid).unwrap(), bytes);
    assert_eq!(files(directory.path()), 2);
}

#[test]
fn a_damaged_block_is_never_read() {
    let directory = tempdir().unwrap();
    let contents = open(directory.path());
    let bytes = sequence(0, 3 * BLOCK);
    let file = put(&contents, &bytes);
    overwrite(&data_file(directory.path()), BLOCK as u64 + 5);
    let tree = file.manifest.tree;
    assert_eq!(
        get(&contents, OWNER, file.cid),
        Err(Error::Damaged { tree, block: 1 })
    );
    assert_eq!(contents.file(OWNER, file.cid).unwrap().here, 2);
}

#[test]
fn a_damaged_tree_is_made_anew_and_a_cut_file_is_found() {
    let directory = tempdir().unwrap();
    let contents = open(directory.path());
    let bytes = sequence(0, 9 * BLOCK);
    let file = put(&contents, &bytes);
    let data = data_file(directory.path());
    overwrite(&data.with_extension("tree"), 100);
    assert_eq!(contents.check(OWNER, file.cid).unwrap().damaged, 0);
    assert_eq!(get(&contents, OWNER, file.cid).unwrap(), bytes);
    OpenOptions::new()
        .write(true)
        .open(&data)
        .unwrap()
        .set_len(7 * BLOCK as u64 + 3)
        .unwrap();
    assert_eq!(contents.check(OWNER, file.cid).unwrap().named, [7, 8]);
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn however_it_is_cut_a_file_is_the_same(
        len in 1usize..400_000,
        cuts in prop::collection::vec(1usize..150_000, 1..8),
        size in 12u32..=17,
    ) {
        let directory = tempdir().unwrap();
        let contents = open(directory.path());
        let bytes = sequence(len as u64, len);
        let new = NewUpload { block_bytes: 1 << size, ..NewUpload::default() };
        let whole = upload(&contents, "whole", &bytes, new.clone()).unwrap();
        let begun = contents.open_upload(OWNER, new).unwrap();
        let (mut at, mut cuts) = (0, cuts.iter().cycle());
        while at < len {
            let end = (at + cuts.next().unwrap()).min(len);
            contents.append(OWNER, &begun.id, at as u64, &bytes[at..end]).unwrap();
            at = end;
        }
        let file = contents.finish(OWNER, &begun.id).unwrap();
        prop_assert_eq!(file.cid, whole.cid);
        prop_assert_eq!(Manifest::cid(&file.manifest.encode()), file.cid);
        prop_assert_eq!(get(&contents, OWNER, file.cid).unwrap(), bytes);
    }
}
