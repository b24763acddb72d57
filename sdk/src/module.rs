//! What a plugin author implements.

use crate::client::{Binding, CallError, Client};
use crate::control::{self, DependencyLost};
use crate::event::{Emitter, Events};
use crate::host::HostHandle;
use crate::serve::{Incoming, Outcome};
use crate::value::Value;
use backplane_descriptor::fixed::ManifestTy;
use backplane_plugin_api::PluginDeclaration;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Any error, with its message. What the lifecycle functions of a module answer.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A module. `#[module]` on the `impl` makes a plugin of it.
///
/// The module runs on a tokio runtime of its own, which ends with it. `start`, `export`, `import` and `stop`
/// never overlap. Methods and event handlers may run at the same time, on any thread.
pub trait Module: Sized + Send + Sync + 'static {
    /// The configuration: a `#[record]` whose fields have defaults, or `()`.
    type Config: Value;
    /// What a successor takes over: a `#[record]`, or `()`.
    type State: Value;

    /// Checks what the types of the configuration cannot say. Runs before anything is started.
    ///
    /// # Errors
    /// A message that names the field.
    fn check(_config: &Self::Config) -> Result<(), Error> {
        Ok(())
    }

    /// Makes the module ready to answer. It may call other modules, but events and calls come only after it.
    /// Work that it spawns on the current tokio runtime goes on until the module stops.
    ///
    /// # Errors
    /// What prevents it; the host shows the message and applies the restart policy.
    fn start(context: Context, config: Self::Config) -> impl Future<Output = Result<Self, Error>> + Send;

    /// Ends the module within the deadline that the host sets. The runtime ends right after it.
    fn stop(&self) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Writes what a successor needs. No call or event is under way.
    ///
    /// # Errors
    /// What prevents it; the swap is then given up and this module goes on.
    fn export(&self) -> impl Future<Output = Result<Self::State, Error>> + Send;

    /// Takes over what a predecessor wrote in schema `version`. Runs after `start`, before the first call.
    ///
    /// # Errors
    /// What prevents it; the swap is then given up and the predecessor goes on.
    fn import(&self, version: u32, state: Self::State) -> impl Future<Output = Result<(), Error>> + Send;
}

/// What `#[module]` adds to a module. Not for authors.
///
/// # Safety
/// `DECLARATION` must be what the ABI says, in every field.
pub unsafe trait Plug: Module {
    /// What the plugin says of itself.
    const MANIFEST: ManifestTy;
    /// What the entry symbol returns; programs that link the plugin in take it from here.
    const DECLARATION: &'static PluginDeclaration;
    /// The worker threads of the module's runtime. One wakes fastest: several wake each other for every task.
    const WORKERS: usize = 1;

    /// Answers a method of the `interface`-th interface that the manifest provides.
    fn serve(module: &Arc<Self>, interface: u32, incoming: &Incoming<'_>) -> Outcome;

    /// Takes an event of the `subscription`-th entry that the manifest subscribes to.
    fn deliver(module: &Arc<Self>, subscription: u32, incoming: &Incoming<'_>) -> Outcome;
}

/// The module's place in the host. Cheap to clone; usable until the module has stopped.
#[derive(Debug, Clone)]
pub struct Context(Arc<Place>);

#[derive(Debug)]
struct Place {
    host: HostHandle,
    manifest: &'static ManifestTy,
    name: String,
    generation: u32,
    data_dir: PathBuf,
}

impl Context {
    pub(crate) fn new(
        host: HostHandle,
        manifest: &'static ManifestTy,
        name: String,
        generation: u32,
        data_dir: PathBuf,
    ) -> Self {
        Self(Arc::new(Place {
            host,
            manifest,
            name,
            generation,
            data_dir,
        }))
    }

    /// The name of this module in its host.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Which generation of the module this is, counted from 1.
    pub fn generation(&self) -> u32 {
        self.0.generation
    }

    /// A folder for this module alone.
    pub fn data_dir(&self) -> &Path {
        &self.0.data_dir
    }

    /// The host itself.
    pub fn host(&self) -> &HostHandle {
        &self.0.host
    }

    /// A client of an interface that the manifest requires.
    ///
    /// # Errors
    /// The host's message: not declared, not granted, or nobody provides a version that fits.
    pub fn client<C: Client>(&self) -> Result<C, Error> {
        let interface = C::INTERFACE;
        let required = self
            .0
            .manifest
            .requires
            .iter()
            .find(|it| it.interface == interface.id);
        let version = required.map_or(interface.version, |it| it.version);
        match self.0.host.resolve(interface.id, version) {
            Ok(binding) => Ok(C::new(Binding::new(self.0.host.clone(), binding))),
            Err(reply) => Err(reply.message().into()),
        }
    }

    /// Asks the host to stop, for a reason that people can read; `code` is 0 where all is well, anything else where
    /// something has failed. The host then stops all modules in their order, this one too.
    ///
    /// # Errors
    /// `DENIED` unless the bundle says `may-stop-host = true` of this module.
    pub fn request_stop(&self, code: i32, reason: &str) -> Result<(), CallError> {
        control::request_stop(&self.0.host, code, reason)
    }

    /// Waits for the next module that is gone for good and that served this one. Calls to it are answered `UNAVAILABLE`
    /// from then on. Cancel safe; the host keeps the last 64 that nobody has waited for yet.
    ///
    /// # Errors
    /// `BUSY` while somebody else waits, `STOPPING` when this module stops.
    pub async fn dependency_lost(&self) -> Result<DependencyLost, CallError> {
        control::dependency_lost(&self.0.host).await
    }

    /// The publisher of the events of an interface that the manifest provides.
    ///
    /// # Panics
    /// When the manifest does not provide the interface, which is a mistake in the plugin.
    pub fn events<E: Events>(&self) -> E {
        let provides = self.0.manifest.provides;
        let index = provides.iter().position(|it| it.id == E::INTERFACE.id);
        let index = index.unwrap_or_else(|| panic!("the module does not provide {}", E::INTERFACE.id));
        E::new(Emitter::new(self.0.host.clone(), index as u32))
    }
}
