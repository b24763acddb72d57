//! The loop between terminal, state and session.

use std::{
    collections::VecDeque,
    io::{self, IsTerminal},
    pin::pin,
    sync::Arc,
};

use crossterm::event::{Event as TerminalEvent, EventStream};
use futures_util::{Stream, StreamExt};
use jiff::tz::TimeZone;
use ratatui::{Terminal, backend::Backend, backend::CrosstermBackend};
use tokio::{task::JoinError, time::Instant};

use crate::{
    app::App,
    event::{Effect, Event},
    limits::FRAME,
    options::Options,
    session::{Session, SessionEvent},
    terminal::Screen,
    view,
    worker::Worker,
};

/// Why the chat ended other than by the person's wish.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// Input or output is a file or a pipe.
    #[error("the chat needs a terminal, but standard {0} is none")]
    NoTerminal(&'static str),
    /// The terminal failed.
    #[error("terminal: {0}")]
    Terminal(#[from] io::Error),
    /// The process could not listen for signals.
    #[error("signals: {0}")]
    Signals(#[source] io::Error),
    /// A task of the chat panicked.
    #[error("internal error: {0}")]
    Task(#[from] JoinError),
}

/// Runs the chat until the person leaves or the process is told to end. Needs a tokio runtime with time and IO.
/// The session stays the caller's, who ends it.
///
/// # Errors
/// [`RunError`]; the terminal has been given back.
pub async fn run<S: Session>(session: Arc<S>, options: &Options) -> Result<(), RunError> {
    check_terminal()?;
    let told_to_end = told_to_end()?;
    let _screen = Screen::take()?;
    let terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
    let app = App::new(TimeZone::system());
    drive(terminal, session, EventStream::new(), told_to_end, app, options).await
}

/// Whether there is a terminal to chat on.
///
/// # Errors
/// [`RunError::NoTerminal`].
pub fn check_terminal() -> Result<(), RunError> {
    if !io::stdin().is_terminal() {
        return Err(RunError::NoTerminal("input"));
    }
    if !io::stdout().is_terminal() {
        return Err(RunError::NoTerminal("output"));
    }
    Ok(())
}

/// The loop itself, on any terminal.
pub(crate) async fn drive<B, S, I>(
    mut terminal: Terminal<B>,
    session: Arc<S>,
    mut input: I,
    told_to_end: impl Future<Output = ()>,
    mut app: App,
    options: &Options,
) -> Result<(), RunError>
where
    B: Backend<Error: Send + Sync + 'static>,
    S: Session,
    I: Stream<Item = io::Result<TerminalEvent>> + Unpin,
{
    let (mut worker, mut outcomes) = Worker::new(Arc::clone(&session));
    let mut told_to_end = pin!(told_to_end);
    let mut session_open = true;
    let mut frame = Instant::now();
    let mut drawn = false;

    let size = terminal.size().map_err(io::Error::other)?;
    app.handle(Event::Resize(size.width, size.height));
    let mut effects = app.start(options);
    while !app.leaving {
        begin(&mut worker, &mut app, effects);
        effects = tokio::select! {
            () = tokio::time::sleep_until(frame), if !drawn => {
                terminal.draw(|frame| view::draw(frame, &app)).map_err(io::Error::other)?;
                frame = Instant::now() + FRAME;
                drawn = true;
                Vec::new()
            }
            event = input.next() => {
                drawn = false;
                match event {
                    Some(event) => terminal_event(event?).map_or_else(Vec::new, |event| app.handle(event)),
                    None => break,
                }
            }
            event = session.next_event(), if session_open => {
                drawn = false;
                session_open = !matches!(event, SessionEvent::Closed(_));
                app.handle(Event::Session(event))
            }
            Some(outcome) = outcomes.recv() => {
                drawn = false;
                app.handle(Event::Done(outcome))
            }
            ended = worker.watch() => {
                ended?;
                Vec::new()
            }
            () = &mut told_to_end => break,
        };
    }
    worker.finish(outcomes).await;
    Ok(())
}

/// Begins effects; those for which there is no room end at once, which may call for more.
fn begin<S: Session>(worker: &mut Worker<S>, app: &mut App, effects: Vec<Effect>) {
    let mut effects = VecDeque::from(effects);
    while let Some(effect) = effects.pop_front() {
        if let Some(refusal) = worker.begin(effect) {
            effects.extend(app.handle(Event::Done(refusal)));
        }
    }
}

fn terminal_event(event: TerminalEvent) -> Option<Event> {
    match event {
        TerminalEvent::Key(key) => Some(Event::Key(key)),
        TerminalEvent::Paste(text) => Some(Event::Paste(text)),
        TerminalEvent::Resize(width, height) => Some(Event::Resize(width, height)),
        TerminalEvent::FocusGained | TerminalEvent::FocusLost | TerminalEvent::Mouse(_) => None,
    }
}

/// Ready once the process is asked to end from outside. It listens from the moment that this returns: a signal
/// before the first poll would otherwise end the process with the terminal in raw mode.
///
/// # Errors
/// [`RunError::Signals`].
pub fn told_to_end() -> Result<impl Future<Output = ()>, RunError> {
    signals().map_err(RunError::Signals)
}

#[cfg(unix)]
fn signals() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

#[cfg(windows)]
fn signals() -> io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut close) = (
        tokio::signal::windows::ctrl_c()?,
        tokio::signal::windows::ctrl_close()?,
    );
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = close.recv() => {}
        }
    })
}
