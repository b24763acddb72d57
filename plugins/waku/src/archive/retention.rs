//! What an archive removes, and when.

use std::time::Duration;

use crate::limits::RETENTION_TIME;

/// The bounds of an archive. Whatever exceeds one of them goes, the oldest messages first; by default what is older
/// than two days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How long messages stay, counted from their timestamps.
    pub time: Option<Duration>,
    /// How many messages stay.
    pub capacity: Option<u64>,
    /// How many bytes of the archive's file may be in use.
    pub size: Option<u64>,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            time: Some(RETENTION_TIME),
            ..Self::NONE
        }
    }
}

/// A text that is no retention policy. The texts are those of the deployed nodes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetentionError {
    /// Not of the form `NAME:NUMBER`.
    #[error("invalid 'store message retention policy' format: {0}")]
    Format(String),
    /// A name that is none of `time`, `capacity` and `size`.
    #[error("unknown retention policy")]
    Unknown,
    /// No number of seconds.
    #[error("invalid time retention policy argument")]
    Time,
    /// No number of messages.
    #[error("invalid capacity retention policy argument")]
    Capacity,
    /// No number of bytes.
    #[error("invalid size retention policy argument: {0}")]
    Size(&'static str),
    /// A unit that is neither of the two; carries it.
    #[error("invalid size retention value unit: expected \"Mb\" or \"Gb\" but got {0}")]
    Unit(String),
}

impl Retention {
    /// Nothing is ever removed.
    pub const NONE: Self = Self {
        time: None,
        capacity: None,
        size: None,
    };

    /// Reads policies as deployed nodes have them: `time:SECONDS`, `capacity:NUMBER`, `size:NUMBERmb` or `…gb`, several
    /// of them with `;` between. `none` and the empty text remove nothing; of two policies of a kind the last counts.
    ///
    /// # Errors
    /// [`RetentionError`].
    pub fn parse(text: &str) -> Result<Self, RetentionError> {
        let mut all = Self::NONE;
        for policy in text.to_lowercase().split(';').map(str::trim) {
            if matches!(policy, "" | "none") {
                continue;
            }
            let format = || RetentionError::Format(policy.to_owned());
            let (name, argument) = policy.split_once(':').ok_or_else(format)?;
            if !is_word(name) || !is_quantity(argument) {
                return Err(format());
            }
            match name {
                "time" => all.time = Some(seconds(argument)?),
                "capacity" => all.capacity = Some(argument.parse().map_err(|_| RetentionError::Capacity)?),
                "size" => all.size = Some(bytes(argument)?),
                _ => return Err(RetentionError::Unknown),
            }
        }
        Ok(all)
    }

    /// Messages from before this time go.
    pub(super) fn oldest(&self, now: i64) -> Option<i64> {
        let time = i64::try_from(self.time?.as_nanos()).unwrap_or(i64::MAX);
        Some(now.saturating_sub(time))
    }
}

fn is_word(text: &str) -> bool {
    let in_word = |it: char| it.is_ascii_alphanumeric() || it == '_';
    !text.is_empty() && text.chars().all(in_word)
}

/// Digits, perhaps with a point among them, and perhaps a unit behind.
fn is_quantity(text: &str) -> bool {
    let bare = text.strip_suffix("mb").or_else(|| text.strip_suffix("gb"));
    let number = bare.unwrap_or(text);
    let plain = |it: char| it.is_ascii_digit() || it == '.';
    number.ends_with(|it: char| it.is_ascii_digit())
        && number.chars().all(plain)
        && number.matches('.').count() <= 1
}

fn seconds(text: &str) -> Result<Duration, RetentionError> {
    text.parse()
        .map(Duration::from_secs)
        .map_err(|_| RetentionError::Time)
}

fn bytes(text: &str) -> Result<u64, RetentionError> {
    let (number, unit) = text.split_at(text.len().saturating_sub(2));
    let factor = match unit {
        "mb" => 1024.0 * 1024.0,
        "gb" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err(RetentionError::Unit(unit.to_owned())),
    };
    let number: f64 = number.parse().map_err(|_| RetentionError::Size("not a number"))?;
    match (number * factor) as u64 {
        0 => Err(RetentionError::Size("a non-zero value is required")),
        bytes => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn policies_are_read_and_combined() {
        let time = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(Retention::parse("time:172800"), Ok(Retention::default()));
        for none in ["", "none", "NONE", " ; "] {
            assert_eq!(Retention::parse(none), Ok(Retention::NONE), "{none:?}");
        }
        let all = Retention {
            time: time(60),
            capacity: Some(500),
            size: Some(1_610_612_736),
        };
        assert_eq!(Retention::parse("time:60; capacity:500; size:1.5GB"), Ok(all));
        assert_eq!(Retention::parse("size:30mb").unwrap().size, Some(31_457_280));
    }

    #[test]
    fn faults_have_the_texts_of_deployed_nodes() {
        for (text, fault) in [
            ("time", "invalid 'store message retention policy' format: time"),
            (
                "time:x",
                "invalid 'store message retention policy' format: time:x",
            ),
            (
                "time:-1",
                "invalid 'store message retention policy' format: time:-1",
            ),
            (
                "size:5b",
                "invalid 'store message retention policy' format: size:5b",
            ),
            ("age:5", "unknown retention policy"),
            ("time:1.5", "invalid time retention policy argument"),
            ("capacity:3gb", "invalid capacity retention policy argument"),
            (
                "size:100",
                "invalid size retention value unit: expected \"Mb\" or \"Gb\" but got 00",
            ),
            (
                "size:0mb",
                "invalid size retention policy argument: a non-zero value is required",
            ),
        ] {
            assert_eq!(Retention::parse(text).unwrap_err().to_string(), fault);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(time|capacity|size)?:?[0-9.a-zß]{0,12}") {
            let _ = Retention::parse(&text);
        }
    }
}
