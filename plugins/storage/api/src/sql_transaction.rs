//! Transactions that go with their owner.

use std::fmt;

use backplane_sdk::{CallError, Sender, Stream};

use crate::{Executed, SqlClient, SqlError, SqlRows, SqlValue};

/// A transaction, which is rolled back when this is dropped without [`SqlTransaction::commit`], when the module that has
/// it ends, and at its deadline.
pub struct SqlTransaction {
    client: SqlClient,
    database: String,
    number: u64,
    /// As long as it is there, so is the owner.
    _alive: Sender<bool>,
}

impl fmt::Debug for SqlTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqlTransaction({:?}, {})", self.database, self.number)
    }
}

impl SqlTransaction {
    /// Begins a transaction in `database`, as [`Sql::begin`](crate::Sql::begin) does. To be called where a module works.
    ///
    /// # Errors
    /// As [`Sql::begin`](crate::Sql::begin); a host without streams, or with too many.
    pub async fn begin(
        client: &SqlClient,
        database: &str,
        timeout_ms: u64,
    ) -> Result<Self, CallError<SqlError>> {
        Self::begin_with(client, database, timeout_ms, Stream::channel()).await
    }

    /// The same for embedders, whose threads work for no module: `channel` is made with
    /// [`Stream::channel_in`].
    ///
    /// # Errors
    /// As [`SqlTransaction::begin`].
    pub async fn begin_with(
        client: &SqlClient,
        database: &str,
        timeout_ms: u64,
        channel: (Sender<bool>, Stream<bool>),
    ) -> Result<Self, CallError<SqlError>> {
        let (alive, owner) = channel;
        let database = database.to_owned();
        let number = client.begin(&database, &timeout_ms).await?;
        let transaction = Self {
            client: client.clone(),
            database,
            number,
            _alive: alive,
        };
        let held = transaction.client.hold(&transaction.database, &number, &owner);
        match held.await {
            Ok(()) => Ok(transaction),
            Err(failed) => {
                // What cannot be held is not kept until its deadline; if this fails too, it ends there.
                let _ = transaction.rollback().await;
                Err(failed)
            }
        }
    }

    /// Runs a statement in the transaction.
    ///
    /// # Errors
    /// As [`Sql::execute`](crate::Sql::execute).
    pub async fn execute(
        &self,
        sql: &str,
        parameters: Vec<SqlValue>,
    ) -> Result<Executed, CallError<SqlError>> {
        let number = Some(self.number);
        self.client
            .execute(&self.database, &sql.to_owned(), &parameters, &number)
            .await
    }

    /// Runs a statement in the transaction, and answers its rows.
    ///
    /// # Errors
    /// As [`Sql::query`](crate::Sql::query).
    pub async fn query(&self, sql: &str, parameters: Vec<SqlValue>) -> Result<SqlRows, CallError<SqlError>> {
        let number = Some(self.number);
        self.client
            .query(&self.database, &sql.to_owned(), &parameters, &number)
            .await
    }

    /// Ends the transaction: all of it is done, and on the disk.
    ///
    /// # Errors
    /// As [`Sql::commit`](crate::Sql::commit); the transaction is rolled back then, unless it is not known.
    pub async fn commit(self) -> Result<(), CallError<SqlError>> {
        self.client.commit(&self.database, &self.number).await
    }

    /// Ends the transaction: nothing of it is done.
    ///
    /// # Errors
    /// As [`Sql::rollback`](crate::Sql::rollback).
    pub async fn rollback(self) -> Result<(), CallError<SqlError>> {
        self.client.rollback(&self.database, &self.number).await
    }
}
