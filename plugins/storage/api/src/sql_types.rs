//! What goes into `storage.sql` and comes out.

use std::fmt;

use backplane_sdk::{Bytes, Stream, record};

/// A value of a parameter or of a column.
#[record]
#[derive(Clone, PartialEq)]
pub enum SqlValue {
    /// No value.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number. One that is not a number is stored as null.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Bytes),
}

/// A step from one version of a schema to the next.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// The version that it leads to, 1 or more.
    pub version: u32,
    /// Its name, for people; at most 128 bytes.
    pub name: String,
    /// Its statements, separated by semicolons.
    pub sql: String,
}

/// What `migrate` did.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The version of the schema; 0 where there never was a migration.
    pub version: u32,
    /// The versions that this call applied.
    pub applied: Vec<u32>,
}

/// What a statement did.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Executed {
    /// How many rows it inserted, changed or removed, without those of triggers.
    pub changes: u64,
    /// The row id of the last row that was inserted into the database; 0 if there was none since it was opened.
    pub last_row_id: i64,
}

/// The answer of a query.
#[record]
#[derive(Debug)]
pub struct SqlRows {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows; each has as many values as there are columns.
    pub rows: Stream<Vec<SqlValue>>,
}

impl fmt::Debug for SqlValue {
    /// Shows how much there is, not what.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Integer(_) => f.write_str("Integer"),
            Self::Real(_) => f.write_str("Real"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Blob(bytes) => write!(f, "Blob({} bytes)", bytes.len()),
        }
    }
}

/// Values of Rust as those of a database.
macro_rules! values {
    ($($ty:ty => $case:ident),* $(,)?) => {
        $(impl From<$ty> for SqlValue {
            fn from(value: $ty) -> Self {
                Self::$case(value.into())
            }
        })*
    };
}

values! {
    i64 => Integer, i32 => Integer, u32 => Integer, bool => Integer,
    f64 => Real,
    String => Text, &str => Text,
    Bytes => Blob, Vec<u8> => Blob,
}

impl<T: Into<SqlValue>> From<Option<T>> for SqlValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
