//! The state of the chat: events in, state changes and effects out. No IO, no clock.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use jiff::tz::TimeZone;

use crate::{
    command::{self, Line},
    event::{Effect, Event, Outcome},
    input::InputLine,
    limits::{HISTORY_PAGE, MAX_INPUT_BYTES},
    options::Options,
    session::{Module, Page, Peer, SessionError, SessionEvent, Swap},
    transcript::{Older, Transcript},
};

/// Everything the screen shows.
#[derive(Debug)]
pub struct App {
    /// Messages and notices.
    pub transcript: Transcript,
    /// The line being typed.
    pub input: InputLine,
    /// The modules, in the order to show.
    pub modules: Vec<Module>,
    /// Connected peers; `None` until known.
    pub peers: Option<usize>,
    /// Our nickname; empty until known.
    pub nick: String,
    /// The person wants to leave.
    pub leaving: bool,
    /// The person asked for older messages: go to the top when they come.
    jump: bool,
}

impl App {
    /// Rows that the status bar and the input line take.
    pub const CHROME: u16 = 2;

    /// A chat with nothing in it that shows times in this zone.
    pub fn new(zone: TimeZone) -> Self {
        Self {
            transcript: Transcript::new(zone),
            input: InputLine::default(),
            modules: Vec::new(),
            peers: None,
            nick: String::new(),
            leaving: false,
            jump: false,
        }
    }

    /// What to do first.
    pub fn start(&mut self, options: &Options) -> Vec<Effect> {
        self.transcript
            .notice("Welcome. /help lists the commands, anything else is sent.");
        let mut effects = vec![match &options.nick {
            Some(nick) => Effect::SetNick(nick.clone()),
            None => Effect::LoadNick,
        }];
        effects.extend(self.load_older(HISTORY_PAGE));
        effects.extend([Effect::Modules { show: false }, Effect::Peers { show: false }]);
        effects.extend(options.connect.iter().cloned().map(Effect::Connect));
        effects
    }

