//! The table `process` of a module: what its process may do and use.

use super::read::{join, set_count};
use super::section::{Field, Section};
use super::tree::Value;
use super::{BundleError, Place, settings};
use serde::Serialize;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

const KEYS: [&str; 7] = [
    "memory-mib",
    "cpu-s",
    "open-files",
    "sandbox",
    "network",
    "read",
    "write",
];

/// What the process of a module may do and use, with the placement `process`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ProcessConfig {
    /// How much memory it may have for data, in MiB; without it as much as the system gives.
    pub memory_mib: Option<u32>,
    /// How many seconds of processor time it may use in all before it is ended; without it any number.
    pub cpu_s: Option<u32>,
    /// How many files and connections it may have open.
    pub open_files: u32,
    /// Whether it is shut in: it then starts no program, sees no other process, and reads and writes only what is listed
    /// here, the system's libraries, and its own folder.
    pub sandbox: bool,
    /// Whether it may reach the network. Of effect only in the sandbox.
    pub network: bool,
    /// Further files and folders that it may read.
    pub read: Vec<PathBuf>,
    /// Further files and folders that it may read and write.
    pub write: Vec<PathBuf>,
}

impl Default for ProcessConfig {
    fn default() -> Self {
        Self {
            memory_mib: None,
            cpu_s: None,
            open_files: settings::OPEN_FILES,
            sandbox: true,
            network: true,
            read: Vec::new(),
            write: Vec::new(),
        }
    }
}

/// Reads the table; paths begin at `base`.
pub(super) fn read_process(
    field: &Field<'_>,
    table: &str,
    base: &Path,
) -> Result<ProcessConfig, BundleError> {
    let Value::Table(entries) = &field.node.value else {
        return Err(field.wrong("a table".to_owned()));
    };
    let place: Place = field.node.place.clone();
    let section = Section::new(format!("{table}.process"), place, entries, &KEYS)?;
    let mut process = ProcessConfig::default();
    let count = |key: &str, range: RangeInclusive<u64>| -> Result<_, BundleError> {
        let number = section.number(key, range)?;
        Ok(number.map(|number| u32::try_from(number).unwrap_or(u32::MAX)))
    };
    process.memory_mib = count("memory-mib", settings::MEMORY_MIB)?;
    process.cpu_s = count("cpu-s", settings::CPU_S)?;
    set_count(
        &section,
        "open-files",
        settings::OPEN_FILES_RANGE,
        &mut process.open_files,
    )?;
    for (key, value) in [
        ("sandbox", &mut process.sandbox),
        ("network", &mut process.network),
    ] {
        *value = section.choose(key)?.unwrap_or(*value);
    }
    for (key, paths) in [("read", &mut process.read), ("write", &mut process.write)] {
        let listed = section.texts(key, "a list of files and folders", settings::PATH_LIMIT)?;
        for path in listed.iter().flatten() {
            paths.push(join(base, path)?);
        }
    }
    Ok(process)
}
