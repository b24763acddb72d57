//! Bounds of an EIP-712 document, checked before it is interpreted: the interpreter recurses over
//! the types and writes every struct out, so a small document could exhaust stack or memory.

use super::SignError;
use crate::limits::{
    self, LimitExceeded, MAX_TYPED_DATA_DEPTH, MAX_TYPED_DATA_EXPANDED_FIELDS, MAX_TYPED_DATA_NAME_BYTES,
    MAX_TYPED_DATA_TYPES, MAX_TYPED_DATA_VALUES,
};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Checks size, depth and presence of the parts.
pub(super) fn check(document: &Value) -> Result<(), SignError> {
    let mut values = 0;
    count(document, 0, &mut values)?;
    let types = object(document, "types")?;
    object(document, "domain")?;
    object(document, "message")?;
    let primary = document
        .get("primaryType")
        .and_then(Value::as_str)
        .ok_or(SignError::Field { field: "primaryType" })?;
    limits::check(
        "typed data types",
        types.len(),
        MAX_TYPED_DATA_TYPES,
        "struct types",
    )?;
    let mut structs = HashMap::with_capacity(types.len());
    for (name, fields) in types {
        identifier(name)?;
        structs.insert(name.as_str(), field_types(fields)?);
    }
    if !structs.contains_key(primary) {
        return Err(SignError::Field { field: "primaryType" });
    }
    let mut seen = HashMap::new();
    for name in structs.keys() {
        expanded(name, &structs, &mut seen, 0)?;
    }
    Ok(())
}

fn object<'a>(document: &'a Value, field: &'static str) -> Result<&'a Map<String, Value>, SignError> {
    document
        .get(field)
        .and_then(Value::as_object)
        .ok_or(SignError::Field { field })
}

/// Walks all values; `serde_json` itself stops at a depth of 128, so this recursion is bounded.
fn count(value: &Value, depth: usize, total: &mut usize) -> Result<(), LimitExceeded> {
    *total += 1;
    limits::check("typed data", *total, MAX_TYPED_DATA_VALUES, "values")?;
    limits::check("typed data depth", depth, MAX_TYPED_DATA_DEPTH, "levels")?;
    match value {
        Value::Array(items) => items.iter().try_for_each(|v| count(v, depth + 1, total)),
        Value::Object(fields) => fields.values().try_for_each(|v| count(v, depth + 1, total)),
        _ => Ok(()),
    }
}

fn name_length(name: &str) -> Result<(), LimitExceeded> {
    limits::check("typed data name", name.len(), MAX_TYPED_DATA_NAME_BYTES, "bytes")
}

/// Type names must be plain identifiers: the interpreter also reads tuples and trims white space,
/// and would find structs behind them that were not counted here.
fn identifier(name: &str) -> Result<(), SignError> {
    name_length(name)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b':');
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(SignError::Field { field: "types" });
    }
    Ok(())
}

/// The types of a struct's fields without their array brackets.
fn field_types(fields: &Value) -> Result<Vec<&str>, SignError> {
    let malformed = SignError::Field { field: "types" };
    let fields = fields.as_array().ok_or(malformed.clone())?;
    fields
        .iter()
        .map(|field| {
            let part = |key| field.get(key).and_then(Value::as_str);
            let (Some(name), Some(kind)) = (part("name"), part("type")) else {
                return Err(malformed.clone());
            };
            name_length(name)?;
            name_length(kind)?;
            let base = kind.split('[').next().unwrap_or(kind);
            identifier(base)?;
            Ok(base)
        })
        .collect()
}

/// Number of fields of a struct when the structs in it are written out too.
fn expanded<'a>(
    name: &'a str,
    structs: &HashMap<&'a str, Vec<&'a str>>,
    seen: &mut HashMap<&'a str, Option<usize>>,
    depth: usize,
) -> Result<usize, SignError> {
    let Some(fields) = structs.get(name) else {
        return Ok(1);
    };
    match seen.get(name) {
        Some(Some(known)) => return Ok(*known),
        Some(None) => return Err(SignError::Circular),
        None => {}
    }
    limits::check("typed data depth", depth, MAX_TYPED_DATA_DEPTH, "levels")?;
    seen.insert(name, None);
    let mut total = 1usize;
    for field in fields {
        total = total.saturating_add(expanded(field, structs, seen, depth + 1)?);
        limits::check(
            "typed data fields",
            total,
            MAX_TYPED_DATA_EXPANDED_FIELDS,
            "written-out fields",
        )?;
    }
    seen.insert(name, Some(total));
    Ok(total)
}
