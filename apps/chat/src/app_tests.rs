//! The state machine, key by key.

use clap::Parser;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use jiff::tz::TimeZone;

use crate::{
    App, ChatLine, Effect, Event, Options, Outcome, Page, Peer, SessionError, SessionEvent, SwapTarget,
    fakes::{line, module, page, swap},
    limits::MAX_INPUT_BYTES,
};

fn app() -> App {
    let mut app = App::new(TimeZone::UTC);
    app.handle(Event::Resize(60, 6));
    app
}

fn press(app: &mut App, code: KeyCode) -> Vec<Effect> {
    app.handle(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

fn enter(app: &mut App, text: &str) -> Vec<Effect> {
    for c in text.chars() {
        assert_eq!(press(app, KeyCode::Char(c)), []);
    }
    press(app, KeyCode::Enter)
}

fn rows(app: &App) -> Vec<&str> {
    app.transcript
        .window()
        .into_iter()
        .map(|(_, _, row)| row)
        .collect()
}

fn last(app: &App) -> &str {
    rows(app).last().copied().unwrap_or_default()
}

fn options(arguments: &[&str]) -> Options {
    Options::try_parse_from([&["backplane-chat"], arguments].concat()).unwrap()
}

fn refused(reason: &str) -> SessionError {
    SessionError::Refused(reason.into())
}

#[test]
fn it_begins_with_what_the_options_say() {
    let load = Effect::LoadHistory {
        before: None,
        limit: 50,
    };
    let status = [Effect::Modules { show: false }, Effect::Peers { show: false }];
    assert_eq!(
        app().start(&options(&[])),
        [&[Effect::LoadNick, load.clone()], &status[..]].concat()
    );

    let effects = app().start(&options(&["--nick", "bob", "--connect", "/ip4/1.2.3.4/tcp/5"]));
    let connect = [Effect::Connect("/ip4/1.2.3.4/tcp/5".into())];
    assert_eq!(
        effects,
        [&[Effect::SetNick("bob".into()), load], &status[..], &connect].concat()
    );
}

#[test]
fn text_is_sent_and_shown_once_it_is_stored() {
    let mut app = app();
    assert_eq!(enter(&mut app, "hello"), [Effect::Send("hello".into())]);
    assert_eq!(app.input.text(), "");
    assert_eq!(rows(&app), [""]);
    let sent = ChatLine {
        outgoing: true,
        ..line("9", "me", "hello")
    };
    app.handle(Event::Done(Outcome::Sent(Ok(sent.clone()))));
    app.handle(Event::Session(SessionEvent::Message(sent)));
    assert_eq!(rows(&app), ["", "<Jan 01, 00:00> me: hello"]);
}

#[test]
fn a_message_that_did_not_leave_says_so() {
    let mut app = app();
    let unsent = ChatLine {
        outgoing: true,
        published: false,
        ..line("9", "me", "hello")
    };
    let error = SessionError::Unsent {
        line: Box::new(unsent),
        reason: "no peers".into(),
    };
    app.handle(Event::Done(Outcome::Sent(Err(error))));
    assert_eq!(
        rows(&app),
        ["", "<Jan 01, 00:00> me: hello (not sent)", "! not sent: no peers"]
    );
}

#[test]
fn commands_become_effects() {
    let mut app = app();
    assert_eq!(enter(&mut app, "/nick bob"), [Effect::SetNick("bob".into())]);
    assert_eq!(enter(&mut app, "/peers"), [Effect::Peers { show: true }]);
    assert_eq!(enter(&mut app, "/modules"), [Effect::Modules { show: true }]);
    assert_eq!(
        enter(&mut app, "/connect /ip4/1.2.3.4/tcp/5"),
        [Effect::Connect("/ip4/1.2.3.4/tcp/5".into())]
    );
    assert_eq!(last(&app), "* connecting to /ip4/1.2.3.4/tcp/5");
    let target = SwapTarget::Version("0.2.0".into());
    assert_eq!(
        enter(&mut app, "/swap chat 0.2.0"),
        [Effect::Swap {
            module: "chat".into(),
            target
        }]
    );
    assert_eq!(enter(&mut app, "   "), []);
}

#[test]
fn a_wrong_command_is_answered_in_the_list() {
    let mut app = app();
    assert_eq!(enter(&mut app, "/swpa chat"), []);
    assert_eq!(last(&app), "! unknown command /swpa; the nearest is /swap");
    assert_eq!(enter(&mut app, "/history 1000"), []);
    assert_eq!(last(&app), "! /history takes a number from 1 to 200, not 1000");
}

#[test]
fn leaving_takes_exit_or_control_c_or_control_d_on_an_empty_line() {
    let control = |c| Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL));
    let mut by_command = app();
    enter(&mut by_command, "/exit");
    let mut by_interrupt = app();
    by_interrupt.handle(control('c'));
    let mut by_end = app();
    press(&mut by_end, KeyCode::Char('x'));
    by_end.handle(control('d'));
    assert!(!by_end.leaving);
    press(&mut by_end, KeyCode::Backspace);
    by_end.handle(control('d'));
    assert!(by_command.leaving && by_interrupt.leaving && by_end.leaving);
}

