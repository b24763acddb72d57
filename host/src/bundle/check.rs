//! The configuration of a module against the type that its manifest states.

use super::config::normal;
use super::nearest::nearest;
use super::section::one_of;
use super::tree::{Entry, Node, Value};
use super::{Bundle, BundleError, Place, Problem};
use backplane_descriptor::{Field, Record, Type, Union};
use serde_json::{Map, Value as Json};
use std::ops::RangeInclusive;

impl Bundle {
    /// The configuration of `module` as JSON, checked against `ty`, the type in its manifest, and with every
    /// default filled in. A `_` in the name of a field may be written as `-`.
    ///
    /// # Errors
    /// There is no such module, or a key or a value of its configuration breaks a rule; the error says where.
    pub fn check_config(&self, module: &str, ty: &Type) -> Result<Json, BundleError> {
        let Some(config) = self.modules.get(module).map(|it| &it.config) else {
            return Err(self.module_error(module, "", "there is no such module"));
        };
        let check = Check {
            table: format!("modules.{module}.config"),
        };
        match ty {
            Type::Record(record) => check.record(&config.place, &config.entries, record, ""),
            _ => check.nothing(&config.entries).map(|()| Json::Null),
        }
    }
}

/// The recursion follows the values of the file, whose depth the TOML reader bounds; [`Check::missing`]
/// follows the type, whose depth the JSON reader of the manifest bounds.
struct Check {
    table: String,
}

impl Check {
    fn nothing(&self, entries: &[Entry]) -> Result<(), BundleError> {
        match entries.first() {
            None => Ok(()),
            Some(entry) => Err(self.unknown(&entry.place, entry.key.clone(), None)),
        }
    }

    fn record(
        &self,
        place: &Place,
        entries: &[Entry],
        record: &Record,
        path: &str,
    ) -> Result<Json, BundleError> {
        let named = |entry: &Entry| {
            record
                .fields
                .iter()
                .find(|it| normal(&it.name) == normal(&entry.key))
        };
        for (index, entry) in entries.iter().enumerate() {
            if named(entry).is_none() {
                let names: Vec<_> = record.fields.iter().map(|it| kebab(&it.name)).collect();
                let nearest = nearest(&entry.key, names.iter().map(String::as_str));
                let nearest = nearest.map(|name| join(path, name));
                return Err(self.unknown(&entry.place, join(path, &entry.key), nearest));
            }
            if entries[..index]
                .iter()
                .any(|other| normal(&other.key) == normal(&entry.key))
            {
                let problem = Problem::Duplicate {
                    key: join(path, &entry.key),
                    table: self.table.clone(),
                };
                return Err(problem.at(&entry.place));
            }
        }
        let mut result = Map::new();
        for field in &record.fields {
            let entry = entries
                .iter()
                .find(|entry| normal(&entry.key) == normal(&field.name));
            let value = match entry {
                Some(entry) => self.value(&entry.node, &field.ty, &join(path, &entry.key))?,
                None => self.missing(place, field, path)?,
            };
            result.insert(field.name.clone(), value);
        }
        Ok(Json::Object(result))
    }

    /// The value of a field that is not there. A record counts as an empty one.
    fn missing(&self, place: &Place, field: &Field, path: &str) -> Result<Json, BundleError> {
        let path = join(path, &kebab(&field.name));
        match (&field.default, &field.ty) {
            (Some(default), _) => Ok(default.clone()),
            (None, Type::Option(_) | Type::Unit) => Ok(Json::Null),
            (None, Type::Record(record)) => self.record(place, &[], record, &path),
            (None, ty) => {
                let expected = expected(ty);
                let problem = Problem::MissingKey {
                    key: path,
                    table: self.table.clone(),
                    expected,
                };
                Err(problem.at(place))
            }
        }
    }

