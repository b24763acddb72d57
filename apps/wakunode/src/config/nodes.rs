//! The nodes to begin with.

use toml::{Table, Value};

use crate::{
    flags,
    settings::{Settings, SettingsError, ValueProblem},
};

pub(super) fn add(settings: &Settings, waku: &mut Table) -> Result<(), SettingsError> {
    let named = |flag| {
        settings
            .values(flag)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let mut peers: Vec<String> = named(&flags::STATICNODE).collect();
    let mut records: Vec<String> = named(&flags::DISCV5_BOOTSTRAP_NODE).collect();
    let mut lists: Vec<String> = named(&flags::DNS_DISCOVERY_URL).collect();
    for node in named(&flags::ENTRY_NODE) {
        let start = node.to_ascii_lowercase();
        if start.starts_with("enrtree:") {
            lists.push(node);
        } else if start.starts_with("enr:") {
            records.push(node);
        } else if start.starts_with('/') {
            peers.push(node);
        } else {
            let problem = format!("{node:?} begins with none of \"enrtree:\", \"enr:\" and \"/\"");
            return Err(settings.wrong(&flags::ENTRY_NODE, ValueProblem::Other(problem)));
        }
    }
    for (key, values) in [
        ("static-peers", peers),
        ("bootstrap-nodes", records),
        ("dns-discovery", lists),
    ] {
        if !values.is_empty() {
            waku.insert(
                key.into(),
                values.into_iter().map(Value::from).collect::<Vec<_>>().into(),
            );
        }
    }
    Ok(())
}
