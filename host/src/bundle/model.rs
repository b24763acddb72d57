//! What a bundle says, with every default filled in.

use super::{Config, Digest, Grants, Place, ProcessConfig, settings};
use semver::VersionReq;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What an app runs. Its JSON has the keys of `bundle.toml`, with every default filled in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bundle {
    /// The host.
    pub host: HostConfig,
    /// The modules by name.
    pub modules: BTreeMap<String, ModuleConfig>,
}

/// The table `[host]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct HostConfig {
    /// Where relative paths start: the folder of the bundle file.
    #[serde(skip)]
    pub base: PathBuf,
    /// Where modules keep their data, and the cache of plugins lies.
    pub data_dir: PathBuf,
    /// Where plugin files are looked for, in this order.
    pub plugins: Vec<PathBuf>,
    /// The control socket.
    pub socket: PathBuf,
    /// How long a module may take to start.
    #[serde(rename = "start-timeout-ms", serialize_with = "millis")]
    pub start_timeout: Duration,
    /// How long a module may take to stop.
    #[serde(rename = "stop-timeout-ms", serialize_with = "millis")]
    pub stop_timeout: Duration,
    /// How long a swap waits for the calls under way before it cancels them.
    #[serde(rename = "drain-timeout-ms", serialize_with = "millis")]
    pub drain_timeout: Duration,
    /// How many retired generations may stay mapped.
    pub max_retired: u32,
    /// The program for modules in a process of their own; it calls [`guest_main`](crate::guest_main) first. Without it
    /// the running program is taken. A bundle does not say.
    #[serde(skip)]
    pub guest_program: Option<PathBuf>,
}

/// A table `[modules.NAME]`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ModuleConfig {
    /// Which plugin it is an instance of.
    pub plugin: PluginRef,
    /// Which versions of the plugin will do.
    pub version: VersionReq,
    /// The only file that will do, if the bundle pins it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
    /// Where it runs.
    pub placement: Placement,
    /// What its process may do and use, with [`Placement::Process`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<ProcessConfig>,
    /// What it may call and hear, as far as its manifest requires it and subscribes to it.
    pub grants: Grants,
    /// What happens when it fails.
    pub on_failure: OnFailure,
    /// Whether the host stops when it is gone for good, whatever else is said.
    pub critical: bool,
    /// Whether the host stops when it asks for it.
    pub may_stop_host: bool,
    /// How it is restarted, with [`OnFailure::Restart`].
    #[serde(flatten)]
    pub restart: RestartPolicy,
    /// Its configuration, not yet checked against the manifest.
    pub config: Config,
    /// Where all of this stands.
    #[serde(skip)]
    pub origin: Origin,
}

/// Which plugin a module is an instance of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PluginRef {
    /// The plugin whose manifest has this name.
    Name(String),
    /// The plugin in this file; see [`HostConfig::places_of`] for where a relative path leads.
    File(PathBuf),
}

/// Where a module runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Placement {
    /// In the host's process, from a dynamic library.
    Native,
    /// In the host's process, as part of the program.
    Static,
    /// In a process of its own, from a dynamic library.
    Process,
}

impl Placement {
    /// The name as in the bundle.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Static => "static",
            Self::Process => "process",
        }
    }

    /// Whether a module there may stop the host, if the bundle says so. One on another machine never may.
    pub(crate) const fn may_stop_host(self) -> bool {
        match self {
            Self::Native | Self::Static | Self::Process => true,
        }
    }

    /// Whether the code comes from a plugin file.
    pub(crate) const fn takes_file(self) -> bool {
        match self {
            Self::Native | Self::Process => true,
            Self::Static => false,
        }
    }
}

/// What happens when a module fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// It is started again, within the budget of [`RestartPolicy`].
    Restart,
    /// The host goes on without it.
    Continue,
    /// The modules that cannot do without it stop, too; the host goes on.
    StopDependents,
    /// The host stops.
    StopHost,
}

/// What happens when a module has used up its restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AfterRestarts {
    /// The host goes on without it.
    Continue,
    /// The modules that cannot do without it stop, too; the host goes on.
    StopDependents,
    /// The host stops.
    StopHost,
}

