//! The module at work.

use super::board::Board;
use super::logs::Line;
use super::published::Received;
use super::target::Kind;
use super::{BenchError, STOP, runtime};
use crate::attachment;
use crate::client::{Binding, CallError, Client, with_args};
use crate::event::EventSpec;
use crate::host::ReplyFuture;
use crate::module::Plug;
use crate::stream::{Sender, Stream};
use crate::value::Value;
use backplane_plugin_api::{CallContext, ModuleHandle, ModuleTable, Reply, Slice, status};
use std::marker::PhantomData;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, mpsc};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::{Mutex as Turn, oneshot};

/// Under which name the test calls and publishes, unless it says otherwise.
const TEST: &str = "test";

/// A module that runs on a [`Bench`](super::Bench). Dropping it stops the module and waits for that, at most
/// 15 s.
pub struct Running<M: Plug> {
    board: &'static Board,
    limit: Duration,
    /// The bindings of the subscriptions, made when the first event is sent; held while one is delivered, as
    /// events come one at a time.
    subscriptions: Turn<Vec<Option<u64>>>,
    lifecycle: Turn<()>,
    _data_dir: Mutex<Option<TempDir>>,
    module: PhantomData<fn() -> M>,
}

impl<M: Plug> Running<M> {
    pub(super) fn new(board: &'static Board, data_dir: Option<TempDir>, limit: Duration) -> Self {
        Self {
            board,
            limit,
            subscriptions: Turn::new(vec![None; M::MANIFEST.subscribes.len()]),
            lifecycle: Turn::new(()),
            _data_dir: Mutex::new(data_dir),
            module: PhantomData,
        }
    }

    /// A client of an interface that the module provides. Its calls fail with `STOPPING` once the module has
    /// stopped.
    ///
    /// # Panics
    /// The module does not provide the interface.
    pub fn client<C: Client>(&self) -> C {
        self.client_as(TEST)
    }

    /// The same for a caller of another name: modules can tell callers apart.
    ///
    /// # Panics
    /// The module does not provide the interface, or there are 4096 clients.
    pub fn client_as<C: Client>(&self, caller: &str) -> C {
        let (id, provides) = (C::INTERFACE.id, M::MANIFEST.provides);
        let index = provides.iter().position(|it| it.id == id);
        let Some(index) = index else {
            panic!("{} does not provide {id}", M::MANIFEST.name)
        };
        let kind = Kind::Method(index as u32, provides[index]);
        let binding = self.board.bind(kind, caller);
        let binding = binding.unwrap_or_else(|reply| panic!("{}", reply.message()));
        C::new(Binding::new(self.board.handle(), binding))
    }

    /// A stream that the test writes, to hand to a method.
    pub fn channel<T: Value>(&self) -> (Sender<T>, Stream<T>) {
        Stream::channel_in(self.board.handle())
    }

    /// Hands an event to the module, and waits until it has handled it.
    ///
    /// # Errors
    /// The module does not subscribe to it (`NOT_FOUND`), panicked, did not take it within 30 s, or has stopped.
    pub async fn emit<E: EventSpec>(&self, body: &E::Body) -> Result<(), CallError> {
        let host = |status, message: String| CallError::Host { status, message };
        let wanted = |it: &backplane_descriptor::fixed::SubscriptionTy| {
            it.interface == E::INTERFACE.id && it.event == E::NAME
        };
        let Some(index) = M::MANIFEST.subscribes.iter().position(wanted) else {
            let name = M::MANIFEST.name;
            let message = format!("{name} does not subscribe to {}.{}", E::INTERFACE.id, E::NAME);
            return Err(host(status::NOT_FOUND, message));
        };
        let mut payload = Vec::new();
        let (encoded, attachments) = attachment::collect(|| body.encode(&mut payload));
        encoded.map_err(|error| host(status::BAD_ARGUMENTS, error.to_string()))?;
        let mut subscriptions = self.subscriptions.lock().await;
        let binding = match subscriptions[index] {
            Some(binding) => binding,
            None => self
                .subscription(index as u32)
                .map_err(|it| host(it.status, it.message()))?,
        };
        subscriptions[index] = Some(binding);
        let call: ReplyFuture = with_args(&payload, &attachments, |args| {
            self.board.handle().call(binding, 0, &CallContext::ROOT, args)
        });
        let reply = call.await;
        drop(subscriptions);
        match reply.status {
            status::OK => Ok(()),
            other => Err(host(other, reply.message())),
        }
    }

    fn subscription(&self, subscription: u32) -> Result<u64, Reply> {
        let kind = Kind::Event {
            subscription,
            sent: AtomicU64::new(0),
        };
        self.board.bind(kind, TEST)
    }

    /// What the module publishes, from the first event on. The bench takes events at once, so that publishing
    /// never waits for the test.
    ///
    /// # Panics
    /// The module does not provide the interface of the event.
    pub fn events<E: EventSpec>(&self) -> Received<E> {
        let id = E::INTERFACE.id;
        let index = M::MANIFEST.provides.iter().position(|it| it.id == id);
        let Some(index) = index else {
            panic!("{} does not provide {id}", M::MANIFEST.name)
        };
        Received::new(self.board, (index as u32, E::INDEX))
    }

