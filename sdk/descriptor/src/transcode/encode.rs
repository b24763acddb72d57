//! JSON to CBOR.

use super::{Budget, Problem, TranscodeError, check_depth, value};
use crate::{Enum, Field, Record, Type, Union, signature::type_name};
use minicbor::Encoder;
use serde_json::{Map, Value};
use std::convert::Infallible;

pub(super) fn encode(
    ty: &Type,
    json: &Value,
    attachments: &mut Vec<Vec<u8>>,
) -> Result<Vec<u8>, TranscodeError> {
    let mut writer = Writer::new(attachments);
    writer.value(ty, json, 0)?;
    Ok(writer.out.into_writer())
}

/// What a field that is not there counts as.
pub(super) fn missing(field: &Field, attachments: &mut Vec<Vec<u8>>) -> Result<Vec<u8>, TranscodeError> {
    let mut writer = Writer::new(attachments);
    writer.missing(field, 0)?;
    Ok(writer.out.into_writer())
}

struct Writer<'a> {
    out: Encoder<Vec<u8>>,
    attachments: &'a mut Vec<Vec<u8>>,
    budget: Budget,
}

/// Drops a result that cannot be an error, because a vector takes every byte.
fn written<T>(result: Result<T, minicbor::encode::Error<Infallible>>) {
    debug_assert!(result.is_ok());
}

fn mismatch(ty: &Type, json: &Value) -> TranscodeError {
    Problem::Type {
        expected: type_name(ty),
        found: value::json_kind(json),
    }
    .into()
}

impl<'a> Writer<'a> {
    fn new(attachments: &'a mut Vec<Vec<u8>>) -> Self {
        Self {
            out: Encoder::new(Vec::new()),
            attachments,
            budget: Budget::new(),
        }
    }

    fn value(&mut self, ty: &Type, json: &Value, depth: usize) -> Result<(), TranscodeError> {
        check_depth(depth)?;
        self.budget.take(json.as_str().map_or(0, str::len))?;
        match (ty, json) {
            (Type::Unit, Value::Null) => written(self.out.null()),
            (Type::Bool, Value::Bool(value)) => written(self.out.bool(*value)),
            (Type::F64, _) => {
                let number = value::float_from_json(json).ok_or_else(|| mismatch(ty, json))?;
                written(self.out.f64(number));
            }
            (Type::Text, Value::String(text)) => written(self.out.str(text)),
            (Type::Bytes | Type::Fixed(_), _) => {
                written(self.out.bytes(&value::bytes_from_json(ty, json)?));
            }
            (Type::Blob, _) => {
                let blob = value::bytes_from_json(ty, json)?;
                written(self.out.u64(self.attachments.len() as u64));
                self.attachments.push(blob);
            }
            (Type::List(item), Value::Array(items)) => self.list(item, items, depth)?,
            (Type::Stream(item), Value::Array(items)) => self.stream(item, items, depth)?,
            (Type::Map(item), Value::Object(entries)) => self.map(item, entries, depth)?,
            (Type::Option(_), Value::Null) => written(self.out.null()),
            (Type::Option(inner), _) => self.value(inner, json, depth + 1)?,
            (Type::Record(record), Value::Object(entries)) => self.record(record, entries, depth)?,
            (Type::Enum(names), Value::String(name)) => self.case(names, name)?,
            (Type::Union(union), _) => self.union(union, ty, json, depth)?,
            _ => self.integer(ty, json)?,
        }
        Ok(())
    }

    /// An integer, or the error for what is of no use to any type.
    fn integer(&mut self, ty: &Type, json: &Value) -> Result<(), TranscodeError> {
        let range = value::integer_range(ty).ok_or_else(|| mismatch(ty, json))?;
        let number = value::integer_from_json(ty, json).ok_or_else(|| mismatch(ty, json))?;
        let number = value::in_range(ty, number, range)?;
        match (u64::try_from(number), i64::try_from(number)) {
            (Ok(number), _) => written(self.out.u64(number)),
            (_, Ok(number)) => written(self.out.i64(number)),
            _ => return Err(mismatch(ty, json)),
        }
        Ok(())
    }

    fn list(&mut self, item: &Type, items: &[Value], depth: usize) -> Result<(), TranscodeError> {
        written(self.out.array(items.len() as u64));
        self.items(item, items, depth)
    }

