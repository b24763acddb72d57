//! From the text of `bundle.toml` to a [`Bundle`].

use super::place::Lines;
use super::section::{Field, Section};
use super::tree::{self, Entry, Value};
use super::{
    AfterRestarts, Bundle, BundleError, Config, Grants, HostConfig, ModuleConfig, OnFailure, Origin,
    Placement, PluginRef, Problem, RestartPolicy, default_data_dir, settings,
};
use backplane_descriptor::is_module_name;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

const TOP_KEYS: [&str; 2] = ["host", "modules"];
const HOST_KEYS: [&str; 7] = [
    "data-dir",
    "plugins",
    "socket",
    "start-timeout-ms",
    "stop-timeout-ms",
    "drain-timeout-ms",
    "max-retired",
];
const MODULE_KEYS: [&str; 12] = [
    "plugin",
    "version",
    "sha256",
    "placement",
    "grants",
    "on-failure",
    "restart-limit",
    "restart-window-s",
    "restart-backoff-ms",
    "restart-backoff-max-ms",
    "after-restarts",
    "config",
];

impl Bundle {
    /// Reads the bundle file `file`. Where it names no data folder, [`default_data_dir`] is taken.
    ///
    /// # Errors
    /// The file cannot be read, is larger than [`settings::FILE_LIMIT`], or breaks a rule.
    pub fn read(file: &Path) -> Result<Self, BundleError> {
        let failed = |source| BundleError::Read {
            file: file.to_owned(),
            source,
        };
        let mut bytes = Vec::new();
        let opened = std::fs::File::open(file).map_err(failed)?;
        opened
            .take(settings::FILE_LIMIT + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        let absolute = std::path::absolute(file).map_err(failed)?;
        let base = absolute.parent().unwrap_or(Path::new("/"));
        Self::parse(file, &bytes, base, default_data_dir().as_deref())
    }

    /// Reads a bundle from memory. `file` is its name in errors, `base` the folder in which relative paths
    /// start, and `data_dir` the data folder unless the bundle names one.
    ///
    /// # Errors
    /// The text is larger than [`settings::FILE_LIMIT`], or breaks a rule.
    pub fn parse(
        file: &Path,
        bytes: &[u8],
        base: &Path,
        data_dir: Option<&Path>,
    ) -> Result<Self, BundleError> {
        if bytes.len() as u64 > settings::FILE_LIMIT {
            return Err(BundleError::TooLarge {
                file: file.to_owned(),
                limit: settings::FILE_LIMIT,
            });
        }
        let text = text(file, bytes)?;
        let lines = Lines::new(file, text);
        let entries = tree::parse(&lines, text)?;
        let top = Section::new(String::new(), lines.whole(), &entries, &TOP_KEYS)?;
        let host = table(&top, "host", &HOST_KEYS)?;
        Ok(Self {
            host: read_host(&top, host.as_ref(), base, data_dir)?,
            modules: read_modules(&top)?,
        })
    }
}

fn text<'a>(file: &Path, bytes: &'a [u8]) -> Result<&'a str, BundleError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let (valid, _) = bytes.split_at(error.valid_up_to());
        let valid = std::str::from_utf8(valid).unwrap_or("");
        let place = Lines::new(file, valid).place(valid.len());
        Problem::Syntax("the file is not UTF-8 text".to_owned()).at(&place)
    })
}

/// The table `key` of `parent`, if it is there.
fn table<'a>(parent: &Section<'a>, key: &str, known: &[&str]) -> Result<Option<Section<'a>>, BundleError> {
    let Some(field) = parent.field(key) else {
        return Ok(None);
    };
    let Value::Table(entries) = &field.node.value else {
        return Err(field.wrong("a table".to_owned()));
    };
    Section::new(key.to_owned(), field.node.place.clone(), entries, known).map(Some)
}

