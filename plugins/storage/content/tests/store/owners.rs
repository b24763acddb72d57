//! Whose files they are, and how much each may have.

use storage_content::{Error, NewUpload};
use tempfile::tempdir;

use crate::common::{OWNER, drain, get, open, put, sequence, upload, with_quota};
use crate::{BLOCK, files, named};

fn unpinned() -> NewUpload {
    NewUpload {
        pinned: false,
        ..NewUpload::default()
    }
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
