//! The closed universe of types.

use crate::json;
use serde::{Deserialize, Serialize};

/// A type that may cross an interface.
///
/// In CBOR a record is a map with text keys, an enum case is its name, a union case that carries nothing is
/// its name too and any other a map of one entry from name to value, bytes are a byte string. In JSON bytes
/// and fixed bytes are `0x` and lower-case hexadecimal digits.
///
/// Alone in a text, it is a scope of names of its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "json::Type")]
pub enum Type {
    /// Nothing: `null`.
    Unit,
    /// True or false.
    Bool,
    /// 8 bits, unsigned.
    U8,
    /// 16 bits, unsigned.
    U16,
    /// 32 bits, unsigned.
    U32,
    /// 64 bits, unsigned.
    U64,
    /// 8 bits, signed.
    I8,
    /// 16 bits, signed.
    I16,
    /// 32 bits, signed.
    I32,
    /// 64 bits, signed.
    I64,
    /// An IEEE 754 double.
    F64,
    /// Unicode text.
    Text,
    /// Bytes of any length.
    Bytes,
    /// Exactly so many bytes.
    Fixed(u32),
    /// A large byte string that travels beside the payload, not in it.
    Blob,
    /// Any number of one type.
    List(Box<Type>),
    /// From text to one type.
    Map(Box<Type>),
    /// Something, or `null`, or left out.
    Option(Box<Type>),
    /// Many values of one type, one after another, as the receiver asks for them.
    Stream(Box<Type>),
    /// Named fields.
    Record(Record),
    /// One of a set of names.
    Enum(Enum),
    /// One of a set of named types.
    Union(Union),
}

/// A type with named fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The name of the type.
    pub name: String,
    /// What it is, for people.
    pub docs: String,
    /// The fields in their order of declaration, which means nothing on the wire.
    pub fields: Vec<Field>,
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its key.
    pub name: String,
    /// What it is, for people.
    pub docs: String,
    /// Its type.
    pub ty: Type,
    /// What a receiver takes when the field is missing.
    pub default: Option<serde_json::Value>,
}

impl Type {
    /// The name of a record, enum or union.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Record(record) => Some(&record.name),
            Self::Enum(names) => Some(&names.name),
            Self::Union(union) => Some(&union.name),
            _ => None,
        }
    }
}

impl Field {
    /// Whether a sender may leave the field out.
    pub fn is_optional(&self) -> bool {
        self.default.is_some() || matches!(self.ty, Type::Option(_))
    }
}

/// One of a set of names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enum {
    /// The name of the type.
    pub name: String,
    /// What it is, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// The names.
    pub cases: Vec<Case>,
}

/// A case of an enum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its name on the wire.
    pub name: String,
    /// What it means, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
}

/// One of a set of named types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Union {
    /// The name of the type.
    pub name: String,
    /// What it is, for people.
    pub docs: String,
    /// The cases.
    pub cases: Vec<UnionCase>,
}

/// A case of a union.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnionCase {
    /// Its name on the wire.
    pub name: String,
    /// What it means, for people.
    pub docs: String,
    /// What it carries; [`Type::Unit`] for nothing.
    pub ty: Type,
}