#[test]
fn a_key_that_is_let_go_does_nothing() {
    let mut app = app();
    let released = KeyEvent::new_with_kind(KeyCode::Char('x'), KeyModifiers::NONE, KeyEventKind::Release);
    assert_eq!(app.handle(Event::Key(released)), []);
    assert_eq!(app.input.text(), "");
}

#[test]
fn scrolling_to_the_top_loads_older_messages_once() {
    let mut app = app();
    app.start(&options(&[]));
    let newest: Vec<String> = (10..20).map(|n| n.to_string()).collect();
    let newest: Vec<&str> = newest.iter().map(|n| &**n).collect();
    app.handle(Event::Done(Outcome::History(Ok(page(&newest, Some("10"))))));
    assert_eq!(press(&mut app, KeyCode::PageUp), []);
    assert_eq!(press(&mut app, KeyCode::PageUp), []);
    let load = [Effect::LoadHistory {
        before: Some("10".into()),
        limit: 50,
    }];
    assert_eq!(press(&mut app, KeyCode::PageUp), load);
    assert_eq!(rows(&app)[0], "─ loading older messages ─");
    assert_eq!(press(&mut app, KeyCode::PageUp), [], "one page at a time");
    app.handle(Event::Done(Outcome::History(Ok(page(&["8", "9"], None)))));
    assert_eq!(rows(&app)[0], "<Jan 01, 00:00> a: text 9");
    assert_eq!(press(&mut app, KeyCode::PageUp), []);
    assert_eq!(
        rows(&app)[..2],
        ["─ the history begins here ─", "<Jan 01, 00:00> a: text 8"]
    );
    press(&mut app, KeyCode::Esc);
    assert_eq!(rows(&app)[2], "<Jan 01, 00:00> a: text 19");
}

#[test]
fn history_goes_up_to_what_it_loaded_and_knows_the_end() {
    let mut app = app();
    app.start(&options(&[]));
    assert_eq!(enter(&mut app, "/history"), []);
    assert_eq!(last(&app), "* older messages are being loaded");
    app.handle(Event::Done(Outcome::History(Ok(page(&["5", "6"], Some("5"))))));
    assert_eq!(
        enter(&mut app, "/history 3"),
        [Effect::LoadHistory {
            before: Some("5".into()),
            limit: 3
        }]
    );
    app.handle(Event::Done(Outcome::History(Ok(page(&["2", "3", "4"], None)))));
    assert_eq!(rows(&app)[1], "<Jan 01, 00:00> a: text 2");
    assert_eq!(enter(&mut app, "/history"), []);
    assert_eq!(last(&app), "* the list holds the whole history");
}

