//! The session: what the screen asks, as calls to the host and its modules.

use std::{path::PathBuf, sync::Arc};

use backplane_host::{
    FrontEnd, Host, HostError,
    bundle::{Bundle, Grants, default_data_dir},
};
use backplane_sdk::{CallError, Client};
use chat_api::RoomClient;
use tokio::{
    sync::{Mutex, mpsc},
    task::{AbortHandle, spawn_blocking},
    time::timeout,
};
use waku_api::NodeClient;

use super::{StartError, bundle, convert, data_dir::DataDir, log, neighbours, replacement, watch};
use crate::{
    limits::{SESSION_QUEUE, START_DEADLINE, STOP_DEADLINE},
    options::Options,
    session::{About, ChatLine, Module, Page, Peer, Session, SessionError, SessionEvent, Swap, SwapTarget},
};

/// The name by which modules know the chat.
const CALLER: &str = "terminal";

/// A session on a host in this process. [`HostedSession::stop`] ends it; the data folder is free when the session
/// is dropped.
pub struct HostedSession {
    host: Arc<Host>,
    room: RoomClient,
    node: NodeClient,
    plugins: PathBuf,
    events: Mutex<mpsc::Receiver<SessionEvent>>,
    tasks: Vec<AbortHandle>,
    data_dir: DataDir,
}

impl HostedSession {
    /// Takes a data folder, starts the host, and returns when all modules are ready. Needs a tokio runtime with time.
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    pub async fn start(options: &Options) -> Result<Arc<Self>, StartError> {
        let default = default_data_dir().map(|dir| dir.join("chat"));
        let data_dir = DataDir::claim(options.data_dir.as_deref(), default.as_deref())?;
        log::start(data_dir.path()).map_err(|source| StartError::DataDir {
            path: data_dir.path().to_owned(),
            source,
        })?;
        let plugins = match &options.plugins {
            Some(folder) => std::path::absolute(folder).map_err(StartError::NoPlugins)?,
            None => bundle::default_plugins().map_err(StartError::NoPlugins)?,
        };
        let text = bundle::text(options, data_dir.path(), &plugins);
        let name = data_dir.path().join("bundle.toml");
        let bundle = Bundle::parse(&name, text.as_bytes(), data_dir.path(), None)?;
        let socket = bundle.host.socket.clone();
        let host = Arc::new(
            spawn_blocking(|| Host::start(bundle))
                .await?
                .map_err(|error| match error {
                    HostError::Plan(source) => StartError::Plan {
                        source,
                        plugins: plugins.clone(),
                    },
                    error => error.into(),
                })?,
        );
        match Self::begin(&host, options, plugins, data_dir, socket).await {
            Ok(session) => Ok(Arc::new(session)),
            Err(error) => {
                stop(host).await;
                Err(error)
            }
        }
    }

    async fn begin(
        host: &Arc<Host>,
        options: &Options,
        plugins: PathBuf,
        data_dir: DataDir,
        socket: PathBuf,
    ) -> Result<Self, StartError> {
        let waiting = Arc::clone(host);
        if !spawn_blocking(move || waiting.wait_ready(START_DEADLINE)).await? {
            return Err(StartError::NotReady(not_ready(host)));
        }
        let grants = Grants(
            ["chat.room", "waku.node"]
                .iter()
                .filter_map(|grant| grant.parse().ok())
                .collect(),
        );
        let front = host.front_end(CALLER, &grants)?;
        let (room, node) = (client::<RoomClient>(&front)?, client::<NodeClient>(&front)?);
        let (sender, events) = mpsc::channel(SESSION_QUEUE);
        let messages = watch::messages(&front, sender.clone());
        let messages = messages.map_err(|error| unusable(RoomClient::INTERFACE.id, &error))?;
        let peers = watch::peers(&front, sender.clone());
        let peers = peers.map_err(|error| unusable(NodeClient::INTERFACE.id, &error))?;
        let control = tokio::spawn(watch::serve(Arc::clone(host), socket, sender.clone())).abort_handle();
        let mut tasks = vec![
            control.clone(),
            tokio::spawn(messages).abort_handle(),
            tokio::spawn(peers).abort_handle(),
            tokio::spawn(watch::states(Arc::clone(host), control, sender.clone())).abort_handle(),
        ];
        if !options.no_local {
            let place = neighbours::Neighbours::open(&neighbours::runtime_dir(), options.cluster_id);
            tasks.push(tokio::spawn(watch::neighbours(place, node.clone(), sender.clone())).abort_handle());
        }
        let session = Self {
            host: Arc::clone(host),
            room,
            node,
            plugins,
            events: Mutex::new(events),
            tasks,
            data_dir,
        };
        let about = session
            .about()
            .await
            .map_err(|error| StartError::NotReady(error.to_string()))?;
        if let Some(address) = about.addresses.first() {
            // There is room: hardly anything has been told yet.
            let _ = sender.try_send(SessionEvent::Notice(format!("listening on {address}")));
        }
        Ok(session)
    }