fn read_host(
    top: &Section<'_>,
    section: Option<&Section<'_>>,
    base: &Path,
    data_dir: Option<&Path>,
) -> Result<HostConfig, BundleError> {
    let named = section
        .map(|host| path(host, "data-dir", base))
        .transpose()?
        .flatten();
    let data_dir = named.or_else(|| data_dir.map(Path::to_owned)).ok_or_else(|| {
        let expected = "neither XDG_DATA_HOME nor HOME says where data belongs".to_owned();
        let problem = Problem::MissingKey {
            key: "data-dir".to_owned(),
            table: "host".to_owned(),
            expected,
        };
        problem.at(&section.unwrap_or(top).place)
    })?;
    let mut host = HostConfig::new(base.to_owned(), data_dir);
    let Some(section) = section else { return Ok(host) };
    let folders = section.texts("plugins", "a list of folders", settings::PLUGIN_DIR_LIMIT)?;
    for folder in folders.iter().flatten() {
        host.plugins.push(join(base, folder)?);
    }
    if let Some(socket) = path(section, "socket", base)? {
        host.socket = socket;
    }
    let timeouts = [
        ("start-timeout-ms", &mut host.start_timeout),
        ("stop-timeout-ms", &mut host.stop_timeout),
        ("drain-timeout-ms", &mut host.drain_timeout),
    ];
    for (key, timeout) in timeouts {
        set_millis(section, key, settings::TIMEOUT_MS, timeout)?;
    }
    set_count(
        section,
        "max-retired",
        settings::MAX_RETIRED_RANGE,
        &mut host.max_retired,
    )?;
    Ok(host)
}

fn read_modules(top: &Section<'_>) -> Result<BTreeMap<String, ModuleConfig>, BundleError> {
    let mut modules = BTreeMap::new();
    let Some(field) = top.field("modules") else {
        return Ok(modules);
    };
    let Value::Table(entries) = &field.node.value else {
        return Err(field.wrong("a table".to_owned()));
    };
    if entries.len() > settings::MODULE_LIMIT {
        let limit = settings::MODULE_LIMIT;
        return Err(field.invalid(format!("{} modules, at most {limit} are allowed", entries.len())));
    }
    for entry in entries {
        modules.insert(entry.key.clone(), read_module(entry)?);
    }
    Ok(modules)
}

fn read_module(entry: &Entry) -> Result<ModuleConfig, BundleError> {
    let name = &entry.key;
    let fail = |problem: Problem| problem.at(&entry.place);
    if !is_module_name(name) {
        let message = "it must be a module name: lower-case letters, digits and '-', beginning with a \
                       letter, at most 64 bytes";
        let (key, table) = (name.clone(), "modules".to_owned());
        return Err(fail(Problem::Invalid {
            key,
            table,
            message: message.to_owned(),
        }));
    }
    let Value::Table(entries) = &entry.node.value else {
        let (key, table, found) = (name.clone(), "modules".to_owned(), entry.node.value.describe());
        return Err(fail(Problem::WrongValue {
            key,
            table,
            expected: "a table".to_owned(),
            found,
        }));
    };
    let place = entry.node.place.clone();
    let section = Section::new(format!("modules.{name}"), place.clone(), entries, &MODULE_KEYS)?;
    let mut module = ModuleConfig::new(name);
    module.origin = Origin {
        table: place.clone(),
        keys: section.places().collect(),
    };
    module.config = read_config(&section)?;
    if let Some(field) = section.field("plugin") {
        module.plugin = plugin_ref(&field)?;
    }
    if let Some(version) = section.parsed("version", "a version requirement such as \"^0.1\"")? {
        module.version = version;
    }
    module.sha256 = section.parsed("sha256", "64 hexadecimal digits")?;
    module.placement = read_placement(&section)?;
    module.grants = read_grants(&section)?;
    let policies = [
        ("restart", OnFailure::Restart),
        ("continue", OnFailure::Continue),
        ("stop-host", OnFailure::StopHost),
    ];
    if let Some(policy) = section.choice("on-failure", &policies)? {
        module.on_failure = policy;
    }
    module.restart = read_restart(&section)?;
    Ok(module)
}

fn read_config(section: &Section<'_>) -> Result<Config, BundleError> {
    let Some(field) = section.field("config") else {
        return Ok(Config::new(section.place.clone(), Vec::new()));
    };
    match &field.node.value {
        Value::Table(entries) => Ok(Config::new(field.node.place.clone(), entries.clone())),
        _ => Err(field.wrong("a table".to_owned())),
    }
}

