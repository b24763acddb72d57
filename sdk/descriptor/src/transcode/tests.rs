//! Vectors, rules and properties of the translation.

mod properties;
mod rules;
mod serde;
mod vectors;

use super::*;
use crate::Field;
use crate::example::{enumeration, field, record, union};

fn list(item: Type) -> Type {
    Type::List(Box::new(item))
}

fn map(item: Type) -> Type {
    Type::Map(Box::new(item))
}

fn option(inner: Type) -> Type {
    Type::Option(Box::new(inner))
}

fn with_default(field: Field, default: Value) -> Field {
    Field {
        default: Some(default),
        ..field
    }
}

fn read(ty: &Type, cbor: &str) -> Result<Value, TranscodeError> {
    cbor_to_json(ty, &hex::decode(cbor).unwrap(), &[])
}

fn write(ty: &Type, json: &Value) -> Result<String, TranscodeError> {
    json_to_cbor(ty, json, &mut Vec::new()).map(hex::encode)
}
