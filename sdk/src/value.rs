//! The types that may cross an interface, and how they become bytes.

use backplane_descriptor::fixed::Ty;
use minicbor_serde::Serializer;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned, de::Error as _};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// A type that may cross an interface.
///
/// `#[record]` implements it for structs and enums; the types of the closed universe have it already.
/// On the wire it is CBOR (RFC 8949) as [`Type`](backplane_descriptor::Type) says.
///
/// `()` stands only alone, as a result or a body: within another type it is refused while compiling.
///
/// ```compile_fail,E0080
/// # use backplane_sdk::prelude::*;
/// #[record]
/// struct Note {
///     nothing: (),
/// }
/// ```
pub trait Value: Serialize + DeserializeOwned + Send + 'static {
    /// What the type looks like to others.
    const TY: Ty;

    /// Appends the encoded value to `out`.
    ///
    /// # Errors
    /// [`CodecError`] where the value has no encoding, for example a map key that is not text.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), CodecError> {
        encode(self, out)
    }

    /// Reads one value that fills all of `bytes`.
    ///
    /// # Errors
    /// [`CodecError`] says what was expected and where.
    fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        decode(bytes)
    }
}

/// Why bytes are not a value, or a value cannot become bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CodecError(String);

/// Appends the CBOR of `value` to `out`; what the generated code uses for parameters.
///
/// # Errors
/// [`CodecError`] where the value has no encoding.
pub fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
    value
        .serialize(&mut Serializer::new(Out(out)))
        .map_err(|error| CodecError(error.to_string()))
}

/// Most of what is written is one byte to nine: inlined, the length is known and nothing is called for it.
struct Out<'a>(&'a mut Vec<u8>);

impl minicbor::encode::Write for Out<'_> {
    type Error = Infallible;

    #[inline(always)]
    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// Reads a value that fills all of `bytes`; what the generated code uses for parameters.
///
/// # Errors
/// [`CodecError`] says what was expected and where.
pub fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, CodecError> {
    let mut deserializer = minicbor_serde::Deserializer::new(bytes);
    let value = T::deserialize(&mut deserializer).map_err(|error| CodecError(error.to_string()))?;
    match bytes.len() - deserializer.decoder().position() {
        0 => Ok(value),
        rest => Err(CodecError(format!("{rest} bytes follow the value"))),
    }
}

macro_rules! plain {
    ($($ty:ty => $name:literal),*) => {
        $(impl Value for $ty { const TY: Ty = Ty::Plain($name); })*
    };
}

plain! {
    bool => "bool", u8 => "u8", u16 => "u16", u32 => "u32", u64 => "u64",
    i8 => "i8", i16 => "i16", i32 => "i32", i64 => "i64", f64 => "f64", String => "text"
}

impl Value for () {
    const TY: Ty = Ty::Plain("unit");

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), CodecError> {
        out.push(0xf6);
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        match bytes {
            [0xf6] => Ok(()),
            _ => Err(CodecError("expected null".to_owned())),
        }
    }
}

impl<T: Value> Value for Vec<T> {
    const TY: Ty = of("list", &T::TY);
}

impl<T: Value> Value for Option<T> {
    const TY: Ty = of("option", &T::TY);
}

impl<T: Value> Value for BTreeMap<String, T> {
    const TY: Ty = of("map", &T::TY);
}

const fn of(name: &'static str, inner: &'static Ty) -> Ty {
    not_unit(
        inner,
        "a list, option or map of () says nothing: use a number or a bool",
    );
    Ty::Of(name, inner)
}

/// Refuses `()` within another value while compiling: it is null on its own, but serde has no such rule for a
/// part of something.
pub const fn not_unit(ty: &Ty, message: &str) {
    if let Ty::Plain(name) = ty {
        let (name, unit) = (name.as_bytes(), b"unit");
        let mut same = name.len() == unit.len();
        let mut index = 0;
        while same && index < unit.len() {
            same = name[index] == unit[index];
            index += 1;
        }
        assert!(!same, "{}", message);
    }
}

/// Bytes of any length: a CBOR byte string; in JSON `0x` and hexadecimal digits.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub Vec<u8>);

/// Exactly `N` bytes: a CBOR byte string; in JSON `0x` and hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fixed<const N: usize>(pub [u8; N]);

impl Value for Bytes {
    const TY: Ty = Ty::Plain("bytes");
}

impl<const N: usize> Value for Fixed<N> {
    const TY: Ty = Ty::Fixed(N as u32);
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<const N: usize> From<[u8; N]> for Fixed<N> {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "0x{}", hex::encode(&self.0))
    }
}

impl<const N: usize> std::fmt::Debug for Fixed<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl<const N: usize> std::fmt::Display for Fixed<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_bytes(&self.0, serializer)
    }
}

impl<const N: usize> Serialize for Fixed<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_bytes(&self.0, serializer)
    }
}

fn serialize_bytes<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        serializer.serialize_str(&format!("0x{}", hex::encode(bytes)))
    } else {
        serializer.serialize_bytes(bytes)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            let digits = text
                .strip_prefix("0x")
                .ok_or_else(|| D::Error::custom("bytes begin with 0x"))?;
            return hex::decode(digits).map(Self).map_err(D::Error::custom);
        }
        deserializer.deserialize_bytes(BytesVisitor).map(Self)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Fixed<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Bytes::deserialize(deserializer)?.0;
        let len = bytes.len();
        let bytes = bytes
            .try_into()
            .map_err(|_| D::Error::custom(format!("{len} bytes instead of {N}")))?;
        Ok(Self(bytes))
    }
}

struct BytesVisitor;

impl serde::de::Visitor<'_> for BytesVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a byte string")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E: serde::de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }
}
