//! The container: a tar archive of regular files, compressed by gzip.
//!
//! What is read is compared with what would be written: headers, order, padding and end have one form. The
//! compressed bytes have not; they depend on the compressor, and nothing is signed that does.

use crate::place::Place;
use crate::{PackageError, limits};
use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::io::{self, BufRead, Read, Write};
use tar::{Archive, Builder, EntryType, Header};

/// The unit of a tar archive, in bytes.
const BLOCK: u64 = 512;
/// How hard gzip tries, of 9.
const EFFORT: u32 = 6;

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

/// Writes the members in their order.
pub(crate) fn write<'a, W: Write>(
    members: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    to: W,
) -> io::Result<W> {
    write_tar(members, GzEncoder::new(to, Compression::new(EFFORT)))?.finish()
}

fn write_tar<'a, W: Write>(members: impl IntoIterator<Item = (&'a str, &'a [u8])>, to: W) -> io::Result<W> {
    let mut archive = Builder::new(to);
    for (path, bytes) in members {
        archive.append(&header(path, bytes.len() as u64)?, bytes)?;
    }
    archive.into_inner()
}

/// The header of a file without owner and time.
fn header(path: &str, size: u64) -> io::Result<Header> {
    let mut header = Header::new_ustar();
    header.set_path(path)?;
    header.set_entry_type(EntryType::Regular);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_cksum();
    Ok(header)
}

/// Reads all members, within the limits.
pub(crate) fn read(from: impl BufRead) -> Result<Vec<Member>, PackageError> {
    let (members, unzipped) = read_tar(GzDecoder::new(from))?;
    match is_at_end(unzipped.into_inner())? {
        true => Ok(members),
        false => Err(PackageError::Trailing),
    }
}

/// The same without compression. Gives the reader back, at its end.
pub(crate) fn read_tar<R: Read>(from: R) -> Result<(Vec<Member>, R), PackageError> {
    let mut archive = Archive::new(Hashed::new(from));
    let mut members = Members::default();
    // Raw: what extends a header is an entry of its own, and refused as such.
    for entry in archive.entries().map_err(PackageError::Damaged)?.raw(true) {
        members.take(entry.map_err(PackageError::Damaged)?)?;
    }
    let mut hashed = archive.into_inner();
    // What is left is the end of the archive. One byte more tells that it goes on.
    let left = members.archived.saturating_sub(hashed.count);
    let mut rest = Vec::new();
    (&mut hashed)
        .take(left + 1)
        .read_to_end(&mut rest)
        .map_err(PackageError::Damaged)?;
    if rest.len() as u64 > left {
        return Err(PackageError::Trailing);
    }
    let again = members.found.iter().map(|member| (&*member.path, &*member.bytes));
    let written = write_tar(again, Sha256::new()).map_err(PackageError::Damaged)?;
    match written.finalize() == hashed.hash.finalize() {
        true => Ok((members.found, hashed.inner)),
        false => Err(PackageError::NotCanonical { what: "the archive" }),
    }
}

fn is_at_end(mut from: impl BufRead) -> Result<bool, PackageError> {
    Ok(from.fill_buf().map_err(PackageError::Damaged)?.is_empty())
}

/// What has been read, and how much of the limits is used up.
struct Members {
    found: Vec<Member>,
    /// The paths in lower case: two of them must not meet on a system that does not tell cases apart.
    paths: BTreeSet<String>,
    size: u64,
    /// The size of the archive with these members and its end.
    archived: u64,
}

impl Default for Members {
    fn default() -> Self {
        Self {
            found: Vec::new(),
            paths: BTreeSet::new(),
            size: 0,
            archived: 2 * BLOCK,
        }
    }
}

impl Members {
    /// Reads one member, if it may be there and is not too large.
    fn take<R: Read>(&mut self, entry: tar::Entry<'_, R>) -> Result<(), PackageError> {
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let size = entry.size();
        self.admit(&path, size, entry.header().entry_type())?;
        let mut bytes = Vec::new();
        entry
            .take(size)
            .read_to_end(&mut bytes)
            .map_err(PackageError::Damaged)?;
        if (bytes.len() as u64) < size {
            return Err(PackageError::Damaged(io::ErrorKind::UnexpectedEof.into()));
        }
        self.found.push(Member { path, bytes });
        Ok(())
    }

    fn admit(&mut self, path: &str, size: u64, kind: EntryType) -> Result<(), PackageError> {
        let entry = || path.to_owned();
        if self.found.len() == limits::ENTRIES {
            let limit = limits::ENTRIES;
            return Err(PackageError::TooMany {
                entry: entry(),
                limit,
            });
        }
        if let Some(kind) = other_than_file(kind) {
            return Err(PackageError::NotAFile { entry: entry(), kind });
        }
        let place = Place::of(path).map_err(|problem| PackageError::Path {
            entry: entry(),
            problem,
        })?;
        if !self.paths.insert(path.to_ascii_lowercase()) {
            return Err(PackageError::Duplicate { entry: entry() });
        }
        if size > place.limit() {
            let limit = place.limit();
            let entry = entry();
            return Err(PackageError::EntryTooLarge { entry, size, limit });
        }
        self.size += size;
        if self.size > limits::UNPACKED {
            return Err(PackageError::TooLarge {
                entry: entry(),
                size: self.size,
                limit: limits::UNPACKED,
            });
        }
        self.archived += BLOCK + size.next_multiple_of(BLOCK);
        Ok(())
    }
}

fn other_than_file(kind: EntryType) -> Option<&'static str> {
    Some(match kind {
        EntryType::Regular => return None,
        EntryType::Link => "a hard link",
        EntryType::Symlink => "a symbolic link",
        EntryType::Char | EntryType::Block => "a device",
        EntryType::Fifo => "a pipe",
        EntryType::Directory => "a folder",
        EntryType::GNUSparse => "a file with holes",
        EntryType::GNULongName | EntryType::GNULongLink | EntryType::XHeader | EntryType::XGlobalHeader => {
            "an extended header"
        }
        _ => "of an unknown kind",
    })
}

/// A reader that hashes and counts what passes.
struct Hashed<R> {
    inner: R,
    hash: Sha256,
    count: u64,
}

impl<R> Hashed<R> {
    fn new(inner: R) -> Self {
        let (hash, count) = (Sha256::new(), 0);
        Self { inner, hash, count }
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.hash.update(&into[..read]);
        self.count += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
