//! Setting up.

use super::board::{Board, fits};
use super::fake::Fake;
use super::running::{Running, apart, refused};
use super::{BenchError, LIFECYCLE};
use crate::module::Plug;
use crate::serve::{Interface, Serve};
use crate::shim;
use backplane_descriptor::fixed::ManifestTy;
use backplane_plugin_api::{AbiTables, LayoutRecord, ModuleHandle, ModuleInfo, Reply, Slice, status};
use serde_json::Value as Json;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

static LAYOUT: LayoutRecord = LayoutRecord::of::<AbiTables>();

/// What a module is tested on: the fakes of the interfaces that it requires.
pub struct Bench {
    fakes: Vec<Arc<Fake>>,
    data_dir: Option<PathBuf>,
    limit: Duration,
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

impl Bench {
    /// A bench without fakes.
    pub const fn new() -> Self {
        Self {
            fakes: Vec::new(),
            data_dir: None,
            limit: LIFECYCLE,
        }
    }

    /// Lets `fake` answer the interface `I`: `bench.fake::<RelayInterface, _>(FakeRelay)`, where `FakeRelay`
    /// implements the trait. Its panics reach the module as a call that failed with `PANICKED`.
    #[must_use]
    pub fn fake<I: Serve<T>, T: Send + Sync + 'static>(self, fake: T) -> Self {
        self.shared_fake::<I, T>(Arc::new(fake))
    }

    /// The same with a fake that the test keeps, to look at later.
    #[must_use]
    pub fn shared_fake<I: Serve<T>, T: Send + Sync + 'static>(mut self, fake: Arc<T>) -> Self {
        self.fakes.push(Arc::new(Fake::of::<I, T>(fake)));
        self
    }

    /// Lets every call of the interface `I` fail with one of [`status`], as when its provider is gone.
    #[must_use]
    pub fn failing<I: Interface>(mut self, status: i32, message: &str) -> Self {
        self.fakes
            .push(Arc::new(Fake::failing(I::TY, status, message.to_owned())));
        self
    }

    /// The module's private folder. Without it each module gets an empty one, which goes with it.
    #[must_use]
    pub fn data_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(folder.into());
        self
    }

    /// How long `start`, `export` and `import` may take each; 30 s without it.
    #[must_use]
    pub const fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Starts a module.
    ///
    /// # Errors
    /// A fake is missing or of the wrong version, the configuration is refused, or the module does not start.
    pub async fn start<M: Plug>(self, config: M::Config) -> Result<Running<M>, BenchError> {
        let config = serde_json::to_value(config).map_err(|error| BenchError::System(error.to_string()))?;
        self.start_json(config).await
    }

    /// The same with the configuration as JSON, in which fields may be left out.
    ///
    /// # Errors
    /// As [`Bench::start`].
    pub async fn start_json<M: Plug>(self, config: Json) -> Result<Running<M>, BenchError> {
        let manifest = const { &M::MANIFEST };
        self.check(manifest)?;
        let (own, folder) = match self.data_dir {
            Some(folder) => (None, folder),
            None => {
                let own = TempDir::new().map_err(|error| BenchError::System(error.to_string()))?;
                let folder = own.path().to_owned();
                (Some(own), folder)
            }
        };
        let config = if config.is_null() {
            String::new()
        } else {
            config.to_string()
        };
        let board = Board::new(manifest, self.fakes);
        let folder = folder.to_string_lossy().into_owned();
        let running = Running::new(board, own, self.limit);
        let start = move || create::<M>(board, &folder, &config).unwrap_or_else(|| start_module(board));
        let reply = apart(board, "start", self.limit, start).await?;
        refused("start", reply)?;
        Ok(running)
    }

    fn check(&self, manifest: &ManifestTy) -> Result<(), BenchError> {
        for required in manifest.requires {
            let (module, interface) = (manifest.name.to_owned(), required.interface.to_owned());
            let version = required.version.to_owned();
            let fake = self.fakes.iter().find(|it| it.interface.id == interface);
            match fake.map(|it| it.interface) {
                None if required.optional => {}
                None => {
                    return Err(BenchError::NoFake {
                        module,
                        interface,
                        version,
                    });
                }
                Some(fake) if !fits(fake, &version) => {
                    let fake = fake.version.to_owned();
                    return Err(BenchError::FakeVersion {
                        module,
                        interface,
                        version,
                        fake,
                    });
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// Makes the instance and puts it in its seat. The refusal, if there is one.
fn create<M: Plug>(board: &'static Board, folder: &str, config: &str) -> Option<Reply> {
    let info = ModuleInfo {
        size: size_of::<ModuleInfo>() as u32,
        generation: 1,
        name: Slice::new(board.name().as_bytes()),
        data_dir: Slice::new(folder.as_bytes()),
        config: Slice::new(config.as_bytes()),
    };
    let mut handle = ModuleHandle {
        ctx: std::ptr::null_mut(),
        table: std::ptr::null(),
    };
    let mut reply = Reply::EMPTY;
    let (host, create) = (board.raw(), shim::declaration::<M>(b"", &LAYOUT).create?);
    // SAFETY: everything lives until it returns, and the host for ever.
    let code = unsafe { create(&raw const host, &raw const info, &raw mut handle, &raw mut reply) };
    if code != status::OK {
        return Some(reply);
    }
    board.seat.fill(handle);
    None
}

fn start_module(board: &'static Board) -> Reply {
    let answer = board.seat.with(|handle, table| {
        let mut reply = Reply::EMPTY;
        if let Some(start) = table.start {
            // SAFETY: the seat keeps the module alive meanwhile; the reply lives until it returns.
            unsafe { start(handle.ctx, &raw mut reply) };
        }
        reply
    });
    answer.unwrap_or(Reply::EMPTY)
}
