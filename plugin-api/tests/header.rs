//! The C header is made from the source of this crate, committed, and good C and C++.

use backplane_plugin_api::{CONTROL_SERVICE, ENTRY_SYMBOL, LAYOUT_VERSION, MANIFEST_SECTION, STREAM_SERVICE};
use std::path::{Path, PathBuf};
use std::process::Command;

fn crate_dir() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn committed() -> PathBuf {
    crate_dir().join("../sdk/c/include/backplane_plugin.h")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn generate() -> String {
    let mut config = cbindgen::Config::from_file(crate_dir().join("cbindgen.toml")).expect("cbindgen.toml");
    let names = config.export.rename.clone();
    let macros = config.after_includes.take().unwrap_or_default();
    config.after_includes = Some(format!("{macros}{}", texts()));
    let mut builder = cbindgen::Builder::new()
        .with_config(config)
        .with_header(introduction());
    for module in [
        "lib", "status", "buffer", "call", "host", "module", "layout", "entry", "stream", "control",
    ] {
        builder = builder.with_src(crate_dir().join(format!("src/{module}.rs")));
    }
    let mut header = Vec::new();
    builder.generate().expect("the header").write(&mut header);
    let header = String::from_utf8(header).expect("UTF-8");
    header
        .lines()
        .map(|line| c_names(line, &names).trim_end().to_owned() + "\n")
        .collect()
}

/// The constants that are text, which cbindgen leaves out.
fn texts() -> String {
    let text = |about: &str, name: &str, value: &str| {
        format!("\n// {about}\n#define BACKPLANE_{name} \"{value}\"\n")
    };
    text(
        "The name of the function that a plugin exports.",
        "ENTRY_SYMBOL",
        ENTRY_SYMBOL,
    ) + &text(
        "The section of the library that holds the manifest.",
        "MANIFEST_SECTION",
        MANIFEST_SECTION,
    ) + &text(
        "The release of abi_stable that writes layout records.",
        "LAYOUT_VERSION",
        LAYOUT_VERSION,
    ) + &text(
        "The service by which query_service gives a backplane_stream_table.",
        "STREAM_SERVICE",
        STREAM_SERVICE,
    ) + &text(
        "The service by which query_service gives a backplane_control_table.",
        "CONTROL_SERVICE",
        CONTROL_SERVICE,
    )
}

/// The documentation of the crate, as the introduction of the header.
fn introduction() -> String {
    let source = read(&crate_dir().join("src/lib.rs"));
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let mut text = String::from("// Generated from the crate backplane-plugin-api. Do not edit.\n//\n");
    for line in lines {
        text.push_str("//");
        text.push_str(line);
        text.push('\n');
    }
    text + "\n#ifndef BACKPLANE_PLUGIN_H\n#define BACKPLANE_PLUGIN_H\n"
}

/// Turns references of rustdoc, as in [`Slice`] or [`PENDING`](crate::status::PENDING), into names of C.
fn c_names(line: &str, names: &std::collections::HashMap<String, String>) -> String {
    let (mut out, mut rest) = (String::new(), line);
    while let Some((before, link)) = rest.split_once("[`") {
        let Some((name, mut after)) = link.split_once("`]") else {
            break;
        };
        if let Some((_, behind)) = after.strip_prefix('(').and_then(|target| target.split_once(')')) {
            after = behind;
        }
        out.push_str(before);
        out.push_str(&c_name(name, names));
        rest = after;
    }
    out + rest
}

fn c_name(path: &str, names: &std::collections::HashMap<String, String>) -> String {
    let prefixes = [
        ("status", "BACKPLANE_STATUS_"),
        ("level", "BACKPLANE_LEVEL_"),
        ("kind", "BACKPLANE_KIND_"),
    ];
    if let Some((_, prefix)) = prefixes.iter().find(|(module, _)| *module == path) {
        return format!("{prefix}*");
    }
    let parts = path
        .split("::")
        .filter(|part| !prefixes.iter().any(|(module, _)| module == part));
    let parts: Vec<_> = parts
        .map(|part| names.get(part).map_or(part, String::as_str))
        .collect();
    parts.join(".")
}

#[test]
fn the_committed_header_is_the_one_that_the_source_makes() {
    let header = generate();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(committed(), &header).expect("the header is writable");
    }
    let old = read(&committed());
    let differs = header.lines().zip(old.lines()).find(|(new, old)| new != old);
    assert!(
        header == old,
        "sdk/c/include/backplane_plugin.h is out of date, first at {differs:?}; \
         UPDATE=1 cargo test -p backplane-plugin-api --test header writes it"
    );
}

#[test]
fn no_name_of_rust_is_left_in_the_header() {
    let header = read(&committed());
    for name in ["[`", "crate::", "#[repr", "Option<"] {
        assert!(!header.contains(name), "{name}");
    }
    let unprefixed = header
        .lines()
        .filter_map(|line| line.strip_prefix("#define "))
        .filter(|it| !it.starts_with("BACKPLANE_"));
    assert_eq!(unprefixed.collect::<Vec<_>>(), Vec::<&str>::new());
}

/// Compiles `source` with the header at hand.
fn compiles(compiler: &str, arguments: &[&str], source: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("check.c");
    std::fs::write(&file, source).expect("the file is writable");
    let include = crate_dir().join("../sdk/c/include");
    let output = Command::new(compiler)
        .args(arguments)
        .args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", "-I"])
        .args([&include, &file])
        .output()
        .unwrap_or_else(|error| panic!("the compiler {compiler} cannot be run: {error}"));
    assert!(
        output.status.success(),
        "{compiler}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_header_is_good_c99() {
    compiles(
        "cc",
        &["-std=c99"],
        "#include <backplane_plugin.h>\nint main(void) { return 0; }\n",
    );
}

#[test]
fn the_header_is_good_cpp() {
    compiles(
        "c++",
        &["-std=c++11", "-x", "c++"],
        "#include <backplane_plugin.h>\nint main() { return 0; }\n",
    );
}
