//! The configuration of a module, as the bundle has it.

use super::tree::{Entry, Node, Value};
use super::{Bundle, BundleError, Place, Problem};
use serde::{Serialize, Serializer};
use serde_json::Value as Json;
use std::fmt;

/// The configuration of a module, as the bundle has it, with places. It may hold secrets: `Debug` shows its
/// keys only.
#[derive(Clone, PartialEq, Default)]
pub struct Config {
    pub(super) place: Place,
    pub(super) entries: Vec<Entry>,
}

impl Config {
    pub(super) fn new(place: Place, entries: Vec<Entry>) -> Self {
        Self { place, entries }
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Where the value at `path` stands, for example `relay.rooms[2]`; the nearest table above it, if there
    /// is no such value.
    pub fn place_of(&self, path: &str) -> &Place {
        let mut place = &self.place;
        let mut entries = self.entries.as_slice();
        for segment in path.split('.') {
            let mut parts = segment.split(['[', ']']).filter(|part| !part.is_empty());
            let key = parts.next().map(normal).unwrap_or_default();
            let Some(entry) = entries.iter().find(|entry| normal(&entry.key) == key) else {
                return place;
            };
            let mut node = &entry.node;
            place = &entry.place;
            for index in parts {
                let Value::List(items) = &node.value else {
                    return place;
                };
                let Some(item) = index.parse().ok().and_then(|index: usize| items.get(index)) else {
                    return place;
                };
                (node, place) = (item, &item.place);
            }
            entries = match &node.value {
                Value::Table(entries) => entries,
                _ => &[],
            };
        }
        place
    }
}

/// The spelling in which keys are compared: `-` and `_` are the same.
pub(super) fn normal(key: &str) -> String {
    key.replace('-', "_")
}

impl Bundle {
    /// An error about the value at `path` of the configuration of `module`, for example `relay.port`.
    pub fn config_error(&self, module: &str, path: &str, message: impl Into<String>) -> BundleError {
        let place = self
            .modules
            .get(module)
            .map(|it| it.config.place_of(path))
            .cloned();
        let table = format!("modules.{module}.config");
        let problem = Problem::Invalid {
            key: path.to_owned(),
            table,
            message: message.into(),
        };
        problem.at(&place.unwrap_or_default())
    }

    /// An error about the key `key` of `module`'s table, or about the table when it is empty.
    pub fn module_error(&self, module: &str, key: &str, message: impl Into<String>) -> BundleError {
        let origin = self.modules.get(module).map(|it| &it.origin);
        let place = origin
            .map(|it| it.keys.get(key).unwrap_or(&it.table))
            .cloned()
            .unwrap_or_default();
        let (table, message) = (format!("modules.{module}"), message.into());
        let problem = match key {
            "" => Problem::Table { table, message },
            key => Problem::Invalid {
                key: key.to_owned(),
                table,
                message,
            },
        };
        problem.at(&place)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.entries.iter().map(|entry| &entry.key))
            .finish()
    }
}

/// For bundles that are built in code; `null` is the same as nothing.
impl From<serde_json::Map<String, Json>> for Config {
    fn from(map: serde_json::Map<String, Json>) -> Self {
        Self {
            place: Place::default(),
            entries: from_map(map),
        }
    }
}

fn from_map(map: serde_json::Map<String, Json>) -> Vec<Entry> {
    let entry = |(key, value)| {
        Some(Entry {
            key,
            place: Place::default(),
            node: from_json(value)?,
        })
    };
    map.into_iter().filter_map(entry).collect()
}

fn from_json(value: Json) -> Option<Node> {
    let value = match value {
        Json::Null => return None,
        Json::Bool(value) => Value::Bool(value),
        Json::String(text) => Value::Text(text),
        Json::Array(items) => Value::List(items.into_iter().filter_map(from_json).collect()),
        Json::Object(map) => Value::Table(from_map(map)),
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(value), _) => Value::Integer(value.into()),
            (_, Some(value)) => Value::Integer(value.into()),
            _ => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
    };
    Some(Node {
        place: Place::default(),
        value,
    })
}

impl Serialize for Config {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        table(&self.entries, serializer)
    }
}

fn table<S: Serializer>(entries: &[Entry], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(entries.iter().map(|entry| (&entry.key, &entry.node)))
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::Text(text) => serializer.serialize_str(text),
            Value::DateTime => serializer.serialize_none(),
            Value::List(items) => serializer.collect_seq(items),
            Value::Table(entries) => table(entries, serializer),
            Value::Integer(value) => match (u64::try_from(*value), i64::try_from(*value)) {
                (Ok(value), _) => serializer.serialize_u64(value),
                (_, Ok(value)) => serializer.serialize_i64(value),
                _ => serializer.collect_str(value),
            },
        }
    }
}
