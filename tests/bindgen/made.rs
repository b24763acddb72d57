//! Plugins that are made from the schema of `fixture.kinds`, and compiled.

use backplane_bindgen::{Language, Sides, generate};
use backplane_descriptor::Interface;
use backplane_test_support::workspace;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn read(schema: &Path) -> Interface {
    Interface::parse(&fs::read(schema).expect("a schema")).expect("it is valid")
}

/// The committed schemas of the plugins, by the names of their files.
pub(crate) fn schemas() -> Vec<(String, Interface)> {
    let plugins = fs::read_dir(workspace().join("plugins")).expect("there are plugins");
    let folders = plugins.map(|it| it.expect("a folder").path().join("api/interfaces"));
    let files = folders.filter_map(|it| fs::read_dir(it).ok()).flatten();
    let files = files.map(|it| it.expect("a file").path());
    let named = |file: PathBuf| {
        (
            file.file_stem().expect("a name").display().to_string(),
            read(&file),
        )
    };
    files.map(named).collect()
}

/// Writes what is made of `schema` into `folder`.
pub(crate) fn write(folder: &Path, schema: &Interface, language: Language, sides: Sides) -> Vec<PathBuf> {
    let files = generate(schema, language, sides).expect("it can be made");
    let write = |file: backplane_bindgen::File| {
        let path = folder.join(file.path);
        fs::write(&path, file.text).expect("a file");
        path
    };
    files.into_iter().map(write).collect()
}

/// The same of the schema of the fixture.
pub(crate) fn make(folder: &Path, language: Language, sides: Sides) -> Vec<PathBuf> {
    let schema = workspace().join("tests/fixtures/kinds-api/interfaces/fixture.kinds-1.0.0.json");
    write(folder, &read(&schema), language, sides)
}

fn succeed(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}:\n{said}");
}

fn is_c(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "c")
}

/// The helper library for C.
fn library() -> Vec<PathBuf> {
    let entries = fs::read_dir(workspace().join("sdk/c/src")).expect("the library is there");
    entries.map(|it| it.expect("a file").path()).collect()
}

/// The plugin `source`, a file of the fixtures, with what is made of the schema.
pub(crate) fn c_plugin(folder: &Path, source: &str) -> PathBuf {
    let made = make(folder, Language::C, Sides::BOTH);
    let plugin = folder.join(format!("lib{}.so", source.replace(['/', '.'], "-")));
    succeed(
        Command::new("cc")
            .args([
                "-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
            ])
            .args(["-fvisibility=hidden", "-pthread", "-I"])
            .arg(workspace().join("sdk/c/include"))
            .arg(format!("-I{}", folder.display()))
            .arg("-o")
            .arg(&plugin)
            .arg(workspace().join("tests/fixtures").join(source))
            .args(made.iter().filter(|it| is_c(it)))
            .args(library()),
    );
    plugin
}

/// The same in Nim.
pub(crate) fn nim_plugin(folder: &Path, source: &str) -> PathBuf {
    make(folder, Language::Nim, Sides::BOTH);
    let plugin = folder.join(format!("lib{}.so", source.replace(['/', '.'], "-")));
    succeed(
        Command::new("nim")
            .args([
                "c",
                "--hints:off",
                "--skipParentCfg",
                "-d:release",
                "--threads:on",
                "--mm:arc",
            ])
            .args(["-d:useMalloc", "--app:lib"])
            .arg(format!("--path:{}", workspace().join("sdk/nim").display()))
            .arg(format!("--path:{}", folder.display()))
            .arg(format!("--nimcache:{}", folder.join("cache").display()))
            .arg(format!("--out:{}", plugin.display()))
            .arg(workspace().join("tests/fixtures").join(source)),
    );
    plugin
}
