//! Which versions are taken, and why not others.

use super::{Bench, variant};
use crate::host::{Host, write_bundle};
use serde_json::json;

#[test]
fn a_package_that_does_not_fit_the_bundle_is_explained() {
    let bench = Bench::new();
    write_bundle(
        bench.folder.path(),
        &["[modules.echo]\nplugin = \"c-hello\"\nversion = \"^2\"\n".to_owned()],
    );
    bench.publish("1.0.0");
    let install = &["install", "c-hello", "--registry", "registry"][..];
    assert_eq!(
        bench.refused(install),
        (
            Some(1),
            "backplane: module echo wants plugin c-hello ^2; available: c-hello 1.0.0".to_owned()
        )
    );
    // Without a module for it, the table is shown that makes one.
    write_bundle(bench.folder.path(), &[]);
    let installed = bench.ok(install);
    assert!(installed.ends_with("\n\n[modules.c-hello]\n"), "{installed}");
    for (args, code, expected) in [
        (
            &["install", "c-hullo", "--registry", "registry"][..],
            1,
            "has no package \"c-hullo\"; did you mean \"c-hello\"?",
        ),
        (
            &["install", "c-hullo"],
            2,
            "backplane: c-hullo is not installed from a registry: name one with --registry",
        ),
        (
            &["install", "c-hello", "--registry", "ftp://example.org"],
            1,
            "a registry is a folder, or a file://, http:// or https:// URL",
        ),
        (
            &["install", "c-hello", "c-hello"],
            2,
            "c-hello is asked for twice",
        ),
        (&["install", "What?"], 2, "\"What?\" is not the name of a package"),
        (&["install", "c-hello@?"], 2, "\"c-hello@?\": "),
        (
            &["install", "c-hello", "--bundle", "other.toml"],
            2,
            "there is no other.toml, beside which packages are installed",
        ),
        (
            &["install", "c-hello@=1.0.0", "--swap"],
            3,
            "without --swap, what is installed runs from the next start on",
        ),
        (&["remove", "c-hullo"], 1, "no package \"c-hullo\" is installed"),
    ] {
        let (found, said) = bench.refused(args);
        assert_eq!(found, Some(code), "{args:?}: {said}");
        assert!(said.contains(expected), "{args:?}: {said}");
    }
}

#[test]
fn versions_are_chosen_that_fit_each_other_and_a_conflict_is_explained() {
    let bench = Bench::new();
    let modules = "[modules.echo]\nplugin = \"c-hello\"\n[modules.needy]\ngrants = [\"fixture.echo\"]\n";
    write_bundle(bench.folder.path(), &[modules.to_owned()]);
    let other_echo = [(
        r#"\"id\":\"fixture.echo\",\"version\":\"1.0.0\""#,
        r#"\"id\":\"fixture.echo\",\"version\":\"2.0.0\""#,
    )];
    let needy = [
        ("c-hello", "needy"),
        (r#"\"id\":\"fixture.echo\""#, r#"\"id\":\"fixture.needy\""#),
        (
            r#"\"provides\":"#,
            r#"\"requires\":[{\"interface\":\"fixture.echo\",\"version\":\"^1\"}],\"provides\":"#,
        ),
    ];
    bench.publish("1.0.0");
    for (file, library) in [
        ("c-hello-2.0.0.bpkg", variant("c-hello", "2.0.0", &other_echo)),
        ("needy-1.0.0.bpkg", variant("needy", "1.0.0", &needy)),
    ] {
        bench.ok(&["pack", &library]);
        bench.ok(&["sign", file, "--key", "author.key"]);
        bench.ok(&["publish", file, "--to", "registry", "--key", "registry.key"]);
    }
    let registry = ["--registry", "registry"];
    let (_, alone) = bench.refused(&[&["install", "needy"][..], &registry].concat());
    assert!(
        alone.contains("module echo wants plugin c-hello *; no such plugin was found"),
        "{alone}"
    );
    let (code, conflict) = bench.refused(&[&["install", "c-hello@^2", "needy"][..], &registry].concat());
    assert_eq!(code, Some(1));
    assert!(
        conflict.contains("needy 1.0.0 requires fixture.echo ^1")
            && conflict.contains("echo (c-hello 2.0.0) provides fixture.echo 2.0.0"),
        "{conflict}"
    );
    // The highest version does not fit: an older one is taken, and the reason told.
    let installed = bench.run(&[&["install", "c-hello", "needy"][..], &registry].concat());
    assert_eq!(installed.code, Some(0), "{installed:?}");
    assert!(
        installed
            .err
            .starts_with("backplane: warning: echo runs as version 1.0.0, not as 2.0.0: "),
        "{installed:?}"
    );
    let listed = bench.json(&["list"]);
    assert_eq!(
        (&listed[0]["version"], &listed[1]["modules"]),
        (&json!("1.0.0"), &json!(["needy"]))
    );
    let host = Host::spawn_in(bench.folder, &[]);
    assert_eq!(host.json(&["modules"]).as_array().map(Vec::len), Some(2));
}

#[test]
fn the_table_of_a_new_module_grants_all_that_it_calls_and_hears() {
    let bench = Bench::new();
    let asks = [
        ("c-hello", "asking"),
        (r#"\"id\":\"fixture.echo\""#, r#"\"id\":\"fixture.asking\""#),
        (
            r#"\"provides\":"#,
            r#"\"requires\":[{\"interface\":\"fixture.echo\",\"version\":\"^1\"}],\"subscribes\":[{\"interface\":\"fixture.echo\",\"version\":\"^1\",\"event\":\"heard\"},{\"interface\":\"fixture.news\",\"version\":\"^1\",\"event\":\"told\"}],\"provides\":"#,
        ),
    ];
    bench.ok(&["pack", &variant("asking", "1.0.0", &asks)]);
    bench.ok(&["sign", "asking-1.0.0.bpkg", "--key", "author.key"]);
    let verified = bench.ok(&["verify", "asking-1.0.0.bpkg"]);
    assert!(
        verified.contains("subscribes  fixture.echo.heard ^1, fixture.news.told ^1\n"),
        "{verified}"
    );
    bench.ok(&["pack", &super::LIBRARIES[0]]);
    bench.ok(&["sign", "c-hello-1.0.0.bpkg", "--key", "author.key"]);
    let installed = bench.run(&["install", "./asking-1.0.0.bpkg", "./c-hello-1.0.0.bpkg"]);
    assert_eq!(installed.code, Some(0), "{installed:?}");
    assert!(
        installed
            .out
            .ends_with("[modules.asking]\ngrants = [\"fixture.echo\", \"fixture.news.told\"]\n"),
        "{installed:?}"
    );
}
