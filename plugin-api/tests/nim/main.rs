//! The Nim module of the ABI is made from the C header, committed, and laid out as C does it.

mod header;
mod render;

use header::Header;
use std::path::{Path, PathBuf};
use std::process::Command;

fn sdk(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk").join(path)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn header() -> Header {
    header::parse(&read(&sdk("c/include/backplane_plugin.h")))
}

#[test]
fn the_committed_module_is_the_one_that_the_header_makes() {
    let path = sdk("nim/backplane/abi.nim");
    let module = render::module(&header());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &module).expect("the module is writable");
    }
    let old = read(&path);
    let differs = module.lines().zip(old.lines()).find(|(new, old)| new != old);
    assert!(
        module == old,
        "sdk/nim/backplane/abi.nim is out of date, first at {differs:?}; \
         UPDATE=1 cargo test -p backplane-plugin-api --test nim writes it"
    );
}

/// Runs a program; what it prints.
fn run(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| {
            panic!("{program} cannot be run: {error}; Debian's package nim has the compiler")
        });
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}:\n{said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn every_struct_is_laid_out_as_in_c() {
    let folder = tempfile::tempdir().expect("a folder");
    let (header, folder) = (header(), folder.path());
    std::fs::write(folder.join("layout.c"), render::layout_in_c(&header)).expect("a file");
    std::fs::write(folder.join("layout.nim"), render::layout_in_nim(&header)).expect("a file");
    let include = format!("-I{}", sdk("c/include").display());
    run(
        "cc",
        &["-std=c99", &include, "-o", "layout-c", "layout.c"],
        folder,
    );
    let path = format!("--path:{}", sdk("nim").display());
    let cache = format!("--nimcache:{}", folder.join("cache").display());
    run(
        "nim",
        &[
            "c",
            "--hints:off",
            "--skipParentCfg",
            &path,
            &cache,
            "--out:layout-nim",
            "layout.nim",
        ],
        folder,
    );
    let in_c = run("./layout-c", &[], folder);
    assert!(in_c.lines().count() > 100, "{in_c}");
    assert_eq!(in_c, run("./layout-nim", &[], folder));
}
