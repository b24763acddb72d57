//! The seeds of each target, and what was found with it before, pass.

use std::fs;
use std::path::Path;

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../seeds")
        .join(target);
    let seeds = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut replayed = 0;
    for seed in seeds {
        let input = fs::read(&seed).unwrap();
        check(&input);
        // Those that are nearly like it, too.
        for at in [0, input.len() / 2, input.len().saturating_sub(1)] {
            check(&input[..at]);
        }
        replayed += 1;
    }
    assert!(replayed > 0, "{} has no seeds", folder.display());
}

#[test]
fn key_decoding() {
    replay("key_decoding", fuzz_checks::key_decoding);
}

#[test]
fn import_lines() {
    replay("import_lines", fuzz_checks::import_lines);
}

#[test]
fn import_file() {
    replay("import_file", fuzz_checks::import_file);
}

#[test]
fn manifest_decoding() {
    replay("manifest_decoding", fuzz_checks::manifest_decoding);
}

#[test]
fn waku_messages() {
    replay("waku_messages", fuzz_checks::waku_messages);
}

#[test]
fn waku_records() {
    replay("waku_records", fuzz_checks::waku_records);
}

#[test]
fn waku_services() {
    replay("waku_services", fuzz_checks::waku_services);
}

#[test]
fn waku_texts() {
    replay("waku_texts", fuzz_checks::waku_texts);
}
