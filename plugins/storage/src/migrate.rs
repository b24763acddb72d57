//! From format 2 to format 3, which has expiry times.
//!
//! First a copy of the job as it was is put beside its file, complete or not at all; then the change is made in one
//! transaction. A process that ends in between leaves the old format, and the next opening begins anew.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::error::{ErrorContext, Result};
use crate::root::{self, with_suffix};
use crate::schema;

/// The format that is migrated.
pub(crate) const FROM: i32 = 2;

const CHANGE: &str = "
    BEGIN IMMEDIATE;
    ALTER TABLE kv ADD COLUMN expires INTEGER;
    CREATE INDEX kv_expires ON kv (expires) WHERE expires IS NOT NULL;
    PRAGMA user_version = 3;
    COMMIT;
";

/// The copy that a migration leaves, to go back with; it goes when the job is dropped.
pub(crate) fn copy_of(path: &Path) -> PathBuf {
    with_suffix(path, ".format-2")
}

/// A copy that is being made.
pub(crate) fn unfinished_copy_of(path: &Path) -> PathBuf {
    with_suffix(path, ".format-2.new")
}

/// Brings a file of format 2 to the present one.
pub(crate) fn migrate(connection: &Connection, path: &Path, context: &ErrorContext) -> Result<()> {
    let (copy, unfinished) = (copy_of(path), unfinished_copy_of(path));
    root::remove(&unfinished)?;
    schema::write_copy(connection, &unfinished, context)?;
    schema::publish(&unfinished, &copy)?;
    let changed = connection.execute_batch(CHANGE);
    if changed.is_err() && !connection.is_autocommit() {
        // The first failure is the one to tell; closing the connection rolls back in any case.
        let _ = connection.execute_batch("ROLLBACK");
    }
    changed.map_err(|error| context.wrap(error))?;
    tracing::info!(job = context.job, copy = %copy.display(), "brought to format 3");
    Ok(())
}
