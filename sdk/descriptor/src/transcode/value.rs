//! The forms of single values that both directions share.

use super::Problem;
use crate::{Type, signature::type_name};
use serde_json::{Number, Value};

/// The greatest integer up to which a double holds each (RFC 7493 §2.2).
const SAFE_INTEGER: u64 = (1 << 53) - 1;

/// The least and the greatest value of an integer type.
pub(super) fn integer_range(ty: &Type) -> Option<(i128, i128)> {
    Some(match ty {
        Type::U8 => (0, u8::MAX.into()),
        Type::U16 => (0, u16::MAX.into()),
        Type::U32 => (0, u32::MAX.into()),
        Type::U64 => (0, u64::MAX.into()),
        Type::I8 => (i8::MIN.into(), i8::MAX.into()),
        Type::I16 => (i16::MIN.into(), i16::MAX.into()),
        Type::I32 => (i32::MIN.into(), i32::MAX.into()),
        Type::I64 => (i64::MIN.into(), i64::MAX.into()),
        _ => return None,
    })
}

/// Refuses what is not between `min` and `max`.
pub(super) fn in_range(ty: &Type, number: i128, (min, max): (i128, i128)) -> Result<i128, Problem> {
    if (min..=max).contains(&number) {
        return Ok(number);
    }
    Err(Problem::Range {
        expected: type_name(ty),
        min,
        max,
    })
}

/// The integer that `json` holds, as a number or, if it has 64 bits, as decimal digits.
pub(super) fn integer_from_json(ty: &Type, json: &Value) -> Option<i128> {
    match json {
        Value::Number(number) => number
            .as_u64()
            .map(i128::from)
            .or_else(|| number.as_i64().map(i128::from)),
        Value::String(digits) if matches!(ty, Type::U64 | Type::I64) => digits.parse().ok(),
        _ => None,
    }
}

/// A number, or decimal digits where a double would round it.
pub(super) fn integer_to_json(number: i128) -> Value {
    if number.unsigned_abs() > SAFE_INTEGER.into() {
        return Value::String(number.to_string());
    }
    // Both conversions hold within the safe integers.
    i64::try_from(number).map_or(Value::Null, Value::from)
}

/// The double that `json` holds.
pub(super) fn float_from_json(json: &Value) -> Option<f64> {
    match json {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

/// A number, or a word where JSON has no number.
pub(super) fn float_to_json(number: f64) -> Value {
    match Number::from_f64(number) {
        Some(number) => Value::Number(number),
        None if number.is_nan() => Value::from("NaN"),
        None if number > 0.0 => Value::from("Infinity"),
        None => Value::from("-Infinity"),
    }
}

/// The bytes that `json` holds.
pub(super) fn bytes_from_json(ty: &Type, json: &Value) -> Result<Vec<u8>, Problem> {
    let Value::String(text) = json else {
        return Err(Problem::Type {
            expected: type_name(ty),
            found: json_kind(json),
        });
    };
    let digits = text.strip_prefix("0x").ok_or(Problem::Hex)?;
    let bytes = hex::decode(digits).map_err(|_| Problem::Hex)?;
    check_length(ty, bytes.len())?;
    Ok(bytes)
}

/// `0x` and hexadecimal digits.
pub(super) fn bytes_to_json(bytes: &[u8]) -> Value {
    Value::String(format!("0x{}", hex::encode(bytes)))
}

/// Refuses fixed bytes of another length.
pub(super) fn check_length(ty: &Type, found: usize) -> Result<(), Problem> {
    match *ty {
        Type::Fixed(expected) if usize::try_from(expected) != Ok(found) => {
            Err(Problem::Length { expected, found })
        }
        _ => Ok(()),
    }
}

/// What kind of JSON this is.
pub(super) fn json_kind(json: &Value) -> &'static str {
    match json {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a number with a fraction or exponent",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
