//! Where messages are kept.

use std::path::Path;

use toml::{Table, Value};

use super::{ConfigError, absolute};
use crate::{
    flags,
    settings::{Settings, ValueProblem},
};

/// The job of the archive, as the module `storage` names it.
const ARCHIVE: &str = "waku/archive";

pub(super) fn table(settings: &Settings) -> Result<Table, ConfigError> {
    let mut table = Table::new();
    let url = settings.text(&flags::STORE_MESSAGE_DB_URL);
    let Some(url) = url.filter(|url| !flags::STORE_MESSAGE_DB_URL.default.contains(url)) else {
        return Ok(table);
    };
    if let Some(file) = url.strip_prefix("sqlite://") {
        let file = absolute(file.into())?;
        let wrong =
            |reason: String| settings.wrong(&flags::STORE_MESSAGE_DB_URL, ValueProblem::Other(reason));
        if file.is_file() {
            return Err(wrong(format!(
                "{} is the archive of another program, which this node does not read; name a file that is not there, in \
                 the folder where messages are to be kept",
                file.display()
            ))
            .into());
        }
        let folder = file.parent().unwrap_or(Path::new("/"));
        table.insert("directory".into(), folder.display().to_string().into());
        return Ok(table);
    }
    if url.starts_with("postgres://") {
        let job = Table::from_iter([("url".to_owned(), Value::from(url))]);
        let jobs = Table::from_iter([(ARCHIVE.to_owned(), Value::from(job))]);
        table.insert("jobs".into(), jobs.into());
        return Ok(table);
    }
    // The text may hold a password.
    let reason = "it begins with neither sqlite:// nor postgres://".to_owned();
    Err(settings
        .wrong(&flags::STORE_MESSAGE_DB_URL, ValueProblem::Other(reason))
        .into())
}
