//! Items of CBOR, with errors that say what was expected.

use super::{Problem, TranscodeError};
use crate::{Type, signature::type_name};
use minicbor::data::Type as Kind;
use minicbor::decode::{Decoder, Error};
use serde_json::Value;

pub(super) struct Reader<'a>(Decoder<'a>);

/// How many items of an array or a map follow, or `None` if a break ends it.
pub(super) type Left = Option<u64>;

impl<'a> Reader<'a> {
    pub(super) fn new(cbor: &'a [u8]) -> Self {
        Self(Decoder::new(cbor))
    }

    /// How many bytes have not been read.
    pub(super) fn rest(&self) -> usize {
        self.0.input().len().saturating_sub(self.0.position())
    }

    fn read<T>(
        &mut self,
        expected: impl FnOnce() -> String,
        read: impl FnOnce(&mut Decoder<'a>) -> Result<T, Error>,
    ) -> Result<T, TranscodeError> {
        let at = self.0.position();
        read(&mut self.0).map_err(|error| {
            let problem = if error.is_end_of_input() {
                Problem::Truncated
            } else if error.is_type_mismatch() {
                self.0.set_position(at);
                Problem::Type {
                    expected: expected(),
                    found: self.kind(),
                }
            } else {
                Problem::Malformed {
                    at,
                    reason: error.to_string(),
                }
            };
            problem.into()
        })
    }

    fn of<T>(
        &mut self,
        ty: &Type,
        read: impl FnOnce(&mut Decoder<'a>) -> Result<T, Error>,
    ) -> Result<T, TranscodeError> {
        self.read(|| type_name(ty), read)
    }

    pub(super) fn null(&mut self, ty: &Type) -> Result<Value, TranscodeError> {
        self.of(ty, Decoder::null)?;
        Ok(Value::Null)
    }

    /// Whether null or undefined comes next; if so, it is read.
    pub(super) fn take_null(&mut self) -> bool {
        match self.0.datatype() {
            Ok(Kind::Null) => self.0.null().is_ok(),
            Ok(Kind::Undefined) => self.0.undefined().is_ok(),
            _ => false,
        }
    }

    pub(super) fn bool(&mut self, ty: &Type) -> Result<bool, TranscodeError> {
        self.of(ty, Decoder::bool)
    }

    pub(super) fn float(&mut self, ty: &Type) -> Result<f64, TranscodeError> {
        self.of(ty, Decoder::f64)
    }

    pub(super) fn integer(&mut self, ty: &Type) -> Result<i128, TranscodeError> {
        self.of(ty, |input| input.int().map(i128::from))
    }

    pub(super) fn text(&mut self, ty: &Type) -> Result<String, TranscodeError> {
        self.of(ty, |input| input.str_iter()?.collect())
    }

    pub(super) fn bytes(&mut self, ty: &Type) -> Result<Vec<u8>, TranscodeError> {
        self.of(ty, |input| {
            let mut bytes = Vec::new();
            for part in input.bytes_iter()? {
                bytes.extend_from_slice(part?);
            }
            Ok(bytes)
        })
    }

    pub(super) fn key(&mut self) -> Result<String, TranscodeError> {
        self.read(|| "a text key".to_owned(), |input| input.str_iter()?.collect())
    }

    pub(super) fn array(&mut self, ty: &Type) -> Result<Left, TranscodeError> {
        self.of(ty, Decoder::array)
    }

    pub(super) fn map(&mut self, ty: &Type) -> Result<Left, TranscodeError> {
        self.of(ty, Decoder::map)
    }

    pub(super) fn at_map(&self) -> bool {
        matches!(self.0.datatype(), Ok(Kind::Map | Kind::MapIndef))
    }

    /// Whether another item follows; counts it off, or reads the break.
    pub(super) fn more(&mut self, left: &mut Left) -> Result<bool, TranscodeError> {
        if let Some(left) = left {
            let more = *left > 0;
            *left = left.saturating_sub(1);
            return Ok(more);
        }
        if self.read(String::new, |input| input.datatype())? != Kind::Break {
            return Ok(true);
        }
        self.skip_break();
        Ok(false)
    }

    fn skip_break(&mut self) {
        self.0.set_position(self.0.position() + 1);
    }

    /// Passes over any item.
    pub(super) fn skip(&mut self) -> Result<(), TranscodeError> {
        if matches!(self.0.datatype(), Ok(Kind::Break)) {
            return Err(Problem::Type {
                expected: "a value".to_owned(),
                found: "a break",
            }
            .into());
        }
        self.read(|| "a value".to_owned(), Decoder::skip)
    }

    fn kind(&self) -> &'static str {
        match self.0.datatype() {
            Ok(Kind::Bool) => "a boolean",
            Ok(Kind::Null) => "null",
            Ok(Kind::Undefined) => "undefined",
            Ok(Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64) => "an integer",
            Ok(Kind::I8 | Kind::I16 | Kind::I32 | Kind::I64 | Kind::Int) => "a negative integer",
            Ok(Kind::F16 | Kind::F32 | Kind::F64) => "a float",
            Ok(Kind::Simple) => "a simple value",
            Ok(Kind::Bytes | Kind::BytesIndef) => "bytes",
            Ok(Kind::String | Kind::StringIndef) => "text",
            Ok(Kind::Array | Kind::ArrayIndef) => "an array",
            Ok(Kind::Map | Kind::MapIndef) => "a map",
            Ok(Kind::Tag) => "a tag",
            Ok(Kind::Break) => "a break",
            Ok(Kind::Unknown(_)) | Err(_) => "nothing that is known",
        }
    }
}
