//! The text form of types: each named type once, and by its name from then on.
//!
//! The model holds a type in full wherever it is used; written out like that, the error of an interface would
//! stand in its text as often as there are methods. In the text a record, enum or union stands in full where it
//! is used first, and any other use is `{"ref": "NAME"}`. Names are those of one scope: an interface, or the
//! configuration of a manifest. There a name means one type.
//!
//! A reader takes a reference that precedes what it names, as the keys of an object have no order, and a type
//! that is written out again, as long as it is the same one.

mod read;
mod write;

pub(crate) use read::interfaces;

use crate::Enum;
use semver::Version;
use serde::{Deserialize, Serialize};

/// [`crate::Interface`] in its text form.
#[derive(Serialize, Deserialize)]
pub(crate) struct Interface {
    id: String,
    version: Version,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    docs: String,
    methods: Vec<Method>,
    events: Vec<Event>,
}

#[derive(Serialize, Deserialize)]
struct Method {
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    docs: String,
    params: Vec<Field>,
    returns: Type,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Type>,
    #[serde(default, skip_serializing_if = "is_false")]
    inline: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    sensitive: bool,
    deadline_ms: u32,
}

#[derive(Serialize, Deserialize)]
struct Event {
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    docs: String,
    body: Type,
    #[serde(default, skip_serializing_if = "is_false")]
    retained: bool,
}

/// [`crate::Type`] in its text form.
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Type {
    Unit,
    Bool,
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F64,
    Text,
    Bytes,
    Fixed(u32),
    Blob,
    List(Box<Type>),
    Map(Box<Type>),
    Option(Box<Type>),
    Stream(Box<Type>),
    Record(Record),
    Enum(Enum),
    Union(Union),
    /// The type of this name.
    Ref(String),
}

#[derive(PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    docs: String,
    fields: Vec<Field>,
}

#[derive(PartialEq, Serialize, Deserialize)]
struct Field {
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    docs: String,
    #[serde(rename = "type")]
    ty: Type,
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    default: Option<serde_json::Value>,
}

#[derive(PartialEq, Serialize, Deserialize)]
pub(crate) struct Union {
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    docs: String,
    cases: Vec<UnionCase>,
}

#[derive(PartialEq, Serialize, Deserialize)]
struct UnionCase {
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    docs: String,
    #[serde(rename = "type")]
    ty: Type,
}

/// A default of `null` is a default, not none.
fn present<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<serde_json::Value>, D::Error> {
    serde_json::Value::deserialize(input).map(Some)
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests;
