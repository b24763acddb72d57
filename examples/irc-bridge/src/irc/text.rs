//! Text on its way into a line of IRC and out of one.

use crate::limits::{MAX_LINES, MAX_NICK_CHARS, MAX_TEXT_BYTES};

/// What `text` of `nick` becomes: one line or some, none longer than may be written.
pub(crate) fn to_irc(nick: &str, text: &str) -> Vec<String> {
    let nick: String = plain(nick).chars().take(MAX_NICK_CHARS).collect();
    let start = format!("<{nick}> ");
    let room = MAX_TEXT_BYTES - start.len();
    let mut lines = Vec::new();
    for line in text.lines() {
        let line = plain(line);
        let mut rest = line.trim();
        while !rest.is_empty() {
            if lines.len() == MAX_LINES {
                if let Some(last) = lines.last_mut() {
                    *last += "…";
                }
                return lines;
            }
            let (head, tail) = rest.split_at(rest.floor_char_boundary(room));
            lines.push(format!("{start}{head}"));
            rest = tail;
        }
    }
    lines
}

/// What somebody said in a channel, as people read it: without colours and the like. None if it is not for people.
pub(crate) fn from_irc(text: &str) -> Option<(bool, String)> {
    let (acts, text) = match text.strip_prefix('\u{1}') {
        Some(request) => (true, request.strip_prefix("ACTION ")?.trim_end_matches('\u{1}')),
        None => (false, text),
    };
    let text = plain(&uncoloured(text)).trim().to_owned();
    (!text.is_empty()).then_some((acts, text))
}

/// Without control characters; a tab becomes a blank.
fn plain(text: &str) -> String {
    let blank = |each: char| if each == '\t' { ' ' } else { each };
    text.chars()
        .map(blank)
        .filter(|each| !each.is_control())
        .collect()
}

/// Without the numbers that follow the sign for a colour.
fn uncoloured(text: &str) -> String {
    let mut parts = text.split('\u{3}');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let behind = number(part);
        out += match behind.strip_prefix(',') {
            Some(second) if behind.len() < part.len() && number(second).len() < second.len() => {
                number(second)
            }
            _ => behind,
        };
    }
    out
}

/// What follows a number of up to two digits.
fn number(text: &str) -> &str {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    &text[digits..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_the_chat_says_can_become_a_command() {
        assert_eq!(
            to_irc("a\r\nb", "one\r\nQUIT :two\0"),
            ["<ab> one", "<ab> QUIT :two"]
        );
        assert!(to_irc("ada", " \n\u{1} ").is_empty());
    }

    #[test]
    fn long_texts_become_few_lines_and_no_character_is_cut() {
        let lines = to_irc("ada", &"ü".repeat(2000));
        assert_eq!(lines.len(), MAX_LINES);
        assert!(lines.iter().all(|line| line.len() <= MAX_TEXT_BYTES + "…".len()));
        assert!(lines[MAX_LINES - 1].ends_with("ü…"));
        let long = to_irc(&"🦀".repeat(1000), &"ü".repeat(200));
        assert!(long.iter().all(|line| line.len() <= MAX_TEXT_BYTES), "{long:?}");
    }

    #[test]
    fn colours_and_requests_are_not_for_people() {
        assert_eq!(
            from_irc("\u{3}4,12red\u{3} \u{2}bold\u{2}"),
            Some((false, "red bold".into()))
        );
        assert_eq!(from_irc("\u{3},5 is kept"), Some((false, ",5 is kept".into())));
        assert_eq!(from_irc("\u{1}ACTION waves\u{1}"), Some((true, "waves".into())));
        assert_eq!(from_irc("\u{1}VERSION\u{1}"), None);
        assert_eq!(from_irc(" \u{2} "), None);
    }
}
