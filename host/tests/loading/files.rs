//! Files that are no plugin for this host.

use super::*;
use proptest::prelude::*;

#[test]
fn a_text_file() {
    let bench = Bench::new();
    let path = bench.file(b"[package]\nname = \"not a plugin\"\n");
    assert_eq!(
        bench.refusal(&path),
        "FILE is not a dynamic library but a text file: build the plugin as a cdylib or with -shared"
    );
    assert!(
        !bench.cache().exists(),
        "nothing is kept of a file that is refused"
    );
}

#[test]
fn an_empty_file() {
    let bench = Bench::new();
    let path = bench.file(b"");
    assert_eq!(
        bench.refusal(&path),
        "FILE is not a dynamic library but an empty file: build the plugin as a cdylib or with -shared"
    );
}

#[test]
fn a_library_that_is_cut_off_anywhere() {
    let bench = Bench::new();
    let whole = fs::read(fixture("c-hello")).unwrap();
    let path = bench.file(&whole[..whole.len() / 2]);
    assert_eq!(
        bench.refusal(&path),
        "FILE is truncated or damaged (Invalid ELF section header offset/size/alignment): fetch or build it again"
    );
    for percent in 1..100 {
        let path = bench.file(&whole[..whole.len() * percent / 100]);
        let error = bench.open(&path).expect_err("it must be refused");
        let truncated = matches!(
            error,
            LibraryError::Damaged { .. } | LibraryError::NotALibrary { .. }
        );
        assert!(truncated, "at {percent} %: {error}");
    }
}

#[test]
fn a_library_whose_headers_ask_for_more_than_there_is() {
    let mut bytes = fs::read(fixture("c-hello")).unwrap();
    // The offset and the size in the file of the first program header of a 64-bit ELF file.
    bytes[72..80].copy_from_slice(&0u64.to_le_bytes());
    bytes[96..104].copy_from_slice(&0x0100_0000u64.to_le_bytes());
    let size = bytes.len();
    let bench = Bench::new();
    assert_eq!(
        bench.refusal(&bench.file(&bytes)),
        format!(
            "FILE is truncated or damaged (its headers ask for 16777216 bytes, there are {size}): fetch or build \
             it again"
        )
    );
}

#[test]
fn another_architecture() {
    let bench = Bench::new();
    let mut bytes = fs::read(fixture("c-hello")).unwrap();
    let (other, name): (u16, _) = if cfg!(target_arch = "aarch64") {
        (62, "x86_64")
    } else {
        (183, "aarch64")
    };
    bytes[18..20].copy_from_slice(&other.to_le_bytes());
    let host = std::env::consts::ARCH;
    assert_eq!(
        bench.refusal(&bench.file(&bytes)),
        format!(
            "FILE is built for {name} (ELF), this host is {host} (ELF): use the plugin's build for {host} (ELF)"
        )
    );
}

#[test]
fn a_library_without_a_manifest() {
    let bench = Bench::new();
    let path = compile_c("no-manifest", "int backplane_plugin_v1;\n", &[]);
    assert_eq!(
        bench.refusal(&path),
        "FILE is not a Backplane plugin: it has no section .backplane, which holds the manifest"
    );
}

#[test]
fn no_entry_symbol() {
    let bench = Bench::new();
    assert_eq!(
        bench.refusal(&fixture("no-entry")),
        "FILE does not export backplane_plugin_v1: build it for ABI level 1, with the symbol visible"
    );
}

#[test]
fn another_file_than_the_pinned_one() {
    let bench = Bench::new();
    let path = fixture("c-hello");
    let found = inspect(&path).unwrap().sha256;
    let error = Plugin::open(&path, Some([0xab; 32]), &bench.cache()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} has SHA-256 {}, but {} is pinned: restore the file or pin the new hash",
            path.display(),
            hex::encode(found),
            "ab".repeat(32)
        )
    );
    assert!(!bench.cache().exists());
    let plugin = Plugin::open(&path, Some(found), &bench.cache()).unwrap();
    assert_eq!(plugin.sha256(), Some(found));
}

#[test]
fn a_device_that_never_ends() {
    assert_eq!(
        Bench::new().refusal(Path::new("/dev/zero")),
        "FILE is not a regular file: name the plugin's library itself"
    );
}

#[test]
fn a_library_that_needs_what_is_not_there() {
    let source = fs::read_to_string(workspace().join("tests/fixtures/c-hello/plugin.c")).unwrap();
    let source = source.replace(
        "    return host_abi ==",
        "    extern int nowhere(void);\n    return nowhere() + host_abi ==",
    );
    let bench = Bench::new();
    let refusal = bench.refusal(&compile_c("undefined", &source, &[]));
    let cache = bench.cache().display().to_string();
    assert!(
        refusal.starts_with(&format!("FILE cannot be loaded: {cache}/")),
        "{refusal}"
    );
    assert!(refusal.ends_with(".so: undefined symbol: nowhere"), "{refusal}");
}

proptest! {
    #[test]
    fn a_file_with_garbled_bytes_is_judged_without_a_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..16),
        head_only: bool,
    ) {
        let bench = Bench::new();
        let mut bytes = fs::read(fixture("c-hello")).unwrap();
        let reach = if head_only { 1024 } else { bytes.len() };
        for (index, byte) in changes {
            bytes[index.index(reach)] = byte;
        }
        // What was changed may be of no importance, so both answers are right.
        if let Ok(inspected) = inspect(&bench.file(&bytes)) {
            prop_assert_eq!(inspected.size, bytes.len() as u64);
        }
    }
}
