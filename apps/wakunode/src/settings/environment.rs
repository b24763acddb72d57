//! Environment variables: `WAKUNODE2_` and the flag's name in capital letters, with `_` for `-`.

use std::ffi::OsString;

use backplane_descriptor::nearest;

use super::{Settings, SettingsError, Source, value::entries};
use crate::flags::{self, Flag};

/// What the names of all of them begin with.
const PREFIX: &str = "WAKUNODE2_";

/// The variable of a flag.
pub(crate) fn variable(flag: &Flag) -> String {
    format!("{PREFIX}{}", flag.name.to_ascii_uppercase().replace('-', "_"))
}

/// Notes the flags that the environment names. An empty variable says nothing; one that no flag has is a warning, as
/// other programs may set it.
pub(super) fn read(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    settings: &mut Settings,
) -> Result<(), SettingsError> {
    let known: Vec<(String, &'static Flag)> = flags::all().map(|flag| (variable(flag), flag)).collect();
    for (name, value) in environment {
        let Some(name) = name
            .to_str()
            .filter(|name| name.starts_with(PREFIX))
            .map(str::to_owned)
        else {
            continue;
        };
        let Some((_, flag)) = known.iter().find(|(variable, _)| *variable == name) else {
            let hint = nearest(&name, known.iter().map(|(variable, _)| variable.as_str()));
            let hint = hint.map_or_else(String::new, |hint| format!("; did you mean {hint}?"));
            settings
                .warnings
                .push(format!("no flag has the environment variable {name}{hint}"));
            continue;
        };
        let value = value
            .into_string()
            .map_err(|_| SettingsError::NotText(name.clone()))?;
        if !value.is_empty() {
            settings.note(flag, entries(flag.list, value), Source::Environment(name));
        }
    }
    Ok(())
}
