//! The files of a new plugin: those in `host/templates`, with its name in the place of theirs.

use super::{Language, bundled, sdk::Sdk};

/// The name of the plugin in the templates.
const NAME: &str = "plugin-name";
/// The same in identifiers and in the file names of libraries.
const IDENTIFIER: &str = "plugin_name";
/// The source of Backplane in the templates for Rust.
const SOURCE: &str = "../backplane";
/// The SDK in the templates for C and Nim.
const SDK: &str = "sdk-folder";
/// Where it is in the new folder, if its files come along.
const INSIDE: &str = "backplane";

/// A file of a template: where it goes, and what is in it.
type File = (&'static str, &'static str);

/// The text of a file in `host/templates`.
macro_rules! template {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/", $path))
    };
}

const RUST: [File; 11] = [
    (".github/workflows/ci.yml", template!("rust/ci.yml")),
    (".gitignore", template!("rust/gitignore")),
    ("Cargo.toml", template!("rust/Cargo.toml")),
    ("LICENSE", template!("common/LICENSE")),
    ("README.md", template!("rust/README.md")),
    ("api/Cargo.toml", template!("rust/api/Cargo.toml")),
    ("api/src/lib.rs", template!("rust/api/src/lib.rs")),
    ("bundle.toml", template!("rust/bundle.toml")),
    ("plugin/Cargo.toml", template!("rust/plugin/Cargo.toml")),
    ("plugin/src/lib.rs", template!("rust/plugin/src/lib.rs")),
    ("plugin/src/tests.rs", template!("rust/plugin/src/tests.rs")),
];

const C: [File; 8] = [
    (".github/workflows/ci.yml", template!("c/ci.yml")),
    (".gitignore", template!("c/gitignore")),
    ("LICENSE", template!("common/LICENSE")),
    ("Makefile", template!("c/Makefile")),
    ("README.md", template!("c/README.md")),
    ("bundle.toml", template!("common/bundle.toml")),
    ("plugin.c", template!("c/plugin.c")),
    ("test_plugin.c", template!("c/test_plugin.c")),
];

const NIM: [File; 9] = [
    (".github/workflows/ci.yml", template!("nim/ci.yml")),
    (".gitignore", template!("nim/gitignore")),
    ("LICENSE", template!("common/LICENSE")),
    ("README.md", template!("nim/README.md")),
    ("bundle.toml", template!("common/bundle.toml")),
    ("config.nims", template!("nim/config.nims")),
    ("plugin.nim", template!("nim/plugin.nim")),
    ("plugin.nims", template!("nim/plugin.nims")),
    ("test_plugin.nim", template!("nim/test_plugin.nim")),
];

/// The files of a new plugin, by their paths in its folder.
pub(super) fn files(language: Language, name: &str, sdk: &Sdk) -> Vec<(String, String)> {
    let identifier = name.replace('-', "_");
    let source = sdk.path().map(|path| path.display().to_string());
    let (source, sdk_folder) = match &source {
        Some(source) => (&**source, format!("{source}/sdk")),
        None => (SOURCE, INSIDE.to_owned()),
    };
    let fill = |text: &str| {
        let text = text.replace(NAME, name).replace(IDENTIFIER, &identifier);
        text.replace(SOURCE, source).replace(SDK, &sdk_folder)
    };
    let (template, along): (&[File], &[&[File]]) = match language {
        Language::Rust => (&RUST, &[]),
        Language::C => (&C, &[&bundled::C]),
        Language::Nim => (&NIM, &[&bundled::C, &bundled::NIM]),
    };
    let own = template
        .iter()
        .map(|(path, text)| ((*path).to_owned(), fill(text)));
    let along = along.iter().copied().flatten().filter(|_| sdk.path().is_none());
    own.chain(along.map(|(path, text)| (format!("{INSIDE}/{path}"), (*text).to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_put_in_everywhere() {
        let at = Sdk::At("/src/backplane".into());
        for (language, sdk, expected) in [
            (Language::Rust, &at, "path = \"/src/backplane/sdk\""),
            (Language::C, &at, "SDK := /src/backplane/sdk\n"),
            (Language::C, &Sdk::Inside, "SDK := backplane\n"),
            (Language::Nim, &Sdk::Inside, "switch(\"path\", \"backplane/nim\")"),
        ] {
            let files = files(language, "my-own", sdk);
            assert!(
                files.iter().any(|(_, text)| text.contains(expected)),
                "{expected}"
            );
            for (path, text) in files.iter().filter(|(path, _)| !path.starts_with(INSIDE)) {
                for left in [NAME, IDENTIFIER, SDK] {
                    assert!(!text.contains(left), "{left} is left in {path}");
                }
            }
        }
    }
}
