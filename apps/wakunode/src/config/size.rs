//! The size of messages, with its unit.

use toml::Table;

use crate::{
    flags,
    settings::{Settings, SettingsError, ValueProblem},
};

pub(super) fn add(settings: &Settings, waku: &mut Table) -> Result<(), SettingsError> {
    // wakunode2's default hides what a preset says; whoever gives no size wants the network's.
    if !settings.is_given(&flags::MAX_MSG_SIZE) && waku.contains_key("preset") {
        return Ok(());
    }
    let Some(text) = settings.text(&flags::MAX_MSG_SIZE) else {
        return Ok(());
    };
    let bytes = bytes(text).ok_or_else(|| {
        let reason = format!("{text:?} is not a number with KiB, KB or B behind, of at most 1024KiB");
        settings.wrong(&flags::MAX_MSG_SIZE, ValueProblem::Other(reason))
    })?;
    waku.insert("max-message-size".into(), bytes.into());
    Ok(())
}

/// Bytes of `150KiB`, `1.5 KB` or `1500B`, at most what the node takes.
fn bytes(text: &str) -> Option<i64> {
    const MAX: f64 = 1_048_576.0;
    let text = text.trim();
    let digits = text.find(|it: char| !it.is_ascii_digit() && it != '.' && it != ',')?;
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "kib" => 1024.0,
        "kb" => 1000.0,
        "b" => 1.0,
        _ => return None,
    };
    let bytes = number.replace(',', ".").parse::<f64>().ok()? * unit;
    (1.0..=MAX).contains(&bytes).then_some(bytes as i64)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_have_the_units_of_wakunode2() {
        for (text, expected) in [
            ("150KiB", Some(153_600)),
            ("1024kib", Some(1_048_576)),
            ("1,5 KB", Some(1500)),
            ("0.5KiB", Some(512)),
            ("1500 B", Some(1500)),
            ("1025KiB", None),
            ("0B", None),
            ("150", None),
            ("150MiB", None),
            ("1.2.3KB", None),
            ("KiB", None),
            ("", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }
}
