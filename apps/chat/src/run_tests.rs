//! The loop, with keys from a test, a screen in memory and a session in memory.

use std::{future, io, sync::Arc, time::Duration};

use clap::Parser;
use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent, KeyModifiers};
use futures_util::stream;
use jiff::tz::TimeZone;
use ratatui::{
    Terminal,
    backend::{Backend, ClearType, TestBackend, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::timeout,
};

use crate::{
    App, Options, RunError, SessionEvent,
    fakes::{FakeSession, line},
    run::drive,
    view_tests::lines,
};

/// A screen in memory that shows each finished frame to the test.
struct Shown {
    inner: Terminal<TestBackend>,
    frames: watch::Sender<Vec<String>>,
}

type Answer<T> = Result<T, std::convert::Infallible>;

impl Backend for Shown {
    type Error = std::convert::Infallible;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> Answer<()> {
        self.inner.backend_mut().draw(content)
    }
    fn hide_cursor(&mut self) -> Answer<()> {
        self.inner.backend_mut().hide_cursor()
    }
    fn show_cursor(&mut self) -> Answer<()> {
        self.inner.backend_mut().show_cursor()
    }
    fn get_cursor_position(&mut self) -> Answer<Position> {
        self.inner.backend_mut().get_cursor_position()
    }
    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Answer<()> {
        self.inner.backend_mut().set_cursor_position(position)
    }
    fn clear(&mut self) -> Answer<()> {
        self.inner.backend_mut().clear()
    }
    fn clear_region(&mut self, clear_type: ClearType) -> Answer<()> {
        self.inner.backend_mut().clear_region(clear_type)
    }
    fn size(&self) -> Answer<Size> {
        self.inner.backend().size()
    }
    fn window_size(&mut self) -> Answer<WindowSize> {
        self.inner.backend_mut().window_size()
    }
    fn flush(&mut self) -> Answer<()> {
        self.frames.send_replace(lines(&self.inner));
        Ok(())
    }
}

/// A chat that runs beside the test.
struct Chat {
    session: Arc<FakeSession>,
    events: mpsc::Sender<SessionEvent>,
    keys: mpsc::UnboundedSender<io::Result<TerminalEvent>>,
    frames: watch::Receiver<Vec<String>>,
    ended: JoinHandle<Result<(), RunError>>,
}

impl Chat {
    fn start(stored: usize, arguments: &[&str]) -> Self {
        let (session, events) = FakeSession::new(stored);
        let (keys, typed) = mpsc::unbounded_channel();
        let (sender, frames) = watch::channel(Vec::new());
        let inner = Terminal::new(TestBackend::new(80, 12)).unwrap();
        let terminal = Terminal::new(Shown {
            inner,
            frames: sender,
        })
        .unwrap();
        let options = Options::try_parse_from([&["backplane-chat"], arguments].concat()).unwrap();
        let input = stream::unfold(typed, |mut typed| async {
            typed.recv().await.map(|event| (event, typed))
        });
        let running = Arc::clone(&session);
        let ended = tokio::spawn(async move {
            drive(
                terminal,
                running,
                Box::pin(input),
                future::pending(),
                App::new(TimeZone::UTC),
                &options,
            )
            .await
        });
        Self {
            session,
            events,
            keys,
            frames,
            ended,
        }
    }

    fn press(&self, code: KeyCode) {
        self.keys
            .send(Ok(TerminalEvent::Key(KeyEvent::new(code, KeyModifiers::NONE))))
            .unwrap();
    }

    fn enter(&self, text: &str) {
        text.chars().for_each(|c| self.press(KeyCode::Char(c)));
        self.press(KeyCode::Enter);
    }

    /// Waits until a row of the screen is this.
    async fn sees(&mut self, row: &str) {
        let seen = self.frames.wait_for(|rows| rows.iter().any(|shown| shown == row));
        if timeout(Duration::from_secs(10), seen).await.is_err() {
            panic!("{row:?} is missing in {:#?}", *self.frames.borrow());
        }
    }

    async fn end(self) -> Result<(), RunError> {
        timeout(Duration::from_secs(10), self.ended)
            .await
            .expect("the chat ends")
            .unwrap()
    }
}

#[tokio::test]
async fn a_conversation_from_start_to_exit() {
    let mut chat = Chat::start(3, &["--connect", "/ip4/127.0.0.1/tcp/1"]);
    chat.sees(" waku 0.1.0 · chat 0.1.0 · storage 0.1.0 · 1 peer · alice")
        .await;
    chat.sees("<Jan 01, 00:00> a: text 3").await;
    chat.sees("* connected to /ip4/127.0.0.1/tcp/1").await;
    chat.enter("hello");
    chat.sees("<Jan 01, 00:00> alice: hello").await;
    chat.events
        .send(SessionEvent::Message(line("x", "bob", "hi alice")))
        .await
        .unwrap();
    chat.sees("<Jan 01, 00:00> bob: hi alice").await;
    chat.enter("/nick anna");
    chat.sees("* you are anna now").await;
    chat.enter("/swap chat 0.2.0");
    chat.sees(" waku 0.1.0 · chat 0.2.0 · storage 0.1.0 · 1 peer · anna")
        .await;
    chat.enter("/exit");
    chat.end().await.unwrap();
}

#[tokio::test]
async fn errors_are_shown_and_the_chat_goes_on() {
    let mut chat = Chat::start(0, &["--nick", "a nickname that is longer than allowed"]);
    chat.sees("! /nick: nick is too long").await;
    chat.enter("/swap chat");
    chat.sees("! /swap chat: no newer version").await;
    chat.enter("unsendable");
    chat.sees("<Jan 01, 00:00> alice: unsendable (not sent)").await;
    chat.sees("! not sent: no peers").await;
    chat.events
        .send(SessionEvent::Closed("the host stopped".into()))
        .await
        .unwrap();
    chat.sees("! the session is over: the host stopped").await;
    chat.enter("still here");
    chat.sees("<Jan 01, 00:00> alice: still here").await;
}

#[tokio::test]
async fn scrolling_up_loads_the_whole_history() {
    let mut chat = Chat::start(120, &[]);
    chat.sees("<Jan 01, 00:00> a: text 120").await;
    while !chat
        .frames
        .borrow_and_update()
        .iter()
        .any(|row| row == "─ the history begins here ─")
    {
        chat.press(KeyCode::PageUp);
        timeout(Duration::from_secs(10), chat.frames.changed())
            .await
            .expect("the screen moves")
            .unwrap();
    }
    chat.sees("<Jan 01, 00:00> a: text 1").await;
}

#[tokio::test]
async fn what_was_entered_before_leaving_is_sent_in_order() {
    let chat = Chat::start(0, &[]);
    ["slow", "two", "three", "/exit"]
        .iter()
        .for_each(|line| chat.enter(line));
    let session = Arc::clone(&chat.session);
    chat.end().await.unwrap();
    assert_eq!(*session.sent.lock().unwrap(), ["slow", "two", "three"]);
}

#[tokio::test]
async fn a_panic_in_a_task_ends_the_chat_with_an_error() {
    let chat = Chat::start(0, &[]);
    chat.enter("panic");
    let error = chat.end().await.unwrap_err();
    assert!(matches!(error, RunError::Task(_)), "{error}");
}

#[tokio::test]
async fn a_terminal_that_fails_ends_the_chat_with_its_error() {
    let chat = Chat::start(0, &[]);
    chat.keys.send(Err(io::Error::other("gone"))).unwrap();
    assert_eq!(chat.end().await.unwrap_err().to_string(), "terminal: gone");
    let closed = Chat::start(0, &[]);
    let Chat { keys, ended, .. } = closed;
    drop(keys);
    timeout(Duration::from_secs(10), ended)
        .await
        .expect("the chat ends")
        .unwrap()
        .unwrap();
}
