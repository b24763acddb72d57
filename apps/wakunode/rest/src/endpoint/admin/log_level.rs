//! How much is logged.

use backplane_sdk::plugin_api::level;

use crate::{LogLevel, OnLogLevel, answer::Answer, error::Refusal, rest::State, waku::Waku};

pub(super) fn set(state: &State, waku: &Waku, text: &str) -> Result<Answer, Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::bad_request("Invalid log-level, it can’t be empty"));
    }
    let Some(new) = parse(text) else {
        return Err(Refusal::bad_request(format!(
            "Invalid log-level: {text}. Please specify one of TRACE, DEBUG, INFO, NOTICE, WARN, ERROR or FATAL"
        )));
    };
    waku.host.set_log_level(match new {
        LogLevel::Trace => level::TRACE,
        LogLevel::Debug => level::DEBUG,
        LogLevel::Info => level::INFO,
        LogLevel::Notice | LogLevel::Warn => level::WARN,
        LogLevel::Error | LogLevel::Fatal => level::ERROR,
    });
    if let Some(OnLogLevel(also)) = &state.config.on_log_level {
        also(new);
    }
    Ok(Answer::ok())
}

fn parse(text: &str) -> Option<LogLevel> {
    Some(match text.to_ascii_uppercase().as_str() {
        "TRACE" => LogLevel::Trace,
        "DEBUG" => LogLevel::Debug,
        "INFO" => LogLevel::Info,
        "NOTICE" => LogLevel::Notice,
        "WARN" => LogLevel::Warn,
        "ERROR" => LogLevel::Error,
        "FATAL" => LogLevel::Fatal,
        _ => return None,
    })
}
