//! A module in a process of its own: this program, started anew for one plugin.

mod child;
mod spawn;

use super::greeting::{self, GreetingError, Hello, PROTOCOL, Welcome};
use super::proxy::{Connected, Patience, Proxy};
use super::sandbox::Sandbox;
use super::wire::{Frame, Reader};
use crate::bundle::ProcessConfig;
use crate::library::CreateError;
use crate::limits;
use crate::router::Caller;
use backplane_plugin_api::{ABI_LEVEL, ModuleHandle, Reply, status};
use child::Child;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// How the process of a module is made.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    /// The program, which calls [`guest_main`](super::guest_main).
    pub(crate) program: PathBuf,
    pub(crate) config: ProcessConfig,
    pub(crate) start_timeout: Duration,
    pub(crate) stop_timeout: Duration,
    pub(crate) runtime: Handle,
}

/// What an instance is told.
pub(crate) struct Told<'a> {
    pub(crate) name: &'a str,
    pub(crate) generation: u32,
    pub(crate) data_dir: &'a str,
    pub(crate) config: &'a str,
}

impl Process {
    /// Starts a process and makes an instance in it. `file` is the plugin, whose hash and manifest are known.
    pub(crate) fn create(
        &self,
        (file, sha256): (&Path, [u8; 32]),
        manifest: &str,
        caller: &Arc<Caller>,
        told: &Told<'_>,
    ) -> Result<ModuleHandle, CreateError> {
        let (socket, child) = spawn::spawn(&self.program, &self.config, told.data_dir)
            .map_err(|error| refused(format!("its process cannot be started: {error}")))?;
        let mut child = Child::new(child, caller);
        let mut reader = Reader::new(socket.try_clone().map_err(|error| refused(error.to_string()))?);
        let hello = Hello {
            protocol: PROTOCOL,
            abi: ABI_LEVEL,
            file: file.to_owned(),
            sha256: hex::encode(sha256),
            sandbox: self.sandbox(file, told.data_dir),
        };
        let greeted = self.greet(&socket, &mut reader, &hello, manifest);
        if let Err(error) = greeted {
            let ended = super::proxy::Far::end(&mut child, limits::PROCESS_STATUS);
            let ended = ended.map(|ended| format!(": {ended}")).unwrap_or_default();
            let message = match error {
                GreetingError::Refused(message) => message,
                error => format!("its process, {}: {error}{ended}", self.program.display()),
            };
            return Err(refused(message));
        }
        // A little less than the host waits, so that it is told why.
        let patience = Patience {
            start: self.start_timeout - self.start_timeout / 10,
            stop: self.stop_timeout - self.stop_timeout / 10,
        };
        let connected = Connected {
            socket,
            reader,
            far: Box::new(child),
            patience,
            runtime: self.runtime.clone(),
        };
        let proxy = Proxy::start(Arc::clone(caller), told.generation, connected)
            .map_err(|error| refused(error.to_string()))?;
        proxy
            .create(told.name, told.generation, told.data_dir, told.config.as_bytes())
            .map_err(|reply: Reply| CreateError::Refused {
                status: reply.status,
                message: reply.message(),
            })
    }

    fn greet(
        &self,
        socket: &std::os::unix::net::UnixStream,
        reader: &mut Reader<std::os::unix::net::UnixStream>,
        hello: &Hello,
        manifest: &str,
    ) -> Result<(), GreetingError> {
        greeting::send(socket, &Frame::Hello(&serde_json::to_vec(hello)?))?;
        let mut bytes = Vec::new();
        let patience = limits::WIRE_GREETING.min(self.start_timeout);
        let Frame::Welcome(welcome) = greeting::receive(socket, reader, &mut bytes, patience)? else {
            return Err(GreetingError::Other);
        };
        let welcome: Welcome = serde_json::from_slice(welcome)?;
        if welcome.protocol != PROTOCOL {
            return Err(GreetingError::Protocol {
                found: welcome.protocol,
            });
        }
        match welcome.manifest {
            Ok(found) if found == manifest => Ok(()),
            Ok(_) => Err(GreetingError::Refused(
                "the process has another plugin".to_owned(),
            )),
            Err(message) => Err(GreetingError::Refused(message)),
        }
    }

    fn sandbox(&self, file: &Path, data_dir: &str) -> Sandbox {
        let mut read = self.config.read.clone();
        read.push(file.to_owned());
        let mut write = self.config.write.clone();
        write.extend((!data_dir.is_empty()).then(|| data_dir.into()));
        Sandbox {
            on: self.config.sandbox,
            network: self.config.network,
            read,
            write,
        }
    }
}

fn refused(message: String) -> CreateError {
    CreateError::Refused {
        status: status::UNAVAILABLE,
        message,
    }
}
