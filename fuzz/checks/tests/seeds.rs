//! The seeds of each target, and what was found with it before, pass.

mod replay;

use replay::replay;

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
fn frame_decoding() {
    replay("frame_decoding", fuzz_checks::frame_decoding);
}

#[test]
fn package_decoding() {
    replay("package_decoding", fuzz_checks::package_decoding);
}
