//! What must hold after the conversation.

use std::{collections::HashMap, fmt};

use super::child::Child;
use crate::session::ChatLine;

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    Lost { text: String, place: String },
    Twice { text: String, place: String },
    Unknown { text: String, place: String },
    Unpublished { text: String, place: String },
    Differs(String),
}

impl Problem {
    pub(super) fn is_lost(&self) -> bool {
        matches!(self, Self::Lost { .. })
    }

    pub(super) fn is_duplicate(&self) -> bool {
        matches!(self, Self::Twice { .. })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { text, place } => write!(f, "{text:?} is missing {place}"),
            Self::Twice { text, place } => write!(f, "{text:?} is there more than once {place}"),
            Self::Unknown { text, place } => write!(f, "{text:?}, which nobody sent, is there {place}"),
            Self::Unpublished { text, place } => write!(f, "{text:?} was not published {place}"),
            Self::Differs(what) => f.write_str(what),
        }
    }
}

/// The text of a message; each is sent once.
pub(super) fn text(sender: &str, number: u32) -> String {
    format!("message {number} of {sender}")
}

/// Each has heard every message of the other, once.
pub(super) fn heard(alice: &Child, bob: &Child, count: u32) -> Vec<Problem> {
    let mut problems = once("in what alice heard", &alice.heard(), &[("bob", count)]);
    problems.extend(once("in what bob heard", &bob.heard(), &[("alice", count)]));
    problems
}

/// A history holds every message of both, once.
pub(super) fn kept(host: &str, history: &[ChatLine], count: u32) -> Vec<Problem> {
    let place = format!("in the history of {host}");
    let mut problems = once(&place, history, &[("alice", count), ("bob", count)]);
    let unpublished = history.iter().filter(|line| !line.published);
    problems.extend(unpublished.map(|line| Problem::Unpublished {
        text: line.text.clone(),
        place: place.clone(),
    }));
    problems
}

/// Both histories have the same messages in the same order.
pub(super) fn same(alice: &[ChatLine], bob: &[ChatLine]) -> Option<Problem> {
    let places =
        |history: &[ChatLine]| -> Vec<String> { history.iter().map(|line| line.cursor.clone()).collect() };
    (places(alice) != places(bob)).then(|| Problem::Differs("the two histories differ in their order".into()))
}

/// A restart leaves the history as it was.
pub(super) fn unchanged(before: &[ChatLine], after: &[ChatLine]) -> Option<Problem> {
    (before != after).then(|| Problem::Differs("the history of bob differs after the restart".into()))
}

/// What was sent after the restart has come, and nothing else.
pub(super) fn welcome(bob: &Child, sent: &ChatLine) -> Option<Problem> {
    let heard: Vec<String> = bob.heard().into_iter().map(|line| line.text).collect();
    (heard != [sent.text.clone()]).then(|| Problem::Differs(format!("after the restart bob heard {heard:?}")))
}

fn once(place: &str, lines: &[ChatLine], senders: &[(&str, u32)]) -> Vec<Problem> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for line in lines {
        *counts.entry(&line.text).or_default() += 1;
    }
    let place = place.to_owned();
    let mut problems = Vec::new();
    let sent = senders
        .iter()
        .flat_map(|(sender, count)| (0..*count).map(move |number| text(sender, number)));
    for text in sent {
        match counts.remove(&*text) {
            Some(1) => {}
            None => problems.push(Problem::Lost {
                text,
                place: place.clone(),
            }),
            Some(_) => problems.push(Problem::Twice {
                text,
                place: place.clone(),
            }),
        }
    }
    problems.extend(counts.into_keys().map(|text| Problem::Unknown {
        text: text.to_owned(),
        place: place.clone(),
    }));
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::line;

    fn history(texts: &[&str]) -> Vec<ChatLine> {
        texts.iter().map(|text| line(text, "alice", text)).collect()
    }

    #[test]
    fn each_message_must_be_there_once_and_no_other() {
        let told = |texts: &[&str]| -> Vec<String> {
            let problems = once("here", &history(texts), &[("alice", 2)]);
            problems.iter().map(ToString::to_string).collect()
        };
        let (first, second) = ("message 0 of alice", "message 1 of alice");
        assert!(told(&[second, first]).is_empty());
        assert_eq!(told(&[first]), [r#""message 1 of alice" is missing here"#]);
        assert_eq!(
            told(&[first, second, first]),
            [r#""message 0 of alice" is there more than once here"#]
        );
        assert_eq!(
            told(&[first, second, "x"]),
            [r#""x", which nobody sent, is there here"#]
        );
    }

    #[test]
    fn an_unpublished_message_and_another_order_are_problems() {
        let mut lines = history(&["message 0 of alice", "message 0 of bob"]);
        assert!(kept("alice", &lines, 1).is_empty());
        assert_eq!(same(&lines, &lines), None);
        let turned: Vec<ChatLine> = lines.iter().rev().cloned().collect();
        assert!(same(&lines, &turned).is_some() && unchanged(&lines, &turned).is_some());
        lines[0].published = false;
        assert_eq!(
            kept("alice", &lines, 1)[0].to_string(),
            r#""message 0 of alice" was not published in the history of alice"#
        );
    }
}
