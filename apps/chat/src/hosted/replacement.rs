//! Which plugin file a swap means.

use std::path::{Path, PathBuf};

use backplane_host::{ModuleReport, library::inspect};
use semver::Version;

use crate::{
    limits::MAX_PLUGIN_FILES,
    session::{SessionError, SwapTarget},
};

/// The file to put in the module's place: looks among the plugin files beside the one that runs. Blocks on the disk.
///
/// # Errors
/// There is none; the message lists the versions that there are.
pub(super) fn find(
    running: &ModuleReport,
    target: &SwapTarget,
    plugins: &Path,
) -> Result<PathBuf, SessionError> {
    let wanted = match target {
        SwapTarget::File(file) => return Ok(file.clone()),
        SwapTarget::Newest => None,
        SwapTarget::Version(version) => Some(read_version(version)?),
    };
    let mut found = versions(&running.plugin, plugins);
    // Of several files of one version, another one than that which runs is what a swap is for.
    found.sort_by_key(|(version, path, sha256)| {
        (
            version.clone(),
            *sha256 != running.sha256,
            std::cmp::Reverse(path.clone()),
        )
    });
    let fits = |version: &Version| wanted.as_ref().is_none_or(|wanted| wanted == version);
    match found.iter().rev().find(|(version, ..)| fits(version)) {
        Some((_, path, _)) => Ok(path.clone()),
        None => {
            let mut known: Vec<String> = found
                .into_iter()
                .map(|(version, ..)| version.to_string())
                .collect();
            known.dedup();
            let there = match known.is_empty() {
                true => "no version of it".to_owned(),
                false => known.join(", "),
            };
            let wanted = wanted.map_or_else(String::new, |version| format!(" {version}"));
            let (plugin, folder) = (&running.plugin, plugins.display());
            Err(SessionError::Refused(format!(
                "there is no {plugin}{wanted} in {folder}, which has {there}"
            )))
        }
    }
}

fn read_version(text: &str) -> Result<Version, SessionError> {
    text.parse().map_err(|_| {
        SessionError::Refused(format!(
            "{text:?} is neither a version such as 0.2.0 nor a plugin file"
        ))
    })
}

/// Version, path and SHA-256 of each file of a plugin. Files that are no plugins are passed over.
fn versions(plugin: &str, folder: &Path) -> Vec<(Version, PathBuf, String)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .take(MAX_PLUGIN_FILES)
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|it| it == std::env::consts::DLL_EXTENSION)
        })
        .filter_map(|path| inspect(&path).ok())
        .filter(|inspected| inspected.manifest.name == plugin)
        .map(|it| (it.manifest.version, it.path, hex::encode(it.sha256)))
        .collect()
}
