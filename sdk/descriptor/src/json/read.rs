//! From the text form to the model, within bounds: a few references can stand for a great many types.

use super::{Event, Field, Interface, Method, Record, Type, Union, UnionCase};
use crate::Enum;
use crate::check::DEPTH_LIMIT;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// What each type, field, case, reference and value of a default counts, in bytes: about what it takes in memory.
/// The bytes of names and docs are added.
const PART: usize = 128;
/// The most that the types of one text may count, each in full wherever it is used, in bytes.
pub(super) const EXPANDED_LIMIT: usize = 16 << 20;

/// Why the types of a text are none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReferenceError {
    /// Two types of one scope have one name.
    #[error("two types are called {0}")]
    Twice(String),
    /// A reference to a type that is nowhere written out.
    #[error("a reference names the type {0}, which is not there")]
    Unknown(String),
    /// A type that contains itself has no end.
    #[error("the type {0} contains itself")]
    Cycle(String),
    /// Too deep, with each reference followed.
    #[error("types lie deeper than {DEPTH_LIMIT} levels in each other")]
    Deep,
    /// Too much, with each reference followed.
    #[error("the types take more than {EXPANDED_LIMIT} bytes with each reference followed")]
    Large,
}

impl TryFrom<Interface> for crate::Interface {
    type Error = ReferenceError;

    fn try_from(text: Interface) -> Result<Self, ReferenceError> {
        interface(text, &mut Budget::default())
    }
}

impl TryFrom<Type> for crate::Type {
    type Error = ReferenceError;

    fn try_from(mut text: Type) -> Result<Self, ReferenceError> {
        let mut names = Names::default();
        names.collect(&mut text)?;
        Expand::new(&names, &mut Budget::default()).ty(&text, 0)
    }
}

/// Reads the interfaces of one manifest: each has its own names, and all together one bound.
pub(crate) fn interfaces<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<crate::Interface>, D::Error> {
    let mut budget = Budget::default();
    let read = |text: Interface| {
        let id = text.id.clone();
        interface(text, &mut budget).map_err(|error| D::Error::custom(format_args!("{id}: {error}")))
    };
    Vec::<Interface>::deserialize(input)?
        .into_iter()
        .map(read)
        .collect()
}

fn interface(mut text: Interface, budget: &mut Budget) -> Result<crate::Interface, ReferenceError> {
    let mut names = Names::default();
    for method in &mut text.methods {
        for param in &mut method.params {
            names.collect(&mut param.ty)?;
        }
        names.collect(&mut method.returns)?;
        if let Some(error) = &mut method.error {
            names.collect(error)?;
        }
    }
    for event in &mut text.events {
        names.collect(&mut event.body)?;
    }
    let mut expand = Expand::new(&names, budget);
    let methods = text.methods.into_iter().map(|method| expand.method(method));
    let methods = methods.collect::<Result<_, _>>()?;
    let events = text.events.into_iter().map(|event| expand.event(event));
    Ok(crate::Interface {
        id: text.id,
        version: text.version,
        docs: text.docs,
        methods,
        events: events.collect::<Result<_, _>>()?,
    })
}

/// The named types of a scope.
#[derive(Default)]
struct Names {
    /// In each of them, too, named types are references.
    types: HashMap<String, Type>,
}

impl Names {
    /// Takes the named types out of `ty` and leaves references.
    fn collect(&mut self, ty: &mut Type) -> Result<(), ReferenceError> {
        let name = match ty {
            Type::List(inner) | Type::Map(inner) | Type::Option(inner) | Type::Stream(inner) => {
                return self.collect(inner);
            }
            Type::Record(record) => {
                for field in &mut record.fields {
                    self.collect(&mut field.ty)?;
                }
                record.name.clone()
            }
            Type::Enum(names) => names.name.clone(),
            Type::Union(union) => {
                for case in &mut union.cases {
                    self.collect(&mut case.ty)?;
                }
                union.name.clone()
            }
            _ => return Ok(()),
        };
        let taken = std::mem::replace(ty, Type::Ref(name.clone()));
        match self.types.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(taken);
                Ok(())
            }
            // What lies within was compared when it was taken out.
            Entry::Occupied(entry) if *entry.get() == taken => Ok(()),
            Entry::Occupied(entry) => Err(ReferenceError::Twice(entry.key().clone())),
        }
    }
}

/// What may still be written out.
struct Budget {
    left: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: EXPANDED_LIMIT }
    }
}

impl Budget {
    /// Pays for a part, with its `texts`, before it is made.
    fn take(&mut self, texts: &[&str]) -> Result<(), ReferenceError> {
        let cost = texts
            .iter()
            .fold(PART, |cost, text| cost.saturating_add(text.len()));
        self.left = self.left.checked_sub(cost).ok_or(ReferenceError::Large)?;
        Ok(())
    }

    fn take_value(&mut self, value: &Value) -> Result<(), ReferenceError> {
        match value {
            Value::String(text) => self.take(&[text]),
            Value::Array(items) => {
                self.take(&[])?;
                items.iter().try_for_each(|item| self.take_value(item))
            }
            Value::Object(entries) => {
                self.take(&[])?;
                entries.iter().try_for_each(|(key, value)| {
                    self.take(&[key])?;
                    self.take_value(value)
                })
            }
            _ => self.take(&[]),
        }
    }
}

