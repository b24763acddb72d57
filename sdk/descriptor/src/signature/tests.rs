use super::*;
use crate::example;

#[test]
fn a_method_reads_as_one_line() {
    let interface = example::interface();
    assert_eq!(
        method(&interface.methods[0]),
        "send(to: text, reply_to: option<bytes32> = null) -> bytes32 !chat_error"
    );
    assert_eq!(method(&interface.methods[1]), "clear()");
    assert_eq!(event(&interface.events[0]), "message(message) retained");
}

#[test]
fn an_interface_shows_each_named_type_once() {
    let mut shown = example::interface();
    shown.events.push(shown.events[0].clone());
    shown.events[1].name = "edited".to_owned();
    let expected = "\
chat.room 1.2.0
Rooms.

methods
  0 send(to: text, reply_to: option<bytes32> = null) -> bytes32 !chat_error  [5000 ms]
    Sends a message.
    reply_to: What it answers.
  1 clear()  [100 ms, inline]

events
  0 message(message) retained
  1 edited(message) retained

types
  enum chat_error
    too_long  — More than 4 KiB.
    closed
  record message
    A \"quoted\" line,
    and a tab\\t.
    id: bytes32
    at: u64 = 7  — Milliseconds since 1970.
    body: body
  union body
    text(text)
    nothing
";
    assert_eq!(interface(&shown), expected);
}

#[test]
fn a_name_cannot_steer_the_terminal() {
    let mut shown = example::interface();
    shown.docs = "red \u{1b}[31m".to_owned();
    shown.methods[0].name = "a\u{1b}]0;b\u{7}\r".to_owned();
    let text = interface(&shown);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    assert!(text.contains("red \\u{1b}[31m"), "{text}");
}
