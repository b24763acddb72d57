//! The same through the wrapper for Nim.

use crate::VECTORS;
use crate::c::succeed;
use backplane_test_support::workspace;
use std::path::Path;
use std::process::Command;

/// A struct by its names in C and Nim, and its fields by theirs.
type Struct = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// The structs of the library that the wrapper declares anew, with their fields.
const STRUCTS: [Struct; 6] = [
    (
        "backplane_arena",
        "CArena",
        &[("blocks", "blocks"), ("taken", "taken"), ("limit", "limit")],
    ),
    (
        "backplane_reader",
        "CReader",
        &[
            ("at", "at"),
            ("end", "`end`"),
            ("slices", "slices"),
            ("bufs", "bufs"),
            ("attachments", "attachments"),
            ("memory", "memory"),
            ("where", "where"),
            ("problem", "problem"),
            ("depth", "depth"),
        ],
    ),
    (
        "backplane_items",
        "CItems",
        &[("left", "left"), ("endless", "endless")],
    ),
    (
        "backplane_writer",
        "CWriter",
        &[
            ("ptr", "`ptr`"),
            ("len", "len"),
            ("cap", "cap"),
            ("limit", "limit"),
            ("borrowed", "borrowed"),
            ("lends", "lends"),
            ("problem", "problem"),
            ("attachments", "attachments"),
            ("attachment_count", "attachmentCount"),
            ("attachment_cap", "attachmentCap"),
        ],
    ),
    (
        "backplane_stream_writer",
        "CStreamWriter",
        &[("host", "host"), ("id", "id")],
    ),
    (
        "backplane_stream_reader",
        "CStreamReader",
        &[
            ("host", "host"),
            ("end", "`end`"),
            ("chunk", "chunk"),
            ("at", "at"),
        ],
    ),
];

/// Compiles a program in Nim.
fn nim(folder: &Path, source: &Path, program: &Path) {
    succeed(
        Command::new("nim")
            .args([
                "c",
                "--hints:off",
                "--skipParentCfg",
                "--threads:on",
                "--mm:arc",
                "-d:useMalloc",
            ])
            .arg(format!("--path:{}", workspace().join("sdk/nim").display()))
            .arg(format!("--nimcache:{}", folder.join("cache").display()))
            .arg(format!("--out:{}", program.display()))
            .arg(source),
    );
}

#[test]
fn the_wrapper_for_nim_reads_and_writes_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("copy");
    let vectors: Vec<&str> = VECTORS.iter().map(|it| it.0).collect();
    nim(
        folder.path(),
        &workspace().join("bindgen/tests/library/copy.nim"),
        &program,
    );
    let printed = succeed(Command::new(program).args(&vectors));
    for (line, (input, expected)) in printed.lines().zip(VECTORS) {
        match expected {
            "" => assert!(line.starts_with("value: "), "{input}: {line}"),
            expected => assert_eq!(line, expected, "{input}"),
        }
    }
    assert_eq!(printed.lines().count(), VECTORS.len());
}

#[test]
fn the_wrapper_for_nim_knows_how_the_library_lays_out_its_structs() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut c = "#include <backplane_sdk.h>\n#include <stdio.h>\nint main(void) {\n".to_owned();
    let mut nim_source = "import backplane/c\n".to_owned();
    for (in_c, in_nim, fields) in STRUCTS {
        c += &format!("printf(\"{in_c} %d\\n\", (int)sizeof({in_c}));\n");
        nim_source += &format!("echo \"{in_c} \", sizeof({in_nim})\n");
        for (field, nim_field) in fields {
            c += &format!("printf(\"{in_c}.{field} %d\\n\", (int)offsetof({in_c}, {field}));\n");
            nim_source += &format!("echo \"{in_c}.{field} \", offsetOf({in_nim}, {nim_field})\n");
        }
    }
    std::fs::write(folder.join("layout.c"), c + "return 0;\n}\n").expect("a file");
    std::fs::write(folder.join("layout.nim"), nim_source).expect("a file");
    let (in_c, in_nim) = (folder.join("layout-c"), folder.join("layout-nim"));
    let include = format!("-I{}", workspace().join("sdk/c/include").display());
    succeed(
        Command::new("cc")
            .args(["-std=c99", &include, "-o"])
            .arg(&in_c)
            .arg(folder.join("layout.c")),
    );
    nim(folder, &folder.join("layout.nim"), &in_nim);
    assert_eq!(
        succeed(&mut Command::new(in_c)),
        succeed(&mut Command::new(in_nim))
    );
}
