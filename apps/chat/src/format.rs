//! How a message looks in one line of text.

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    limits::{MAX_SHOWN_BYTES, MAX_SHOWN_NICK},
    session::ChatLine,
};

/// `<Mon dd, HH:MM> nick: text`, in the given time zone.
pub fn message(line: &ChatLine, zone: &TimeZone) -> String {
    let time = time(line.sent_at, zone);
    let text = shorten(&clean(&line.text));
    let unsent = if line.outgoing && !line.published {
        " (not sent)"
    } else {
        ""
    };
    if line.raw {
        return format!("{time} [raw] {text}{unsent}");
    }
    let nick: String = clean(&line.nick)
        .replace('\n', " ")
        .chars()
        .take(MAX_SHOWN_NICK)
        .collect();
    format!("{time} {nick}: {text}{unsent}")
}

/// Length of what [`time`] returns, in bytes.
pub const TIME_LEN: usize = "<Mon dd, HH:MM>".len();

/// `<Mon dd, HH:MM>`; dashes when the calendar has no such second.
pub fn time(unix_seconds: i64, zone: &TimeZone) -> String {
    match Timestamp::from_second(unix_seconds) {
        Ok(stamp) => stamp
            .to_zoned(zone.clone())
            .strftime("<%b %d, %H:%M>")
            .to_string(),
        Err(_) => "<--- --, --:-->".to_owned(),
    }
}

/// Takes from foreign text what would act on the terminal or turn its order around. Line breaks stay.
pub fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\t', "    ");
    text.chars()
        .map(|c| {
            if c != '\n' && (c.is_control() || is_bidi_control(c)) {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn shorten(text: &str) -> String {
    if text.len() <= MAX_SHOWN_BYTES {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MAX_SHOWN_BYTES);
    format!("{}… ({} more bytes)", &text[..end], text.len() - end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::line;

    fn utc(line: &ChatLine) -> String {
        message(line, &TimeZone::UTC)
    }

    #[test]
    fn a_line_is_time_nick_and_text() {
        let hi = ChatLine {
            sent_at: 1633024800,
            ..line("1", "alice", "hi")
        };
        assert_eq!(utc(&hi), "<Sep 30, 18:00> alice: hi");
        let zone = TimeZone::fixed(jiff::tz::offset(9));
        assert_eq!(message(&hi, &zone), "<Oct 01, 03:00> alice: hi");
    }

    #[test]
    fn raw_and_unsent_messages_say_so() {
        let raw = ChatLine {
            raw: true,
            ..line("1", "", "plain")
        };
        assert_eq!(utc(&raw), "<Jan 01, 00:00> [raw] plain");
        let unsent = ChatLine {
            outgoing: true,
            published: false,
            ..line("1", "me", "hi")
        };
        assert_eq!(utc(&unsent), "<Jan 01, 00:00> me: hi (not sent)");
    }

    #[test]
    fn foreign_text_cannot_steer_the_terminal() {
        let evil = line("1", "a\x1b[31m\nb", "x\x1b[2J\u{202e}y\tz\r\nw");
        assert_eq!(
            utc(&evil),
            "<Jan 01, 00:00> a\u{fffd}[31m b: x\u{fffd}[2J\u{fffd}y    z\nw"
        );
    }

    #[test]
    fn times_and_texts_beyond_reason_are_shown_all_the_same() {
        assert_eq!(
            utc(&ChatLine {
                sent_at: i64::MAX,
                ..line("1", "a", "x")
            }),
            "<--- --, --:--> a: x"
        );
        let long = utc(&line("1", "a", &"é".repeat(5000)));
        assert!(
            long.ends_with("é… (1808 more bytes)"),
            "{}",
            &long[long.len() - 40..]
        );
        assert_eq!(
            utc(&line("1", &"n".repeat(99), "x")).len(),
            "<Jan 01, 00:00> : x".len() + 32
        );
    }
}