    /// What the module has logged so far, its panics included; the last 4096 lines, up to level debug. Empty in
    /// a program that has a `tracing` subscriber of its own.
    pub fn logs(&self) -> Vec<Line> {
        self.board.logs.all()
    }

    /// The state as a successor would get it.
    ///
    /// # Errors
    /// The module has none, or refuses, or takes too long.
    pub async fn export(&self) -> Result<M::State, BenchError> {
        let reply = self.lifecycle("export", |handle, table, reply| {
            let export = table.export_state.ok_or_else(no_state)?;
            // SAFETY: the seat keeps the module alive meanwhile; the reply lives until it returns.
            unsafe { export(handle.ctx, &raw mut *reply) };
            Ok(())
        });
        let reply = reply.await?;
        M::State::decode(reply.payload.as_bytes()).map_err(|error| BenchError::State(error.to_string()))
    }

    /// Hands over the state of a predecessor, written in schema `version`. A host does this before the first
    /// call.
    ///
    /// # Errors
    /// The module does not read this version, or refuses, or takes too long.
    pub async fn import(&self, version: u32, state: &M::State) -> Result<(), BenchError> {
        let reads = M::MANIFEST.state.map_or(&[][..], |it| it.reads);
        if !reads.contains(&version) {
            return Err(BenchError::State(format!(
                "{} reads the state versions {reads:?}, not {version}",
                M::MANIFEST.name
            )));
        }
        let mut bytes = Vec::new();
        state
            .encode(&mut bytes)
            .map_err(|error| BenchError::State(error.to_string()))?;
        let reply = self.lifecycle("import", move |handle, table, reply| {
            let import = table.import_state.ok_or_else(no_state)?;
            // SAFETY: as in `export`; the state lives until it returns, too.
            unsafe { import(handle.ctx, version, Slice::new(&bytes), &raw mut *reply) };
            Ok(())
        });
        reply.await.map(drop)
    }

    async fn lifecycle(
        &self,
        what: &'static str,
        work: impl FnOnce(ModuleHandle, &ModuleTable, &mut Reply) -> Result<(), BenchError> + Send + 'static,
    ) -> Result<Reply, BenchError> {
        let _turn = self.lifecycle.lock().await;
        let board = self.board;
        let answer = apart(board, what, self.limit, move || {
            board.seat.with(|handle, table| {
                let mut reply = Reply::EMPTY;
                work(handle, table, &mut reply).map(|()| reply)
            })
        });
        refused(what, answer.await?.ok_or(BenchError::Stopped)??)
    }

    /// Stops the module. Calls under way end with `STOPPING`, what it published and logged stays. Stopping
    /// twice does nothing.
    ///
    /// # Errors
    /// It did not stop within 5 s, or panicked.
    pub async fn stop(&self) -> Result<(), BenchError> {
        let _turn = self.lifecycle.lock().await;
        let board = self.board;
        let reply = apart(board, "stop", STOP * 3, move || board.stop()).await?;
        refused("stop", reply).map(drop)
    }
}

impl<M: Plug> Drop for Running<M> {
    fn drop(&mut self) {
        let board = self.board;
        if board.seat.filled() {
            // On another thread: this one may be within a runtime, where blocking is not allowed.
            let (sender, receiver) = mpsc::channel();
            let stop = move || drop(sender.send(board.stop()));
            if std::thread::Builder::new().spawn(stop).is_ok() {
                drop(receiver.recv_timeout(STOP * 3));
            }
        }
        board.logs.clear();
        board.published.clear();
    }
}

fn no_state() -> BenchError {
    BenchError::State("the module hands over no state".to_owned())
}

/// The reply, unless it is an error.
pub(super) fn refused(what: &'static str, reply: Reply) -> Result<Reply, BenchError> {
    if reply.status == status::OK {
        return Ok(reply);
    }
    Err(BenchError::Refused {
        what,
        status: reply.status,
        message: reply.message(),
    })
}

/// Runs `work`, which blocks, on a thread of its own. A module that takes longer than `limit` is left behind.
pub(super) async fn apart<T: Send + 'static>(
    board: &'static Board,
    what: &'static str,
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, BenchError> {
    let (sender, receiver) = oneshot::channel();
    std::thread::Builder::new()
        .name(format!("bench {what}"))
        .spawn(move || drop(sender.send(work())))
        .map_err(|error| BenchError::System(error.to_string()))?;
    let waiting = {
        let _clock = runtime().enter();
        tokio::time::timeout(limit, receiver)
    };
    match waiting.await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) => Err(BenchError::System(format!("the thread of {what} ended early"))),
        Err(_) => {
            board.seat.abandon();
            Err(BenchError::Late { what, limit })
        }
    }
}
