//! Connections that run statements of callers.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode};
use storage_api::SqlError;

use super::error;
use super::stop::Stop;
use super::{Result, authorizer};
use crate::directory::locked;
use crate::error::ErrorContext;
use crate::limits;

/// What the callbacks of a connection and its user share.
#[derive(Default)]
struct Gate {
    /// Whether the statement being prepared is the engine's own.
    ours: AtomicBool,
    /// Why the last statement was refused.
    refusal: Mutex<Option<String>>,
    stop: Mutex<Option<Arc<Stop>>>,
}

impl Gate {
    fn judge(&self, context: &AuthContext<'_>) -> Authorization {
        let refusal = authorizer::refusal(context).filter(|_| !self.ours.load(Relaxed));
        match refusal {
            Some(reason) => {
                *locked(&self.refusal) = Some(reason);
                Authorization::Deny
            }
            None => Authorization::Allow,
        }
    }

    fn reason_to_stop(&self) -> Option<SqlError> {
        locked(&self.stop).as_ref().and_then(|stop| stop.reason())
    }
}

/// A connection on which callers' statements are checked, bounded and can be interrupted.
pub(crate) struct Guarded {
    connection: Connection,
    gate: Arc<Gate>,
}

impl Guarded {
    pub(crate) fn new(mut connection: Connection) -> rusqlite::Result<Self> {
        let bounds = [
            (Limit::SQLITE_LIMIT_LENGTH, limits::SQL_VALUE_BYTES),
            (Limit::SQLITE_LIMIT_SQL_LENGTH, limits::SQL_TEXT_BYTES),
            (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, limits::SQL_PARAMETERS),
            (Limit::SQLITE_LIMIT_COLUMN, limits::SQL_COLUMNS),
            (Limit::SQLITE_LIMIT_EXPR_DEPTH, limits::SQL_DEPTH),
            (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, limits::SQL_DEPTH),
            (Limit::SQLITE_LIMIT_COMPOUND_SELECT, limits::SQL_DEPTH),
            (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, limits::SQL_PATTERN_BYTES),
            // VACUUM INTO would write a file.
            (Limit::SQLITE_LIMIT_ATTACHED, 0),
            (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
        ];
        for (limit, bound) in bounds {
            connection.set_limit(limit, i32::try_from(bound).unwrap_or(i32::MAX))?;
        }
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.set_prepared_statement_cache_capacity(limits::SQL_STATEMENTS);
        let gate = Arc::<Gate>::default();
        let judging = Arc::clone(&gate);
        connection.authorizer(Some(move |context: AuthContext<'_>| judging.judge(&context)))?;
        let stopping = Arc::clone(&gate);
        let interrupt = move || stopping.reason_to_stop().is_some();
        connection.progress_handler(limits::SQL_INTERRUPT_STEPS, Some(interrupt))?;
        Ok(Guarded { connection, gate })
    }

    /// Runs a caller's statements until `stop` says otherwise.
    ///
    /// # Errors
    /// The inner one is the statement's, the outer one that of the file.
    pub(crate) fn run<T>(
        &self,
        stop: &Arc<Stop>,
        work: impl FnOnce(&Connection) -> rusqlite::Result<Result<T>>,
    ) -> rusqlite::Result<Result<T>> {
        if let Some(reason) = stop.reason() {
            return Ok(Err(reason));
        }
        *locked(&self.gate.stop) = Some(Arc::clone(stop));
        let outcome = work(&self.connection);
        *locked(&self.gate.stop) = None;
        let refusal = locked(&self.gate.refusal).take();
        outcome.or_else(|failed| match (refusal, failed.sqlite_error_code()) {
            (Some(reason), _) => Ok(Err(SqlError::Denied { reason })),
            (None, Some(ErrorCode::OperationInterrupted)) => {
                Ok(Err(stop.reason().unwrap_or(SqlError::Cancelled)))
            }
            _ => error::of_statement(failed).map(Err),
        })
    }

    /// Runs statements of the engine itself, which are never kept prepared: a caller's of the same text would be taken
    /// for checked.
    pub(crate) fn ours<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.gate.ours.store(true, Relaxed);
        let outcome = work(&self.connection);
        self.gate.ours.store(false, Relaxed);
        outcome
    }

    /// Runs `work` in a transaction of its own: all of it is done, or nothing.
    pub(crate) fn transact<T>(&self, context: &ErrorContext, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let execute = |sql| self.execute(sql, context);
        execute("BEGIN IMMEDIATE")?;
        let outcome = work().and_then(|answer| execute("COMMIT").map(|()| answer));
        if self.in_transaction() {
            execute("ROLLBACK")?;
        }
        outcome
    }

    /// Runs one statement of the engine itself.
    pub(crate) fn execute(&self, sql: &str, context: &ErrorContext) -> Result<()> {
        let executed = self.ours(|connection| connection.execute_batch(sql));
        executed.map_err(|failed| error::of_file(failed, context))
    }

    pub(crate) fn in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    pub(crate) fn close(self) -> rusqlite::Result<()> {
        self.connection.close().map_err(|(_, failed)| failed)
    }
}
