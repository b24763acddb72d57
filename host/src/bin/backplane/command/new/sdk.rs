//! Where the SDK of a new plugin is.

use super::Language;
use crate::exit::Failure;
use std::path::{Path, PathBuf};

/// By which files a folder shows that it is the source of Backplane.
const SIGNS: [&str; 2] = ["sdk/Cargo.toml", "sdk/c/include/backplane_plugin.h"];
/// By which file a folder shows that it is the SDK.
const HEADER: &str = "c/include/backplane_plugin.h";
/// Where it is looked for first, as in the guide.
const BESIDE: &str = "backplane";
/// What means something in a Makefile, in TOML or to a shell.
const PUZZLING: [char; 6] = ['"', '\'', '$', '#', '\\', '`'];

/// Where the SDK of a new plugin is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sdk {
    /// Its files are written into the new folder.
    Inside,
    /// In this folder with the source of Backplane, as seen from the new folder.
    At(PathBuf),
}

impl Sdk {
    /// The folder that was named; without one, for Rust, the nearest that there is.
    pub(super) fn find(language: Language, named: Option<&Path>) -> Result<Self, Failure> {
        if let Some(named) = named {
            return match root(named) {
                Some(root) => Self::at(&root),
                None => Err(Failure::usage(format!(
                    "--sdk {}: the SDK is not there; name the folder of Backplane's source, which has {}",
                    named.display(),
                    SIGNS.join(" and ")
                ))),
            };
        }
        if language != Language::Rust {
            return Ok(Self::Inside);
        }
        let program = std::env::current_exe().and_then(|program| program.canonicalize());
        let around = program.iter().flat_map(|program| program.ancestors().skip(1));
        let mut places = std::iter::once(Path::new(BESIDE)).chain(around);
        match places.find(|place| is_source(place)) {
            Some(place) => Self::at(place),
            None => Err(Failure::usage(format!(
                "a plugin in Rust needs the source of Backplane, which is neither in ./{BESIDE} nor around this program: name its folder with --sdk"
            ))),
        }
    }

    fn at(root: &Path) -> Result<Self, Failure> {
        let path = from_inside(root);
        let is_plain = |text: &str| {
            !text.contains(|each: char| each.is_whitespace() || each.is_control() || PUZZLING.contains(&each))
        };
        match path.to_str().is_some_and(is_plain) {
            true => Ok(Self::At(path)),
            false => Err(Failure::usage(format!(
                "the SDK cannot be in {}: the path goes into files of the plugin, and must have no spaces, quotes, '$', '#' or '\\'",
                root.display()
            ))),
        }
    }

    /// The folder, as seen from the new one; none if the files are in it.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Inside => None,
            Self::At(path) => Some(path),
        }
    }
}

fn is_source(folder: &Path) -> bool {
    SIGNS.iter().all(|sign| folder.join(sign).is_file())
}

/// The source that is meant: the folder itself, or the one above if its `sdk` was named.
fn root(named: &Path) -> Option<PathBuf> {
    if is_source(named) {
        return Some(named.to_owned());
    }
    let above = match named.parent() {
        Some(parent) if named.ends_with("sdk") && !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => named.join(".."),
    };
    (named.join(HEADER).is_file() && is_source(&above)).then_some(above)
}

/// A path that holds in a folder below the current one.
fn from_inside(path: &Path) -> PathBuf {
    match path.is_absolute() {
        true => path.to_owned(),
        false => Path::new("..").join(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    #[test]
    fn the_source_or_its_sdk_may_be_named_and_nothing_else() {
        let at = |path: PathBuf| Sdk::find(Language::C, Some(&path)).unwrap();
        assert_eq!(at(workspace().to_owned()), Sdk::At(workspace().to_owned()));
        assert_eq!(at(workspace().join("sdk")), Sdk::At(workspace().to_owned()));
        assert!(Sdk::find(Language::Rust, Some(&workspace().join("host"))).is_err());
    }

    #[test]
    fn a_path_that_would_mean_something_in_a_makefile_is_refused() {
        assert_eq!(
            Sdk::at(Path::new("backplane")).unwrap(),
            Sdk::At("../backplane".into())
        );
        for path in ["/a b", "/a#b", "/$HOME", "/\"a"] {
            assert!(Sdk::at(Path::new(path)).is_err(), "{path}");
        }
    }

    #[test]
    fn other_languages_than_rust_bring_the_sdk_along() {
        assert_eq!(Sdk::find(Language::Nim, None).unwrap(), Sdk::Inside);
    }
}
