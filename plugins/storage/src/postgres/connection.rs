//! One connection to a server, and what holds for all of them.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};

use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Notification, Row, Statement};

use super::failure::Failure;
use super::target::Target;
use crate::limits;

/// The outcome of a call to the server.
pub(super) type Answer<T> = Result<T, tokio_postgres::Error>;

/// Parameters of a statement.
pub(super) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection. Dropping it closes it.
pub(super) struct Connection {
    client: Client,
    /// Ends with the connection.
    driver: JoinHandle<()>,
    prepared: Mutex<HashMap<String, Statement>>,
}

impl Connection {
    /// Connects, within twice [`limits::SERVER_CONNECT_TIME`], as the server may be silent once it is reached; `heard` is
    /// told what other connections notify. Needs a runtime.
    pub(super) async fn open(
        target: &Target,
        heard: impl Fn(&Notification) + Send + 'static,
    ) -> Result<Self, Failure> {
        match timeout(2 * limits::SERVER_CONNECT_TIME, Self::connect(target, heard)).await {
            Ok(connected) => connected.map_err(|failed| Failure::of(&failed, "")),
            Err(_) => Err(Failure::silent()),
        }
    }

    async fn connect(target: &Target, heard: impl Fn(&Notification) + Send + 'static) -> Answer<Self> {
        let (client, mut driver) = target.connect().await?;
        let driver = tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| driver.poll_message(context)).await {
                if let AsyncMessage::Notification(notification) = message {
                    heard(&notification);
                }
            }
        });
        let connection = Connection {
            client,
            driver,
            prepared: Mutex::default(),
        };
        connection.execute_all(&settings()).await?;
        Ok(connection)
    }

    pub(super) fn is_lost(&self) -> bool {
        self.client.is_closed()
    }

    /// Resolves when the connection is lost.
    pub(super) async fn lost(&mut self) {
        // The driver neither panics nor is it aborted.
        let _ = (&mut self.driver).await;
    }

    /// Runs statements without parameters, separated by semicolons.
    pub(super) async fn execute_all(&self, sql: &str) -> Answer<()> {
        self.client.batch_execute(sql).await
    }

    /// Runs a statement that stays prepared.
    pub(super) async fn query(&self, sql: &str, parameters: Parameters<'_>) -> Answer<Vec<Row>> {
        let statement = self.prepare(sql).await?;
        self.client.query(&statement, parameters).await
    }

    /// The same, of a statement that gives exactly one row.
    pub(super) async fn query_one(&self, sql: &str, parameters: Parameters<'_>) -> Answer<Row> {
        let statement = self.prepare(sql).await?;
        self.client.query_one(&statement, parameters).await
    }

    async fn prepare(&self, sql: &str) -> Answer<Statement> {
        let known = self.statements().get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.client.prepare(sql).await?;
        let mut statements = self.statements();
        if statements.len() >= limits::SERVER_STATEMENTS {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn statements(&self) -> std::sync::MutexGuard<'_, HashMap<String, Statement>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bounds on what the server does for us, and plans that go by an index, whatever the server believes of a table.
fn settings() -> String {
    format!(
        "SET statement_timeout = {statement}; SET lock_timeout = {lock};
         SET idle_in_transaction_session_timeout = {idle};
         SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; SET jit = off",
        statement = limits::SERVER_STATEMENT_TIME.as_millis(),
        lock = limits::SERVER_LOCK_TIME.as_millis(),
        idle = limits::SERVER_IDLE_TIME.as_millis(),
    )
}