/// A text with a `.` or a separator is a file, any other the name of a plugin.
fn plugin_ref(field: &Field<'_>) -> Result<PluginRef, BundleError> {
    let text = field.text("a file or a plugin's name")?;
    if is_module_name(text) {
        return Ok(PluginRef::Name(text.to_owned()));
    }
    if text.contains(['.', '/', '\\']) {
        return Ok(PluginRef::File(PathBuf::from(text)));
    }
    Err(field.invalid(format!("{text:?} is neither a file nor a plugin's name")))
}

fn read_placement(section: &Section<'_>) -> Result<Placement, BundleError> {
    let placements = [
        ("native", Some(Placement::Native)),
        ("static", None),
        ("process", None),
        ("remote", None),
    ];
    match (
        section.choice("placement", &placements)?,
        section.field("placement"),
    ) {
        (Some(None), Some(field)) => {
            let text = field.text("text")?;
            let message = format!("{text:?} is not implemented in this version; only \"native\" is");
            Err(field.invalid(message))
        }
        _ => Ok(Placement::Native),
    }
}

fn read_grants(section: &Section<'_>) -> Result<Grants, BundleError> {
    let mut grants = Grants::default();
    let expected = "a list of interface ids such as \"storage.kv\"";
    for field in section
        .texts("grants", expected, settings::GRANT_LIMIT)?
        .iter()
        .flatten()
    {
        let text = field.text(expected)?;
        grants.0.push(
            text.parse()
                .map_err(|error| field.invalid(format!("{text:?}: {error}")))?,
        );
    }
    Ok(grants)
}

fn read_restart(section: &Section<'_>) -> Result<RestartPolicy, BundleError> {
    let mut restart = RestartPolicy::default();
    set_count(
        section,
        "restart-limit",
        settings::RESTART_LIMIT_RANGE,
        &mut restart.limit,
    )?;
    if let Some(window) = section.number("restart-window-s", settings::RESTART_WINDOW_S)? {
        restart.window = Duration::from_secs(window);
    }
    set_millis(
        section,
        "restart-backoff-ms",
        settings::BACKOFF_MS,
        &mut restart.backoff,
    )?;
    set_millis(
        section,
        "restart-backoff-max-ms",
        settings::BACKOFF_MS,
        &mut restart.backoff_max,
    )?;
    let key = ["restart-backoff-max-ms", "restart-backoff-ms"]
        .into_iter()
        .find_map(|key| section.field(key));
    if let (Some(field), true) = (key, restart.backoff > restart.backoff_max) {
        let (start, max) = (restart.backoff.as_millis(), restart.backoff_max.as_millis());
        return Err(field.invalid(format!(
            "the first wait of {start} ms exceeds the longest of {max} ms"
        )));
    }
    let then = [
        ("continue", AfterRestarts::Continue),
        ("stop-host", AfterRestarts::StopHost),
    ];
    if let Some(then) = section.choice("after-restarts", &then)? {
        restart.then = then;
    }
    Ok(restart)
}

fn set_millis(
    section: &Section<'_>,
    key: &str,
    range: std::ops::RangeInclusive<u64>,
    target: &mut Duration,
) -> Result<(), BundleError> {
    if let Some(number) = section.number(key, range)? {
        *target = Duration::from_millis(number);
    }
    Ok(())
}

fn set_count(
    section: &Section<'_>,
    key: &str,
    range: std::ops::RangeInclusive<u64>,
    target: &mut u32,
) -> Result<(), BundleError> {
    if let Some(number) = section.number(key, range)? {
        *target = u32::try_from(number).unwrap_or(u32::MAX);
    }
    Ok(())
}

fn path(section: &Section<'_>, key: &str, base: &Path) -> Result<Option<PathBuf>, BundleError> {
    section.field(key).map(|field| join(base, &field)).transpose()
}

fn join(base: &Path, field: &Field<'_>) -> Result<PathBuf, BundleError> {
    let text = field.text("a path")?;
    if text.is_empty() {
        return Err(field.invalid("the path is empty".to_owned()));
    }
    if text.starts_with('~') {
        return Err(field.invalid("'~' is not expanded; write the folder out".to_owned()));
    }
    Ok(base.join(text))
}
