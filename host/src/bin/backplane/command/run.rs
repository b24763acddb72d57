//! `backplane run`

use crate::args::Global;
use crate::bundle::{self, absolute};
use crate::exit::{Exit, Failure};
use backplane_host::bundle::Bundle;
use backplane_host::gateway::{Gateway, GatewayError, stop_wanted};
use backplane_host::plan::PlanError;
use backplane_host::{Host, HostError};
use clap::ValueEnum;
use std::convert::Infallible;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinError;
use tracing_subscriber::filter::LevelFilter;

/// Run a host with the modules of a bundle
///
/// Without --bundle, ./bundle.toml is taken if there is one; else the default bundle: waku, storage, chat and
/// wallet, from --plugins or beside the program. Ctrl-C or SIGTERM stops the modules, dependents first, each
/// within its time; a second one ends the program at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane run
  backplane run --bundle bundle.toml --log debug
  backplane run --plugins target/release --data-dir /tmp/second --socket /tmp/second/host.sock")]
pub(crate) struct Run {
    /// The bundle file
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    bundle: Option<PathBuf>,
    /// Where modules keep their data, instead of what the bundle says
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    data_dir: Option<PathBuf>,
    /// A folder with plugin files, looked into before those of the bundle; may be there several times
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    plugins: Vec<PathBuf>,
    /// How much to log, to the error output
    #[arg(long, value_name = "LEVEL", default_value = "info", env = "BACKPLANE_LOG")]
    log: Level,
}

/// The levels of the log.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// What asks the program to end.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Run {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let bundle = self.bundle(global)?;
        log_to_stderr(self.log);
        let mut signals = Signals::listen()?;
        // First of all: two hosts must not touch the same data.
        let gateway = Arc::new(Gateway::bind(&bundle.host.socket).await?);
        let (host, early) = start(bundle, self.log as u32, &mut signals).await?;
        let host = Arc::new(host);
        tracing::info!("the host listens at {}", gateway.socket().display());
        let (socket, served) = (Arc::clone(&gateway), Arc::clone(&host));
        let mut serving = tokio::spawn(async move { socket.serve(served).await });
        let reason = match early {
            Some(signal) => signal.to_owned(),
            None => tokio::select! {
                reason = stop_wanted(&host) => reason,
                signal = signals.next() => signal.to_owned(),
                ended = &mut serving => return Err(broken(ended)),
            },
        };
        tracing::info!("the host stops: {reason}");
        let stopped = stop(&host, &mut signals).await;
        // Whoever is connected learns from the end of the connection that the host has ended.
        serving.abort();
        drop(serving.await);
        let asked = !host.stop_is_failure();
        stopped.and_then(|()| match asked {
            true => Ok(()),
            false => Err(Failure::failed(format!("the host stopped: {reason}"))),
        })
    }

    /// The bundle with what the command line says instead.
    fn bundle(&self, global: &Global) -> Result<Bundle, Failure> {
        let mut bundle = bundle::read(self.bundle.as_deref(), self.data_dir.as_deref())?;
        if let Some(socket) = &global.socket {
            bundle.host.socket = absolute(socket)?;
        }
        for folder in self.plugins.iter().rev() {
            bundle.host.plugins.insert(0, plugin_folder(folder)?);
        }
        Ok(bundle)
    }
}

fn plugin_folder(folder: &Path) -> Result<PathBuf, Failure> {
    match folder.is_dir() {
        true => absolute(folder),
        false => Err(Failure::usage(format!(
            "--plugins {}: there is no such folder",
            folder.display()
        ))),
    }
}

fn log_to_stderr(level: Level) {
    let level = match level {
        Level::Off => LevelFilter::OFF,
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}

impl Signals {
    /// Why the host stops, of each signal.
    const NAMES: [&'static str; 2] = ["Ctrl-C", "SIGTERM"];

    fn listen() -> Result<Self, Failure> {
        let listen =
            |kind| signal(kind).map_err(|error| Failure::failed(format!("signals cannot be heard: {error}")));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => Self::NAMES[0],
            _ = self.terminate.recv() => Self::NAMES[1],
        }
    }
}

fn at_once() -> Failure {
    Failure::Because(
        Exit::Interrupted,
        "ended at once; the modules were not stopped".to_owned(),
    )
}

/// Why the control socket is served no more.
fn broken(ended: Result<Result<Infallible, GatewayError>, JoinError>) -> Failure {
    match ended {
        Ok(Err(error)) => error.into(),
        Err(error) => Failure::failed(format!("the control socket broke: {error}")),
    }
}

/// Starts the host. A signal meanwhile is handed on: what has started by then is to be stopped in its order.
async fn start(
    bundle: Bundle,
    level: u32,
    signals: &mut Signals,
) -> Result<(Host, Option<&'static str>), Failure> {
    let folders = bundle.host.plugins.clone();
    let mut starting = tokio::task::spawn_blocking(move || Host::start(bundle));
    let mut early = None;
    let started = loop {
        tokio::select! {
            started = &mut starting => break started,
            signal = signals.next() => match early {
                None => early = Some(signal),
                Some(_) => return Err(at_once()),
            },
        }
    };
    let host = started
        .map_err(|_| Failure::failed("the host panicked while it started"))?
        .map_err(|error| not_started(error, &folders))?;
    host.set_log_level(level);
    Ok((host, early))
}

/// A plugin that was not found lies in another folder, most likely.
fn not_started(error: HostError, folders: &[PathBuf]) -> Failure {
    if !matches!(error, HostError::Plan(PlanError::NoPlugin { .. })) {
        return error.into();
    }
    let looked: Vec<String> = folders
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    Failure::failed(format!(
        "{error}; looked in {}; build the plugins, or name their folder with --plugins",
        looked.join(", ")
    ))
}

/// Stops the modules, each within the time that the host gives it.
async fn stop(host: &Arc<Host>, signals: &mut Signals) -> Result<(), Failure> {
    let host = Arc::clone(host);
    let stopping = tokio::task::spawn_blocking(move || host.stop());
    let problems = tokio::select! {
        stopped = stopping => stopped.map_err(|_| Failure::failed("the host panicked while it stopped"))?,
        _ = signals.next() => return Err(at_once()),
    };
    match problems.is_empty() {
        true => Ok(()),
        false => Err(Failure::failed(problems.join("; "))),
    }
}