/// Follows references.
struct Expand<'a> {
    names: &'a Names,
    budget: &'a mut Budget,
    /// The named types within which the present one lies.
    open: Vec<&'a str>,
}

impl<'a> Expand<'a> {
    fn new(names: &'a Names, budget: &'a mut Budget) -> Self {
        Self {
            names,
            budget,
            open: Vec::new(),
        }
    }

    fn method(&mut self, from: Method) -> Result<crate::Method, ReferenceError> {
        Ok(crate::Method {
            params: self.fields(&from.params, 1)?,
            returns: self.ty(&from.returns, 0)?,
            error: from.error.map(|error| self.ty(&error, 0)).transpose()?,
            name: from.name,
            docs: from.docs,
            inline: from.inline,
            sensitive: from.sensitive,
            deadline_ms: from.deadline_ms,
        })
    }

    fn event(&mut self, from: Event) -> Result<crate::Event, ReferenceError> {
        Ok(crate::Event {
            body: self.ty(&from.body, 0)?,
            name: from.name,
            docs: from.docs,
            retained: from.retained,
        })
    }

    fn ty(&mut self, from: &Type, depth: usize) -> Result<crate::Type, ReferenceError> {
        if depth > DEPTH_LIMIT {
            return Err(ReferenceError::Deep);
        }
        self.budget.take(&[])?;
        Ok(match from {
            Type::Unit => crate::Type::Unit,
            Type::Bool => crate::Type::Bool,
            Type::U8 => crate::Type::U8,
            Type::U16 => crate::Type::U16,
            Type::U32 => crate::Type::U32,
            Type::U64 => crate::Type::U64,
            Type::I8 => crate::Type::I8,
            Type::I16 => crate::Type::I16,
            Type::I32 => crate::Type::I32,
            Type::I64 => crate::Type::I64,
            Type::F64 => crate::Type::F64,
            Type::Text => crate::Type::Text,
            Type::Bytes => crate::Type::Bytes,
            Type::Fixed(len) => crate::Type::Fixed(*len),
            Type::Blob => crate::Type::Blob,
            Type::List(inner) => crate::Type::List(self.boxed(inner, depth)?),
            Type::Map(inner) => crate::Type::Map(self.boxed(inner, depth)?),
            Type::Option(inner) => crate::Type::Option(self.boxed(inner, depth)?),
            Type::Stream(inner) => crate::Type::Stream(self.boxed(inner, depth)?),
            Type::Record(record) => crate::Type::Record(self.record(record, depth)?),
            Type::Enum(names) => crate::Type::Enum(self.names(names)?),
            Type::Union(union) => crate::Type::Union(self.union(union, depth)?),
            Type::Ref(name) => self.named(name, depth)?,
        })
    }

    fn named(&mut self, name: &str, depth: usize) -> Result<crate::Type, ReferenceError> {
        let Some((name, ty)) = self.names.types.get_key_value(name) else {
            return Err(ReferenceError::Unknown(name.to_owned()));
        };
        if self.open.contains(&name.as_str()) {
            return Err(ReferenceError::Cycle(name.clone()));
        }
        self.open.push(name);
        let ty = self.ty(ty, depth)?;
        self.open.pop();
        Ok(ty)
    }

    fn boxed(&mut self, from: &Type, depth: usize) -> Result<Box<crate::Type>, ReferenceError> {
        self.ty(from, depth + 1).map(Box::new)
    }

    fn record(&mut self, from: &Record, depth: usize) -> Result<crate::Record, ReferenceError> {
        self.budget.take(&[&from.name, &from.docs])?;
        Ok(crate::Record {
            name: from.name.clone(),
            docs: from.docs.clone(),
            fields: self.fields(&from.fields, depth + 1)?,
        })
    }

    fn names(&mut self, from: &Enum) -> Result<Enum, ReferenceError> {
        self.budget.take(&[&from.name, &from.docs])?;
        for case in &from.cases {
            self.budget.take(&[&case.name, &case.docs])?;
        }
        Ok(from.clone())
    }

    fn union(&mut self, from: &Union, depth: usize) -> Result<crate::Union, ReferenceError> {
        self.budget.take(&[&from.name, &from.docs])?;
        let case = |case: &UnionCase| {
            self.budget.take(&[&case.name, &case.docs])?;
            Ok(crate::UnionCase {
                name: case.name.clone(),
                docs: case.docs.clone(),
                ty: self.ty(&case.ty, depth + 1)?,
            })
        };
        Ok(crate::Union {
            name: from.name.clone(),
            docs: from.docs.clone(),
            cases: from.cases.iter().map(case).collect::<Result<_, _>>()?,
        })
    }

    fn fields(&mut self, from: &[Field], depth: usize) -> Result<Vec<crate::Field>, ReferenceError> {
        let field = |field: &Field| {
            self.budget.take(&[&field.name, &field.docs])?;
            if let Some(default) = &field.default {
                self.budget.take_value(default)?;
            }
            Ok(crate::Field {
                name: field.name.clone(),
                docs: field.docs.clone(),
                ty: self.ty(&field.ty, depth)?,
                default: field.default.clone(),
            })
        };
        from.iter().map(field).collect()
    }
}
