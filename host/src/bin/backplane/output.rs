//! What is written for people: plain tables, times, and text that cannot steer a terminal.

use crate::exit::Failure;
use serde_json::Value as Json;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

/// The gap between columns.
const GAP: &str = "  ";

/// Writes text to the output, and all of it; a line break follows if it has none. A terminal gets no other control
/// characters.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.is_terminal() {
        true => out.write_all(tame(text).as_bytes())?,
        false => out.write_all(text.as_bytes())?,
    }
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

/// Writes JSON as one line.
pub(crate) fn print_json(json: &Json) -> Result<(), Failure> {
    print(&json.to_string())
}

/// A table whose columns are as wide as what stands in them. `>` before a heading aligns its column to the right.
pub(crate) fn table<const N: usize>(heads: [&str; N], rows: &[[String; N]]) -> String {
    let right = heads.map(|head| head.starts_with('>'));
    let heads = heads.map(|head| head.trim_start_matches('>').to_owned());
    let rows: Vec<[String; N]> = std::iter::once(heads)
        .chain(rows.iter().map(|row| row.clone().map(|cell| printable(&cell))))
        .collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            // Writing to a string cannot fail.
            let _ = match right[column] {
                true => write!(line, "{cell:>width$}{GAP}"),
                false => write!(line, "{cell:<width$}{GAP}"),
            };
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

/// Names and values below each other.
pub(crate) fn fields(fields: &[(&str, String)]) -> String {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, value): &(&str, String)| format!("{name:<width$}{GAP}{}", printable(value));
    let lines: Vec<String> = fields
        .iter()
        .map(|field| line(field).trim_end().to_owned())
        .collect();
    lines.join("\n") + "\n"
}

/// The text of a value; empty if it is not there.
pub(crate) fn text(json: &Json, key: &str) -> String {
    match &json[key] {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A list of texts, joined.
pub(crate) fn list(json: &Json, key: &str) -> String {
    let items = json[key].as_array().into_iter().flatten();
    items.filter_map(Json::as_str).collect::<Vec<_>>().join(", ")
}

/// How long something has lasted, in its two largest units.
pub(crate) fn lasted(ms: u64) -> String {
    let s = ms / 1000;
    match s {
        0..60 => format!("{s}s"),
        60..3600 => format!("{}m{:02}s", s / 60, s % 60),
        3600..86_400 => format!("{}h{:02}m", s / 3600, s % 3600 / 60),
        _ => format!("{}d{:02}h", s / 86_400, s % 86_400 / 3600),
    }
}

/// Microseconds for people.
pub(crate) fn micros(us: u64) -> String {
    match us {
        0..1000 => format!("{us} µs"),
        1000..1_000_000 => format!("{:.1} ms", Duration::from_micros(us).as_secs_f64() * 1e3),
        _ => format!("{:.1} s", Duration::from_micros(us).as_secs_f64()),
    }
}

/// The time of day in UTC, of milliseconds since the Unix epoch.
pub(crate) fn time_of_day(ms: u64) -> String {
    let s = ms / 1000;
    format!(
        "{:02}:{:02}:{:02}.{:03}Z",
        s / 3600 % 24,
        s / 60 % 60,
        s % 60,
        ms % 1000
    )
}

/// `text` on one line, with its control characters escaped: it may come from a stranger.
pub(crate) fn printable(text: &str) -> String {
    escape(text, char::is_control)
}

/// `text` with its line breaks and tabs alone.
fn tame(text: &str) -> String {
    escape(text, |each| each.is_control() && !matches!(each, '\n' | '\t'))
}

fn escape(text: &str, is_bad: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for each in text.chars() {
        match is_bad(each) {
            true => out.extend(each.escape_default()),
            false => out.push(each),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let rows = [
            ["a".to_owned(), "1".to_owned()],
            ["long\u{1b}".to_owned(), "23".to_owned()],
        ];
        assert_eq!(
            table(["NAME", ">N"], &rows),
            "NAME         N\na            1\nlong\\u{1b}  23\n"
        );
        assert_eq!(
            fields(&[("name", "x".to_owned()), ("a", String::new())]),
            "name  x\na\n"
        );
    }

    #[test]
    fn text_cannot_steer_a_terminal() {
        assert_eq!(tame("a\n\tb\u{1b}[2J\u{9b}"), "a\n\tb\\u{1b}[2J\\u{9b}");
        assert_eq!(printable("a\nb"), "a\\nb");
    }

    #[test]
    fn times_have_their_two_largest_units() {
        for (ms, expected) in [
            (999, "0s"),
            (61_000, "1m01s"),
            (3_660_000, "1h01m"),
            (90_000_000, "1d01h"),
        ] {
            assert_eq!(lasted(ms), expected);
        }
        assert_eq!(time_of_day(86_400_000 + 3_723_004), "01:02:03.004Z");
        assert_eq!(
            (micros(7), micros(1500)),
            ("7 µs".to_owned(), "1.5 ms".to_owned())
        );
    }
}