#[test]
fn a_page_that_failed_is_told_and_can_be_asked_for_again() {
    let mut app = app();
    app.start(&options(&[]));
    app.handle(Event::Done(Outcome::History(Err(refused("disk is gone")))));
    assert_eq!(last(&app), "! /history: disk is gone");
    assert_eq!(
        press(&mut app, KeyCode::PageUp),
        [Effect::LoadHistory {
            before: None,
            limit: 50
        }]
    );
    app.handle(Event::Done(Outcome::History(Ok(Page::default()))));
    assert_eq!(rows(&app)[0], "─ the history begins here ─");
}

#[test]
fn outcomes_are_told() {
    let mut app = app();
    let mut tell = |outcome| {
        let effects = app.handle(Event::Done(outcome));
        (last(&app).to_owned(), effects)
    };
    let told = |text: &str| (text.to_owned(), Vec::new());
    assert_eq!(
        tell(Outcome::NickSet(Ok("bob".into()))),
        told("* you are bob now")
    );
    assert_eq!(
        tell(Outcome::NickSet(Err(refused("nick is empty")))),
        told("! /nick: nick is empty")
    );
    assert_eq!(
        tell(Outcome::Connected("/a/b".into(), Ok(()))),
        told("* connected to /a/b")
    );
    assert_eq!(
        tell(Outcome::Connected(
            "/a/b".into(),
            Err(SessionError::Timeout { seconds: 30 })
        )),
        told("! /connect /a/b: no answer within 30 s")
    );
    assert_eq!(
        tell(Outcome::Swapped(
            "chat".into(),
            Ok(swap("chat", "0.1.0", "0.2.0"))
        )),
        (
            "* chat is 0.2.0 now, after 0.1.0; callers waited 0.41 ms".into(),
            vec![Effect::Modules { show: false }]
        )
    );
    assert_eq!(
        tell(Outcome::Swapped("chat".into(), Err(refused("no such version")))),
        told("! /swap chat: no such version")
    );
    let peer = Peer {
        id: "16Uiu2HAm1".into(),
        address: "/ip4/127.0.0.1/tcp/1".into(),
    };
    assert_eq!(
        tell(Outcome::Peers(true, Ok(vec![peer]))),
        told("* 16Uiu2HAm1 at /ip4/127.0.0.1/tcp/1")
    );
    assert_eq!(
        tell(Outcome::Modules(true, Ok(vec![module("waku", "0.1.0")]))),
        told("* waku       0.1.0      ready")
    );
    assert_eq!(
        (app.nick.as_str(), app.peers, app.modules.len()),
        ("bob", Some(1), 1)
    );
}

#[test]
fn a_nickname_refused_at_the_start_leaves_the_kept_one() {
    let mut app = app();
    app.start(&options(&["--nick", "x"]));
    assert_eq!(
        app.handle(Event::Done(Outcome::NickSet(Err(refused("no"))))),
        [Effect::LoadNick]
    );
    app.handle(Event::Done(Outcome::NickLoaded(Ok("alice".into()))));
    assert_eq!(app.nick, "alice");
}

#[test]
fn the_session_speaks() {
    let mut app = app();
    app.handle(Event::Session(SessionEvent::Peers(4)));
    app.handle(Event::Session(SessionEvent::Modules(vec![module(
        "chat", "0.3.0",
    )])));
    app.handle(Event::Session(SessionEvent::Notice("waku restarts".into())));
    assert_eq!(last(&app), "* waku restarts");
    app.handle(Event::Session(SessionEvent::Closed("the host stopped".into())));
    assert_eq!(last(&app), "! the session is over: the host stopped");
    assert_eq!((app.peers, &*app.modules[0].version), (Some(4), "0.3.0"));
}

#[test]
fn a_paste_that_does_not_fit_is_refused_with_the_limit() {
    let mut app = app();
    app.handle(Event::Paste("x".repeat(MAX_INPUT_BYTES + 1)));
    assert_eq!(
        (last(&app), app.input.text()),
        ("! a message may have 32768 bytes at most", "")
    );
}
