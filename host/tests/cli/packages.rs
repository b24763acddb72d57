//! Packages, from the library to the module that runs.

use crate::host::{Ended, Host, backplane, ended, write_bundle};
use backplane_test_support::{compile_c, workspace};
use serde_json::{Value as Json, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

/// The versions of the plugin in C.
const VERSIONS: [&str; 3] = ["1.0.0", "1.1.0", "1.2.0"];

/// The libraries of the plugin in C, one for each version. The last one does not start.
static LIBRARIES: LazyLock<[PathBuf; 3]> = LazyLock::new(|| {
    let source = fs::read_to_string(workspace().join("tests/fixtures/c-hello/plugin.c")).unwrap();
    let refusal = "static int32_t no_start(void *module, backplane_reply *reply) {\n    (void)module;\n    \
                   return refuse(reply, BACKPLANE_STATUS_INTERNAL, \"not today\");\n}\n\n\
                   static const backplane_module_table table = {";
    let broken = source
        .replace("static const backplane_module_table table = {", refusal)
        .replace(".start = start", ".start = no_start");
    VERSIONS.map(|version| {
        let source = if version == "1.2.0" { &broken } else { &source };
        let define = format!("-DVERSION=\"{version}\"");
        compile_c(&format!("package-echo-{version}"), source, &[&define])
    })
});

/// A folder with a bundle whose module `echo` is the plugin `c-hello`, an author, and a registry.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_bundle(
            folder.path(),
            &["[modules.echo]\nplugin = \"c-hello\"\n".to_owned()],
        );
        fs::write(folder.path().join("LICENSE-MIT"), "Do what you like.").unwrap();
        let bench = Self { folder };
        for name in ["author", "registry"] {
            bench.ok(&["key", "new", &format!("{name}.key")]);
            bench.ok(&["key", "trust", name, &format!("{name}.key.pub")]);
        }
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Ended {
        ended(&mut backplane(self.folder.path(), args))
    }

    fn ok(&self, args: &[&str]) -> String {
        let ended = self.run(args);
        assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{args:?}");
        ended.out
    }

    fn json(&self, args: &[&str]) -> Json {
        serde_json::from_str(&self.ok(&[args, &["--json"]].concat())).unwrap()
    }

    /// The exit code and the message of a command that must fail.
    fn refused(&self, args: &[&str]) -> (Option<i32>, String) {
        let ended = self.run(args);
        assert_eq!(ended.out, "", "{args:?}");
        (ended.code, ended.err.trim_end().to_owned())
    }

    /// Packs a version of the plugin; the name of the file.
    fn pack(&self, version: &str) -> String {
        let number = VERSIONS.iter().position(|it| *it == version).unwrap();
        let library = LIBRARIES[number].display().to_string();
        self.ok(&["pack", &library, "--license", "LICENSE-MIT"]);
        format!("c-hello-{version}.bpkg")
    }

    fn publish(&self, version: &str) {
        let package = self.pack(version);
        self.ok(&["sign", &package, "--key", "author.key"]);
        self.ok(&["publish", &package, "--to", "registry", "--key", "registry.key"]);
    }

    /// The version that is installed.
    fn installed(&self) -> Json {
        self.json(&["list"])[0]["version"].clone()
    }
}

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

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
    let own = LIBRARIES[0].display().to_string();
    let packed = bench.json(&["pack", &own, "other.so"]);
    let targets = packed["targets"].as_array().unwrap();
    assert_eq!(targets.len(), 2);
    assert!(targets.contains(&json!("linux-riscv64")), "{packed}");
    bench.ok(&["verify", "c-hello-1.0.0.bpkg", "--policy", "none"]);
    let (_, twice) = bench.refused(&["pack", &own, &own]);
    assert!(twice.contains("is there twice"), "{twice}");
    let newer = LIBRARIES[1].display().to_string();
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
        ok(&["pack", &LIBRARIES[number].display().to_string()]);
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
            &["install", "c-hello", "--registry", "https://example.org"],
            1,
            "registries over HTTP are not supported: mirror the folder, and name the copy",
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

/// The plugin in C with other texts in it.
fn variant(name: &str, version: &str, changes: &[(&str, &str)]) -> String {
    let mut source = text(workspace().join("tests/fixtures/c-hello/plugin.c"));
    for (from, to) in changes {
        assert!(source.contains(from), "{from}");
        source = source.replace(from, to);
    }
    let define = format!("-DVERSION=\"{version}\"");
    compile_c(&format!("package-{name}-{version}"), &source, &[&define])
        .display()
        .to_string()
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
