//! What the whole-system tests share: hosts in a folder of their own.

use backplane_host::Host;
use backplane_host::bundle::Bundle;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The longest that a test waits for something that has to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `done`, which has to come.
///
/// # Panics
/// It did not come.
pub fn until(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain for: {what}");
        std::thread::yield_now();
    }
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
