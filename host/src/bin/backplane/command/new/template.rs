//! The files of a new plugin: those in `host/templates`, with its name in the place of theirs.

use super::{Language, sdk::Sdk};

/// The name of the plugin in the templates.
const NAME: &str = "plugin-name";
/// The same in identifiers and in the file names of libraries.
const IDENTIFIER: &str = "plugin_name";
/// The source of Backplane in the templates.
const SOURCE: &str = "../backplane";

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

/// The files of a new plugin, by their paths in its folder.
pub(super) fn files(language: Language, name: &str, sdk: &Sdk) -> Vec<(String, String)> {
    let identifier = name.replace('-', "_");
    let source = sdk.path().display().to_string();
    let fill = |text: &str| {
        let text = text.replace(NAME, name).replace(IDENTIFIER, &identifier);
        text.replace(SOURCE, &source)
    };
    let template: &[File] = match language {
        Language::Rust => &RUST,
    };
    let own = template.iter();
    own.map(|(path, text)| ((*path).to_owned(), fill(text))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn names_are_put_in_everywhere() {
        let sdk = Sdk::find(Some(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")))).unwrap();
        let files = files(Language::Rust, "my-own", &sdk);
        let expected = format!("path = \"{}/sdk\"", sdk.path().display());
        assert!(
            files.iter().any(|(_, text)| text.contains(&expected)),
            "{expected}"
        );
        for (path, text) in &files {
            for left in [NAME, IDENTIFIER, SOURCE] {
                assert!(
                    !text.contains(left) || sdk.path().starts_with(left),
                    "{left} is left in {path}"
                );
            }
        }
    }
}
