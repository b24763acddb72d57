//! Defaults, as `#[default]` takes them: a literal, a list of them, a case of an enum.

use super::{refuse, types};
use crate::BindgenError;
use backplane_descriptor::Type;
use serde_json::Value;

/// The expression for `default`, which is of the type.
pub(super) fn literal(item: &str, ty: &Type, default: &Value) -> Result<String, BindgenError> {
    match (ty, default) {
        (Type::Bool, Value::Bool(value)) => Ok(value.to_string()),
        (Type::F64, Value::Number(number)) => {
            let digits = number.to_string();
            let whole = digits.chars().all(|it| it.is_ascii_digit() || it == '-');
            Ok(if whole { digits + ".0" } else { digits })
        }
        (
            Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64,
            Value::Number(number),
        ) => Ok(number.to_string()),
        // 64 bits that no double holds.
        (Type::U64 | Type::I64, Value::String(digits)) => Ok(digits.clone()),
        (Type::Text, Value::String(text)) if text.chars().all(|it| !it.is_control() || it == '\n') => {
            Ok(format!(
                "\"{}\"",
                text.replace('\\', "\\\\")
                    .replace('"', "\\\"")
                    .replace('\n', "\\n")
            ))
        }
        (Type::List(of), Value::Array(values)) => {
            let values: Result<Vec<String>, _> = values.iter().map(|it| literal(item, of, it)).collect();
            Ok(format!("[{}]", values?.join(", ")))
        }
        (Type::Enum(names), Value::String(case)) => {
            Ok(format!("{}::{}", names.name, types::case(item, case)?))
        }
        (Type::Union(union), Value::String(case)) => {
            Ok(format!("{}::{}", union.name, types::case(item, case)?))
        }
        _ => refuse(
            item,
            format!("its default is {default}, and `#[default]` takes literals, lists of them and cases"),
        ),
    }
}
