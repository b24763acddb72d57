//! What the whole-system tests share: plugins built once, and hosts in a folder of their own.

use backplane_host::Host;
use backplane_host::bundle::Bundle;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// The folder into which cargo puts libraries of the profile that the tests were built with.
fn output() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    // target/PROFILE/deps/TEST
    test.ancestors().nth(2).expect("a test lies in target/PROFILE/deps").to_owned()
}

/// The library of a workspace package, built now if need be.
pub fn library(package: &str) -> PathBuf {
    static BUILT: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let output = output();
    let mut built = BUILT.lock().expect("no test panics while it builds");
    if !built.iter().any(|it| it == package) {
        let profile = match output.file_name().and_then(|name| name.to_str()) {
            Some("debug") => "dev",
            Some(profile) => profile,
            None => "dev",
        };
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", package, "--profile", profile, "--target-dir"])
            .arg(output.parent().expect("the profile's folder lies in target"))
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
            .status()
            .expect("cargo runs");
        assert!(status.success(), "{package} does not build");
        built.push(package.to_owned());
    }
    output.join(format!("lib{}.so", package.replace('-', "_")))
}

/// Another file with the same code: a library does not mind what follows it, but its hash is another one.
pub fn another_build(library: &Path, folder: &Path, name: &str) -> PathBuf {
    let mut bytes = std::fs::read(library).expect("the library is there");
    bytes.extend_from_slice(name.as_bytes());
    let copy = folder.join(format!("{name}.so"));
    std::fs::write(&copy, bytes).expect("the folder can be written");
    copy
}

/// Starts a host whose bundle is `modules` and whose data lies in `folder`.
///
/// # Errors
/// What the host says.
pub fn host(folder: &Path, modules: &str) -> Result<Host, backplane_host::HostError> {
    Host::start(bundle(folder, modules))
}

/// A bundle with these modules, in a folder of its own.
pub fn bundle(folder: &Path, modules: &str) -> Bundle {
    let text = format!("[host]\ndata-dir = {:?}\n{modules}", folder.join("data"));
    Bundle::parse(&folder.join("bundle.toml"), text.as_bytes(), folder, None).expect("the bundle is right")
}
