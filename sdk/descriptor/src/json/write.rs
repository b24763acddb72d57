//! From the model to its text form.

use super::{Event, Field, Interface, Method, Record, Type, Union, UnionCase};
use serde::{Serialize, Serializer};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

impl Serialize for crate::Interface {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        Scope::default().interface(self).serialize(output)
    }
}

impl Serialize for crate::Type {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        Scope::default().ty(self).serialize(output)
    }
}

/// The named types that stand in the text already.
#[derive(Default)]
struct Scope<'a> {
    written: HashMap<&'a str, &'a crate::Type>,
}

impl<'a> Scope<'a> {
    /// In the order of the text: what is written first is what later uses refer to.
    fn interface(&mut self, from: &'a crate::Interface) -> Interface {
        Interface {
            id: from.id.clone(),
            version: from.version.clone(),
            docs: from.docs.clone(),
            methods: from.methods.iter().map(|method| self.method(method)).collect(),
            events: from.events.iter().map(|event| self.event(event)).collect(),
        }
    }

    fn method(&mut self, from: &'a crate::Method) -> Method {
        Method {
            name: from.name.clone(),
            docs: from.docs.clone(),
            params: self.fields(&from.params),
            returns: self.ty(&from.returns),
            error: from.error.as_ref().map(|error| self.ty(error)),
            inline: from.inline,
            sensitive: from.sensitive,
            deadline_ms: from.deadline_ms,
        }
    }

    fn event(&mut self, from: &'a crate::Event) -> Event {
        Event {
            name: from.name.clone(),
            docs: from.docs.clone(),
            body: self.ty(&from.body),
            retained: from.retained,
        }
    }

    fn ty(&mut self, from: &'a crate::Type) -> Type {
        if let Some(name) = from.name() {
            match self.written.entry(name) {
                Entry::Vacant(entry) => {
                    entry.insert(from);
                }
                Entry::Occupied(entry) if *entry.get() == from => return Type::Ref(name.to_owned()),
                // Another type of that name: a reference would change its meaning, so a reader gets to see both.
                Entry::Occupied(_) => {}
            }
        }
        match from {
            crate::Type::Unit => Type::Unit,
            crate::Type::Bool => Type::Bool,
            crate::Type::U8 => Type::U8,
            crate::Type::U16 => Type::U16,
            crate::Type::U32 => Type::U32,
            crate::Type::U64 => Type::U64,
            crate::Type::I8 => Type::I8,
            crate::Type::I16 => Type::I16,
            crate::Type::I32 => Type::I32,
            crate::Type::I64 => Type::I64,
            crate::Type::F64 => Type::F64,
            crate::Type::Text => Type::Text,
            crate::Type::Bytes => Type::Bytes,
            crate::Type::Fixed(len) => Type::Fixed(*len),
            crate::Type::Blob => Type::Blob,
            crate::Type::List(inner) => Type::List(self.boxed(inner)),
            crate::Type::Map(inner) => Type::Map(self.boxed(inner)),
            crate::Type::Option(inner) => Type::Option(self.boxed(inner)),
            crate::Type::Stream(inner) => Type::Stream(self.boxed(inner)),
            crate::Type::Record(record) => Type::Record(Record {
                name: record.name.clone(),
                docs: record.docs.clone(),
                fields: self.fields(&record.fields),
            }),
            crate::Type::Enum(names) => Type::Enum(names.clone()),
            crate::Type::Union(union) => Type::Union(Union {
                name: union.name.clone(),
                docs: union.docs.clone(),
                cases: union.cases.iter().map(|case| self.case(case)).collect(),
            }),
        }
    }

    fn boxed(&mut self, from: &'a crate::Type) -> Box<Type> {
        Box::new(self.ty(from))
    }

    fn fields(&mut self, from: &'a [crate::Field]) -> Vec<Field> {
        let field = |from: &'a crate::Field| Field {
            name: from.name.clone(),
            docs: from.docs.clone(),
            ty: self.ty(&from.ty),
            default: from.default.clone(),
        };
        from.iter().map(field).collect()
    }

    fn case(&mut self, from: &'a crate::UnionCase) -> UnionCase {
        UnionCase {
            name: from.name.clone(),
            docs: from.docs.clone(),
            ty: self.ty(&from.ty),
        }
    }
}
