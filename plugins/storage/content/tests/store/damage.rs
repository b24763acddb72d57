//! What damage to the files does.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use storage_content::Error;
use tempfile::tempdir;

use crate::common::{OWNER, drain, get, open, put, sequence};
use crate::{BLOCK, files};

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

fn overwrite(path: &Path, at: u64) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(b"damage", at).unwrap();
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
