//! The configuration file: TOML whose keys are the names of flags.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use backplane_descriptor::nearest;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Settings, SettingsError, Source};
use crate::{
    flags::{self, CONFIG_FILE},
    limits::MAX_CONFIG_FILE,
};

/// Notes the flags that the file names.
pub(super) fn read(path: &Path, settings: &mut Settings) -> Result<(), SettingsError> {
    let text = text(path)?;
    let wrong = |at: usize, reason: String| SettingsError::File {
        path: path.to_owned(),
        line: line(&text, at),
        reason,
    };
    let table = DeTable::parse(&text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        wrong(at, error.message().to_owned())
    })?;
    for (key, value) in table.into_inner() {
        let (at, name) = (key.span().start, key.into_inner());
        let names = flags::all()
            .map(|flag| flag.name)
            .filter(|name| *name != CONFIG_FILE.name);
        let Some(flag) = flags::named(&name).filter(|flag| flag.name != CONFIG_FILE.name) else {
            let hint =
                nearest(&name, names).map_or_else(String::new, |hint| format!("; did you mean {hint:?}?"));
            return Err(wrong(at, format!("no flag is called {name:?}{hint}")));
        };
        let values = match value.into_inner() {
            DeValue::Array(values) if flag.list => {
                values.into_iter().map(Spanned::into_inner).map(scalar).collect()
            }
            value => scalar(value).map(|value| vec![value]),
        };
        let form = if flag.list {
            "a list of values"
        } else {
            "a text, a number, or true or false"
        };
        let values = values.ok_or_else(|| wrong(at, format!("{name} must be {form}")))?;
        settings.note(flag, values, Source::File(path.to_owned(), line(&text, at)));
    }
    Ok(())
}

fn text(path: &Path) -> Result<String, SettingsError> {
    let unreadable = |source| SettingsError::Unreadable {
        path: PathBuf::from(path),
        source,
    };
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(MAX_CONFIG_FILE + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    if text.len() as u64 > MAX_CONFIG_FILE {
        return Err(SettingsError::TooLarge {
            path: path.to_owned(),
            limit: MAX_CONFIG_FILE,
        });
    }
    Ok(text)
}

/// A value as one would write it on the command line.
fn scalar(value: DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.into_owned()),
        DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(|it| it.to_string()),
        DeValue::Boolean(value) => Some(value.to_string()),
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// The line, counted from 1, of a place in the text.
fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
