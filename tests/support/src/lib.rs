//! Builds the plugins that tests load, once for each process.

#[cfg(feature = "certificates")]
pub mod certificates;
mod outside;

pub use outside::Outside;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

/// The folder of the workspace.
pub fn workspace() -> &'static Path {
    static WORKSPACE: LazyLock<PathBuf> = LazyLock::new(|| {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        here.ancestors().nth(2).unwrap_or(here).to_owned()
    });
    &WORKSPACE
}

/// The folder that build results go to.
pub fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace().join("target"), |dir| workspace().join(dir))
}

/// The library of the fixture `name`, a folder of `tests/fixtures`: built by cargo where it is a crate, else
/// by the C compiler. It is up to date.
///
/// # Panics
/// When it cannot be built, with what the compiler says.
pub fn fixture(name: &str) -> PathBuf {
    static BUILT: LazyLock<Mutex<HashMap<String, PathBuf>>> = LazyLock::new(Mutex::default);
    // Held while building, so that the others wait for the first.
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = built.get(name) {
        return path.clone();
    }
    let folder = workspace().join("tests/fixtures").join(name);
    let path = if folder.join("plugin.c").exists() {
        let source = fs::read_to_string(folder.join("plugin.c")).expect("the source is readable");
        compile_c(name, &source, &[])
    } else {
        cargo_build(&format!("fixture-{name}"))
    };
    built.insert(name.to_owned(), path.clone());
    path
}

/// The dynamic library of the workspace's crate `package`, built by cargo, optimised where the caller is. With
/// `BACKPLANE_PREBUILT` in the environment, whoever set it has just built the whole workspace.
///
/// # Panics
/// When it cannot be built.
pub fn cargo_build(package: &str) -> PathBuf {
    cargo_build_with(package, &[])
}

/// The same with features of the crate, which whoever set `BACKPLANE_PREBUILT` has chosen, too.
///
/// # Panics
/// As [`cargo_build`].
pub fn cargo_build_with(package: &str, features: &[&str]) -> PathBuf {
    let name = format!(
        "{}{}{}",
        std::env::consts::DLL_PREFIX,
        package.replace('-', "_"),
        std::env::consts::DLL_SUFFIX
    );
    if std::env::var_os("BACKPLANE_PREBUILT").is_some() && cfg!(debug_assertions) {
        return target_dir().join("debug").join(name);
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.arg("build");
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    if !features.is_empty() {
        command.args(["--features", &features.join(",")]);
    }
    library_of(command, package)
}

/// The same, built by the nightly toolchain into a folder of its own.
///
/// # Panics
/// When it cannot be built, for example because the toolchain is not installed.
pub fn nightly_build(package: &str) -> PathBuf {
    let mut command = Command::new("rustup");
    command
        .args(["run", "nightly", "cargo", "build", "--target-dir"])
        .arg(target_dir().join("nightly"));
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(name);
    }
    library_of(command, package)
}

fn library_of(mut command: Command, package: &str) -> PathBuf {
    // What cargo tells a test of its own package: some build scripts would run anew for it.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    let output = command
        .args([
            "--package",
            package,
            "--message-format",
            "json-render-diagnostics",
        ])
        .current_dir(workspace())
        .output()
        .unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{package} cannot be built:\n{said}");
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut libraries = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let crate_name = package.replace('-', "_");
        if message["reason"] != "compiler-artifact" || message["target"]["name"] != crate_name.as_str() {
            return None;
        }
        let files = message["filenames"]
            .as_array()?
            .iter()
            .filter_map(|file| file.as_str());
        files.map(PathBuf::from).find(|file| {
            file.extension()
                .is_some_and(|it| it == std::env::consts::DLL_EXTENSION)
        })
    });
    libraries
        .next_back()
        .unwrap_or_else(|| panic!("{package} is no dynamic library"))
}

/// Compiles the C source of a plugin, which may include `backplane_plugin.h`, with warnings denied. `options`
/// are further ones for the compiler, for example `-DVERSION="2.0.0"`. One name stands for one result.
///
/// # Panics
/// When it does not compile, with what the compiler says.
pub fn compile_c(name: &str, source: &str, options: &[&str]) -> PathBuf {
    let folder = target_dir().join("fixtures");
    fs::create_dir_all(&folder).expect("the target folder is writable");
    let library = folder.join(format!("lib{name}.{}", std::env::consts::DLL_EXTENSION));
    // Another process or thread may be at it, too: each writes its own and puts it in place as a whole.
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let own = |extension: &str| folder.join(format!("{name}-{process}-{number}.{extension}"));
    let (file, unfinished) = (own("c"), own("part"));
    fs::write(&file, source).expect("the target folder is writable");
    let output = Command::new("cc")
        .args([
            "-std=c99",
            "-O1",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-shared",
            "-fPIC",
            "-fvisibility=hidden",
            "-I",
        ])
        .arg(workspace().join("sdk/c/include"))
        .args(options)
        .arg("-o")
        .args([&unfinished, &file])
        .output()
        .unwrap_or_else(|error| panic!("the compiler cc cannot be run: {error}"));
    fs::remove_file(&file).expect("the target folder is writable");
    assert!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    fs::rename(&unfinished, &library).expect("the target folder is writable");
    library
}
