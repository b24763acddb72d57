//! What is not taken.

use super::{Bench, text};
use crate::host::Host;
use serde_json::json;
use std::fs;

#[test]
fn what_is_tampered_with_is_neither_installed_nor_run() {
    let bench = Bench::new();
    bench.publish("1.0.0");
    // In the registry.
    let package = bench.path("registry/packages/c-hello-1.0.0.bpkg");
    let good = fs::read(&package).unwrap();
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    fs::write(&package, &bad).unwrap();
    let install = &["install", "c-hello", "--registry", "registry"][..];
    let (code, changed) = bench.refused(install);
    assert_eq!(code, Some(1));
    assert!(
        changed.contains("it was changed after it was published"),
        "{changed}"
    );
    let (_, broken) = bench.refused(&[
        "verify",
        "registry/packages/c-hello-1.0.0.bpkg",
        "--policy",
        "none",
    ]);
    assert!(
        broken.contains("is damaged") || broken.contains("SHA-256") || broken.contains("one form"),
        "{broken}"
    );
    assert!(!bench.path("backplane.lock").exists());
    // On the disk, after it was installed.
    fs::write(&package, &good).unwrap();
    bench.ok(install);
    let library = bench.json(&["list"])[0]["library"].as_str().unwrap().to_owned();
    let mut bytes = fs::read(&library).unwrap();
    bytes.extend_from_slice(b"more");
    fs::write(&library, &bytes).unwrap();
    assert_eq!(bench.json(&["list"])[0]["state"], "changed");
    let (code, refused) = bench.refused(&["run", "--log", "error"]);
    assert_eq!(code, Some(1));
    assert!(
        refused.contains("module echo wants plugin") && refused.contains("with sha256"),
        "{refused}"
    );
    // What the lock lists is put right.
    assert_eq!(bench.json(&["install"]), json!({ "restored": ["c-hello 1.0.0"] }));
    assert_eq!(bench.json(&["list"])[0]["state"], "intact");
    fs::remove_dir_all(bench.path("packages")).unwrap();
    assert_eq!(bench.json(&["list"])[0]["state"], "missing");
    assert_eq!(bench.ok(&["install"]), "c-hello 1.0.0\n");
    let host = Host::spawn_in(bench.folder, &[]);
    assert_eq!(host.json(&["call", "fixture.echo.echo", r#""hi""#]), "hi");
}

#[test]
fn an_old_index_an_older_version_and_a_foreign_key_are_refused() {
    let bench = Bench::new();
    bench.publish("1.0.0");
    let old_index = text(bench.path("registry/index.json"));
    let first = bench.path("c-hello-1.0.0.bpkg");
    fs::copy(&first, bench.path("first.bpkg")).unwrap();
    bench.publish("1.1.0");
    bench.ok(&["install", "c-hello", "--registry", "registry"]);
    let new_index = text(bench.path("registry/index.json"));
    fs::write(bench.path("registry/index.json"), &old_index).unwrap();
    for args in [&["install", "c-hello"][..], &["outdated"]] {
        let (code, rollback) = bench.refused(args);
        assert_eq!(code, Some(1));
        assert!(
            rollback.ends_with("has the serial number 1, but it had 2 before: somebody gives out an old one"),
            "{rollback}"
        );
    }
    fs::write(bench.path("registry/index.json"), &new_index).unwrap();
    for older in ["./first.bpkg", "c-hello@=1.0.0"] {
        let (_, downgrade) = bench.refused(&["install", older]);
        assert_eq!(
            downgrade,
            "backplane: c-hello 1.0.0 is older than 1.1.0, which is installed; --allow-downgrade takes it all the same"
        );
    }
    bench.ok(&["install", "./first.bpkg", "--allow-downgrade"]);
    assert_eq!(bench.installed(), "1.0.0");
    // Somebody else, whom one believes, too, takes the name.
    bench.ok(&["key", "new", "squatter.key"]);
    let squatted = bench.pack("1.1.0");
    bench.ok(&["sign", &squatted, "--key", "squatter.key"]);
    let (_, published) = bench.refused(&["publish", &squatted, "--to", "registry", "--key", "registry.key"]);
    assert!(
        published.contains("but the name belongs to the key"),
        "{published}"
    );
    let file = format!("./{squatted}");
    let (_, unknown) = bench.refused(&["install", &file]);
    assert!(unknown.contains("but the name belongs to the key"), "{unknown}");
    let (_, unknown) = bench.refused(&["install", &file, "--allow-new-key"]);
    assert!(unknown.contains("which is not in the keyring"), "{unknown}");
    bench.ok(&["key", "trust", "squatter", "squatter.key.pub"]);
    let (_, taken) = bench.refused(&["install", &file]);
    assert!(taken.contains("but the name belongs to the key"), "{taken}");
    assert_eq!(bench.installed(), "1.0.0");
    bench.ok(&["install", &file, "--allow-new-key"]);
    assert_eq!(bench.installed(), "1.1.0");
}
