//! Packages that are made and signed.

use super::{Bench, LIBRARIES, text};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn a_package_is_the_same_to_the_byte_and_says_what_it_holds() {
    let bench = Bench::new();
    let package = bench.pack("1.0.0");
    let first = fs::read(bench.path(&package)).unwrap();
    bench.pack("1.0.0");
    assert_eq!(fs::read(bench.path(&package)).unwrap(), first);
    let (code, unsigned) = bench.refused(&["verify", &package]);
    let expected = format!("backplane: {package} is not signed, and the policy is to require it");
    assert_eq!((code, unsigned), (Some(1), expected));
    bench.ok(&["sign", &package, "--key", "author.key"]);
    let signed = fs::read(bench.path(&package)).unwrap();
    bench.ok(&["sign", &package, "--key", "author.key"]);
    assert_eq!(fs::read(bench.path(&package)).unwrap(), signed);
    let verified = bench.json(&["verify", &package]);
    assert_eq!(verified["signed_by"], "author");
    assert_eq!(verified["manifest"]["provides"][0]["interface"], "fixture.echo");
    let shown = bench.ok(&["verify", &package]);
    assert!(shown.contains("licences   LICENSE-MIT\n"), "{shown}");
    assert!(shown.contains("provides   fixture.echo 1.0.0\n"), "{shown}");
}

#[test]
fn a_package_holds_several_targets_of_one_plugin() {
    let bench = Bench::new();
    let mut other = fs::read(&LIBRARIES[0]).unwrap();
    // The processor in the header of an ELF file: RISC-V.
    other[18..20].copy_from_slice(&243u16.to_le_bytes());
    fs::write(bench.path("other.so"), other).unwrap();
    let own = LIBRARIES[0].clone();
    let packed = bench.json(&["pack", &own, "other.so"]);
    let targets = packed["targets"].as_array().unwrap();
    assert_eq!(targets.len(), 2);
    assert!(targets.contains(&json!("linux-riscv64")), "{packed}");
    bench.ok(&["verify", "c-hello-1.0.0.bpkg", "--policy", "none"]);
    let (_, twice) = bench.refused(&["pack", &own, &own]);
    assert!(twice.contains("is there twice"), "{twice}");
    let newer = LIBRARIES[1].clone();
    let (_, two) = bench.refused(&["pack", &own, &newer]);
    assert!(two.contains("says other things of itself than"), "{two}");
    bench.ok(&["pack", "other.so", "--output", "foreign.bpkg"]);
    let (_, foreign) = bench.refused(&["install", "./foreign.bpkg", "--policy", "none"]);
    assert!(
        foreign.starts_with("backplane: c-hello 1.0.0 is not built for ")
            && foreign.ends_with(", but for linux-riscv64"),
        "{foreign}"
    );
}

#[test]
fn secret_keys_are_for_their_owner_and_never_shown() {
    let bench = Bench::new();
    let mode = |name: &str| fs::metadata(bench.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("author.key"), 0o600);
    let secret = text(bench.path("author.key"));
    let digits = secret.split_whitespace().nth(1).unwrap().to_owned();
    fs::set_permissions(bench.path("author.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let package = bench.pack("1.0.0");
    let (code, open) = bench.refused(&["sign", &package, "--key", "author.key"]);
    assert_eq!(
        (code, &*open),
        (
            Some(1),
            "backplane: author.key can be read by others (mode 644): chmod 600 it"
        )
    );
    let (_, none) = bench.refused(&["sign", &package, "--key", "author.key.pub"]);
    assert!(none.contains("holds no secret key"), "{none}");
    let (_, again) = bench.refused(&["key", "new", "author.key"]);
    assert!(again.contains("File exists"), "{again}");
    for said in [open, none, again] {
        assert!(!said.contains(&digits));
    }
}
