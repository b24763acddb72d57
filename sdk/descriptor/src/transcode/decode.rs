//! CBOR to JSON.

use super::{Budget, Problem, TranscodeError, check_depth, encode, read::Reader, value};
use crate::{Enum, Field, Record, Type, Union, signature::type_name};
use serde_json::{Map, Value};

pub(super) fn decode(ty: &Type, cbor: &[u8], attachments: &[&[u8]]) -> Result<Value, TranscodeError> {
    let mut budget = Budget::new();
    decode_within(&mut budget, ty, cbor, attachments)
}

fn decode_within(
    budget: &mut Budget,
    ty: &Type,
    cbor: &[u8],
    attachments: &[&[u8]],
) -> Result<Value, TranscodeError> {
    let taken = vec![false; attachments.len()];
    let mut decoder = Decode {
        input: Reader::new(cbor),
        attachments,
        taken,
        budget,
    };
    let json = decoder.value(ty, 0)?;
    match decoder.input.rest() {
        0 => Ok(json),
        count => Err(Problem::Trailing { count }.into()),
    }
}

struct Decode<'a> {
    input: Reader<'a>,
    attachments: &'a [&'a [u8]],
    /// Which attachments were named already.
    taken: Vec<bool>,
    budget: &'a mut Budget,
}

impl<'a> Decode<'a> {
    fn value(&mut self, ty: &Type, depth: usize) -> Result<Value, TranscodeError> {
        check_depth(depth)?;
        self.budget.take(0)?;
        Ok(match ty {
            Type::Unit => self.input.null(ty)?,
            Type::Bool => Value::Bool(self.input.bool(ty)?),
            Type::F64 => value::float_to_json(self.input.float(ty)?),
            Type::Text => {
                let text = self.input.text(ty)?;
                self.budget.take(text.len())?;
                Value::String(text)
            }
            Type::Bytes | Type::Fixed(_) => {
                let bytes = self.input.bytes(ty)?;
                value::check_length(ty, bytes.len())?;
                self.budget.take(bytes.len().saturating_mul(2))?;
                value::bytes_to_json(&bytes)
            }
            Type::Blob => self.blob(ty)?,
            Type::List(item) => self.list(ty, item, depth)?,
            Type::Stream(item) => self.stream(ty, item, depth)?,
            Type::Map(item) => self.map(ty, item, depth)?,
            Type::Option(_) if self.input.take_null() => Value::Null,
            Type::Option(inner) => self.value(inner, depth + 1)?,
            Type::Record(record) => self.record(ty, record, depth)?,
            Type::Enum(names) => self.case(ty, names)?,
            Type::Union(union) => self.union(ty, union, depth)?,
            _ => self.integer(ty)?,
        })
    }

    fn integer(&mut self, ty: &Type) -> Result<Value, TranscodeError> {
        let number = self.input.integer(ty)?;
        let range = value::integer_range(ty).unwrap_or((0, 0));
        Ok(value::integer_to_json(value::in_range(ty, number, range)?))
    }

    fn blob(&mut self, ty: &Type) -> Result<Value, TranscodeError> {
        let blob = self.attachment(ty)?;
        self.budget.take(blob.len().saturating_mul(2))?;
        Ok(value::bytes_to_json(blob))
    }

    /// The attachment is the sequence of the items.
    fn stream(&mut self, ty: &Type, item: &Type, depth: usize) -> Result<Value, TranscodeError> {
        let sequence = self.attachment(ty)?;
        let outer = std::mem::replace(&mut self.input, Reader::new(sequence));
        let mut items = Vec::new();
        while self.input.rest() > 0 {
            let json = self
                .value(item, depth + 1)
                .map_err(|error| error.in_index(items.len()))?;
            items.push(json);
        }
        self.input = outer;
        Ok(Value::Array(items))
    }

