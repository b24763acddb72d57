//! The byte encoding of keys and payloads.
//!
//! Components are concatenated without separators or type tags:
//!
//! | value | bytes |
//! |---|---|
//! | text, byte strings | 2-byte big-endian length, then the bytes; at most 65 535 |
//! | `i8` to `i64` | widened to `i64`, sign bit flipped, 8 bytes big-endian |
//! | `u16` to `u64` | widened to `u64`, 8 bytes big-endian |
//! | `u8`, `bool` | 1 byte |
//! | enumeration ([`ordinals!`](crate::ordinals)) | its ordinal as `i64` |
//! | tuple, struct ([`components!`](crate::components)) | its fields in order, flattened |
//! | [`Key`] | its raw bytes |
//! | [`OrderedText`] | `00` escaped as `00 FF`, ended by `00 00`; sorts as text does |
//!
//! Integers sort by value. Strings sort by length and then by bytes, so "all strings that start with x" is not a
//! prefix range: only whole leading components are. The encoding carries no types, hence one category should
//! use one key shape.
//!
//! This module depends on nothing but [`Key`], because consumers encode their keys themselves.
//!
//! Source: storage.md §1.6 (golden vectors) and §8.7 (decoder, ordered text).

use crate::key::Key;

/// Longest text or byte string component, in bytes: the length has two bytes.
pub const MAX_COMPONENT_BYTES: usize = u16::MAX as usize;

/// A value has no encoding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A text or byte string is longer than its two length bytes can say.
    #[error("a component has {size} bytes; the limit is {MAX_COMPONENT_BYTES}")]
    ComponentTooLong {
        /// Its length in bytes.
        size: usize,
    },
}

/// Bytes are not the encoding of the type asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end inside a component.
    #[error("{expected} needs {needed} bytes, {left} are left")]
    Truncated {
        /// The component type.
        expected: &'static str,
        /// Bytes that it needs from here on.
        needed: usize,
        /// Bytes that are there.
        left: usize,
    },
    /// A value does not fit in the narrower type asked for.
    #[error("the value does not fit in {expected}")]
    OutOfRange {
        /// The component type.
        expected: &'static str,
    },
    /// A text component is not UTF-8.
    #[error("a text component is not UTF-8")]
    NotUtf8,
    /// An [`OrderedText`] has an escape other than `00 FF` and `00 00`, or no end.
    #[error("an ordered text has a wrong escape or no end")]
    BadEscape,
    /// Bytes are left after the last component.
    #[error("{left} bytes are left after the last component")]
    Trailing {
        /// How many.
        left: usize,
    },
}

/// A value with a place in a key or payload.
pub trait Encode {
    /// Appends the value's bytes to `out`. On an error `out` may have grown.
    ///
    /// # Errors
    /// [`EncodeError::ComponentTooLong`] for a component over [`MAX_COMPONENT_BYTES`].
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError>;
}

/// A value that can be read back from a key or payload.
pub trait Decode: Sized {
    /// Takes the value's bytes from the front of `input`.
    ///
    /// # Errors
    /// [`DecodeError`]; `input` is then at an unspecified place.
    fn decode(input: &mut &[u8]) -> Result<Self, DecodeError>;
}

/// The key made of a component, or of a tuple of components.
///
/// # Errors
/// [`EncodeError::ComponentTooLong`].
pub fn key<T: Encode + ?Sized>(value: &T) -> Result<Key, EncodeError> {
    payload(value).map(Key::from)
}

/// The payload made of a value; keys and payloads use one encoding.
///
/// # Errors
/// [`EncodeError::ComponentTooLong`].
pub fn payload<T: Encode + ?Sized>(value: &T) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    value.encode(&mut out)?;
    Ok(out)
}

/// Reads a whole key or payload as one value.
///
/// # Errors
/// [`DecodeError`], also when bytes are left over.
pub fn decode<T: Decode>(mut bytes: &[u8]) -> Result<T, DecodeError> {
    let value = T::decode(&mut bytes)?;
    match bytes.len() {
        0 => Ok(value),
        left => Err(DecodeError::Trailing { left }),
    }
}

/// A text that sorts as text does, for new categories only: other implementations do not know it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderedText(pub String);

fn take<'a>(input: &mut &'a [u8], needed: usize, expected: &'static str) -> Result<&'a [u8], DecodeError> {
    let left = input.len();
    let (head, tail) = input.split_at_checked(needed).ok_or(DecodeError::Truncated {
        expected,
        needed,
        left,
    })?;
    *input = tail;
    Ok(head)
}

fn take_word(input: &mut &[u8], expected: &'static str) -> Result<[u8; 8], DecodeError> {
    let mut word = [0; 8];
    word.copy_from_slice(take(input, 8, expected)?);
    Ok(word)
}

