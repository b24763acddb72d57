//! From SQLite's errors to those of the contract.

use rusqlite::ErrorCode;
use rusqlite::ffi;
use storage_api::{ConstraintKind, SqlError};

use crate::error::{Error, ErrorContext};
use crate::limits;

/// What is wrong with a statement; gives a failure that is not the statement's back.
pub(crate) fn of_statement(failed: rusqlite::Error) -> rusqlite::Result<SqlError> {
    match failed {
        rusqlite::Error::SqlInputError { msg, offset, .. } => Ok(SqlError::Syntax {
            message: msg,
            position: u32::try_from(offset).ok(),
        }),
        rusqlite::Error::MultipleStatement => Ok(argument("sql", "holds more than one statement")),
        rusqlite::Error::NulError(_) => Ok(argument("sql", "holds a zero character")),
        rusqlite::Error::SqliteFailure(failure, message) => {
            let text = || message.clone().unwrap_or_else(|| failure.to_string());
            match failure.code {
                ErrorCode::ConstraintViolation => Ok(SqlError::Constraint {
                    kind: constraint(failure.extended_code),
                    message: text(),
                }),
                ErrorCode::TooBig => Ok(too_large(
                    "value bytes",
                    limits::SQL_VALUE_BYTES + 1,
                    limits::SQL_VALUE_BYTES,
                )),
                ErrorCode::ReadOnly => Ok(SqlError::Denied {
                    reason: "without a transaction a query only reads".into(),
                }),
                // Names that do not exist, wrong numbers of arguments and the like.
                ErrorCode::Unknown if failure.extended_code == ffi::SQLITE_ERROR => Ok(SqlError::Syntax {
                    message: text(),
                    position: None,
                }),
                ErrorCode::TypeMismatch => Ok(SqlError::Constraint {
                    kind: ConstraintKind::DataType,
                    message: text(),
                }),
                _ => Err(rusqlite::Error::SqliteFailure(failure, message)),
            }
        }
        other => Err(other),
    }
}

/// A failure of the file.
pub(crate) fn of_file(failed: rusqlite::Error, context: &ErrorContext) -> SqlError {
    of_statement(failed).unwrap_or_else(|failed| context.wrap(failed).into())
}

fn constraint(code: i32) -> ConstraintKind {
    match code {
        ffi::SQLITE_CONSTRAINT_UNIQUE => ConstraintKind::Unique,
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => ConstraintKind::PrimaryKey,
        ffi::SQLITE_CONSTRAINT_NOTNULL => ConstraintKind::NotNull,
        ffi::SQLITE_CONSTRAINT_CHECK => ConstraintKind::Check,
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => ConstraintKind::ForeignKey,
        ffi::SQLITE_CONSTRAINT_DATATYPE => ConstraintKind::DataType,
        _ => ConstraintKind::Other,
    }
}

pub(crate) fn argument(field: &str, reason: impl Into<String>) -> SqlError {
    SqlError::InvalidArgument {
        field: field.to_owned(),
        reason: reason.into(),
    }
}

pub(crate) fn too_large(field: &str, size: usize, limit: usize) -> SqlError {
    SqlError::TooLarge {
        field: field.to_owned(),
        size: size as u64,
        limit: limit as u64,
    }
}

impl From<Error> for SqlError {
    fn from(error: Error) -> Self {
        match error {
            Error::Closed => SqlError::Closed,
            Error::Timeout { what, waited } => SqlError::Timeout {
                what: what.to_owned(),
                waited_ms: u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
            },
            Error::InvalidArgument { field, reason } => argument(named(field), reason),
            Error::NoAccess { .. } => SqlError::Denied {
                reason: error.to_string(),
            },
            Error::WrongKey { .. } | Error::KeyRequired { .. } => argument("key", error.to_string()),
            Error::TooLarge { field, size, limit } => too_large(field, size, limit),
            Error::JobNotFound { job } => SqlError::DatabaseNotFound { database: job },
            Error::AlreadyOpen { root } => SqlError::AlreadyOpen {
                directory: root.display().to_string(),
            },
            Error::Busy { what, limit } => SqlError::Busy {
                what: what.to_owned(),
                limit: limit as u64,
            },
            Error::ForeignFile { job, application_id } => SqlError::ForeignFile {
                database: job,
                application_id,
            },
            Error::IncompatibleVersion {
                job,
                found,
                supported,
            } => SqlError::IncompatibleVersion {
                database: job,
                found,
                supported,
            },
            other => SqlError::Failed {
                fault: crate::plugin::fault(other),
            },
        }
    }
}

/// What the directory calls a job is a database here.
fn named(field: &str) -> &str {
    match field {
        "job" => "database",
        "job id" => "database name",
        other => other,
    }
}