    fn attachment(&mut self, ty: &Type) -> Result<&'a [u8], TranscodeError> {
        let index = self.input.integer(ty)?;
        let index = u64::try_from(index).map_err(|_| Problem::Range {
            expected: type_name(ty),
            min: 0,
            max: u64::MAX.into(),
        })?;
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        let (Some(&blob), Some(taken)) = (self.attachments.get(place), self.taken.get_mut(place)) else {
            return Err(Problem::NoAttachment {
                index,
                count: self.attachments.len(),
            }
            .into());
        };
        if std::mem::replace(taken, true) {
            return Err(Problem::AttachmentTwice { index }.into());
        }
        Ok(blob)
    }

    fn list(&mut self, ty: &Type, item: &Type, depth: usize) -> Result<Value, TranscodeError> {
        let mut left = self.input.array(ty)?;
        let mut items = Vec::new();
        while self.input.more(&mut left)? {
            let json = self
                .value(item, depth + 1)
                .map_err(|error| error.in_index(items.len()))?;
            items.push(json);
        }
        Ok(Value::Array(items))
    }

    fn map(&mut self, ty: &Type, item: &Type, depth: usize) -> Result<Value, TranscodeError> {
        let mut left = self.input.map(ty)?;
        let mut entries = Map::new();
        while self.input.more(&mut left)? {
            let key = self.input.key()?;
            self.budget.take(key.len())?;
            if entries.contains_key(&key) {
                return Err(TranscodeError::from(Problem::Duplicate).in_key(&key));
            }
            let json = self.value(item, depth + 1).map_err(|error| error.in_key(&key))?;
            entries.insert(key, json);
        }
        Ok(Value::Object(entries))
    }

    fn record(&mut self, ty: &Type, record: &Record, depth: usize) -> Result<Value, TranscodeError> {
        let mut left = self.input.map(ty)?;
        let mut entries = Map::new();
        while self.input.more(&mut left)? {
            let key = self.input.key()?;
            let Some(field) = record.fields.iter().find(|field| field.name == key) else {
                self.input.skip().map_err(|error| error.in_field(&key))?;
                continue;
            };
            if entries.contains_key(&key) {
                return Err(TranscodeError::from(Problem::Duplicate).in_field(&key));
            }
            self.budget.take(key.len())?;
            let json = self
                .value(&field.ty, depth + 1)
                .map_err(|error| error.in_field(&key))?;
            entries.insert(key, json);
        }
        for field in &record.fields {
            if !entries.contains_key(&field.name) {
                self.budget.take(field.name.len())?;
                let json = self.missing(field).map_err(|error| error.in_field(&field.name))?;
                entries.insert(field.name.clone(), json);
            }
        }
        Ok(Value::Object(entries))
    }

    /// What a field that is not there counts as, in the usual form of its type.
    fn missing(&mut self, field: &Field) -> Result<Value, TranscodeError> {
        let mut blobs = Vec::new();
        let cbor = encode::missing(field, &mut blobs)?;
        let blobs: Vec<&[u8]> = blobs.iter().map(Vec::as_slice).collect();
        decode_within(self.budget, &field.ty, &cbor, &blobs)
    }

    fn case(&mut self, ty: &Type, names: &Enum) -> Result<Value, TranscodeError> {
        let found = self.input.text(ty)?;
        let known = names.cases.iter().map(|case| case.name.as_str());
        if !known.clone().any(|name| name == found) {
            return Err(Problem::unknown_case(&found, &names.name, known).into());
        }
        self.budget.take(found.len())?;
        Ok(Value::String(found))
    }

    fn union(&mut self, ty: &Type, union: &Union, depth: usize) -> Result<Value, TranscodeError> {
        let mut left = Some(0);
        let alone = !self.input.at_map();
        let name = if alone {
            self.input.text(ty)?
        } else {
            left = self.input.map(ty)?;
            if !self.input.more(&mut left)? {
                return Err(Problem::OneEntry {
                    name: union.name.clone(),
                }
                .into());
            }
            self.input.key()?
        };
        self.budget.take(name.len())?;
        let Some(case) = union.cases.iter().find(|case| case.name == name) else {
            let known = union.cases.iter().map(|case| case.name.as_str());
            return Err(Problem::unknown_case(&name, &union.name, known).into());
        };
        match (&case.ty, alone) {
            (Type::Unit, true) => return Ok(Value::String(name)),
            (Type::Unit, false) => return Err(Problem::name_alone(&name, "a map").into()),
            (ty, true) => {
                return Err(TranscodeError::from(Problem::Missing {
                    expected: type_name(ty),
                })
                .in_field(&name));
            }
            (_, false) => {}
        }
        let json = self
            .value(&case.ty, depth + 1)
            .map_err(|error| error.in_field(&name))?;
        if self.input.more(&mut left)? {
            return Err(Problem::OneEntry {
                name: union.name.clone(),
            }
            .into());
        }
        Ok(Value::Object(Map::from_iter([(name, json)])))
    }
}
