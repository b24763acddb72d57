//! Running one statement.

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, Row, ToSql};
use storage_api::{Executed, SqlValue};

use super::Result;
use super::error::{argument, too_large};
use crate::limits;

/// A statement and the values of its parameters.
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) parameters: Vec<SqlValue>,
}

/// What a query finds, in this order: the columns, and then each row.
pub(crate) enum Found {
    Columns(Vec<String>),
    Row(Vec<SqlValue>),
}

/// What is done with it: `Err` ends the query.
pub(crate) trait Take: FnMut(Found) -> Result<()> {}

impl<F: FnMut(Found) -> Result<()>> Take for F {}

struct Parameter(SqlValue);

impl ToSql for Parameter {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match &self.0 {
            SqlValue::Null => ToSqlOutput::Owned(Value::Null),
            SqlValue::Integer(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            SqlValue::Real(number) => ToSqlOutput::Owned(Value::Real(*number)),
            SqlValue::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            SqlValue::Blob(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

impl Statement {
    /// Runs it to its end; rows that it answers are left out.
    pub(crate) fn execute(self, connection: &Connection) -> rusqlite::Result<Result<Executed>> {
        let before = connection.total_changes();
        if let Err(refused) = self.query(connection, |_| Ok(()))? {
            return Ok(Err(refused));
        }
        // SQLite goes on telling of the last change when a statement changes nothing.
        let changed = connection.total_changes() != before;
        Ok(Ok(Executed {
            changes: if changed { connection.changes() } else { 0 },
            last_row_id: connection.last_insert_rowid(),
        }))
    }

    /// Runs it, and hands over what it finds as it goes.
    pub(crate) fn query(self, connection: &Connection, mut take: impl Take) -> rusqlite::Result<Result<()>> {
        if let Err(refused) = self.check() {
            return Ok(Err(refused));
        }
        let mut prepared = connection.prepare_cached(&self.sql)?;
        if prepared.readonly() && prepared.column_count() == 0 && prepared.expanded_sql().is_none() {
            return Ok(Err(argument("sql", "holds no statement")));
        }
        let (given, wanted) = (self.parameters.len(), prepared.parameter_count());
        if given != wanted {
            let reason = format!("{given} given, the statement has {wanted}");
            return Ok(Err(argument("parameters", reason)));
        }
        for (at, value) in self.parameters.into_iter().enumerate() {
            prepared.raw_bind_parameter(at + 1, Parameter(value))?;
        }
        let columns = prepared.column_names().map(str::to_owned).collect();
        if let Err(ended) = take(Found::Columns(columns)) {
            return Ok(Err(ended));
        }
        let count = prepared.column_count();
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next()? {
            if let Err(ended) = values(row, count)?.and_then(|values| take(Found::Row(values))) {
                return Ok(Err(ended));
            }
        }
        Ok(Ok(()))
    }

    fn check(&self) -> Result<()> {
        let bounds = [
            ("sql bytes", self.sql.len(), limits::SQL_TEXT_BYTES),
            ("parameters", self.parameters.len(), limits::SQL_PARAMETERS),
        ];
        let sizes = self.parameters.iter().map(size);
        let values = sizes.map(|size| ("value bytes", size, limits::SQL_VALUE_BYTES));
        bounds
            .into_iter()
            .chain(values)
            .try_for_each(|(field, size, limit)| {
                if size > limit {
                    Err(too_large(field, size, limit))
                } else {
                    Ok(())
                }
            })
    }
}

fn size(value: &SqlValue) -> usize {
    match value {
        SqlValue::Null => 1,
        SqlValue::Integer(_) | SqlValue::Real(_) => 9,
        SqlValue::Text(text) => text.len(),
        SqlValue::Blob(bytes) => bytes.len(),
    }
}

fn values(row: &Row<'_>, count: usize) -> rusqlite::Result<Result<Vec<SqlValue>>> {
    let (mut values, mut bytes) = (Vec::with_capacity(count), 0);
    for at in 0..count {
        let value = match row.get_ref(at)? {
            ValueRef::Null => SqlValue::Null,
            ValueRef::Integer(number) => SqlValue::Integer(number),
            ValueRef::Real(number) => SqlValue::Real(number),
            ValueRef::Text(text) => SqlValue::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Blob(bytes) => SqlValue::Blob(bytes.into()),
        };
        bytes += size(&value);
        if bytes > limits::SQL_ROW_BYTES {
            return Ok(Err(too_large("row bytes", bytes, limits::SQL_ROW_BYTES)));
        }
        values.push(value);
    }
    Ok(Ok(values))
}

/// The rows of a query within a transaction, all at once.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<SqlValue>>,
    bytes: usize,
}

impl Held {
    pub(crate) fn take(&mut self, found: Found) -> Result<()> {
        match found {
            Found::Columns(columns) => self.columns = columns,
            Found::Row(row) => {
                self.bytes += row.iter().map(size).sum::<usize>();
                self.rows.push(row);
            }
        }
        let bounds = [
            ("answer rows", self.rows.len(), limits::SQL_HELD_ROWS),
            ("answer bytes", self.bytes, limits::SQL_HELD_BYTES),
        ];
        match bounds.into_iter().find(|(_, size, limit)| size > limit) {
            Some((field, size, limit)) => Err(too_large(field, size, limit)),
            None => Ok(()),
        }
    }
}
