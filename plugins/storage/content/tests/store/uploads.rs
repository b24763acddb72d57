//! Uploads, which come in parts.

use proptest::prelude::*;
use storage_content::{Error, Manifest, NewUpload, limits};
use tempfile::tempdir;

use crate::common::{OWNER, get, open, sequence, upload};
use crate::{files, named};

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
