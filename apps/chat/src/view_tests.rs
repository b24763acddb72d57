//! What a person sees.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use ratatui::{
    Terminal,
    backend::TestBackend,
    style::{Color, Modifier},
};

use crate::{
    App, ChatLine, Event, Module, Outcome, SessionEvent,
    fakes::{line, module, page},
    view,
};

fn screen(app: &mut App, width: u16, height: u16) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    app.handle(Event::Resize(width, height));
    terminal.draw(|frame| view::draw(frame, app)).unwrap();
    terminal
}

pub(crate) fn lines(terminal: &Terminal<TestBackend>) -> Vec<String> {
    let buffer = terminal.backend().buffer();
    let row = |y| {
        (0..buffer.area.width)
            .map(|x| buffer[(x, y)].symbol())
            .collect::<String>()
            .trim_end()
            .to_owned()
    };
    (0..buffer.area.height).map(row).collect()
}

fn conversation() -> App {
    let mut app = App::new(TimeZone::UTC);
    let bob = ChatLine {
        sent_at: 1633024800,
        ..line("1", "bob", "anybody there?")
    };
    let me = ChatLine {
        sent_at: 1633024860,
        outgoing: true,
        ..line("2", "alice", "yes, and this one is long")
    };
    app.handle(Event::Session(SessionEvent::Message(bob)));
    app.handle(Event::Session(SessionEvent::Message(me)));
    app.handle(Event::Session(SessionEvent::Notice("carol joined".into())));
    let storage = Module {
        state: "draining".into(),
        ..module("storage", "0.1.2")
    };
    let modules = vec![module("waku", "0.1.0"), module("chat", "0.1.0"), storage];
    app.handle(Event::Session(SessionEvent::Modules(modules)));
    app.handle(Event::Session(SessionEvent::Peers(3)));
    app.handle(Event::Done(Outcome::NickLoaded(Ok("alice".into()))));
    app
}

#[test]
fn a_conversation() {
    let mut app = conversation();
    "hi bob".chars().for_each(|c| {
        app.handle(Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
    });
    let mut terminal = screen(&mut app, 72, 8);
    assert_eq!(
        lines(&terminal),
        [
            "",
            "",
            "",
            "<Sep 30, 18:00> bob: anybody there?",
            "<Sep 30, 18:01> alice: yes, and this one is long",
            "* carol joined",
            " waku 0.1.0 · chat 0.1.0 · storage 0.1.2 (draining) · 3 peers · alice",
            ">> hi bob",
        ]
    );
    assert_eq!(terminal.get_cursor_position().unwrap(), (9, 7).into());
}

#[test]
fn time_is_faint_and_nicknames_tell_who_is_who() {
    let terminal = screen(&mut conversation(), 72, 8);
    let cell = |x, y| terminal.backend().buffer()[(x, y)].clone();
    assert_eq!(cell(0, 3).fg, Color::DarkGray);
    assert_eq!(
        (cell(16, 3).symbol().to_owned(), cell(16, 3).fg),
        ("b".into(), Color::Cyan)
    );
    assert_eq!(
        (cell(16, 4).symbol().to_owned(), cell(16, 4).fg),
        ("a".into(), Color::Green)
    );
    assert!(cell(16, 4).modifier.contains(Modifier::BOLD));
    assert_eq!(cell(22, 4).fg, Color::Reset);
    assert_eq!(cell(0, 5).fg, Color::Blue);
    assert!(cell(70, 6).modifier.contains(Modifier::REVERSED));
}

#[test]
fn a_narrow_window_wraps() {
    let terminal = screen(&mut conversation(), 24, 9);
    assert_eq!(
        lines(&terminal),
        [
            "",
            "<Sep 30, 18:00> bob:",
            "  anybody there?",
            "<Sep 30, 18:01> alice:",
            "  yes, and this one is",
            "  long",
            "* carol joined",
            " waku 0.1.0 · chat 0.1.0",
            ">>",
        ]
    );
}

#[test]
fn news_below_the_window_are_counted() {
    let mut app = App::new(TimeZone::UTC);
    app.handle(Event::Done(Outcome::History(Ok(page(&["1", "2", "3"], None)))));
    app.handle(Event::Session(SessionEvent::Peers(0)));
    screen(&mut app, 40, 4);
    app.handle(Event::Key(KeyEvent::new(KeyCode::PageUp, KeyModifiers::NONE)));
    app.handle(Event::Session(SessionEvent::Message(line("4", "b", "news"))));
    let shown = [
        "<Jan 01, 00:00> a: text 1",
        "<Jan 01, 00:00> a: text 2",
        " no peers                   1 new below",
        ">>",
    ];
    assert_eq!(lines(&screen(&mut app, 40, 4)), shown);
}

#[test]
fn no_window_is_too_small_to_draw() {
    for (width, height) in [(1, 1), (1, 3), (3, 2), (200, 1), (9, 9)] {
        let shown = lines(&screen(&mut conversation(), width, height));
        assert_eq!(shown.len(), usize::from(height));
    }
}

#[test]
fn wide_characters_keep_their_place() {
    let mut app = App::new(TimeZone::UTC);
    app.handle(Event::Session(SessionEvent::Message(line(
        "1",
        "太郎",
        "こんにちは",
    ))));
    app.handle(Event::Paste("日本".into()));
    let mut terminal = screen(&mut app, 40, 4);
    let shown: Vec<String> = lines(&terminal).iter().map(|row| row.replace(' ', "")).collect();
    assert_eq!(shown, ["", "<Jan01,00:00>太郎:こんにちは", "", ">>日本"]);
    assert_eq!(terminal.get_cursor_position().unwrap(), (7, 3).into());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_others_write_stays_in_its_cells(
        said in prop::collection::vec(("\\PC{0,12}|.{0,12}", "(.|\n|\t|\x1b|\u{202e}){0,80}", any::<i64>()), 0..12),
        width in 1_u16..60, height in 1_u16..12, up in 0_usize..40,
    ) {
        let mut app = App::new(TimeZone::UTC);
        for (n, (nick, text, sent_at)) in said.iter().enumerate() {
            let message = ChatLine { sent_at: *sent_at, ..line(&n.to_string(), nick, text) };
            app.handle(Event::Session(SessionEvent::Message(message)));
        }
        screen(&mut app, width, height);
        app.transcript.up(up);
        let terminal = screen(&mut app, width, height);
        for cell in terminal.backend().buffer().content() {
            let acts = cell.symbol().contains(|c: char| c.is_control() || c == '\u{202e}');
            prop_assert!(!acts, "{:?}", cell.symbol());
        }
        prop_assert!(app.transcript.window().len() <= usize::from(height.saturating_sub(App::CHROME)));
    }
}
