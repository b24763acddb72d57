//! The program from its start to its end.

use std::{convert::Infallible, path::Path, sync::Arc};

use backplane_descriptor::Overflow;
use backplane_host::{
    FrontEnd, Host,
    bundle::{Bundle, Grants},
    gateway::{Gateway, GatewayError, STOP_REASON, stop_wanted},
};
use backplane_sdk::Client;
use tokio::{
    task::{JoinError, JoinHandle, JoinSet, spawn_blocking},
    time::timeout,
};
use waku_api::{NodeClient, RelayClient, relay_events::Started};

use crate::{
    bundle,
    config::Config,
    error::RunError,
    limits::{START_DEADLINE, STARTED_QUEUE, STOP_DEADLINE},
    log::{Level, Log},
    servers::{Servers, served},
    signals::Signals,
    startup, topics,
};

/// The name by which modules know the program.
const CALLER: &str = "wakunode";

/// What serves the control socket.
type Serving = JoinHandle<Result<Infallible, GatewayError>>;

/// Runs the node, which calls itself by `version`, until a signal or the control socket asks it to end. Needs a tokio
/// runtime with time and IO. The modules log as `level` says, until an operator wants it otherwise; `log` follows.
///
/// # Errors
/// [`RunError`]; the modules have been stopped then, unless it is [`RunError::AtOnce`].
pub async fn run(config: Config, level: Level, log: &Log, version: &str) -> Result<(), RunError> {
    // A signal that comes before the modules have started is heard once they have.
    let mut signals = Signals::listen().map_err(RunError::Signals)?;
    let text = bundle::text(&config);
    let bundle = Bundle::parse(Path::new("wakunode"), text.as_bytes(), &config.data_dir, None)?;
    // First of all: two nodes must not touch the same data.
    let gateway = Gateway::bind(&config.socket).await.map_err(RunError::Socket)?;
    let servers = Servers::start(&config.servers, served(&config, log, version)).await?;
    let host = spawn_blocking(|| Host::start(bundle)).await?;
    let host = Arc::new(host.map_err(|source| RunError::Host {
        source,
        plugins: config.plugins.clone(),
    })?);
    host.set_log_level(level.number());
    servers.attach(&host)?;
    let served = Arc::clone(&host);
    let mut serving: Serving = tokio::spawn(async move { gateway.serve(served).await });
    let ended = live(&host, &config, &mut signals, &mut serving).await;
    servers.stop().await;
    let stopped = stop(&host, &mut signals).await;
    // Whoever is connected learns from the end of the connection that the node has ended.
    serving.abort();
    drop(serving.await);
    ended.and(stopped)
}

/// From the start of the modules until something asks them to stop.
async fn live(
    host: &Arc<Host>,
    config: &Config,
    signals: &mut Signals,
    serving: &mut Serving,
) -> Result<(), RunError> {
    let _tasks = tokio::select! {
        begun = begin(host, config) => begun?,
        signal = signals.next() => return told(signal),
    };
    tokio::select! {
        reason = stop_wanted(host) => match reason == STOP_REASON {
            true => told("the control socket"),
            false => Err(RunError::Ended(reason)),
        },
        signal = signals.next() => told(signal),
        broken = serving => Err(broken_socket(broken)),
    }
}

/// Waits until the modules are ready, and begins what the program itself does beside them. It ends with what is
/// returned.
async fn begin(host: &Arc<Host>, config: &Config) -> Result<JoinSet<()>, RunError> {
    let waiting = Arc::clone(host);
    if !spawn_blocking(move || waiting.wait_ready(START_DEADLINE)).await? {
        return Err(RunError::NotReady(not_ready(host)));
    }
    let grants = ["waku.node", "waku.relay"]
        .iter()
        .filter_map(|grant| grant.parse().ok());
    let front = host
        .front_end(CALLER, &Grants(grants.collect()))
        .map_err(uncallable)?;
    let mut tasks = JoinSet::new();
    if !config.content_topics.is_empty() {
        let started = front.subscribe::<Started>(Overflow::DropOldest, STARTED_QUEUE);
        let started = started.map_err(uncallable)?;
        tasks.spawn(topics::keep(
            client::<RelayClient>(&front)?,
            started,
            config.content_topics.clone(),
        ));
    }
    let info = client::<NodeClient>(&front)?.info().await;
    startup::tell(&info.map_err(uncallable)?);
    Ok(tasks)
}

fn client<C: Client>(front: &FrontEnd) -> Result<C, RunError> {
    front.client().map_err(uncallable)
}

fn uncallable(error: impl std::fmt::Display) -> RunError {
    RunError::Call(error.to_string())
}

/// `waku is failed (cannot listen)`.
fn not_ready(host: &Host) -> String {
    let modules = host.modules().into_iter();
    let late = modules.filter(|module| module.state.name() != "ready");
    let tell = |module: backplane_host::ModuleReport| {
        format!("{} is {} ({})", module.name, module.state.name(), module.reason)
    };
    late.map(tell).collect::<Vec<_>>().join(", ")
}

/// Says who asked the node to stop, which is no error.
fn told(who: &str) -> Result<(), RunError> {
    tracing::info!("Shutting down after receiving {who}");
    Ok(())
}

/// Why the control socket is served no more.
fn broken_socket(ended: Result<Result<Infallible, GatewayError>, JoinError>) -> RunError {
    match ended {
        Ok(Ok(never)) => match never {},
        Ok(Err(error)) => RunError::Broken(error.to_string()),
        Err(error) => RunError::Broken(error.to_string()),
    }
}

/// Stops the modules, dependents first.
async fn stop(host: &Arc<Host>, signals: &mut Signals) -> Result<(), RunError> {
    let host = Arc::clone(host);
    let stopping = timeout(STOP_DEADLINE, spawn_blocking(move || host.stop()));
    let problems = tokio::select! {
        stopped = stopping => match stopped {
            Ok(problems) => problems?,
            Err(_) => vec![format!("it took more than {STOP_DEADLINE:?}")],
        },
        _ = signals.next() => return Err(RunError::AtOnce),
    };
    match problems.is_empty() {
        true => Ok(()),
        false => Err(RunError::Stop(problems.join("; "))),
    }
}
