//! Packages, from the library to the module that runs.

mod choosing;
mod making;
mod refusing;
mod running;
mod web;

use crate::host::{Ended, backplane, ended, write_bundle};
use backplane_test_support::{compile_c, workspace};
use serde_json::Value as Json;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

/// The versions of the plugin in C.
pub(crate) const VERSIONS: [&str; 3] = ["1.0.0", "1.1.0", "1.2.0"];

/// What makes a plugin in C that does not start.
pub(crate) const NO_START: [(&str, &str); 2] = [
    (
        "static const backplane_module_table table = {",
        "static int32_t no_start(void *module, backplane_reply *reply) {\n    (void)module;\n    \
         return refuse(reply, BACKPLANE_STATUS_INTERNAL, \"not today\");\n}\n\n\
         static const backplane_module_table table = {",
    ),
    (".start = start", ".start = no_start"),
];

/// The libraries of the plugin in C, one for each version. The last one does not start.
pub(crate) static LIBRARIES: LazyLock<[String; 3]> = LazyLock::new(|| {
    VERSIONS.map(|version| match version {
        "1.2.0" => variant("c-hello", version, &NO_START),
        _ => variant("c-hello", version, &[]),
    })
});

/// A folder with a bundle whose module `echo` is the plugin `c-hello`, an author, and a registry.
pub(crate) struct Bench {
    pub(crate) folder: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
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

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        ended(&mut backplane(self.folder.path(), args))
    }

    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let ended = self.run(args);
        assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{args:?}");
        ended.out
    }

    pub(crate) fn json(&self, args: &[&str]) -> Json {
        serde_json::from_str(&self.ok(&[args, &["--json"]].concat())).unwrap()
    }

    /// The exit code and the message of a command that must fail.
    pub(crate) fn refused(&self, args: &[&str]) -> (Option<i32>, String) {
        let ended = self.run(args);
        assert_eq!(ended.out, "", "{args:?}");
        (ended.code, ended.err.trim_end().to_owned())
    }

    /// Packs a version of the plugin; the name of the file.
    pub(crate) fn pack(&self, version: &str) -> String {
        let number = VERSIONS.iter().position(|it| *it == version).unwrap();
        self.ok(&["pack", &LIBRARIES[number], "--license", "LICENSE-MIT"]);
        format!("c-hello-{version}.bpkg")
    }

    pub(crate) fn publish(&self, version: &str) {
        let package = self.pack(version);
        self.ok(&["sign", &package, "--key", "author.key"]);
        self.ok(&["publish", &package, "--to", "registry", "--key", "registry.key"]);
    }

    /// The version that is installed.
    pub(crate) fn installed(&self) -> Json {
        self.json(&["list"])[0]["version"].clone()
    }
}

pub(crate) fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

/// The plugin in C with other texts in it.
pub(crate) fn variant(name: &str, version: &str, changes: &[(&str, &str)]) -> String {
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
