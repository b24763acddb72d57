//! The way to a host that runs.

use crate::args::Global;
use crate::bundle::{FILE, absolute};
use crate::exit::{Exit, Failure};
use backplane_host::bundle::{Bundle, default_data_dir, settings::SOCKET_NAME};
use backplane_host::gateway::Client;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use tokio::time::timeout;

/// A host that runs.
pub(crate) struct Connection<'a> {
    pub(crate) client: Client,
    global: &'a Global,
}

/// The socket that is meant.
pub(crate) fn socket(global: &Global) -> Result<PathBuf, Failure> {
    if let Some(socket) = &global.socket {
        return absolute(socket);
    }
    let bundle = Path::new(FILE);
    if bundle.exists() {
        return Ok(Bundle::read(bundle)?.host.socket);
    }
    let data_dir = default_data_dir().ok_or_else(|| {
        Failure::usage("neither XDG_DATA_HOME nor HOME says where the socket is; name it with --socket")
    })?;
    Ok(data_dir.join(SOCKET_NAME))
}

impl<'a> Connection<'a> {
    pub(crate) async fn open(global: &'a Global) -> Result<Self, Failure> {
        Self::at(global, &socket(global)?).await
    }

    /// The host that listens at `socket`.
    pub(crate) async fn at(global: &'a Global, socket: &Path) -> Result<Self, Failure> {
        let client = Client::connect(&absolute(socket)?).await?;
        Ok(Self { client, global })
    }

    /// Asks, and waits for the answer as long as the command line says.
    pub(crate) async fn request(&mut self, method: &str, params: Json) -> Result<Json, Failure> {
        match timeout(self.global.timeout, self.client.request(method, params)).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(self.late()),
        }
    }

    /// There was nothing in time.
    pub(crate) fn late(&self) -> Failure {
        let seconds = self.global.timeout.as_secs_f64();
        let message = format!("the host did not answer within {seconds} s; --timeout sets another limit");
        Failure::Because(Exit::Timeout, message)
    }
}

/// Asks a host one thing.
pub(crate) async fn ask(global: &Global, method: &str, params: Json) -> Result<Json, Failure> {
    Connection::open(global).await?.request(method, params).await
}
