//! Features of plugins that are off by default, and whether their tests can run here.

use std::{env, fs, path::Path};

/// Everything is built and checked with these, and tested with those whose tests can run.
pub(crate) const EXTRA: [&str; 2] = ["storage-plugin/content-exchange", "storage-plugin/postgres"];

/// What needs a build of its own, because it takes the place of SQLite: the arguments by which cargo finds it. With all
/// packages, so that nothing is built anew that does not depend on it.
pub(crate) const ENCRYPTED: [&str; 5] = [
    "--workspace",
    "--features",
    "storage-plugin/sqlcipher",
    "--test",
    "cipher",
];

/// Those of [`EXTRA`] whose tests can run here, for `--features`.
pub(crate) fn tested() -> String {
    let servers = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut found = servers.map(|version| version.path().join("bin/initdb").exists());
    let count = if can_run(found.any(|it| it), "PostgreSQL", "postgresql") {
        2
    } else {
        1
    };
    EXTRA[..count].join(",")
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
