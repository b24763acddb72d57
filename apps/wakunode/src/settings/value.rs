//! Single values.

use std::net::IpAddr;

use super::ValueProblem;
use crate::flags::Kind;

/// Whether a value is of its kind. Empty text stands for no value where the kind is not a number.
pub(super) fn check(kind: Kind, text: &str) -> Result<(), ValueProblem> {
    let text = text.trim();
    let wrong = match kind {
        Kind::Switch if switch(text).is_none() => ValueProblem::Switch(text.to_owned()),
        Kind::Number(min, max) if text.parse().is_ok_and(|number| (min..=max).contains(&number)) => {
            return Ok(());
        }
        Kind::Number(min, max) => ValueProblem::Number {
            text: text.to_owned(),
            min,
            max,
        },
        Kind::Choice(choices) if !choices.iter().any(|choice| choice.eq_ignore_ascii_case(text)) => {
            ValueProblem::Choice {
                text: text.to_owned(),
                choices: choices.join(", "),
            }
        }
        Kind::Ip if text.parse::<IpAddr>().is_err() => ValueProblem::Ip(text.to_owned()),
        Kind::Switch | Kind::Choice(_) | Kind::Ip | Kind::Text | Kind::Path | Kind::Secret => return Ok(()),
    };
    Err(wrong)
}

/// The words that wakunode2 takes for a switch.
pub(super) fn switch(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// The values that a text of the command line or the environment stands for: where the flag is a list, a JSON array
/// stands for its entries, anything else for itself.
pub(super) fn entries(list: bool, text: String) -> Vec<String> {
    if !list || !text.trim_start().starts_with('[') {
        return vec![text];
    }
    match serde_json::from_str::<Vec<serde_json::Value>>(&text) {
        Ok(values) => values
            .into_iter()
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .collect(),
        Err(_) => vec![text],
    }
}