    /// Takes in what happened and tells what to do.
    pub fn handle(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
            Event::Key(key) => self.key(key),
            Event::Paste(text) => {
                let fits = self.input.insert(&text);
                self.tell_if_full(fits);
                Vec::new()
            }
            Event::Resize(width, height) => {
                self.transcript
                    .resize(width.into(), height.saturating_sub(Self::CHROME).into());
                Vec::new()
            }
            Event::Session(event) => {
                self.session(event);
                Vec::new()
            }
            Event::Done(outcome) => self.done(outcome),
        }
    }

    fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let page = self.transcript.height().saturating_sub(1).max(1);
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let moved = !key.modifiers.is_empty();
        match key.code {
            KeyCode::Char('c') if ctrl => self.leaving = true,
            KeyCode::Char('d') if ctrl && self.input.text().is_empty() => self.leaving = true,
            KeyCode::Enter => return self.enter(),
            KeyCode::PageUp => return self.up(page),
            KeyCode::Up if moved => return self.up(1),
            KeyCode::PageDown => self.transcript.down(page),
            KeyCode::Down if moved => self.transcript.down(1),
            KeyCode::Esc => self.transcript.down(usize::MAX),
            _ => {
                let fits = self.input.key(key).unwrap_or(true);
                self.tell_if_full(fits);
            }
        }
        Vec::new()
    }

    fn enter(&mut self) -> Vec<Effect> {
        let line = self.input.enter();
        self.transcript.down(usize::MAX);
        match command::parse(&line) {
            Ok(None) => Vec::new(),
            Ok(Some(line)) => self.obey(line),
            Err(error) => {
                self.transcript.error(error.to_string());
                Vec::new()
            }
        }
    }

    fn obey(&mut self, line: Line) -> Vec<Effect> {
        vec![match line {
            Line::Say(text) => Effect::Send(text),
            Line::Nick(nick) => Effect::SetNick(nick),
            Line::Connect(address) => {
                self.transcript.notice(format!("connecting to {address}"));
                Effect::Connect(address)
            }
            Line::Swap { module, target } => {
                self.transcript.notice(format!("swapping {module}"));
                Effect::Swap { module, target }
            }
            Line::Peers => Effect::Peers { show: true },
            Line::Modules => Effect::Modules { show: true },
            Line::Exit => {
                self.leaving = true;
                return Vec::new();
            }
            Line::Help => {
                command::help()
                    .into_iter()
                    .for_each(|line| self.transcript.notice(line));
                return Vec::new();
            }
            Line::History(limit) => return self.history(limit),
        }]
    }

    fn history(&mut self, limit: usize) -> Vec<Effect> {
        let reason = match self.transcript.older() {
            _ if self.transcript.is_full() => "the list is full, older messages stay in the history",
            Older::Start => "the list holds the whole history",
            Older::Loading => "older messages are being loaded",
            Older::Unknown | Older::At(_) => {
                self.jump = true;
                return self.load_older(limit);
            }
        };
        self.transcript.notice(reason);
        Vec::new()
    }

    fn up(&mut self, rows: usize) -> Vec<Effect> {
        if self.transcript.up(rows) {
            self.load_older(HISTORY_PAGE)
        } else {
            Vec::new()
        }
    }

    fn load_older(&mut self, limit: usize) -> Vec<Effect> {
        let effect = |before| Effect::LoadHistory { before, limit };
        self.transcript.start_loading().map(effect).into_iter().collect()
    }

    fn session(&mut self, event: SessionEvent) {
        match event {
            SessionEvent::Message(line) => self.transcript.message(line),
            SessionEvent::Peers(count) => self.peers = Some(count),
            SessionEvent::Modules(modules) => self.modules = modules,
            SessionEvent::Notice(text) => self.transcript.notice(text),
            SessionEvent::Closed(reason) => self.transcript.error(format!("the session is over: {reason}")),
        }
    }

    fn done(&mut self, outcome: Outcome) -> Vec<Effect> {
        match outcome {
            Outcome::Sent(Ok(line)) => self.transcript.message(line),
            Outcome::Sent(Err(error)) => self.not_sent(error),
            Outcome::NickLoaded(Ok(nick)) => self.nick = nick,
            Outcome::NickLoaded(Err(error)) => self.failed("nickname", &error),
            Outcome::NickSet(Ok(nick)) => {
                self.transcript.notice(format!("you are {nick} now"));
                self.nick = nick;
            }
            Outcome::NickSet(Err(error)) => {
                self.failed("/nick", &error);
                return if self.nick.is_empty() {
                    vec![Effect::LoadNick]
                } else {
                    Vec::new()
                };
            }
            Outcome::Connected(address, Ok(())) => self.transcript.notice(format!("connected to {address}")),
            Outcome::Connected(address, Err(error)) => self.failed(&format!("/connect {address}"), &error),
            Outcome::History(page) => self.page(page),
            Outcome::Peers(show, Ok(peers)) => self.list_peers(show, &peers),
            Outcome::Peers(_, Err(error)) => self.failed("/peers", &error),
            Outcome::Modules(show, Ok(modules)) => self.list_modules(show, modules),
            Outcome::Modules(_, Err(error)) => self.failed("/modules", &error),
            Outcome::Swapped(_, Ok(swap)) => {
                self.transcript.notice(swapped(&swap));
                return vec![Effect::Modules { show: false }];
            }
            Outcome::Swapped(module, Err(error)) => self.failed(&format!("/swap {module}"), &error),
        }
        Vec::new()
    }

    fn not_sent(&mut self, error: SessionError) {
        let text = error.to_string();
        if let SessionError::Unsent { line, .. } = error {
            self.transcript.message(*line);
        }
        self.transcript.error(text);
    }

    fn page(&mut self, page: Result<Page, SessionError>) {
        let jump = std::mem::take(&mut self.jump);
        match page {
            Ok(page) => {
                self.transcript.prepend(page);
                if jump {
                    self.transcript.up(usize::MAX);
                }
            }
            Err(error) => {
                self.transcript.loading_failed();
                self.failed("/history", &error);
            }
        }
    }

    fn list_peers(&mut self, show: bool, peers: &[Peer]) {
        // What the session tells on its own may be newer than the answer to the first question.
        if show || self.peers.is_none() {
            self.peers = Some(peers.len());
        }
        if show {
            self.transcript.notice(count_peers(peers.len()));
            peers
                .iter()
                .for_each(|peer| self.transcript.notice(format!("{} at {}", peer.id, peer.address)));
        }
    }

    fn list_modules(&mut self, show: bool, modules: Vec<Module>) {
        if show {
            for Module { name, version, state } in &modules {
                self.transcript
                    .notice(format!("{name:<10} {version:<10} {state}"));
            }
        }
        self.modules = modules;
    }

    fn failed(&mut self, what: &str, error: &SessionError) {
        self.transcript.error(format!("{what}: {error}"));
    }

    fn tell_if_full(&mut self, fits: bool) {
        if !fits {
            self.transcript
                .error(format!("a message may have {MAX_INPUT_BYTES} bytes at most"));
        }
    }
}

/// `no peers`, `1 peer`, `2 peers`.
pub fn count_peers(count: usize) -> String {
    match count {
        0 => "no peers".into(),
        1 => "1 peer".into(),
        count => format!("{count} peers"),
    }
}

/// `chat is 0.2.0 now, after 0.1.0; callers waited 0.41 ms`.
fn swapped(swap: &Swap) -> String {
    let Module { name, version, .. } = &swap.module;
    let before = match swap.from == *version {
        true => format!("generation {} of the same version", swap.generation),
        false => format!("after {}", swap.from),
    };
    let pause = swap.pause_us as f64 / 1000.0;
    format!("{name} is {version} now, {before}; callers waited {pause:.2} ms")
}
