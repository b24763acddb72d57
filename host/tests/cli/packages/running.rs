//! Packages that are installed, run, swapped and removed.

use super::{Bench, LIBRARIES, NO_START, VERSIONS, text, variant};
use crate::host::{Host, backplane, ended, write_bundle};
use backplane_test_support::{compile_c, workspace};
use serde_json::json;
use std::fs;

#[test]
fn a_package_is_installed_from_a_registry_run_and_swapped_for_a_newer_one() {
    let bench = Bench::new();
    bench.publish("1.0.0");
    let dry = bench.json(&["install", "c-hello", "--registry", "registry", "--dry-run"]);
    assert_eq!(
        (&dry["packages"][0]["to"], &dry["packages"][0]["modules"]),
        (&json!("1.0.0"), &json!(["echo"]))
    );
    assert!(!bench.path("backplane.lock").exists() && !bench.path("packages").exists());
    let installed = bench.ok(&["install", "c-hello", "--registry", "registry"]);
    assert!(
        installed.contains("c-hello  -          1.0.0  author"),
        "{installed}"
    );
    assert_eq!(
        bench.ok(&["install", "c-hello"]),
        "all of it is installed already\n"
    );
    let lock = text(bench.path("backplane.lock"));
    assert!(
        lock.contains("[packages.c-hello]") && lock.contains("serial = 1"),
        "{lock}"
    );

    let host = Host::spawn_in(bench.folder, &[]);
    assert_eq!(host.json(&["call", "fixture.echo.echo", r#""hi""#]), "hi");
    assert_eq!(host.json(&["modules"])[0]["version"], "1.0.0");
    // The bench goes on in the folder of the host.
    let ok = |args: &[&str]| host.ok(args);
    let publish = |number: usize| {
        ok(&["pack", &LIBRARIES[number]]);
        let package = format!("c-hello-{}.bpkg", VERSIONS[number]);
        ok(&["sign", &package, "--key", "author.key"]);
        ok(&["publish", &package, "--to", "registry", "--key", "registry.key"]);
    };
    publish(1);
    let outdated = host.json(&["outdated"]);
    assert_eq!(
        (&outdated[0]["installed"], &outdated[0]["fits"]),
        (&json!("1.0.0"), &json!("1.1.0"))
    );
    let swapped = host.json(&["install", "c-hello", "--swap"]);
    assert_eq!(
        (&swapped["swapped"][0]["from"], &swapped["swapped"][0]["to"]),
        (&json!("1.0.0"), &json!("1.1.0"))
    );
    assert_eq!(host.json(&["modules"])[0]["version"], "1.1.0");
    assert_eq!(host.json(&["call", "fixture.echo.echo", r#""ho""#]), "ho");
    assert_eq!(host.json(&["outdated"]), json!([]));
    let packages = host.folder.path().join("packages");
    assert!(packages.join("c-hello-1.1.0").exists() && !packages.join("c-hello-1.0.0").exists());

    // A version that does not start: the old one serves on, and nothing has changed.
    publish(2);
    let lock = text(host.folder.path().join("backplane.lock"));
    let (code, refused) = host.refused(&["install", "c-hello", "--swap"]);
    assert_eq!(code, 1, "{refused}");
    assert!(
        refused.contains("not today") && refused.ends_with("; nothing is installed"),
        "{refused}"
    );
    assert_eq!(host.json(&["modules"])[0]["version"], "1.1.0");
    assert_eq!(host.json(&["call", "fixture.echo.echo", r#""ha""#]), "ha");
    assert_eq!(text(host.folder.path().join("backplane.lock")), lock);
    assert!(!packages.join("c-hello-1.2.0").exists());
}

#[test]
fn when_one_of_two_modules_cannot_be_swapped_the_other_is_rolled_back() {
    let bench = Bench::new();
    let modules = "[modules.echo]\nplugin = \"c-hello\"\n[modules.second]\n";
    write_bundle(bench.folder.path(), &[modules.to_owned()]);
    let second = [
        ("c-hello", "second"),
        (r#"\"id\":\"fixture.echo\""#, r#"\"id\":\"fixture.second\""#),
    ];
    let broken = [second[0], second[1], NO_START[0], NO_START[1]];
    let publish = |name: &str, library: &str, version: &str| {
        bench.ok(&["pack", library]);
        let package = format!("{name}-{version}.bpkg");
        bench.ok(&["sign", &package, "--key", "author.key"]);
        bench.ok(&["publish", &package, "--to", "registry", "--key", "registry.key"]);
    };
    bench.publish("1.0.0");
    publish("second", &variant("second", "1.0.0", &second), "1.0.0");
    bench.ok(&["install", "c-hello", "second", "--registry", "registry"]);
    bench.publish("1.1.0");
    publish("second", &variant("second", "1.1.0", &broken), "1.1.0");
    let host = Host::spawn_in(bench.folder, &[]);
    assert_eq!(host.json(&["modules"]).as_array().map(Vec::len), Some(2));
    let (code, refused) = host.refused(&["install", "c-hello", "second", "--swap"]);
    assert_eq!(code, 1, "{refused}");
    assert!(
        refused.contains("not today") && refused.ends_with("; nothing is installed; echo is rolled back"),
        "{refused}"
    );
    for module in host.json(&["modules"]).as_array().unwrap() {
        assert_eq!(
            (&module["version"], &module["state"]),
            (&json!("1.0.0"), &json!("ready"))
        );
    }
    let listed = host.json(&["list"]);
    assert_eq!(
        (&listed[0]["version"], &listed[1]["version"]),
        (&json!("1.0.0"), &json!("1.0.0"))
    );
    let left = fs::read_dir(host.folder.path().join("packages")).unwrap();
    let left = left.filter(|entry| entry.as_ref().unwrap().path().is_dir());
    assert_eq!(left.count(), 2);
}

#[test]
fn a_package_is_removed_when_no_module_needs_it() {
    let bench = Bench::new();
    bench.publish("1.0.0");
    bench.ok(&["install", "c-hello", "--registry", "registry"]);
    assert_eq!(
        bench.refused(&["remove", "c-hello"]),
        (
            Some(1),
            "backplane: the module echo of bundle.toml is this plugin: take [modules.echo] out of it first, or use --force"
                .to_owned()
        )
    );
    write_bundle(bench.folder.path(), &[]);
    assert_eq!(bench.ok(&["remove", "c-hello"]), "c-hello 1.0.0 is removed\n");
    assert_eq!(bench.json(&["list"]), json!([]));
    assert!(!bench.path("packages/c-hello-1.0.0").exists());
    assert!(
        text(bench.path("backplane.lock")).contains("[owners]"),
        "the name stays whose it was"
    );
}

#[test]
fn the_commands_of_the_page_work_as_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    let source = text(workspace().join("tests/fixtures/c-hello/plugin.c")).replace("c-hello", "counter");
    let library = compile_c("package-counter", &source, &["-DVERSION=\"0.1.0\""]);
    fs::copy(library, folder.path().join("libcounter.so")).unwrap();
    fs::write(folder.path().join("LICENSE-MIT"), "Do what you like.").unwrap();
    write_bundle(folder.path(), &["[modules.counter]\n".to_owned()]);
    let page = text(workspace().join("docs/packages.md"));
    let blocks = page
        .split("\n```sh\n")
        .skip(1)
        .filter_map(|block| block.split("\n```").next());
    let mut run = 0;
    for command in blocks.flat_map(str::lines) {
        let args: Vec<&str> = command.split_whitespace().collect();
        let ["backplane", args @ ..] = &*args else {
            panic!("{command}");
        };
        let ended = ended(&mut backplane(folder.path(), args));
        assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{command}");
        run += 1;
    }
    assert_eq!(run, 8);
    let host = Host::spawn_in(folder, &[]);
    assert_eq!(host.json(&["call", "fixture.echo.echo", r#""hi""#]), "hi");
}
