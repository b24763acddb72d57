//! Job ids and the file names that they turn into.
//!
//! A job id is 1 to 128 bytes of text without control characters. Its file is `<stem>.db`, where the stem is the id
//! with every byte outside `[A-Za-z0-9._-]` written as `%XX`; so is the first byte of an id that begins with a dot
//! or that is a device name on Windows. Hence no id leaves its directory.

use crate::error::{Error, Result};
use crate::limits;

const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

fn is_device(id: &str) -> bool {
    let name = id.split('.').next().unwrap_or(id).to_ascii_lowercase();
    let numbered = |kind: &str| {
        name.strip_prefix(kind)
            .is_some_and(|number| number.len() == 1 && number.as_bytes()[0].is_ascii_digit())
    };
    DEVICES.contains(&name.as_str()) || numbered("com") || numbered("lpt")
}

/// The file name stem of a job id.
///
/// # Errors
/// [`Error::InvalidArgument`] or [`Error::TooLarge`] for an id that breaks the rules.
pub(crate) fn stem(id: &str) -> Result<String> {
    if id.is_empty() {
        return Err(Error::argument("job id", "must not be empty"));
    }
    crate::error::check_size("job id bytes", id.len(), limits::MAX_JOB_ID_BYTES)?;
    if id.chars().any(char::is_control) {
        return Err(Error::argument("job id", "must not hold control characters"));
    }
    let escape_first = id.starts_with('.') || is_device(id);
    let mut stem = String::with_capacity(id.len());
    for (at, byte) in id.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if plain && !(at == 0 && escape_first) {
            stem.push(char::from(byte));
        } else {
            stem.push_str(&format!("%{byte:02X}"));
        }
    }
    crate::error::check_size(
        "file name bytes of the job id",
        stem.len(),
        limits::MAX_FILE_STEM_BYTES,
    )?;
    Ok(stem)
}

/// The job id whose stem this is; `None` for a file name that no job id turns into.
pub(crate) fn from_stem(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(first);
        }
    }
    let id = String::from_utf8(bytes).ok()?;
    (stem(&id).ok()? == name).then_some(id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_id_leaves_its_directory_or_names_a_device() {
        let stems = [
            ("sds", "sds"),
            ("a.b-c_D9", "a.b-c_D9"),
            ("..", "%2E."),
            (".hidden", "%2Ehidden"),
            ("../x", "%2E.%2Fx"),
            ("a/b", "a%2Fb"),
            ("a\\b", "a%5Cb"),
            ("100%", "100%25"),
            ("é", "%C3%A9"),
            ("nul", "%6Eul"),
            ("COM1.x", "%43OM1.x"),
            ("console", "console"),
        ];
        for (id, expected) in stems {
            assert_eq!(stem(id).unwrap(), expected);
            assert_eq!(from_stem(expected).as_deref(), Some(id));
        }
    }

    #[test]
    fn ids_that_break_the_rules_are_refused_by_name() {
        for id in ["", "a\0b", "a\nb"] {
            assert!(
                matches!(stem(id), Err(Error::InvalidArgument { field: "job id", .. })),
                "{id:?}"
            );
        }
        let limit = limits::MAX_JOB_ID_BYTES;
        assert_eq!(
            stem(&"a".repeat(129)),
            Err(Error::TooLarge {
                field: "job id bytes",
                size: 129,
                limit
            })
        );
        assert!(stem(&"a".repeat(128)).is_ok());
        let encoded = stem(&"é".repeat(64));
        assert!(
            matches!(
                encoded,
                Err(Error::TooLarge {
                    size: 384,
                    limit: 228,
                    ..
                })
            ),
            "{encoded:?}"
        );
    }

    #[test]
    fn file_names_that_no_id_turns_into_are_not_jobs() {
        for name in ["", "a b", "%2e.", "%zz", "a%4", ".x", "%61"] {
            assert_eq!(from_stem(name), None, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn every_id_comes_back_from_its_file_name(id in "\\PC{1,30}") {
            if let Ok(stem) = stem(&id) {
                prop_assert!(stem.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-%".contains(&b)));
                prop_assert_eq!(from_stem(&stem), Some(id));
            }
        }
    }
}