/// How a module is restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RestartPolicy {
    /// How many restarts `window` may see.
    #[serde(rename = "restart-limit")]
    pub limit: u32,
    /// The time over which restarts are counted.
    #[serde(rename = "restart-window-s", serialize_with = "seconds")]
    pub window: Duration,
    /// The wait before the first restart; each further one doubles it.
    #[serde(rename = "restart-backoff-ms", serialize_with = "millis")]
    pub backoff: Duration,
    /// The longest wait.
    #[serde(rename = "restart-backoff-max-ms", serialize_with = "millis")]
    pub backoff_max: Duration,
    /// What happens when the limit is reached.
    #[serde(rename = "after-restarts")]
    pub then: AfterRestarts,
}

/// Where a module's table and its keys stand in the bundle file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The table.
    pub table: Place,
    /// The keys.
    pub keys: BTreeMap<String, Place>,
    /// The entries of `grants`.
    pub grants: Vec<Place>,
}

impl HostConfig {
    /// The defaults, for a host that keeps its data in `data_dir` and starts relative paths in `base`.
    pub fn new(base: PathBuf, data_dir: PathBuf) -> Self {
        Self {
            base,
            socket: data_dir.join(settings::SOCKET_NAME),
            data_dir,
            plugins: Vec::new(),
            start_timeout: settings::START_TIMEOUT,
            stop_timeout: settings::STOP_TIMEOUT,
            drain_timeout: settings::DRAIN_TIMEOUT,
            max_retired: settings::MAX_RETIRED,
            guest_program: None,
        }
    }

    /// Where the plugin file `file` may lie, in the order in which to look: beside the bundle, then in each
    /// of the plugin folders.
    pub fn places_of(&self, file: &Path) -> Vec<PathBuf> {
        let mut places: Vec<PathBuf> = Vec::new();
        for folder in std::iter::once(&self.base).chain(&self.plugins) {
            let place = folder.join(file);
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }
}

impl ModuleConfig {
    /// The defaults: any version of the plugin called `plugin`, without grants or configuration.
    pub fn new(plugin: &str) -> Self {
        Self {
            plugin: PluginRef::Name(plugin.to_owned()),
            version: VersionReq::STAR,
            sha256: None,
            placement: Placement::Native,
            process: None,
            grants: Grants::default(),
            on_failure: OnFailure::Restart,
            critical: false,
            may_stop_host: false,
            restart: RestartPolicy::default(),
            config: Config::default(),
            origin: Origin::default(),
        }
    }
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self {
            limit: settings::RESTART_LIMIT,
            window: settings::RESTART_WINDOW,
            backoff: settings::RESTART_BACKOFF,
            backoff_max: settings::RESTART_BACKOFF_MAX,
            then: AfterRestarts::StopDependents,
        }
    }
}

/// The folder for data when a bundle names none: `backplane` in `XDG_DATA_HOME`, which is `.local/share` in
/// the home folder unless the environment says otherwise. `None` when there is no home folder either.
pub fn default_data_dir() -> Option<PathBuf> {
    data_dir_from(std::env::var_os("XDG_DATA_HOME"), std::env::var_os("HOME"))
}

/// XDG base directory specification 0.8: a relative path is to be ignored.
fn data_dir_from(xdg: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |value: Option<OsString>| value.map(PathBuf::from).filter(|path| path.is_absolute());
    let data = absolute(xdg).or_else(|| absolute(home).map(|home| home.join(".local/share")));
    data.map(|data| data.join("backplane"))
}

fn millis<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(duration.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_data_home_is_ignored() {
        let dir = |xdg: Option<&str>, home: Option<&str>| {
            data_dir_from(xdg.map(OsString::from), home.map(OsString::from))
        };
        assert_eq!(dir(Some("/x"), Some("/h")), Some("/x/backplane".into()));
        assert_eq!(
            dir(Some("x"), Some("/h")),
            Some("/h/.local/share/backplane".into())
        );
        assert_eq!(dir(None, Some("/h")), Some("/h/.local/share/backplane".into()));
        assert_eq!(dir(Some(""), None), None);
    }

    #[test]
    fn a_file_is_looked_for_beside_the_bundle_first() {
        let mut host = HostConfig::new("/app".into(), "/data".into());
        host.plugins = vec!["/app/plugins".into(), "/app".into()];
        let places = host.places_of(Path::new("libx.so"));
        assert_eq!(
            places,
            [PathBuf::from("/app/libx.so"), "/app/plugins/libx.so".into()]
        );
        assert_eq!(
            host.places_of(Path::new("/y/libx.so")),
            [PathBuf::from("/y/libx.so")]
        );
    }
}
