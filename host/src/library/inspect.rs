//! What a library file says of itself, read without running a line of it.

use super::LibraryError;
use super::image::Image;
use super::platform::Platform;
use backplane_descriptor::Manifest;
use backplane_plugin_api::{ENTRY_SYMBOL, MANIFEST_LIMIT, MANIFEST_SECTION};
use object::read::NameOrOrdinal;
use object::{FileKind, Object as _, ObjectKind, ObjectSection as _, ObjectSegment as _};
use std::path::{Path, PathBuf};

/// A plugin file that has the marks of a plugin for this host.
#[derive(Debug, Clone)]
pub struct Inspected {
    /// Where it lies.
    pub path: PathBuf,
    /// The SHA-256 of the file.
    pub sha256: [u8; 32],
    /// The size of the file in bytes.
    pub size: u64,
    /// The processor and file format that it is built for, for example `x86_64 (ELF)`.
    pub architecture: String,
    /// The same as packages name it, for example `linux-x86_64`.
    pub target: String,
    /// What it says of itself.
    pub manifest: Manifest,
    /// The same as it stands in the file. Zero bytes that pad the section are left out.
    pub manifest_json: String,
}

/// Reads the plugin at `path` and judges it without running a line of it. Blocks on the disk.
///
/// # Errors
/// Whatever keeps the file from being a plugin for this host, as far as that shows from outside.
pub fn inspect(path: &Path) -> Result<Inspected, LibraryError> {
    judge(&Image::read(path)?)
}

/// The same of a plugin that may be for another machine.
///
/// # Errors
/// As [`inspect`], but not [`LibraryError::OtherPlatform`].
pub fn inspect_foreign(path: &Path) -> Result<Inspected, LibraryError> {
    judge_for(&Image::read(path)?, None)
}

pub(super) fn judge(image: &Image) -> Result<Inspected, LibraryError> {
    judge_for(image, Some(Platform::HOST))
}

/// Judges the plugin, which must be for `wanted` if that says something.
fn judge_for(image: &Image, wanted: Option<Platform>) -> Result<Inspected, LibraryError> {
    let path = || image.path.clone();
    let kind = FileKind::parse(&*image.bytes);
    if let Some(found) = other_than_library(&image.bytes, kind.ok()) {
        return Err(LibraryError::NotALibrary { path: path(), found });
    }
    let damaged = |error: object::Error| LibraryError::Damaged {
        path: path(),
        problem: error.to_string(),
    };
    let file = object::File::parse(&*image.bytes).map_err(damaged)?;
    let platform = check_platform(image, &file, wanted)?;
    check_complete(image, &file)?;
    let json = manifest_section(image, &file)?;
    let manifest = Manifest::parse(json).map_err(|source| LibraryError::Manifest { path: path(), source })?;
    let mut exports = file.exports().map_err(damaged)?;
    let is_entry = |name: &[u8]| name.strip_prefix(b"_").unwrap_or(name) == ENTRY_SYMBOL.as_bytes();
    let has_entry = exports.any(|export| {
        export.is_ok_and(|export| matches!(export.name(), NameOrOrdinal::Name(name) if is_entry(name)))
    });
    if !has_entry {
        return Err(LibraryError::NoEntrySymbol { path: path() });
    }
    Ok(Inspected {
        path: path(),
        sha256: image.sha256,
        size: image.bytes.len() as u64,
        architecture: platform.to_string(),
        target: platform.target(),
        manifest,
        manifest_json: String::from_utf8_lossy(json).into_owned(),
    })
}

/// What the file is instead of a library, if that can be told from its first bytes.
fn other_than_library(bytes: &[u8], kind: Option<FileKind>) -> Option<&'static str> {
    match kind {
        Some(
            FileKind::Elf32
            | FileKind::Elf64
            | FileKind::MachO32
            | FileKind::MachO64
            | FileKind::Pe32
            | FileKind::Pe64,
        ) => None,
        Some(FileKind::Archive) => Some("a static archive"),
        Some(FileKind::MachOFat32 | FileKind::MachOFat64) => Some("a library for several processors in one"),
        Some(FileKind::Coff | FileKind::CoffBig) => Some("an object file"),
        Some(_) => Some("another kind of binary"),
        None if bytes.is_empty() => Some("an empty file"),
        None if bytes
            .iter()
            .take(512)
            .all(|&b| b.is_ascii_graphic() || b.is_ascii_whitespace()) =>
        {
            Some("a text file")
        }
        None => Some("a file of an unknown kind"),
    }
}

fn check_platform(
    image: &Image,
    file: &object::File<'_>,
    wanted: Option<Platform>,
) -> Result<Platform, LibraryError> {
    let platform = Platform {
        format: file.format(),
        architecture: file.architecture(),
        little_endian: file.is_little_endian(),
    };
    if let Some(host) = wanted.filter(|wanted| *wanted != platform) {
        return Err(LibraryError::OtherPlatform {
            path: image.path.clone(),
            found: platform.to_string(),
            host: host.to_string(),
        });
    }
    let found = match file.kind() {
        ObjectKind::Dynamic => return Ok(platform),
        ObjectKind::Executable => "a program",
        ObjectKind::Relocatable => "an object file",
        ObjectKind::Core => "a core dump",
        _ => "another kind of binary",
    };
    Err(LibraryError::NotALibrary {
        path: image.path.clone(),
        found,
    })
}

/// A file may be cut off behind its headers; the system's loader would then die of it, not refuse it.
fn check_complete(image: &Image, file: &object::File<'_>) -> Result<(), LibraryError> {
    let size = image.bytes.len() as u64;
    let ends = file.segments().map(|segment| {
        let (offset, length) = segment.file_range();
        offset.saturating_add(length)
    });
    let needed = ends.max().unwrap_or(0);
    if needed > size {
        return Err(LibraryError::Damaged {
            path: image.path.clone(),
            problem: format!("its headers ask for {needed} bytes, there are {size}"),
        });
    }
    Ok(())
}

fn manifest_section<'a>(image: &Image, file: &object::File<'a>) -> Result<&'a [u8], LibraryError> {
    let path = || image.path.clone();
    let Some(section) = file.section_by_name(MANIFEST_SECTION) else {
        return Err(LibraryError::NoManifest { path: path() });
    };
    if section.size() > MANIFEST_LIMIT as u64 {
        return Err(LibraryError::ManifestTooLarge {
            path: path(),
            size: section.size(),
            limit: MANIFEST_LIMIT,
        });
    }
    let data = section.data().map_err(|error| LibraryError::Damaged {
        path: path(),
        problem: error.to_string(),
    })?;
    let padding = data.iter().rev().take_while(|&&byte| byte == 0).count();
    Ok(&data[..data.len() - padding])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_program_itself_is_a_program_or_has_no_manifest() {
        let error = inspect(&std::env::current_exe().unwrap()).unwrap_err();
        let refused = matches!(
            error,
            LibraryError::NotALibrary { .. } | LibraryError::NoManifest { .. }
        );
        assert!(refused, "{error}");
    }

    #[test]
    fn a_folder_and_a_missing_file_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = inspect(folder.path()).unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "{} is not a regular file: name the plugin's library itself",
                folder.path().display()
            )
        );
        let missing = folder.path().join("missing.so");
        let error = inspect(&missing).unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "{} cannot be read: No such file or directory (os error 2)",
                missing.display()
            )
        );
    }
}
