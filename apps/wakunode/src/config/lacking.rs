//! What this node has not is refused, never passed over.

use crate::{
    flags::{self, Flag, Kind, Role},
    settings::{Settings, SettingsError, ValueProblem},
};

/// Refuses the first flag that asks for a feature that is lacking.
pub(super) fn refuse(settings: &Settings) -> Result<(), SettingsError> {
    let without_proofs = settings.switch(&flags::RLN_RELAY) == Some(false);
    for flag in flags::all() {
        let Role::Lacks(sentence) = flag.role else {
            continue;
        };
        let moot = without_proofs && flags::RLN_DETAILS.iter().any(|it| it.name == flag.name);
        if !moot && asks(settings, flag) {
            return Err(settings.wrong(flag, ValueProblem::Lacks(sentence)));
        }
    }
    Ok(())
}

/// Whether the flag asks for something: its default, nothing, and a switch that is off do not.
fn asks(settings: &Settings, flag: &Flag) -> bool {
    let usual = settings.values(flag).eq(flag.default.iter().copied());
    let nothing = settings.values(flag).all(str::is_empty);
    let off = flag.kind == Kind::Switch && settings.switch(flag) == Some(false);
    !(usual || nothing || off)
}
