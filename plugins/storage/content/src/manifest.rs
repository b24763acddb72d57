//! Manifests: the protobuf message that names a file, and whose digest is the identifier of the file.
//!
//! Field 1 of the message holds another one: 1 tree CID, 2 block size, 3 size of the file, 4 codec of blocks, 5 hash,
//! 6 version of CIDs, 7 name and 8 media type. Upstream writes the version as the ordinal of an enumeration: 2 stands for
//! CIDv1. Older files have 7 for erasure coding, 8 name and 9 media type.

use crate::cid::{Cid, Kind, NotACid, sha256};
use crate::limits;
use crate::merkle::{BadShape, Shape};

const BLOCK_CODEC: u64 = 0xCD02;
const SHA2_256: u64 = 0x12;
const CID_V1: u64 = 2;
const VARINT: u64 = 0;
const BYTES: u64 = 2;

/// A manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The root of the tree over the blocks.
    pub tree: Cid,
    /// Size of blocks and of the file.
    pub shape: Shape,
    /// The name of the file.
    pub name: Option<String>,
    /// Its media type.
    pub mime: Option<String>,
}

/// Bytes that are no manifest of a plain file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// More than [`limits::MAX_MANIFEST_BYTES`].
    #[error("has {0} bytes, the limit is {max}", max = limits::MAX_MANIFEST_BYTES)]
    TooLarge(usize),
    /// Not protobuf.
    #[error("is not protobuf (at byte {0} from the end)")]
    Protobuf(usize),
    /// A field has another type than it must.
    #[error("field {0} has the wrong type")]
    Field(u64),
    /// A field is missing.
    #[error("has no {0}")]
    Missing(&'static str),
    /// The file is erasure coded, or has a codec, a hash or a version that is not the usual one.
    #[error("{0} {1:#x} is not supported")]
    Unsupported(&'static str, u64),
    /// The CID of the tree is none.
    #[error("the CID of the tree {0}")]
    Tree(#[from] NotACid),
    /// Text is not UTF-8.
    #[error("name or media type is not UTF-8")]
    Text,
    /// Block size or size of the file break a limit.
    #[error(transparent)]
    Shape(#[from] BadShape),
}

type Result<T> = std::result::Result<T, ManifestError>;

impl Manifest {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut header = Vec::new();
        put_bytes(&mut header, 1, &self.tree.to_bytes());
        put_number(&mut header, 2, self.shape.block_bytes.into());
        put_number(&mut header, 3, self.shape.bytes);
        put_number(&mut header, 4, BLOCK_CODEC);
        put_number(&mut header, 5, SHA2_256);
        put_number(&mut header, 6, CID_V1);
        for (field, text) in [(7, &self.name), (8, &self.mime)] {
            if let Some(text) = text {
                put_bytes(&mut header, field, text.as_bytes());
            }
        }
        let mut out = Vec::with_capacity(header.len() + 4);
        put_bytes(&mut out, 1, &header);
        out
    }

    /// The identifier of the file whose manifest has these bytes.
    pub fn cid(bytes: &[u8]) -> Cid {
        Cid::manifest(sha256(bytes))
    }

    /// Reads a manifest. Fields that are not known are passed over.
    ///
    /// # Errors
    /// [`ManifestError`]; never a panic, and nothing is allocated but what the bytes hold.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > limits::MAX_MANIFEST_BYTES {
            return Err(ManifestError::TooLarge(bytes.len()));
        }
        let mut header = None;
        read(bytes, |field, value| {
            if field == 1 {
                header = Some(value.bytes(field)?);
            }
            Ok(())
        })?;
        Fields::read(header.ok_or(ManifestError::Missing("header"))?)?.manifest()
    }
}

#[derive(Default)]
struct Fields<'a> {
    tree: Option<&'a [u8]>,
    /// Fields 2 to 6.
    numbers: [Option<u64>; 5],
    /// Fields 7 to 9.
    texts: [Option<&'a [u8]>; 3],
}

impl<'a> Fields<'a> {
    fn read(header: &'a [u8]) -> Result<Self> {
        let mut fields = Fields::default();
        read(header, |field, value| {
            match field {
                1 => fields.tree = Some(value.bytes(field)?),
                2..=6 => fields.numbers[field as usize - 2] = Some(value.number(field)?),
                7..=9 => fields.texts[field as usize - 7] = Some(value.bytes(field)?),
                _ => {}
            }
            Ok(())
        })?;
        Ok(fields)
    }

