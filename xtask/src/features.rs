//! Features of plugins that are off by default, and whether their tests can run here.

use std::{env, fs, path::Path, process::Command};

/// Everything is built and checked with these, and tested with those whose tests can run.
pub(crate) const EXTRA: [&str; 4] = [
    "storage-plugin/content-exchange",
    "storage-plugin/postgres",
    "waku-plugin/python-peers",
    "waku-plugin/browser-peers",
];

/// What needs a build of its own, because it takes the place of SQLite: the arguments by which cargo finds it. With all
/// packages, so that nothing is built anew that does not depend on it.
pub(crate) const ENCRYPTED: [&str; 5] = [
    "--workspace",
    "--features",
    "storage-plugin/sqlcipher",
    "--test",
    "cipher",
];

/// One program with all plugins in it, apart from the other tests: it is the largest to link.
pub(crate) const LINKED: [&str; 5] = [
    "--workspace",
    "--features",
    "backplane-linked/linked",
    "--test",
    "linked",
];

/// Those of [`EXTRA`] whose tests can run here, for `--features`.
pub(crate) fn tested() -> String {
    let servers = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut servers = servers.map(|version| version.path().join("bin/initdb").exists());
    let server = servers.any(|found| found);
    let venv = Command::new("python3")
        .args(["-c", "import venv, ensurepip"])
        .output()
        .is_ok_and(|it| it.status.success());
    let browser = Path::new("/usr/bin/chromium").exists();
    let here = [
        true,
        can_run(server, "PostgreSQL", "postgresql"),
        can_run(venv, "Python's venv", "python3-venv"),
        can_run(browser, "Chromium", "chromium"),
    ];
    let tested = EXTRA.iter().zip(here).filter(|(_, runs)| *runs);
    tested.map(|(feature, _)| *feature).collect::<Vec<_>>().join(",")
}

/// Whether the tests of [`ENCRYPTED`] can run here.
pub(crate) fn tests_encryption() -> bool {
    can_run(
        Path::new("/usr/include/openssl/crypto.h").exists(),
        "OpenSSL",
        "libssl-dev",
    )
}

/// A machine that is to find faults must have what the tests need.
fn can_run(found: bool, what: &str, package: &str) -> bool {
    if found || env::var_os("CI").is_some() {
        return true;
    }
    println!("{what} is not installed (Debian's package {package}): its tests are left out");
    false
}
