//! Migrations: steps of a schema, each applied once and remembered with a hash.

use std::fmt::Write as _;
use std::sync::Arc;

use rusqlite::Connection;
use sha2::{Digest, Sha256};
use storage_api::{Migrated, Migration, SqlError};

use super::Result;
use super::error::{self, argument, too_large};
use super::guarded::Guarded;
use super::stop::Stop;
use crate::error::ErrorContext;
use crate::limits;

/// One that was applied.
struct Recorded {
    version: u32,
    name: String,
    hash: String,
}

fn hash(migration: &Migration) -> String {
    let mut digest = Sha256::new();
    digest.update(migration.name.as_bytes());
    digest.update([0]);
    digest.update(migration.sql.as_bytes());
    let mut text = String::new();
    for byte in digest.finalize() {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Refuses a list that breaks the rules, whatever the database is.
pub(crate) fn check(migrations: &[Migration]) -> Result<()> {
    if migrations.len() > limits::SQL_MIGRATIONS {
        return Err(too_large("migrations", migrations.len(), limits::SQL_MIGRATIONS));
    }
    let mut last = 0;
    for Migration { version, name, sql } in migrations {
        if *version <= last {
            let reason = format!("version {version} ({name:?}) is not above {last}");
            return Err(argument("migrations", reason));
        }
        last = *version;
        if name.len() > limits::SQL_MIGRATION_NAME_BYTES {
            let limit = limits::SQL_MIGRATION_NAME_BYTES;
            return Err(too_large("migration name bytes", name.len(), limit));
        }
        if sql.len() > limits::SQL_TEXT_BYTES {
            return Err(too_large(
                "migration sql bytes",
                sql.len(),
                limits::SQL_TEXT_BYTES,
            ));
        }
    }
    Ok(())
}

/// Applies what was not applied before.
pub(crate) fn migrate(
    writer: &Guarded,
    migrations: &[Migration],
    stop: &Arc<Stop>,
    context: &ErrorContext,
) -> Result<Migrated> {
    let recorded = writer.ours(recorded);
    let recorded = recorded.map_err(|failed| error::of_file(failed, context))?;
    compare(&recorded, migrations)?;
    let mut applied = Vec::new();
    for migration in &migrations[recorded.len()..] {
        writer
            .transact(context, || apply(writer, migration, stop, context))
            .map_err(|reason| failed(migration, reason))?;
        applied.push(migration.version);
    }
    let newest = migrations.last().map_or(0, |migration| migration.version);
    Ok(Migrated {
        version: newest,
        applied,
    })
}

/// What was interrupted says so itself.
fn failed(migration: &Migration, reason: SqlError) -> SqlError {
    match reason {
        SqlError::Deadline | SqlError::Cancelled | SqlError::Failed { .. } => reason,
        reason => SqlError::MigrationFailed {
            version: migration.version,
            name: migration.name.clone(),
            reason: reason.to_string(),
        },
    }
}

fn recorded(connection: &Connection) -> rusqlite::Result<Vec<Recorded>> {
    let mut select =
        connection.prepare("SELECT version, name, hash FROM _backplane_migrations ORDER BY version")?;
    let rows = select.query_map([], |row| {
        Ok(Recorded {
            version: row.get(0)?,
            name: row.get(1)?,
            hash: row.get(2)?,
        })
    })?;
    rows.collect()
}

/// Refuses a list that does not begin with what was applied.
fn compare(recorded: &[Recorded], given: &[Migration]) -> Result<()> {
    for (at, old) in recorded.iter().enumerate() {
        let new = given.get(at);
        let same = new.is_some_and(|new| new.version == old.version && hash(new) == old.hash);
        if same {
            continue;
        }
        return Err(match new {
            // One was put in between.
            Some(new) if new.version < old.version => SqlError::MigrationMismatch {
                version: new.version,
                name: new.name.clone(),
                recorded: None,
                given: Some(hash(new)),
            },
            _ => SqlError::MigrationMismatch {
                version: old.version,
                name: old.name.clone(),
                recorded: Some(old.hash.clone()),
                given: new.filter(|new| new.version == old.version).map(hash),
            },
        });
    }
    Ok(())
}

fn apply(writer: &Guarded, migration: &Migration, stop: &Arc<Stop>, context: &ErrorContext) -> Result<()> {
    let ran = writer.run(stop, |connection| {
        connection.execute_batch(&migration.sql).map(Ok)
    });
    ran.map_err(|failed| error::of_file(failed, context))??;
    let record = writer.ours(|connection| {
        let row = (migration.version, &migration.name, hash(migration));
        connection.execute("INSERT INTO _backplane_migrations VALUES (?1, ?2, ?3)", row)
    });
    record.map(drop).map_err(|failed| error::of_file(failed, context))
}
