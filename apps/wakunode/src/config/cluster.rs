//! Network, cluster and sharding.

use toml::Table;

use crate::{
    flags,
    settings::{Settings, SettingsError, ValueProblem},
};

/// The cluster of The Waku Network.
const PROOF_CLUSTER: u64 = 1;

/// Names of networks without their dot, as wakunode2 takes them, too.
const DOTLESS: [(&str, &str); 3] = [
    ("logosdev", "logos.dev"),
    ("logostest", "logos.test"),
    ("statusprod", "status.prod"),
];

pub(super) fn add(settings: &Settings, waku: &mut Table) -> Result<(), SettingsError> {
    let cluster = settings.number(&flags::CLUSTER_ID);
    let preset = preset(settings, cluster);
    if settings.switch(&flags::RELAY) == Some(true)
        && (preset.as_deref() == Some("twn") || cluster == Some(PROOF_CLUSTER))
    {
        let flag = if cluster.is_some() {
            &flags::CLUSTER_ID
        } else {
            &flags::PRESET
        };
        return Err(settings.wrong(
            flag,
            ValueProblem::Lacks(
                "relays of The Waku Network need proofs of the rate of messages (RLN), which are neither made nor \
                 checked; say --relay=false for a light node, or choose another cluster",
            ),
        ));
    }
    if let Some(cluster) = cluster.and_then(|cluster| i64::try_from(cluster).ok()) {
        waku.insert("cluster-id".into(), cluster.into());
    }
    let shards = settings.number(&flags::NUM_SHARDS_IN_NETWORK).unwrap_or_default();
    // 0 is wakunode2's default; then a preset decides.
    if shards != 0 || preset.is_none() {
        waku.insert(
            "num-shards-in-network".into(),
            i64::try_from(shards).unwrap_or(i64::MAX).into(),
        );
    }
    if let Some(preset) = preset {
        waku.insert("preset".into(), preset.into());
    }
    Ok(())
}

/// The preset. wakunode2 takes two clusters for networks that have presets, whatever `--preset` says.
fn preset(settings: &Settings, cluster: Option<u64>) -> Option<String> {
    match cluster {
        Some(1) => return Some("twn".to_owned()),
        Some(2) => return Some("logos.dev".to_owned()),
        _ => {}
    }
    let name = settings.text(&flags::PRESET)?.to_ascii_lowercase();
    let dotted = DOTLESS.iter().find(|(dotless, _)| *dotless == name);
    Some(dotted.map_or(name, |(_, dotted)| (*dotted).to_owned()))
}