    /// Stops the modules in their order, within [`STOP_DEADLINE`]. Gives what went wrong.
    pub async fn stop(&self) -> Vec<String> {
        self.tasks.iter().for_each(AbortHandle::abort);
        stop(Arc::clone(&self.host)).await
    }
}

pub(super) async fn stop(host: Arc<Host>) -> Vec<String> {
    match timeout(STOP_DEADLINE, spawn_blocking(move || host.stop())).await {
        Ok(Ok(problems)) => problems,
        Ok(Err(panic)) => vec![panic.to_string()],
        Err(_) => vec![format!("the modules did not stop within {STOP_DEADLINE:?}")],
    }
}

fn client<C: Client>(front: &FrontEnd) -> Result<C, StartError> {
    front.client().map_err(|error| unusable(C::INTERFACE.id, &error))
}

fn unusable(interface: &'static str, error: &CallError) -> StartError {
    StartError::Client {
        interface,
        reason: error.to_string(),
    }
}

/// `waku is failed (cannot listen), chat is starting`.
fn not_ready(host: &Host) -> String {
    let late = host
        .modules()
        .into_iter()
        .filter(|module| module.state.name() != "ready");
    let tell = |module: backplane_host::ModuleReport| {
        format!("{} is {} ({})", module.name, module.state.name(), module.reason)
    };
    late.map(tell).collect::<Vec<_>>().join(", ")
}

impl Session for HostedSession {
    async fn send(&self, text: &str) -> Result<ChatLine, SessionError> {
        self.room
            .send(&text.to_owned())
            .await
            .map(convert::line)
            .map_err(convert::unsent)
    }

    async fn history(&self, before: Option<&str>, limit: usize) -> Result<Page, SessionError> {
        let before = before.map(convert::cursor).transpose()?;
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let page = self.room.history(&before, &limit).await;
        page.map(convert::page).map_err(convert::refused)
    }

    async fn nick(&self) -> Result<String, SessionError> {
        self.room.nick().await.map_err(convert::refused)
    }

    async fn set_nick(&self, nick: &str) -> Result<String, SessionError> {
        self.room
            .set_nick(&nick.to_owned())
            .await
            .map_err(convert::refused)
    }

    async fn connect(&self, address: &str) -> Result<(), SessionError> {
        self.node
            .connect(&address.to_owned())
            .await
            .map(drop)
            .map_err(convert::refused)
    }

    async fn peers(&self) -> Result<Vec<Peer>, SessionError> {
        let peers = self.node.peers().await.map_err(convert::refused)?;
        Ok(peers.into_iter().filter_map(convert::peer).collect())
    }

    async fn modules(&self) -> Result<Vec<Module>, SessionError> {
        let host = Arc::clone(&self.host);
        let reports = spawn_blocking(move || host.modules()).await.map_err(panicked)?;
        Ok(convert::modules(reports))
    }

    async fn swap(&self, module: &str, target: &SwapTarget) -> Result<Swap, SessionError> {
        let (host, plugins) = (Arc::clone(&self.host), self.plugins.clone());
        let (module, target) = (module.to_owned(), target.clone());
        spawn_blocking(move || swap(&host, &plugins, &module, &target))
            .await
            .map_err(panicked)?
    }

    async fn about(&self) -> Result<About, SessionError> {
        let node = self.node.info().await.map_err(convert::refused)?;
        let room = self.room.info().await.map_err(convert::refused)?;
        let shard = node
            .shards
            .iter()
            .find(|shard| shard.pubsub_topic == room.pubsub_topic);
        Ok(About {
            peer_id: node.peer_id,
            addresses: node.listen_addresses,
            peers_in_room: shard.map_or(0, |shard| shard.peers),
            data_dir: self.data_dir.path().to_owned(),
        })
    }

    async fn next_event(&self) -> SessionEvent {
        match self.events.lock().await.recv().await {
            Some(event) => event,
            None => SessionEvent::Closed("the host has stopped".into()),
        }
    }
}

/// Blocks until the swap is done or refused.
fn swap(
    host: &Host,
    plugins: &std::path::Path,
    module: &str,
    target: &SwapTarget,
) -> Result<Swap, SessionError> {
    let refused = |error: HostError| SessionError::Refused(error.to_string());
    let running = host.module(module).map_err(refused)?;
    let file = replacement::find(&running, target, plugins)?;
    let done = host.swap(module, &file, None).map_err(refused)?;
    let now = host.module(module).map_err(refused)?;
    Ok(Swap {
        module: convert::module(now),
        from: done.from,
        generation: done.generation,
        pause_us: done.pause_us,
    })
}

fn panicked(error: tokio::task::JoinError) -> SessionError {
    SessionError::Refused(format!("internal error: {error}"))
}
