//! The log: lines on the standard output, in the forms of wakunode2.
//!
//! As text, `INF 2026-01-31T12:00:00.000000Z Listening on    topics="…" full="…"`; as JSON, an object a line with `lvl`,
//! `ts`, `msg`, `topics` and the fields.

use std::{fmt, io, str::FromStr};

use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Registry,
    filter::LevelFilter,
    fmt::{
        self as lines, FmtContext, FormatEvent, FormatFields,
        format::Writer,
        time::{FormatTime as _, SystemTime},
    },
    layer::SubscriberExt as _,
    registry::LookupSpan,
    reload,
    util::SubscriberInitExt as _,
};

/// Columns of the message, before the fields.
const MESSAGE_WIDTH: usize = 44;

/// How much is logged, in the words of wakunode2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Everything.
    Trace,
    /// What helps to find a fault.
    Debug,
    /// What happens.
    Info,
    /// What asks for attention.
    Warn,
    /// What failed.
    Error,
}

/// In which form it is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text.to_ascii_uppercase().as_str() {
            "TRACE" => Self::Trace,
            "DEBUG" => Self::Debug,
            "INFO" => Self::Info,
            "NOTICE" | "WARN" => Self::Warn,
            "ERROR" | "FATAL" => Self::Error,
            _ => return Err(()),
        })
    }
}

impl Level {
    /// The level as the host counts them: 1 (error) to 5 (trace).
    pub fn number(self) -> u32 {
        match self {
            Self::Error => 1,
            Self::Warn => 2,
            Self::Info => 3,
            Self::Debug => 4,
            Self::Trace => 5,
        }
    }

    fn filter(self) -> LevelFilter {
        match self {
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }
}

/// The log of the process, which can be made to say more or less. Clones are the same.
#[derive(Clone)]
pub struct Log {
    filter: reload::Handle<LevelFilter, Registry>,
}

impl Log {
    /// Sends what the process logs to the standard output.
    ///
    /// # Errors
    /// There is a log already.
    pub fn start(level: Level, format: Format) -> io::Result<Self> {
        let (filter, handle) = reload::Layer::new(level.filter());
        tracing_subscriber::registry()
            .with(filter)
            .with(lines::layer().event_format(format))
            .try_init()
            .map_err(io::Error::other)?;
        Ok(Self { filter: handle })
    }

    /// Logs so much from now on.
    pub fn set_level(&self, level: Level) {
        if let Err(error) = self.filter.reload(level.filter()) {
            tracing::error!(%error, "the level of the log does not change");
        }
    }
}

impl<S, N> FormatEvent<S, N> for Format
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let mut line = Line::default();
        event.record(&mut line);
        line.flatten();
        let level = short(*event.metadata().level());
        let topics = event.metadata().target();
        match self {
            Self::Text => line.write_text(&mut writer, level, &time, topics),
            Self::Json => line.write_json(&mut writer, level, &time, topics),
        }
    }
}

fn short(level: tracing::Level) -> &'static str {
    match level {
        tracing::Level::TRACE => "TRC",
        tracing::Level::DEBUG => "DBG",
        tracing::Level::INFO => "INF",
        tracing::Level::WARN => "WRN",
        tracing::Level::ERROR => "ERR",
    }
}

/// The message and the fields of a line.
#[derive(Default)]
struct Line {
    message: String,
    fields: Map<String, Value>,
}

impl Line {
    /// A module's own fields come in one text.
    fn flatten(&mut self) {
        if let Some(Value::String(text)) = self.fields.remove("fields")
            && let Ok(fields) = serde_json::from_str::<Map<String, Value>>(&text)
        {
            self.fields.extend(fields);
        }
    }

    fn write_text(&self, writer: &mut Writer<'_>, level: &str, time: &str, topics: &str) -> fmt::Result {
        let message = in_one_line(&self.message);
        write!(
            writer,
            "{level} {time} {message:<MESSAGE_WIDTH$} topics={topics:?}"
        )?;
        for (name, value) in &self.fields {
            match value {
                Value::String(text) if is_plain(text) => write!(writer, " {name}={text}")?,
                value => write!(writer, " {name}={value}")?,
            }
        }
        writeln!(writer)
    }

    fn write_json(self, writer: &mut Writer<'_>, level: &str, time: &str, topics: &str) -> fmt::Result {
        let mut object = self.fields;
        for (name, text) in [
            ("lvl", level),
            ("ts", time),
            ("msg", &self.message),
            ("topics", topics),
        ] {
            object.insert(name.to_owned(), text.into());
        }
        writeln!(writer, "{}", Value::Object(object))
    }

    fn take(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => {
                self.fields.insert(name.to_owned(), value);
            }
        }
    }
}

/// A text in one line, whatever a peer has put into it.
fn in_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for it in text.chars() {
        match it.is_control() {
            true => line.extend(it.escape_default()),
            false => line.push(it),
        }
    }
    line
}

/// Whether a text needs no quotes.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"')
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.take(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.take(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.take(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.take(field, value.into());
    }
}

#[cfg(test)]
mod tests;
