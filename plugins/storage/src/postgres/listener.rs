//! Hearing of what is committed, on a connection of its own for each job that is watched.

use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_postgres::Notification;

use super::connection::Connection;
use super::failure::{Failure, retried};
use super::target::Target;
use super::{Table, notice, table};
use crate::blocking::block_until;
use crate::error::Result;
use crate::limits;
use crate::watch::Watches;

/// Tells watches until it is dropped.
pub(super) struct Listener(JoinHandle<()>);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a listener needs to connect anew.
struct Ear {
    target: Target,
    job: String,
    number: i64,
    own: u64,
    watches: Arc<Watches>,
}

impl Ear {
    async fn open(&self) -> Result<Connection, Failure> {
        let (watches, own) = (Arc::clone(&self.watches), self.own);
        let heard = move |notification: &Notification| notice::tell(&watches, own, notification.payload());
        let connection = Connection::open(&self.target, heard).await?;
        let listen = format!("LISTEN {}", table::channel(self.number));
        let listening = connection.execute_all(&listen).await;
        listening.map_err(|failed| Failure::of(&failed, &self.job))?;
        Ok(connection)
    }

    /// Connects again whenever the connection is lost, with pauses that grow. What was committed meanwhile is lost to the
    /// watches, and they are told so.
    async fn listen(&self, mut connection: Connection) {
        loop {
            connection.lost().await;
            let mut pause = limits::SERVER_PAUSE;
            connection = loop {
                sleep(pause).await;
                pause = (pause * 2).min(limits::SERVER_MOST_PAUSE);
                if let Ok(connection) = self.open().await {
                    break connection;
                }
            };
            self.watches.lost(1);
        }
    }
}

impl Listener {
    /// Returns when what is committed from now on will be heard.
    pub(super) fn start(table: &Table, watches: &Arc<Watches>) -> Result<Listener> {
        let ear = Arc::new(Ear {
            target: table.server.target.clone(),
            job: table.job.clone(),
            number: table.number,
            own: table.writer,
            watches: Arc::clone(watches),
        });
        let runtime = table.server.runtime()?;
        let deadline = Instant::now() + table.timeout;
        let connection = retried(deadline, |_| {
            let opener = Arc::clone(&ear);
            let opening = runtime.spawn(async move { opener.open().await });
            match block_until(deadline, opening) {
                Some(Ok(opened)) => opened,
                _ => Err(Failure::silent()),
            }
        })?;
        let listening = async move { ear.listen(connection).await };
        Ok(Listener(runtime.spawn(listening)))
    }
}
