//! Where things lie in a package, and which paths there are.

use crate::limits;

/// The entry with the manifest of the package.
pub(crate) const MANIFEST: &str = "manifest.json";
/// The entry with the signature.
pub(crate) const SIGNATURE: &str = "signature.json";
/// The entry with the manifest of the plugin, as it stands in its libraries.
pub(crate) const PLUGIN: &str = "plugin.json";
/// The folder of the libraries.
const LIBRARIES: &str = "libraries";
/// The folder of the licences.
const LICENSES: &str = "licenses";

/// What an entry is, which follows from its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    Manifest,
    Signature,
    Plugin,
    Library { target: &'a str, file: &'a str },
    License { file: &'a str },
}

/// Why there is no such path in a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathProblem {
    /// It begins at the root.
    #[error("it is absolute")]
    Absolute,
    /// It leads out of its folder.
    #[error("it leads upwards")]
    Upwards,
    /// It is none of the paths of a package.
    #[error(
        "a package has {MANIFEST}, {SIGNATURE}, {PLUGIN}, {LIBRARIES}/TARGET/FILE and {LICENSES}/FILE, and nothing else"
    )]
    Unknown,
    /// A target or the name of a file breaks its rule.
    #[error(
        "a target has at most {} of a-z, 0-9, '_' and '-', a file at most {} of A-Z, a-z, 0-9, '.', '_', '+' and '-' and no leading '.'",
        limits::TARGET,
        limits::FILE_NAME
    )]
    Name,
}

impl<'a> Place<'a> {
    /// What the entry at `path` is.
    pub(crate) fn of(path: &'a str) -> Result<Self, PathProblem> {
        if path.starts_with(['/', '\\']) {
            return Err(PathProblem::Absolute);
        }
        let parts: Vec<&str> = path.split(['/', '\\']).collect();
        if parts.contains(&"..") {
            return Err(PathProblem::Upwards);
        }
        let place = match *parts {
            [MANIFEST] => Self::Manifest,
            [SIGNATURE] => Self::Signature,
            [PLUGIN] => Self::Plugin,
            [LIBRARIES, target, file] => Self::Library { target, file },
            [LICENSES, file] => Self::License { file },
            _ => return Err(PathProblem::Unknown),
        };
        let is_right = match place {
            Self::Library { target, file } => is_target(target) && is_file_name(file),
            Self::License { file } => is_file_name(file),
            _ => true,
        };
        // A backslash separates nothing here.
        match is_right && !path.contains('\\') {
            true => Ok(place),
            false => Err(PathProblem::Name),
        }
    }

    /// The path of the entry.
    pub(crate) fn path(self) -> String {
        match self {
            Self::Manifest => MANIFEST.to_owned(),
            Self::Signature => SIGNATURE.to_owned(),
            Self::Plugin => PLUGIN.to_owned(),
            Self::Library { target, file } => format!("{LIBRARIES}/{target}/{file}"),
            Self::License { file } => format!("{LICENSES}/{file}"),
        }
    }

    /// The most bytes that it may have.
    pub(crate) fn limit(self) -> u64 {
        match self {
            Self::Manifest | Self::Plugin | Self::License { .. } => limits::TEXT,
            Self::Signature => limits::SIGNATURE,
            Self::Library { .. } => limits::LIBRARY,
        }
    }
}

fn is_target(name: &str) -> bool {
    name.len() <= limits::TARGET
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
}

fn is_file_name(name: &str) -> bool {
    name.len() <= limits::FILE_NAME
        && !name.is_empty()
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'+' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_nowhere_else() {
        use PathProblem::{Absolute, Name, Unknown, Upwards};
        for (path, problem) in [
            ("/manifest.json", Absolute),
            ("\\manifest.json", Absolute),
            ("../manifest.json", Upwards),
            ("libraries/../../x", Upwards),
            ("libraries\\..\\x", Upwards),
            ("licenses/..", Upwards),
            ("", Unknown),
            (".", Unknown),
            ("./manifest.json", Unknown),
            ("other", Unknown),
            ("libraries/linux-x86_64", Unknown),
            ("libraries/linux-x86_64/deep/a.so", Unknown),
            ("licenses/", Name),
            ("licenses/.hidden", Name),
            ("licenses\\MIT", Name),
            ("licenses/a\nb", Name),
            ("licenses/\u{202e}txt", Name),
            ("libraries/Linux/a.so", Name),
            ("libraries//a.so", Name),
            ("C:\\a", Unknown),
        ] {
            assert_eq!(Place::of(path), Err(problem), "{path:?}");
        }
    }

    #[test]
    fn the_longest_path_fits_into_a_tar_header() {
        let (target, file) = ("a".repeat(limits::TARGET), "b".repeat(limits::FILE_NAME));
        let place = Place::Library {
            target: &target,
            file: &file,
        };
        let path = place.path();
        assert!(path.len() <= 100, "{}", path.len());
        assert_eq!(Place::of(&path), Ok(place));
        assert_eq!(Place::of(&format!("{path}b")), Err(PathProblem::Name));
    }
}
