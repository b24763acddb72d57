//! The one form of an interface that is compared and hashed.

use crate::{Field, Interface, Type, transcode::check_json};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The canonical JSON of `interface`: keys sorted, no docs, no spaces, defaults in the usual form of their type,
/// and a line feed at the end, so that the SHA-256 of the text as a file is [`hash`].
///
/// The order of declaration is kept: of methods and events it is the number that travels, and of parameters,
/// fields and cases it is what generated clients show.
pub fn canonical_json(interface: &Interface) -> String {
    let mut text = sorted(to_value(&meaning(interface))).to_string();
    text.push('\n');
    text
}

/// The SHA-256 of [`canonical_json`]: equal for two interfaces that differ in their docs alone.
pub fn hash(interface: &Interface) -> [u8; 32] {
    Sha256::digest(canonical_json(interface)).into()
}

/// `interface` with its docs, for people and for review: the form of the [committed](crate::committed) files.
///
/// [`Interface`] reads it back.
pub fn to_pretty_json(interface: &Interface) -> String {
    let mut interface = interface.clone();
    each_field(&mut interface, &mut |field| {
        field.default = field.default.take().map(sorted);
    });
    let mut text = serde_json::to_string_pretty(&interface).unwrap_or_default();
    text.push('\n');
    text
}

/// What a receiver takes when `field` is missing, in the usual form of its type; `None` if it is required.
///
/// A default that is not valid stays as it is written.
pub(crate) fn effective_default(field: &Field) -> Option<Value> {
    match &field.default {
        Some(default) => Some(check_json(&field.ty, default).unwrap_or_else(|_| default.clone())),
        None => matches!(field.ty, Type::Option(_)).then_some(Value::Null),
    }
}

/// `interface` without docs, and its defaults in the usual form of their types.
fn meaning(interface: &Interface) -> Interface {
    let mut interface = interface.clone();
    interface.docs.clear();
    interface
        .methods
        .iter_mut()
        .for_each(|method| method.docs.clear());
    interface.events.iter_mut().for_each(|event| event.docs.clear());
    // The defaults first: what they mean depends on the defaults within their type, which still stand there.
    each_field(&mut interface, &mut |field| {
        // Null is what an option defaults to anyway.
        field.default = match (effective_default(field), &field.ty) {
            (Some(Value::Null), Type::Option(_)) => None,
            (default, _) => default,
        };
    });
    each_type(&mut interface, &mut clear_docs);
    each_field(&mut interface, &mut |field| field.docs.clear());
    interface
}

fn clear_docs(ty: &mut Type) {
    match ty {
        Type::Record(record) => record.docs.clear(),
        Type::Enum(names) => {
            names.docs.clear();
            names.cases.iter_mut().for_each(|case| case.docs.clear());
        }
        Type::Union(union) => {
            union.docs.clear();
            union.cases.iter_mut().for_each(|case| case.docs.clear());
        }
        _ => {}
    }
}

/// Applies `change` to each type in `interface`, the outer ones first.
fn each_type(interface: &mut Interface, change: &mut impl FnMut(&mut Type)) {
    for method in &mut interface.methods {
        method
            .params
            .iter_mut()
            .for_each(|param| within(&mut param.ty, change));
        within(&mut method.returns, change);
        if let Some(error) = &mut method.error {
            within(error, change);
        }
    }
    interface
        .events
        .iter_mut()
        .for_each(|event| within(&mut event.body, change));
}

fn within(ty: &mut Type, change: &mut impl FnMut(&mut Type)) {
    change(ty);
    match ty {
        Type::List(inner) | Type::Map(inner) | Type::Option(inner) | Type::Stream(inner) => {
            within(inner, change);
        }
        Type::Record(record) => record
            .fields
            .iter_mut()
            .for_each(|field| within(&mut field.ty, change)),
        Type::Union(union) => union
            .cases
            .iter_mut()
            .for_each(|case| within(&mut case.ty, change)),
        _ => {}
    }
}

/// Applies `change` to each parameter and each field of a record in `interface`.
fn each_field(interface: &mut Interface, change: &mut impl FnMut(&mut Field)) {
    let params = interface.methods.iter_mut().flat_map(|method| &mut method.params);
    params.for_each(&mut *change);
    each_type(interface, &mut |ty| {
        if let Type::Record(record) = ty {
            record.fields.iter_mut().for_each(&mut *change);
        }
    });
}

/// The model has text keys alone, so it always has a JSON form.
fn to_value(interface: &impl Serialize) -> Value {
    serde_json::to_value(interface).unwrap_or_default()
}

/// `json` with the keys of its objects in order, however the map of this build orders them.
fn sorted(json: Value) -> Value {
    match json {
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        Value::Object(entries) => {
            let mut entries: Vec<(String, Value)> = entries.into_iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(
                entries
                    .into_iter()
                    .map(|(key, json)| (key, sorted(json)))
                    .collect::<Map<_, _>>(),
            )
        }
        json => json,
    }
}

#[cfg(test)]
mod tests;
