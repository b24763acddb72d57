//! The rows of a query on their way from its thread into a stream.

use std::sync::Arc;
use std::time::Instant;

use backplane_sdk::{Sender, Stream};
use storage_api as api;
use storage_api::{SqlError, SqlValue};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::Storage;
use super::sql::within;
use crate::blocking::block_until;
use crate::limits;
use crate::sql::{Cancel, Database, Found, Statement, Stop};

impl Storage {
    /// Runs a query on a thread for itself, which goes on when this has answered. There are as many as there are read
    /// connections, for each database: nobody takes those of others.
    pub(super) async fn stream(
        &self,
        database: Database,
        statement: Statement,
    ) -> Result<api::SqlRows, SqlError> {
        let seats = Arc::clone(&database.seats);
        let seat = async { seats.acquire_owned().await.map_err(|_| SqlError::Closed) };
        let seat = within(self.call_timeout, "a read connection", seat).await?;
        let (sender, rows) = Stream::channel();
        let (told, columns) = oneshot::channel();
        let stop = database.stop_of_query(self.call_timeout);
        let cancel = Cancel::new(&stop);
        let patience = self.call_timeout;
        let mut reader = Reader {
            told: Some(told),
            columns: Vec::new(),
            sender,
            stop: Arc::clone(&stop),
        };
        spawn_blocking(move || {
            let _seat = seat;
            let ended = database.query(statement, &stop, patience, |found| reader.take(found));
            reader.end(ended);
        });
        let columns = columns.await.map_err(|_| SqlError::Closed)??;
        // From here on the stream tells whether anybody wants it.
        cancel.disarm();
        Ok(api::SqlRows { columns, rows })
    }
}

/// Where what a query finds goes: first an answer, then a stream.
struct Reader {
    told: Option<oneshot::Sender<Result<Vec<String>, SqlError>>>,
    columns: Vec<String>,
    sender: Sender<Vec<SqlValue>>,
    stop: Arc<Stop>,
}

impl Reader {
    fn take(&mut self, found: Found) -> Result<(), SqlError> {
        match found {
            // The answer waits for the first row: most of what can fail has failed by then, and can be told as it is.
            Found::Columns(columns) => self.columns = columns,
            Found::Row(row) => {
                self.answer();
                self.send(&row)?;
            }
        }
        Ok(())
    }

    fn answer(&mut self) {
        if let Some(told) = self.told.take() {
            // A caller that has gone away has closed the stream, too.
            let _ = told.send(Ok(std::mem::take(&mut self.columns)));
        }
    }

    /// Waits for room in the stream, and looks now and then whether the query is to end.
    fn send(&mut self, row: &Vec<SqlValue>) -> Result<(), SqlError> {
        loop {
            self.stop.row();
            if let Some(reason) = self.stop.reason() {
                return Err(reason);
            }
            let soon = Instant::now() + limits::SQL_READER_CHECK;
            if let Some(sent) = block_until(soon, self.sender.send(row)) {
                return sent.map_err(|_| SqlError::Cancelled);
            }
        }
    }

    fn end(mut self, ended: Result<(), SqlError>) {
        match (ended, self.told.take()) {
            (Ok(()), Some(told)) => drop(told.send(Ok(self.columns))),
            (Err(error), Some(told)) => drop(told.send(Err(error))),
            (Ok(()), None) => {}
            (Err(error), None) => self.sender.fail(&error.to_string()),
        }
    }
}