const SIGN: u64 = 1 << 63;

macro_rules! signed {
    ($($type:ident),*) => {$(
        impl Encode for $type {
            fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
                let flipped = i64::from(*self).cast_unsigned() ^ SIGN;
                out.extend_from_slice(&flipped.to_be_bytes());
                Ok(())
            }
        }
        impl Decode for $type {
            fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
                let word = u64::from_be_bytes(take_word(input, stringify!($type))?);
                let wide = (word ^ SIGN).cast_signed();
                wide.try_into().map_err(|_| DecodeError::OutOfRange { expected: stringify!($type) })
            }
        }
    )*};
}
signed!(i8, i16, i32, i64);

macro_rules! unsigned {
    ($($type:ident),*) => {$(
        impl Encode for $type {
            fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
                out.extend_from_slice(&u64::from(*self).to_be_bytes());
                Ok(())
            }
        }
        impl Decode for $type {
            fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
                let wide = u64::from_be_bytes(take_word(input, stringify!($type))?);
                wide.try_into().map_err(|_| DecodeError::OutOfRange { expected: stringify!($type) })
            }
        }
    )*};
}
unsigned!(u16, u32, u64);

impl Encode for u8 {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.push(*self);
        Ok(())
    }
}

impl Decode for u8 {
    fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
        Ok(take(input, 1, "u8")?[0])
    }
}

impl Encode for bool {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        u8::from(*self).encode(out)
    }
}

impl Decode for bool {
    fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
        match take(input, 1, "bool")?[0] {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(DecodeError::OutOfRange { expected: "bool" }),
        }
    }
}

impl Encode for [u8] {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let length =
            u16::try_from(self.len()).map_err(|_| EncodeError::ComponentTooLong { size: self.len() })?;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(self);
        Ok(())
    }
}

impl<const N: usize> Encode for [u8; N] {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.as_slice().encode(out)
    }
}

impl<const N: usize> Decode for [u8; N] {
    fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let expected = "a byte string of fixed length";
        Vec::decode(input)?
            .try_into()
            .map_err(|_| DecodeError::OutOfRange { expected })
    }
}

impl Encode for Vec<u8> {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.as_slice().encode(out)
    }
}

impl Decode for Vec<u8> {
    fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let length = take(input, 2, "length")?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        Ok(take(input, length, "bytes")?.to_vec())
    }
}

impl Encode for str {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.as_bytes().encode(out)
    }
}

impl Encode for String {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.as_bytes().encode(out)
    }
}

impl Decode for String {
    fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
        String::from_utf8(Vec::decode(input)?).map_err(|_| DecodeError::NotUtf8)
    }
}

impl Encode for Key {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.extend_from_slice(self.as_bytes());
        Ok(())
    }
}

/// Takes all that is left: a key has no end of its own, so it can only be read as the last component.
impl Decode for Key {
    fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
        Ok(Key::from(std::mem::take(input)))
    }
}

impl Encode for OrderedText {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        for &byte in self.0.as_bytes() {
            out.push(byte);
            if byte == 0 {
                out.push(0xff);
            }
        }
        out.extend_from_slice(&[0, 0]);
        Ok(())
    }
}

impl Decode for OrderedText {
    fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let mut text = Vec::new();
        loop {
            let zero = input
                .iter()
                .position(|&byte| byte == 0)
                .ok_or(DecodeError::BadEscape)?;
            text.extend_from_slice(&input[..zero]);
            let mark = *input.get(zero + 1).ok_or(DecodeError::BadEscape)?;
            *input = &input[zero + 2..];
            match mark {
                0x00 => break,
                0xff => text.push(0),
                _ => return Err(DecodeError::BadEscape),
            }
        }
        String::from_utf8(text)
            .map(OrderedText)
            .map_err(|_| DecodeError::NotUtf8)
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        (**self).encode(out)
    }
}

macro_rules! tuple {
    ($($name:ident),*) => {
        impl<$($name: Encode),*> Encode for ($($name,)*) {
            #[allow(non_snake_case, unused_variables)]
            fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
                let ($($name,)*) = self;
                $($name.encode(out)?;)*
                Ok(())
            }
        }
        impl<$($name: Decode),*> Decode for ($($name,)*) {
            #[allow(unused_variables)]
            fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
                Ok(($($name::decode(input)?,)*))
            }
        }
    };
}
tuple!();
tuple!(A);
tuple!(A, B);
tuple!(A, B, C);
tuple!(A, B, C, D);
tuple!(A, B, C, D, E);
tuple!(A, B, C, D, E, F);
tuple!(A, B, C, D, E, F, G);
tuple!(A, B, C, D, E, F, G, H);

#[cfg(test)]
#[path = "encoding_tests.rs"]
mod tests;
