//! The tables `[modules.NAME]` of `bundle.toml`.

use super::process::{ProcessConfig, read_process};
use super::read::{set_count, set_millis};
use super::section::{Field, Section};
use super::tree::{Entry, Value};
use super::{
    AfterRestarts, BundleError, Config, Grants, ModuleConfig, OnFailure, Origin, Place, Placement, PluginRef,
    Problem, RestartPolicy, settings,
};
use backplane_descriptor::is_module_name;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

const MODULE_KEYS: [&str; 15] = [
    "plugin",
    "version",
    "sha256",
    "placement",
    "process",
    "grants",
    "on-failure",
    "critical",
    "may-stop-host",
    "restart-limit",
    "restart-window-s",
    "restart-backoff-ms",
    "restart-backoff-max-ms",
    "after-restarts",
    "config",
];

/// The table `[modules]`.
pub(super) fn read_modules(
    top: &Section<'_>,
    base: &Path,
) -> Result<BTreeMap<String, ModuleConfig>, BundleError> {
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
        modules.insert(entry.key.clone(), read_module(entry, base)?);
    }
    Ok(modules)
}

fn read_module(entry: &Entry, base: &Path) -> Result<ModuleConfig, BundleError> {
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
        grants: Vec::new(),
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
    module.process = read_process_of(&section, module.placement, base)?;
    check_place(&section, &module)?;
    (module.grants, module.origin.grants) = read_grants(&section)?;
    let policies = [
        ("restart", OnFailure::Restart),
        ("continue", OnFailure::Continue),
        ("stop-dependents", OnFailure::StopDependents),
        ("stop-host", OnFailure::StopHost),
    ];
    if let Some(policy) = section.choice("on-failure", &policies)? {
        module.on_failure = policy;
    }
    module.restart = read_restart(&section)?;
    module.critical = section.choose("critical")?.unwrap_or(false);
    module.may_stop_host = section.choose("may-stop-host")?.unwrap_or(false);
    check_critical(&section, &module)?;
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
        ("static", Some(Placement::Static)),
        ("process", Some(Placement::Process)),
        ("remote", None),
    ];
    match (
        section.choice("placement", &placements)?,
        section.field("placement"),
    ) {
        (Some(None), Some(field)) => {
            let text = field.text("text")?;
            let message = format!(
                "{text:?} is not implemented in this version; \"native\", \"static\" and \"process\" are"
            );
            Err(field.invalid(message))
        }
        (placement, _) => Ok(placement.flatten().unwrap_or(Placement::Native)),
    }
}

fn read_process_of(
    section: &Section<'_>,
    placement: Placement,
    base: &Path,
) -> Result<Option<ProcessConfig>, BundleError> {
    match (section.field("process"), placement) {
        (Some(field), Placement::Process) => read_process(&field, &section.table, base).map(Some),
        (None, Placement::Process) => Ok(Some(ProcessConfig::default())),
        (None, _) => Ok(None),
        (Some(field), other) => {
            let other = other.name();
            Err(field.invalid(format!(
                "the module has two places, placement = {other:?} and a process of its own; leave one of them out"
            )))
        }
    }
}

/// A module has one place: what says where a plugin file is does not go with a placement that takes none.
fn check_place(section: &Section<'_>, module: &ModuleConfig) -> Result<(), BundleError> {
    if module.placement.takes_file() {
        return Ok(());
    }
    let placement = module.placement.name();
    if let (PluginRef::File(file), Some(field)) = (&module.plugin, section.field("plugin")) {
        let file = file.display();
        let message = format!(
            "the module has two places, the file {file} and placement = {placement:?}; leave one of them out"
        );
        return Err(field.invalid(message));
    }
    if let Some(field) = section.field("sha256") {
        let message =
            format!("it pins a file, and placement = {placement:?} takes none; leave one of them out");
        return Err(field.invalid(message));
    }
    Ok(())
}

/// The grants, and where each of them stands.
fn read_grants(section: &Section<'_>) -> Result<(Grants, Vec<Place>), BundleError> {
    let (mut grants, mut places) = (Grants::default(), Vec::new());
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
        places.push(field.node.place.clone());
    }
    Ok((grants, places))
}

/// Without a critical module there is no host: what lets the host go on without it does not go with that.
fn check_critical(section: &Section<'_>, module: &ModuleConfig) -> Result<(), BundleError> {
    let stays = !matches!(module.on_failure, OnFailure::Restart | OnFailure::StopHost);
    let stays_later = module.restart.then != AfterRestarts::StopHost;
    let keys = [("on-failure", stays), ("after-restarts", stays_later)];
    let other = keys
        .into_iter()
        .filter(|(_, stays)| *stays)
        .find_map(|(key, _)| Some((key, section.field(key)?)));
    match other {
        Some((key, field)) if module.critical => {
            let text = field.text("text")?;
            let message = format!(
                "the module is critical, and {key} = {text:?} lets the host go on without it; leave one of them out"
            );
            Err(field.invalid(message))
        }
        _ => Ok(()),
    }
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
        ("stop-dependents", AfterRestarts::StopDependents),
        ("stop-host", AfterRestarts::StopHost),
    ];
    if let Some(then) = section.choice("after-restarts", &then)? {
        restart.then = then;
    }
    Ok(restart)
}
