//! The bundle file as a tree whose every value knows its place.

use super::place::Lines;
use super::{BundleError, Place, Problem};
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

/// A value and its place.
#[derive(Clone, PartialEq)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// A value of the file.
#[derive(Clone, PartialEq)]
pub(super) enum Value {
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    DateTime,
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key, its place and its value. The entries of a table stand in the order of the file.
#[derive(Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) node: Node,
}

impl Value {
    /// What it is, for people; a number is shown, a text is not.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Float(value) => format!("{value:?}"),
            Self::Text(_) => "text".to_owned(),
            Self::DateTime => "a date".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Table(_) => "a table".to_owned(),
        }
    }
}

/// Reads `text`. The depth of the tree is bounded by the TOML reader's limit of 80.
pub(super) fn parse(lines: &Lines<'_>, text: &str) -> Result<Vec<Entry>, BundleError> {
    let table = DeTable::parse(text).map_err(|error| syntax_error(lines, text, &error))?;
    convert_table(lines, table.into_inner())
}

fn syntax_error(lines: &Lines<'_>, text: &str, error: &toml::de::Error) -> BundleError {
    let place = error
        .span()
        .map_or_else(|| lines.whole(), |span| lines.place(span.start));
    let word = error.span().and_then(|span| text.get(span));
    let problem = match (error.message(), word) {
        ("duplicate key", Some(key)) => Problem::Duplicate {
            key: key.to_owned(),
            table: String::new(),
        },
        (message, _) => Problem::Syntax(message.to_owned()),
    };
    problem.at(&place)
}

fn convert_table(lines: &Lines<'_>, table: DeTable<'_>) -> Result<Vec<Entry>, BundleError> {
    let mut pairs: Vec<_> = table.into_iter().collect();
    pairs.sort_by_key(|(key, _)| key.span().start);
    let entry = |(key, value): (Spanned<_>, Spanned<DeValue<'_>>)| {
        let key: Spanned<std::borrow::Cow<'_, str>> = key;
        let place = lines.place(key.span().start);
        Ok(Entry {
            key: key.into_inner().into_owned(),
            place,
            node: convert(lines, value)?,
        })
    };
    pairs.into_iter().map(entry).collect()
}

fn convert(lines: &Lines<'_>, value: Spanned<DeValue<'_>>) -> Result<Node, BundleError> {
    let place = lines.place(value.span().start);
    let value = match value.into_inner() {
        DeValue::Boolean(value) => Value::Bool(value),
        DeValue::String(value) => Value::Text(value.into_owned()),
        DeValue::Datetime(_) => Value::DateTime,
        DeValue::Table(table) => Value::Table(convert_table(lines, table)?),
        DeValue::Array(list) => Value::List(
            list.into_iter()
                .map(|item| convert(lines, item))
                .collect::<Result<_, _>>()?,
        ),
        DeValue::Integer(value) => Value::Integer(integer(&value).ok_or_else(|| not_a_number(&place))?),
        DeValue::Float(value) => Value::Float(value.as_str().parse().map_err(|_| not_a_number(&place))?),
    };
    Ok(Node { place, value })
}

fn integer(value: &DeInteger<'_>) -> Option<i128> {
    i128::from_str_radix(value.as_str(), value.radix()).ok()
}

fn not_a_number(place: &Place) -> BundleError {
    let problem = Problem::Syntax("the number is too large".to_owned());
    problem.at(place)
}