    fn manifest(self) -> Result<Manifest> {
        let tree = Cid::from_bytes(self.tree.ok_or(ManifestError::Missing("tree"))?)?;
        if tree.kind != Kind::Tree {
            return Err(ManifestError::Unsupported(
                "codec of the tree",
                tree.kind.codec().into(),
            ));
        }
        let [block_bytes, bytes, codec, hash, version] = self.numbers;
        for (what, found, usual) in [
            ("codec of blocks", codec, BLOCK_CODEC),
            ("hash", hash, SHA2_256),
            ("version of CIDs", version, CID_V1),
        ] {
            match found {
                Some(found) if found == usual => {}
                Some(found) => return Err(ManifestError::Unsupported(what, found)),
                None => return Err(ManifestError::Missing(what)),
            }
        }
        let (name, mime) = match self.texts {
            [Some(_), _, Some(_)] => return Err(ManifestError::Unsupported("erasure coding, field", 7)),
            [None, name, mime @ Some(_)] => (name, mime),
            [name, mime, None] => (name, mime),
        };
        let block_bytes = block_bytes.ok_or(ManifestError::Missing("block size"))?;
        let bytes = bytes.ok_or(ManifestError::Missing("size"))?;
        Ok(Manifest {
            tree,
            shape: Shape::new(block_bytes, bytes)?,
            name: text(name)?,
            mime: text(mime)?,
        })
    }
}

fn text(bytes: Option<&[u8]>) -> Result<Option<String>> {
    let text = bytes.map(|bytes| std::str::from_utf8(bytes).map(str::to_owned));
    text.transpose().map_err(|_| ManifestError::Text)
}

/// The value of a field.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Other,
}

impl<'a> Value<'a> {
    fn bytes(&self, field: u64) -> Result<&'a [u8]> {
        match self {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(ManifestError::Field(field)),
        }
    }

    fn number(&self, field: u64) -> Result<u64> {
        match self {
            Value::Number(number) => Ok(*number),
            _ => Err(ManifestError::Field(field)),
        }
    }
}

/// Hands out the fields of a message.
fn read<'a>(mut bytes: &'a [u8], mut field: impl FnMut(u64, Value<'a>) -> Result<()>) -> Result<()> {
    while !bytes.is_empty() {
        let bad = ManifestError::Protobuf(bytes.len());
        let (number, value) = take_field(&mut bytes).ok_or(bad)?;
        field(number, value)?;
    }
    Ok(())
}

fn take_field<'a>(bytes: &mut &'a [u8]) -> Option<(u64, Value<'a>)> {
    let tag = take_number(bytes)?;
    let value = match tag & 7 {
        VARINT => Value::Number(take_number(bytes)?),
        BYTES => {
            let len = usize::try_from(take_number(bytes)?).ok()?;
            Value::Bytes(take(bytes, len)?)
        }
        1 => take(bytes, 8).map(|_| Value::Other)?,
        5 => take(bytes, 4).map(|_| Value::Other)?,
        _ => return None,
    };
    Some((tag >> 3, value)).filter(|(number, _)| *number != 0)
}

fn take<'a>(bytes: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(taken)
}

/// A varint of at most ten bytes.
fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)?[0];
        let part = u64::from(byte & 0x7f);
        number |= part.checked_shl(shift).filter(|moved| moved >> shift == part)?;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn put_tag(out: &mut Vec<u8>, field: u64, kind: u64) {
    put_varint(out, field << 3 | kind);
}

fn put_number(out: &mut Vec<u8>, field: u64, number: u64) {
    put_tag(out, field, VARINT);
    put_varint(out, number);
}

