//! From the flags to what the modules, the servers and the program itself are told.

mod addresses;
mod cluster;
mod lacking;
mod nodes;
mod size;
mod storage;
#[cfg(test)]
mod tests;

use std::{io, path::PathBuf};

pub(crate) use addresses::shifted;
use toml::{Table, Value};

use crate::{
    flags::{self, Flag, Kind, Role},
    log::{Format, Level},
    servers::ServersConfig,
    settings::{Settings, SettingsError, ValueProblem},
};

/// What runs.
pub struct Config {
    /// The configuration of the module `waku`.
    pub waku: Table,
    /// The configuration of the module `storage`.
    pub storage: Table,
    /// The servers beside the node.
    pub servers: ServersConfig,
    /// Content topics that are subscribed to.
    pub content_topics: Vec<String>,
    /// The folder of all data, absolute.
    pub data_dir: PathBuf,
    /// The folder of the plugins, absolute.
    pub plugins: PathBuf,
    /// The control socket, absolute.
    pub socket: PathBuf,
    /// What is told to the operator once the log is there.
    pub warnings: Vec<String>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A flag asks for what cannot be.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The system does not say where the program or the current folder is.
    #[error("{what}: {source}")]
    Place {
        /// What is not known.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

impl Config {
    /// Makes the configuration of what the flags say.
    ///
    /// # Errors
    /// A flag asks for what is lacking, or flags do not go together.
    pub fn new(settings: &Settings) -> Result<Self, ConfigError> {
        lacking::refuse(settings)?;
        let mut warnings = settings.warnings.clone();
        warnings.extend(idle(settings));
        let mut waku = keys(settings);
        cluster::add(settings, &mut waku)?;
        addresses::add(settings, &mut waku)?;
        nodes::add(settings, &mut waku)?;
        size::add(settings, &mut waku)?;
        services(settings, &mut waku);
        key(settings, &mut waku)?;
        let data_dir = absolute(
            settings
                .path(&flags::LOCAL_STORAGE_PATH)
                .unwrap_or_else(|| "data".into()),
        )?;
        let socket = match settings.path(&flags::CONTROL_SOCKET) {
            Some(path) => absolute(path)?,
            None => data_dir.join("backplane.sock"),
        };
        Ok(Self {
            waku,
            storage: storage::table(settings)?,
            servers: ServersConfig::new(settings)?,
            content_topics: settings
                .values(&flags::CONTENT_TOPIC)
                .map(str::to_owned)
                .collect(),
            data_dir,
            plugins: plugins(settings)?,
            socket,
            warnings,
        })
    }
}

/// How much is logged, and how.
pub fn logging(settings: &Settings) -> (Level, Format) {
    let level = settings
        .text(&flags::LOG_LEVEL)
        .and_then(|text| text.parse().ok());
    let json = settings
        .text(&flags::LOG_FORMAT)
        .is_some_and(|text| text.eq_ignore_ascii_case("JSON"));
    (
        level.unwrap_or(Level::Info),
        if json { Format::Json } else { Format::Text },
    )
}

/// The flags whose value is that of a key.
fn keys(settings: &Settings) -> Table {
    let mut table = Table::new();
    for flag in flags::all() {
        if let Role::Key(key) = flag.role
            && let Some(value) = toml_value(settings, flag)
        {
            table.insert(key.to_owned(), value);
        }
    }
    table
}

fn toml_value(settings: &Settings, flag: &Flag) -> Option<Value> {
    let single = |text: &str| match flag.kind {
        Kind::Switch => settings.switch(flag).map(Value::from),
        Kind::Number(..) => text.trim().parse::<i64>().ok().map(Value::from),
        _ => Some(Value::from(text)),
    };
    if flag.list {
        let values: Vec<Value> = settings.values(flag).filter_map(single).collect();
        return (!values.is_empty()).then_some(values.into());
    }
    settings.text(flag).and_then(single)
}

fn services(settings: &Settings, waku: &mut Table) {
    let on = |flag| settings.switch(flag) == Some(true);
    waku.insert(
        "lightpush".into(),
        (on(&flags::LIGHTPUSH) && on(&flags::RELAY)).into(),
    );
    let seconds = settings
        .number(&flags::FILTER_SUBSCRIPTION_TIMEOUT)
        .unwrap_or_default();
    let millis = i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
    waku.insert("filter-timeout-ms".into(), millis.into());
}

fn key(settings: &Settings, waku: &mut Table) -> Result<(), ConfigError> {
    if let Some(key) = settings.text(&flags::NODEKEY) {
        waku.insert("node-key".into(), key.into());
    }
    let Some(path) = settings.path(&flags::NODEKEY_FILE) else {
        return Ok(());
    };
    if settings.text(&flags::NODEKEY).is_some() {
        let both = ValueProblem::Other("it excludes --nodekey; leave one of them out".to_owned());
        return Err(settings.wrong(&flags::NODEKEY_FILE, both).into());
    }
    waku.insert(
        "node-key-file".into(),
        absolute(path)?.display().to_string().into(),
    );
    Ok(())
}

/// What is told of flags that change nothing although they say something.
fn idle(settings: &Settings) -> impl Iterator<Item = String> {
    flags::all().filter_map(move |flag| {
        let Role::Idle(reason) = flag.role else {
            return None;
        };
        let usual = settings.values(flag).eq(flag.default.iter().copied());
        (!usual).then(|| format!("--{} has no effect: {reason}", flag.name))
    })
}

fn plugins(settings: &Settings) -> Result<PathBuf, ConfigError> {
    if let Some(path) = settings.path(&flags::PLUGINS) {
        return absolute(path);
    }
    let program = std::env::current_exe().map_err(|source| ConfigError::Place {
        what: "this program does not know where it is; name the folder of the plugins with --plugins",
        source,
    })?;
    let folder = program.parent().map(PathBuf::from).unwrap_or_default();
    let plugins = folder.join("plugins");
    Ok(if plugins.is_dir() { plugins } else { folder })
}

fn absolute(path: PathBuf) -> Result<PathBuf, ConfigError> {
    std::path::absolute(path).map_err(|source| ConfigError::Place {
        what: "the current folder is not known",
        source,
    })
}
