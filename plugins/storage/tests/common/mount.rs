//! Tests that take a process of their own, which may have mounts of its own.

use std::env;
use std::path::Path;
use std::process::Command;

/// Where the child of a test works; it is set for the child alone.
const ROOT: &str = "STORAGE_TEST_SYSTEM_ROOT";

pub(crate) fn root() -> Option<String> {
    env::var(ROOT).ok()
}

pub(crate) fn child(name: &str, root: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture"]).env(ROOT, root);
    command
}

/// Runs the test `name` as a child that has mounts of its own, after `mount` has made one at `$0`. False where the
/// system does not let this user make mounts.
pub(crate) fn with_mount(name: &str, mount: &str, root: &Path) -> bool {
    let unshare = || {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c"]);
        command
    };
    let probe = unshare().args([mount]).arg(root).output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        let ci = env::var_os("CI").is_some();
        assert!(!ci, "{name}: mounts cannot be made here, and CI has to try it");
        eprintln!("{name}: mounts cannot be made here; not tried");
        return false;
    }
    let script = format!("{mount} && exec \"$@\"");
    let inner = child(name, root);
    let output = unshare()
        .arg(script)
        .arg(root)
        .arg(inner.get_program())
        .args(inner.get_args())
        .env(ROOT, root)
        .output()
        .unwrap();
    let (text, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{text}\n{errors}");
    true
}
