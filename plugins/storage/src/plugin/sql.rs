//! `storage.sql`, call by call.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backplane_sdk::{Bytes, Stream};
use storage_api as api;
use storage_api::{KeyError, Sql, SqlError, SqlValue};
use zeroize::Zeroize;

use super::tenants::{Tenant, owner};
use super::threads::Threads;
use super::{Storage, convert};
use crate::directory::{Directory, locked};
use crate::error::{Error, Result};
use crate::rekey::Rekey;
use crate::root;
use crate::sql::{Database, Statement};
use crate::{CipherKey, Options, limits};

/// All databases.
pub(crate) struct Databases {
    directory: Arc<Directory<Database>>,
    opening: Threads,
    /// Held while a file is imported: one after another.
    importing: Arc<Mutex<()>>,
}

impl Databases {
    pub(crate) fn new(root: PathBuf, options: Options) -> Result<Self> {
        Ok(Databases {
            directory: Arc::new(Directory::new(root, options)?),
            opening: Threads::new(limits::JOB_THREADS),
            importing: Arc::default(),
        })
    }

    async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Directory<Database>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let directory = Arc::clone(&self.directory);
        self.opening.run(move || ask(&directory)).await
    }

    async fn open(&self, id: String) -> Result<Database> {
        let open = move |directory: &Directory<Database>| {
            check_room(directory, &id)?;
            directory.open(&id)
        };
        self.ask(open).await
    }

    async fn unlock(&self, id: String, key: Option<CipherKey>) -> Result<()> {
        let unlock = move |directory: &Directory<Database>| {
            check_room(directory, &id)?;
            directory.unlock(&id, key).map(drop)
        };
        self.ask(unlock).await
    }

    /// Closes them all; later calls end with [`Error::Closed`].
    pub(crate) async fn close(&self) -> Result<()> {
        let directory = Arc::clone(&self.directory);
        // Not behind calls that wait for a thread.
        Threads::new(1).run(move || directory.close()).await
    }
}

/// Refuses one more database of an owner that has too many open.
fn check_room(directory: &Directory<Database>, id: &str) -> Result<()> {
    let limit = limits::MAX_OPEN_DATABASES_OF_OWNER;
    let mates = directory.opened();
    let mates = mates
        .iter()
        .filter(|mate| *mate != id && owner(mate) == owner(id));
    if mates.count() >= limit {
        let what = "open databases of one owner";
        return Err(Error::Busy { what, limit });
    }
    Ok(())
}

/// The answer of `work`, or a timeout that says what was waited for.
pub(super) async fn within<T>(
    waited: Duration,
    what: &str,
    work: impl Future<Output = Result<T, SqlError>>,
) -> Result<T, SqlError> {
    let timed_out = |_| {
        Err(SqlError::Timeout {
            what: what.to_owned(),
            waited_ms: u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
        })
    };
    tokio::time::timeout(waited, work).await.unwrap_or_else(timed_out)
}

impl Storage {
    /// The database that the present caller calls `name`, and the caller.
    async fn database(&self, name: &str) -> Result<(Database, String), SqlError> {
        let Tenant { caller, job } = self.tenants.tenant(name)?;
        Ok((self.databases.open(job.into()).await?, caller.into()))
    }
}

impl Sql for Storage {
    async fn migrate(
        &self,
        database: String,
        migrations: Vec<api::Migration>,
    ) -> Result<api::Migrated, SqlError> {
        let (database, _) = self.database(&database).await?;
        database.migrate(migrations).await
    }

    async fn execute(
        &self,
        database: String,
        sql: String,
        parameters: Vec<SqlValue>,
        transaction: Option<u64>,
    ) -> Result<api::Executed, SqlError> {
        let (database, caller) = self.database(&database).await?;
        let statement = Statement { sql, parameters };
        let time = self.call_timeout;
        match transaction {
            Some(id) => database.execute_in(id, &caller, statement).await,
            None => within(time, "the writer", database.execute(statement, time)).await,
        }
    }

