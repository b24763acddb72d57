//! The store as other modules meet it, behind a host.

mod large;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod two_hosts;

use std::path::Path;

use backplane_host::bundle::Grants;
use backplane_host::{FrontEnd, Host};

/// A host with the plugin, whose data lie in `folder`, and a caller. `config` is that of the module.
fn start(folder: &Path, plugin: &Path, config: &str) -> (Host, FrontEnd) {
    let modules = format!("[modules.storage]\nplugin = {plugin:?}\n[modules.storage.config]\n{config}\n");
    let host = backplane_tests::host(folder, &modules).expect("the host starts");
    let front = host.front_end("notes", &Grants::all()).expect("a front end");
    (host, front)
}
