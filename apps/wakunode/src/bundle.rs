//! What the host is asked to run.

use std::path::Path;

use toml::{Table, Value};

use crate::{
    config::Config,
    limits::{MODULE_START, MODULE_STOP},
};

/// The text of the bundle: `waku` and `storage`. Once a module does not come back by being started again, the host
/// stops, so that whoever watches over the program can start it anew.
pub fn text(config: &Config) -> String {
    let millis = |time: std::time::Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let host = table([
        ("data-dir", path(&config.data_dir)),
        ("plugins", vec![path(&config.plugins)].into()),
        ("socket", path(&config.socket)),
        ("start-timeout-ms", millis(MODULE_START).into()),
        ("stop-timeout-ms", millis(MODULE_STOP).into()),
    ]);
    let storage = table([
        ("after-restarts", "stop-host".into()),
        ("config", config.storage.clone().into()),
    ]);
    let waku = table([
        ("after-restarts", "stop-host".into()),
        ("grants", vec!["storage.kv"].into()),
        ("config", config.waku.clone().into()),
    ]);
    let modules = table([("storage", storage.into()), ("waku", waku.into())]);
    table([("host", host.into()), ("modules", modules.into())]).to_string()
}

fn table<const N: usize>(entries: [(&str, Value); N]) -> Table {
    entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn path(path: &Path) -> Value {
    path.display().to_string().into()
}
