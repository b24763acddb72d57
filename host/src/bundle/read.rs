//! From the text of `bundle.toml` to a [`Bundle`].

use super::module::read_modules;
use super::place::Lines;
use super::section::{Field, Section};
use super::tree::{self, Value};
use super::{Bundle, BundleError, HostConfig, Problem, default_data_dir, settings};
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
            modules: read_modules(&top, base)?,
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

pub(super) fn set_millis(
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

pub(super) fn set_count(
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

pub(super) fn join(base: &Path, field: &Field<'_>) -> Result<PathBuf, BundleError> {
    let text = field.text("a path")?;
    if text.is_empty() {
        return Err(field.invalid("the path is empty".to_owned()));
    }
    if text.starts_with('~') {
        return Err(field.invalid("'~' is not expanded; write the folder out".to_owned()));
    }
    Ok(base.join(text))
}