fn put_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    put_tag(out, field, BYTES);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HELLO: &str = "0a4d0a2601839a031220755c6167daa1ad7e80d86810278dae8c4c178a548bd3fb133f12fba2e7c03022\
                         10808004180c20829a03281230023a0968656c6c6f2e747874420a746578742f706c61696e";

    fn hello() -> Manifest {
        Manifest {
            tree: "zDzSvJTf8JYwvysKPmG7BtzpbiAHfuwFMRphxm4hdvnMJ4XPJjKX"
                .parse()
                .unwrap(),
            shape: Shape::new(65536, 12).unwrap(),
            name: Some("hello.txt".into()),
            mime: Some("text/plain".into()),
        }
    }

    #[test]
    fn the_upstream_constant_of_a_manifest() {
        let bytes = hello().encode();
        assert_eq!(hex::encode(&bytes), HELLO);
        assert_eq!(bytes.len(), 79);
        assert_eq!(Manifest::decode(&bytes), Ok(hello()));
        assert_eq!(
            Manifest::cid(&bytes).to_string(),
            "zDvZRwzm93r6pbHvCDtfXiLiLF96cXTiX5rkv1fWMLGfV1NJX8cr"
        );
    }

    /// The manifest of `hello` with other text fields.
    fn with_texts(texts: &[(u64, &[u8])]) -> Result<Manifest> {
        let plain = Manifest {
            name: None,
            mime: None,
            ..hello()
        };
        let bytes = plain.encode();
        let mut header = bytes[2..].to_vec();
        for (field, text) in texts {
            put_bytes(&mut header, *field, text);
        }
        let mut out = Vec::new();
        put_bytes(&mut out, 1, &header);
        Manifest::decode(&out)
    }

    #[test]
    fn older_and_newer_forms_are_read() {
        assert_eq!(with_texts(&[(8, b"hello.txt"), (9, b"text/plain")]), Ok(hello()));
        assert_eq!(
            with_texts(&[(7, b"hello.txt"), (8, b"text/plain"), (20, b"later")]),
            Ok(hello())
        );
        assert_eq!(
            with_texts(&[(7, b"\x08\x01"), (8, b"hello.txt"), (9, b"text/plain")]),
            Err(ManifestError::Unsupported("erasure coding, field", 7))
        );
        assert_eq!(with_texts(&[(7, b"\xff")]), Err(ManifestError::Text));
    }

    #[test]
    fn what_is_not_the_usual_is_refused_by_name() {
        let cut = |field: usize| {
            let mut fields = Fields::read(&hex::decode(HELLO).unwrap()[2..])
                .map(|fields| fields.numbers)
                .unwrap();
            fields[field] = None;
            let bytes = hex::decode(HELLO).unwrap();
            let tree = Fields::read(&bytes[2..]).unwrap().tree;
            Fields {
                tree,
                numbers: fields,
                ..Fields::default()
            }
            .manifest()
        };
        assert_eq!(cut(0), Err(ManifestError::Missing("block size")));
        assert_eq!(cut(1), Err(ManifestError::Missing("size")));
        assert_eq!(cut(2), Err(ManifestError::Missing("codec of blocks")));
        assert_eq!(cut(4), Err(ManifestError::Missing("version of CIDs")));
        assert_eq!(Manifest::decode(&[]), Err(ManifestError::Missing("header")));
        assert_eq!(Manifest::decode(&[0x0a, 0x05]), Err(ManifestError::Protobuf(2)));
        assert_eq!(Manifest::decode(&[0x08, 0x05]), Err(ManifestError::Field(1)));
        let large = vec![0; limits::MAX_MANIFEST_BYTES + 1];
        assert_eq!(Manifest::decode(&large), Err(ManifestError::TooLarge(65537)));
    }

    fn manifest() -> impl Strategy<Value = Manifest> {
        let text = || prop::option::of("\\PC{0,40}");
        (any::<[u8; 32]>(), 12u32..=19, 1u64..1 << 34, text(), text()).prop_map(
            |(digest, size, bytes, name, mime)| Manifest {
                tree: Cid::tree(digest),
                shape: Shape::new(1 << size, bytes).unwrap(),
                name,
                mime,
            },
        )
    }

    proptest! {
        #[test]
        fn every_manifest_comes_back(manifest in manifest()) {
            prop_assert_eq!(Manifest::decode(&manifest.encode()), Ok(manifest));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Manifest::decode(&bytes);
        }

        #[test]
        fn no_change_of_a_manifest_makes_it_panic(manifest in manifest(), at: usize, byte: u8, cut: usize) {
            let mut bytes = manifest.encode();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(found) = Manifest::decode(&bytes) {
                prop_assert!((1..=limits::MAX_BLOCKS).contains(&found.shape.blocks()));
            }
            let _ = Manifest::decode(&bytes[..cut % bytes.len()]);
        }
    }
}
