//! The tables: one that lists the jobs, and one for each job.

use super::connection::{Answer, Connection};

/// The format of the tables that this version reads and writes.
pub(super) const FORMAT: i32 = 1;

const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// Held while tables are made or dropped: `BpKv` in ASCII.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1114655606)";

const LIST: &str = "
    CREATE SCHEMA IF NOT EXISTS backplane;
    CREATE TABLE IF NOT EXISTS backplane.job (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name text COLLATE \"C\" UNIQUE NOT NULL,
        format integer NOT NULL,
        bytes bigint NOT NULL DEFAULT 0
    )";

/// What the list says of a job.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    pub(super) number: i64,
    pub(super) format: i32,
}

/// Looks a job up; `None` when there is none.
pub(super) async fn find(connection: &Connection, name: &str) -> Answer<Option<Listed>> {
    let there = "SELECT to_regclass('backplane.job') IS NOT NULL";
    if !connection.query_one(there, &[]).await?.get::<_, bool>(0) {
        return Ok(None);
    }
    let sql = "SELECT number, format FROM backplane.job WHERE name = $1";
    let rows = connection.query(sql, &[&name]).await?;
    Ok(rows.first().map(|row| Listed {
        number: row.get(0),
        format: row.get(1),
    }))
}

/// Looks a job up, and makes it if there is none.
pub(super) async fn find_or_make(connection: &Connection, name: &str) -> Answer<Listed> {
    if let Some(found) = find(connection, name).await? {
        return Ok(found);
    }
    connection
        .execute_all(&format!("{BEGIN}; {LOCK}; {LIST}"))
        .await?;
    // Another node may have made it meanwhile.
    if let Some(found) = find(connection, name).await? {
        connection.execute_all("COMMIT").await?;
        return Ok(found);
    }
    let insert = "INSERT INTO backplane.job (name, format) VALUES ($1, $2) RETURNING number";
    let number: i64 = connection.query_one(insert, &[&name, &FORMAT]).await?.get(0);
    connection
        .execute_all(&format!("{}; COMMIT", create(number)))
        .await?;
    Ok(Listed {
        number,
        format: FORMAT,
    })
}

fn create(number: i64) -> String {
    format!(
        "CREATE TABLE backplane.kv_{number} (
            head bytea NOT NULL,
            tail bytea NOT NULL,
            digest bytea NOT NULL,
            payload bytea NOT NULL,
            expires bigint,
            PRIMARY KEY (head, digest)
        );
        CREATE INDEX ON backplane.kv_{number} (expires) WHERE expires IS NOT NULL"
    )
}

/// Removes a job; false when there was none.
pub(super) async fn remove(connection: &Connection, name: &str) -> Answer<bool> {
    connection.execute_all(&format!("{BEGIN}; {LOCK}")).await?;
    let Some(Listed { number, .. }) = find(connection, name).await? else {
        connection.execute_all("COMMIT").await?;
        return Ok(false);
    };
    let delete = "DELETE FROM backplane.job WHERE number = $1";
    connection.query(delete, &[&number]).await?;
    connection
        .execute_all(&format!("DROP TABLE backplane.kv_{number}; COMMIT"))
        .await?;
    Ok(true)
}

/// The name of a job's table.
pub(super) fn name(number: i64) -> String {
    format!("backplane.kv_{number}")
}

/// Where changes of a job are notified.
pub(super) fn channel(number: i64) -> String {
    format!("backplane_kv_{number}")
}