    /// The items become an attachment.
    fn stream(&mut self, item: &Type, items: &[Value], depth: usize) -> Result<(), TranscodeError> {
        let outer = std::mem::replace(&mut self.out, Encoder::new(Vec::new()));
        let done = self.items(item, items, depth);
        let sequence = std::mem::replace(&mut self.out, outer).into_writer();
        written(self.out.u64(self.attachments.len() as u64));
        self.attachments.push(sequence);
        done
    }

    fn items(&mut self, item: &Type, items: &[Value], depth: usize) -> Result<(), TranscodeError> {
        for (index, json) in items.iter().enumerate() {
            self.value(item, json, depth + 1)
                .map_err(|error| error.in_index(index))?;
        }
        Ok(())
    }

    fn map(&mut self, item: &Type, entries: &Map<String, Value>, depth: usize) -> Result<(), TranscodeError> {
        written(self.out.map(entries.len() as u64));
        for (key, json) in entries {
            self.budget.take(key.len())?;
            written(self.out.str(key));
            self.value(item, json, depth + 1)
                .map_err(|error| error.in_key(key))?;
        }
        Ok(())
    }

    fn record(
        &mut self,
        record: &Record,
        entries: &Map<String, Value>,
        depth: usize,
    ) -> Result<(), TranscodeError> {
        let names = record.fields.iter().map(|field| field.name.as_str());
        for key in entries.keys() {
            if !names.clone().any(|name| name == key) {
                let problem = Problem::unknown_field(key, names);
                return Err(TranscodeError::from(problem).in_field(key));
            }
        }
        written(self.out.map(record.fields.len() as u64));
        for field in &record.fields {
            written(self.out.str(&field.name));
            let done = match entries.get(&field.name) {
                Some(json) => self.value(&field.ty, json, depth + 1),
                None => self.missing(field, depth + 1),
            };
            done.map_err(|error| error.in_field(&field.name))?;
        }
        Ok(())
    }

    fn missing(&mut self, field: &Field, depth: usize) -> Result<(), TranscodeError> {
        match (&field.default, &field.ty) {
            (Some(default), ty) => self.value(ty, default, depth).map_err(invalid_default),
            (None, ty @ Type::Option(_)) => self.value(ty, &Value::Null, depth),
            (None, ty) => Err(Problem::Missing {
                expected: type_name(ty),
            }
            .into()),
        }
    }

    fn case(&mut self, names: &Enum, found: &str) -> Result<(), TranscodeError> {
        let known = names.cases.iter().map(|case| case.name.as_str());
        if !known.clone().any(|name| name == found) {
            return Err(Problem::unknown_case(found, &names.name, known).into());
        }
        written(self.out.str(found));
        Ok(())
    }

    fn union(&mut self, union: &Union, ty: &Type, json: &Value, depth: usize) -> Result<(), TranscodeError> {
        let (name, inner) = match json {
            Value::String(name) => (name, None),
            Value::Object(entries) => match entries.iter().next() {
                Some((name, inner)) if entries.len() == 1 => (name, Some(inner)),
                _ => {
                    return Err(Problem::OneEntry {
                        name: union.name.clone(),
                    }
                    .into());
                }
            },
            _ => return Err(mismatch(ty, json)),
        };
        let Some(case) = union.cases.iter().find(|case| case.name == *name) else {
            let known = union.cases.iter().map(|case| case.name.as_str());
            return Err(Problem::unknown_case(name, &union.name, known).into());
        };
        match (&case.ty, inner) {
            (Type::Unit, None) => written(self.out.str(name)),
            (Type::Unit, Some(_)) => return Err(Problem::name_alone(name, "an object").into()),
            (ty, None) => {
                return Err(TranscodeError::from(Problem::Missing {
                    expected: type_name(ty),
                })
                .in_field(name));
            }
            (ty, Some(inner)) => {
                written(self.out.map(1));
                written(self.out.str(name));
                self.value(ty, inner, depth + 1)
                    .map_err(|error| error.in_field(name))?;
            }
        }
        Ok(())
    }
}

/// Says that the descriptor is at fault, not the sender; running out of memory stays what it is.
fn invalid_default(error: TranscodeError) -> TranscodeError {
    match error.problem {
        Problem::TooLarge { .. } | Problem::TooDeep { .. } => error,
        _ => Problem::Default {
            error: Box::new(error),
        }
        .into(),
    }
}
