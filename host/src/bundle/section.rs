//! One table of the bundle file, read key by key.

use super::nearest::nearest;
use super::tree::{Entry, Node, Value};
use super::{BundleError, Place, Problem};
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A table, its name and its place.
pub(super) struct Section<'a> {
    pub(super) table: String,
    pub(super) place: Place,
    entries: &'a [Entry],
}

/// A key that is there.
pub(super) struct Field<'a> {
    key: &'a str,
    table: String,
    pub(super) node: &'a Node,
}

impl<'a> Section<'a> {
    /// The table `entries`; fails at the first key that is not in `known`.
    pub(super) fn new(
        table: String,
        place: Place,
        entries: &'a [Entry],
        known: &[&str],
    ) -> Result<Self, BundleError> {
        match entries.iter().find(|entry| !known.contains(&entry.key.as_str())) {
            Some(entry) => {
                let nearest = nearest(&entry.key, known.iter().copied()).map(str::to_owned);
                let problem = Problem::UnknownKey {
                    key: entry.key.clone(),
                    table,
                    nearest,
                };
                Err(problem.at(&entry.place))
            }
            None => Ok(Self {
                table,
                place,
                entries,
            }),
        }
    }

    pub(super) fn field(&self, key: &str) -> Option<Field<'a>> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(Field {
            key: &entry.key,
            table: self.table.clone(),
            node: &entry.node,
        })
    }

    /// A text that `T` understands.
    pub(super) fn parsed<T: FromStr>(&self, key: &str, expected: &str) -> Result<Option<T>, BundleError>
    where
        T::Err: std::fmt::Display,
    {
        let parse = |field: Field<'a>| {
            let text = field.text(expected)?;
            text.parse()
                .map_err(|error: T::Err| field.invalid(format!("{text:?}: {error}")))
        };
        self.field(key).map(parse).transpose()
    }

    pub(super) fn number(&self, key: &str, range: RangeInclusive<u64>) -> Result<Option<u64>, BundleError> {
        let read = |field: Field<'a>| {
            let number = match field.node.value {
                Value::Integer(number) => u64::try_from(number).ok(),
                _ => None,
            };
            let expected = || format!("a whole number from {} to {}", range.start(), range.end());
            number
                .filter(|number| range.contains(number))
                .ok_or_else(|| field.wrong(expected()))
        };
        self.field(key).map(read).transpose()
    }

    /// One of the names that `names` maps to values.
    pub(super) fn choice<T: Copy>(&self, key: &str, names: &[(&str, T)]) -> Result<Option<T>, BundleError> {
        let read = |field: Field<'a>| {
            let expected = one_of(names.iter().map(|(name, _)| *name));
            let text = field.text(&expected)?;
            let found = names.iter().find(|(name, _)| *name == text);
            found.map(|(_, value)| *value).ok_or_else(|| {
                let nearest = nearest(text, names.iter().map(|(name, _)| *name)).map(str::to_owned);
                let (key, table) = (field.key.to_owned(), field.table.clone());
                field.at(Problem::UnknownName {
                    key,
                    table,
                    expected,
                    found: text.to_owned(),
                    nearest,
                })
            })
        };
        self.field(key).map(read).transpose()
    }

    /// Yes or no.
    pub(super) fn choose(&self, key: &str) -> Result<Option<bool>, BundleError> {
        let read = |field: Field<'a>| match field.node.value {
            Value::Bool(value) => Ok(value),
            _ => Err(field.wrong("true or false".to_owned())),
        };
        self.field(key).map(read).transpose()
    }

    /// A list of at most `limit` texts.
    pub(super) fn texts(
        &self,
        key: &str,
        expected: &str,
        limit: usize,
    ) -> Result<Option<Vec<Field<'a>>>, BundleError> {
        let Some(field) = self.field(key) else {
            return Ok(None);
        };
        let Value::List(items) = &field.node.value else {
            return Err(field.wrong(expected.to_owned()));
        };
        if items.len() > limit {
            let message = format!("{} entries, at most {limit} are allowed", items.len());
            return Err(field.invalid(message));
        }
        let entry = |node| Field {
            key: field.key,
            table: self.table.clone(),
            node,
        };
        Ok(Some(items.iter().map(entry).collect()))
    }

    /// The places of the keys.
    pub(super) fn places(&self) -> impl Iterator<Item = (String, Place)> + 'a {
        self.entries
            .iter()
            .map(|entry| (entry.key.clone(), entry.place.clone()))
    }
}

impl<'a> Field<'a> {
    pub(super) fn text(&self, expected: &str) -> Result<&'a str, BundleError> {
        match &self.node.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.wrong(expected.to_owned())),
        }
    }

    pub(super) fn wrong(&self, expected: String) -> BundleError {
        let (key, table, found) = (
            self.key.to_owned(),
            self.table.clone(),
            self.node.value.describe(),
        );
        self.at(Problem::WrongValue {
            key,
            table,
            expected,
            found,
        })
    }

    pub(super) fn invalid(&self, message: String) -> BundleError {
        self.at(Problem::Invalid {
            key: self.key.to_owned(),
            table: self.table.clone(),
            message,
        })
    }

    fn at(&self, problem: Problem) -> BundleError {
        problem.at(&self.node.place)
    }
}

/// `"a"`, or `"a" or "b"`, or `"a", "b" or "c"`.
pub(super) fn one_of<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<_> = names.map(|name| format!("{name:?}")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}
