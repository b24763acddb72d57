//! Archives that somebody else has made.

use super::*;
use crate::place::{MANIFEST, PLUGIN, SIGNATURE};
use crate::{FileError, PathProblem};

/// A header that [`header`] would not make: its name as bytes, another kind, another size.
fn forged(path: &[u8], kind: EntryType, size: u64) -> Header {
    let mut header = header("x", size).unwrap();
    let name = &mut header.as_ustar_mut().unwrap().name;
    name.fill(0);
    name[..path.len()].copy_from_slice(path);
    header.set_entry_type(kind);
    header.set_cksum();
    header
}

/// The archive with one forged entry, whose content is `bytes`.
fn archive_of(header: &Header, bytes: &[u8]) -> Vec<u8> {
    let mut archive = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    archive.append(header, bytes).unwrap();
    archive.into_inner().unwrap().finish().unwrap()
}

fn refused(bytes: &[u8]) -> PackageError {
    read(bytes).expect_err("it is refused")
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn good() -> Vec<(&'static str, &'static [u8])> {
    vec![(MANIFEST, b"{}"), (PLUGIN, &[7; 700]), ("licenses/MIT", b"")]
}

#[test]
fn what_is_written_is_read_and_written_the_same_again() {
    let bytes = write(good(), Vec::new()).unwrap();
    let members = read(&*bytes).unwrap();
    let again = members.iter().map(|it| (&*it.path, &*it.bytes));
    assert!(again.clone().eq(good()));
    assert_eq!(write(again, Vec::new()).unwrap(), bytes);
    assert!(read(&*write([], Vec::new()).unwrap()).unwrap().is_empty());
}

#[test]
fn a_path_out_of_the_package_is_refused_with_its_name() {
    for (path, expected) in [
        (&b"/etc/passwd"[..], PathProblem::Absolute),
        (b"../up", PathProblem::Upwards),
        (b"licenses/../../up", PathProblem::Upwards),
        (b"licenses/\xff", PathProblem::Name),
        (b"other", PathProblem::Unknown),
    ] {
        let error = refused(&archive_of(&forged(path, EntryType::Regular, 1), b"x"));
        let PackageError::Path { entry, problem } = error else {
            panic!("{error}");
        };
        assert_eq!((&*entry, problem), (&*String::from_utf8_lossy(path), expected));
    }
    let error = refused(&archive_of(&forged(b"a\x1b[2J", EntryType::Regular, 0), b""));
    assert!(
        error.to_string().starts_with(r#"entry "a\u{1b}[2J": "#),
        "{error}"
    );
}

#[test]
fn a_link_a_device_and_an_extension_are_refused() {
    for (kind, expected) in [
        (EntryType::Link, "a hard link"),
        (EntryType::Symlink, "a symbolic link"),
        (EntryType::Char, "a device"),
        (EntryType::Block, "a device"),
        (EntryType::Fifo, "a pipe"),
        (EntryType::Directory, "a folder"),
        (EntryType::GNUSparse, "a file with holes"),
        (EntryType::GNULongName, "an extended header"),
        (EntryType::XHeader, "an extended header"),
        (EntryType::XGlobalHeader, "an extended header"),
        (EntryType::Continuous, "of an unknown kind"),
    ] {
        let error = refused(&archive_of(&forged(MANIFEST.as_bytes(), kind, 0), b""));
        assert!(
            matches!(&error, PackageError::NotAFile { entry, kind } if entry == MANIFEST && *kind == expected),
            "{kind:?}: {error}"
        );
    }
}

#[test]
fn a_path_that_is_there_twice_is_refused_whatever_its_case() {
    for twin in ["licenses/MIT", "licenses/mit"] {
        let bytes = write([("licenses/MIT", &b"a"[..]), (twin, b"b")], Vec::new()).unwrap();
        assert!(
            matches!(refused(&bytes), PackageError::Duplicate { entry } if entry == twin),
            "{twin}"
        );
    }
}

#[test]
fn a_bomb_is_refused_by_what_it_says_before_it_is_unpacked() {
    let name = b"libraries/linux-x86_64/a.so";
    for (path, size, limit) in [
        (&name[..], limits::LIBRARY + 1, limits::LIBRARY),
        (MANIFEST.as_bytes(), limits::TEXT + 1, limits::TEXT),
        (SIGNATURE.as_bytes(), limits::SIGNATURE + 1, limits::SIGNATURE),
        (name, u64::MAX / 2, limits::LIBRARY),
    ] {
        // The content is not there: it is not asked for.
        let error = refused(&compressed(forged(path, EntryType::Regular, size).as_bytes()));
        assert!(
            matches!(error, PackageError::EntryTooLarge { size: found, limit: l, .. } if found == size && l == limit),
            "{error}"
        );
    }
}

#[test]
fn many_large_entries_are_refused_in_all() {
    let mut members = Members::default();
    let mut admitted = 0;
    let error = loop {
        let path = format!("libraries/t{admitted}/a.so");
        match members.admit(&path, limits::LIBRARY, EntryType::Regular) {
            Ok(()) => admitted += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(admitted, limits::UNPACKED / limits::LIBRARY);
    assert!(
        matches!(error, PackageError::TooLarge { limit, .. } if limit == limits::UNPACKED),
        "{error}"
    );
}

#[test]
fn a_huge_number_of_entries_is_refused() {
    let paths: Vec<String> = (0..=limits::ENTRIES).map(|i| format!("licenses/L{i}")).collect();
    let members = |count: usize| paths[..count].iter().map(|path| (&**path, &b""[..]));
    let most = write(members(limits::ENTRIES), Vec::new()).unwrap();
    assert_eq!(read(&*most).unwrap().len(), limits::ENTRIES);
    let more = write(members(limits::ENTRIES + 1), Vec::new()).unwrap();
    assert!(
        matches!(refused(&more), PackageError::TooMany { entry, limit: limits::ENTRIES } if entry == "licenses/L64")
    );
}

#[test]
fn what_follows_the_end_is_refused_at_each_layer() {
    let bytes = write(good(), Vec::new()).unwrap();
    for more in [&b"x"[..], &bytes] {
        assert!(matches!(
            refused(&[&*bytes, more].concat()),
            PackageError::Trailing
        ));
    }
    let plain = write_tar(good(), Vec::new()).unwrap();
    for more in [&[0; 1][..], &[0; 512], &[1; 4096], &[0; 1 << 20]] {
        let error = refused(&compressed(&[&*plain, more].concat()));
        assert!(matches!(error, PackageError::Trailing), "{error}");
    }
}

#[test]
fn the_same_contents_in_another_form_are_refused() {
    let plain = write_tar(good(), Vec::new()).unwrap();
    assert!(
        read(&*compressed(&plain)).is_ok(),
        "the compressor does not matter"
    );
    // The padding of the first entry, and the end.
    for (at, value) in [(512 + 2, 1), (512 + 511, 255), (plain.len() - 1, 1)] {
        let mut other = plain.clone();
        other[at] = value;
        assert!(
            matches!(refused(&compressed(&other)), PackageError::NotCanonical { .. }),
            "{at}"
        );
    }
    let mut owned = header(MANIFEST, 0).unwrap();
    owned.set_uid(1000);
    owned.set_cksum();
    let error = refused(&archive_of(&owned, b""));
    assert!(matches!(error, PackageError::NotCanonical { .. }), "{error}");
    let cut = compressed(&plain[..plain.len() - 512]);
    assert!(matches!(refused(&cut), PackageError::NotCanonical { .. }));
}

#[test]
fn what_is_cut_off_or_something_else_is_damaged() {
    let bytes = write(good(), Vec::new()).unwrap();
    for end in [0, 1, 10, bytes.len() / 2, bytes.len() - 1] {
        let error = refused(&bytes[..end]);
        assert!(matches!(error, PackageError::Damaged(_)), "{end}: {error}");
    }
    assert!(matches!(refused(b"just text"), PackageError::Damaged(_)));
    let file = crate::file::read("/".as_ref(), 1).map_err(PackageError::from);
    assert!(matches!(
        file,
        Err(PackageError::File(FileError::NotAFile { .. }))
    ));
}