    fn value(&self, node: &Node, ty: &Type, path: &str) -> Result<Json, BundleError> {
        let wrong = || self.wrong(node, expected(ty), path);
        match (ty, &node.value) {
            (Type::Option(inner), _) => self.value(node, inner, path),
            (Type::Bool, Value::Bool(value)) => Ok(Json::Bool(*value)),
            (Type::F64, Value::Float(value)) => serde_json::Number::from_f64(*value)
                .map(Json::Number)
                .ok_or_else(wrong),
            (Type::F64, Value::Integer(value)) => Ok(Json::from(*value as f64)),
            (Type::Text, Value::Text(text)) => Ok(Json::from(text.as_str())),
            (Type::Bytes, Value::Text(text)) => hex(text, None).ok_or_else(wrong),
            (Type::Fixed(len), Value::Text(text)) => hex(text, Some(*len)).ok_or_else(wrong),
            (Type::List(inner), Value::List(items)) => {
                let item = |(index, item)| self.value(item, inner, &format!("{path}[{index}]"));
                Ok(Json::Array(
                    items.iter().enumerate().map(item).collect::<Result<_, _>>()?,
                ))
            }
            (Type::Map(inner), Value::Table(entries)) => {
                let item = |entry: &Entry| {
                    Ok((
                        entry.key.clone(),
                        self.value(&entry.node, inner, &join(path, &entry.key))?,
                    ))
                };
                Ok(Json::Object(
                    entries.iter().map(item).collect::<Result<_, BundleError>>()?,
                ))
            }
            (Type::Record(record), Value::Table(entries)) => self.record(&node.place, entries, record, path),
            (Type::Enum(names), Value::Text(text)) => {
                let cases: Vec<_> = names.cases.iter().map(|case| case.name.as_str()).collect();
                self.name(node, text, &cases, expected(ty), path)
            }
            (Type::Union(union), value) => self.union(node, value, union, expected(ty), path),
            (ty, Value::Integer(value)) => match integer_range(ty) {
                Some(range) if range.contains(value) => Ok(number(*value)),
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }

    fn name(
        &self,
        node: &Node,
        text: &str,
        names: &[&str],
        expected: String,
        path: &str,
    ) -> Result<Json, BundleError> {
        if names.contains(&text) {
            return Ok(Json::from(text));
        }
        let (key, table, found) = (path.to_owned(), self.table.clone(), text.to_owned());
        let nearest = nearest(text, names.iter().copied()).map(str::to_owned);
        let problem = Problem::UnknownName {
            key,
            table,
            expected,
            found,
            nearest,
        };
        Err(problem.at(&node.place))
    }

    fn union(
        &self,
        node: &Node,
        value: &Value,
        union: &Union,
        expected: String,
        path: &str,
    ) -> Result<Json, BundleError> {
        match value {
            Value::Text(text) => {
                let empty = union.cases.iter().filter(|case| case.ty == Type::Unit);
                let names: Vec<_> = empty.map(|case| case.name.as_str()).collect();
                if names.is_empty() {
                    return Err(self.wrong(node, expected, path));
                }
                self.name(node, text, &names, expected, path)
            }
            Value::Table(entries) => {
                let [entry] = entries.as_slice() else {
                    return Err(self.wrong(node, expected, path));
                };
                let full = || union.cases.iter().filter(|case| case.ty != Type::Unit);
                let Some(case) = full().find(|case| normal(&case.name) == normal(&entry.key)) else {
                    let nearest = nearest(&entry.key, full().map(|case| case.name.as_str()));
                    let nearest = nearest.map(|name| join(path, name));
                    return Err(self.unknown(&entry.place, join(path, &entry.key), nearest));
                };
                let value = self.value(&entry.node, &case.ty, &join(path, &entry.key))?;
                Ok(Json::Object(Map::from_iter([(case.name.clone(), value)])))
            }
            _ => Err(self.wrong(node, expected, path)),
        }
    }

    fn wrong(&self, node: &Node, expected: String, path: &str) -> BundleError {
        let (key, table, found) = (path.to_owned(), self.table.clone(), node.value.describe());
        let problem = Problem::WrongValue {
            key,
            table,
            expected,
            found,
        };
        problem.at(&node.place)
    }

    fn unknown(&self, place: &Place, key: String, nearest: Option<String>) -> BundleError {
        let problem = Problem::UnknownKey {
            key,
            table: self.table.clone(),
            nearest,
        };
        problem.at(place)
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

fn kebab(name: &str) -> String {
    name.replace('_', "-")
}

/// What a value of `ty` looks like, for people.
fn expected(ty: &Type) -> String {
    if let Some(range) = integer_range(ty) {
        return format!("a whole number from {} to {}", range.start(), range.end());
    }
    let text = match ty {
        Type::Option(inner) => return expected(inner),
        Type::Fixed(len) => return format!("text of 0x and {} hexadecimal digits", u64::from(*len) * 2),
        Type::Enum(names) => return one_of(names.cases.iter().map(|case| case.name.as_str())),
        Type::Union(union) => {
            let case = |case: &backplane_descriptor::UnionCase| match case.ty {
                Type::Unit => format!("{:?}", case.name),
                _ => format!("{{ {} = … }}", case.name),
            };
            return format!(
                "one of {}",
                union.cases.iter().map(case).collect::<Vec<_>>().join(", ")
            );
        }
        Type::Bool => "true or false",
        Type::F64 => "a finite number",
        Type::Text => "text",
        Type::Bytes => "text of 0x and an even number of hexadecimal digits",
        Type::List(_) => "a list",
        Type::Map(_) | Type::Record(_) => "a table",
        Type::Unit | Type::Blob | Type::Stream(_) => "left out: it cannot be configured",
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => "a whole number",
        Type::I8 | Type::I16 | Type::I32 | Type::I64 => "a whole number",
    };
    text.to_owned()
}

fn integer_range(ty: &Type) -> Option<RangeInclusive<i128>> {
    let range = match ty {
        Type::U8 => 0..=u8::MAX.into(),
        Type::U16 => 0..=u16::MAX.into(),
        Type::U32 => 0..=u32::MAX.into(),
        Type::U64 => 0..=u64::MAX.into(),
        Type::I8 => i8::MIN.into()..=i8::MAX.into(),
        Type::I16 => i16::MIN.into()..=i16::MAX.into(),
        Type::I32 => i32::MIN.into()..=i32::MAX.into(),
        Type::I64 => i64::MIN.into()..=i64::MAX.into(),
        _ => return None,
    };
    Some(range)
}

/// `value` is within the range of a `u64` or of an `i64`.
fn number(value: i128) -> Json {
    u64::try_from(value).map_or_else(|_| Json::from(value as i64), Json::from)
}

/// Bytes in the form that JSON has for them, lower-case.
fn hex(text: &str, len: Option<u32>) -> Option<Json> {
    let digits = text.strip_prefix("0x")?;
    let even = digits.len() % 2 == 0 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let fits = len.is_none_or(|len| digits.len() as u64 == u64::from(len) * 2);
    (even && fits).then(|| Json::from(text.to_ascii_lowercase()))
}