    async fn query(
        &self,
        database: String,
        sql: String,
        parameters: Vec<SqlValue>,
        transaction: Option<u64>,
    ) -> Result<api::SqlRows, SqlError> {
        let (database, caller) = self.database(&database).await?;
        let statement = Statement { sql, parameters };
        let Some(id) = transaction else {
            return self.stream(database, statement).await;
        };
        let held = database.query_in(id, &caller, statement).await?;
        Ok(api::SqlRows {
            columns: held.columns,
            rows: Stream::from_iter(held.rows),
        })
    }

    async fn begin(&self, database: String, timeout_ms: u64) -> Result<u64, SqlError> {
        let (database, caller) = self.database(&database).await?;
        let begun = database.begin(caller, Duration::from_millis(timeout_ms));
        within(self.call_timeout, "the transactions of others", begun).await
    }

    async fn hold(
        &self,
        database: String,
        transaction: u64,
        mut owner: Stream<bool>,
    ) -> Result<(), SqlError> {
        let (database, caller) = self.database(&database).await?;
        database.open_one(transaction, &caller)?;
        tokio::spawn(async move {
            // A wait without an item ends by itself after a while; a transaction does so before.
            while let Some(Ok(_)) = owner.next().await {}
            if let Err(error) = database.rollback(transaction, &caller).await {
                tracing::warn!(%error, "a transaction whose owner is gone could not be rolled back");
            }
        });
        Ok(())
    }

    async fn commit(&self, database: String, transaction: u64) -> Result<(), SqlError> {
        let (database, caller) = self.database(&database).await?;
        database.commit(transaction, &caller).await
    }

    async fn rollback(&self, database: String, transaction: u64) -> Result<(), SqlError> {
        let (database, caller) = self.database(&database).await?;
        database.rollback(transaction, &caller).await
    }

    async fn list_databases(&self) -> Result<Vec<String>, SqlError> {
        let ids = self
            .databases
            .ask(|directory| root::jobs(&directory.root))
            .await?;
        Ok(self.tenants.visible(ids))
    }

    async fn close_database(&self, database: String) -> Result<(), SqlError> {
        let Tenant { job, .. } = self.tenants.tenant(&database)?;
        let close = move |directory: &Directory<Database>| directory.close_one(&job);
        Ok(self.databases.ask(close).await?)
    }

    async fn drop_database(&self, database: String) -> Result<(), SqlError> {
        let Tenant { job, .. } = self.tenants.tenant(&database)?;
        let remove = move |directory: &Directory<Database>| directory.remove(&job);
        Ok(self.databases.ask(remove).await?)
    }

    async fn open_database(&self, database: String, key: Option<Bytes>) -> Result<(), KeyError> {
        let Tenant { job, .. } = self.tenants.tenant(&database)?;
        Ok(self
            .databases
            .unlock(job.into(), convert::cipher_key(key)?)
            .await?)
    }

    async fn set_database_key(
        &self,
        database: String,
        key: Option<Bytes>,
        new_key: Option<Bytes>,
        keep_copy: bool,
    ) -> Result<(), KeyError> {
        let Tenant { job, .. } = self.tenants.tenant(&database)?;
        let (old, new) = (convert::cipher_key(key)?, convert::cipher_key(new_key)?);
        let rekey = Rekey { old, new, keep_copy };
        let rekey = move |directory: &Directory<Database>| {
            check_room(directory, &job)?;
            directory.rekey(&job, rekey)
        };
        Ok(self.databases.ask(rekey).await?)
    }

    async fn import_database(
        &self,
        database: String,
        path: String,
        mut cipher: Option<api::OldCipher>,
        key: Option<Bytes>,
    ) -> Result<api::Imported, KeyError> {
        let path = self.path(path)?;
        let Tenant { job, .. } = self.tenants.tenant(&database)?;
        let key = convert::cipher_key(key)?;
        let importing = Arc::clone(&self.databases.importing);
        let import = move |directory: &Directory<Database>| {
            let _importing = locked(&importing);
            let imported = directory.import(&job, &path, cipher.as_ref(), key);
            cipher.iter_mut().for_each(|cipher| cipher.secret.0.zeroize());
            imported
        };
        Ok(self.databases.ask(import).await?)
    }
}
