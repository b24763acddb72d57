//! Looking for plugin files. Nothing of them is run.

use super::HostError;
use crate::bundle::{Bundle, Digest, PluginRef};
use crate::library::{Linked, inspect};
use crate::plan::{Candidate, Source, Wanted};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most files of one folder that are looked at.
const FILES: usize = 4096;

/// What was found for a bundle.
struct Found {
    candidates: Vec<Arc<Candidate>>,
    /// The file of each module for which the bundle names one.
    files: BTreeMap<String, PathBuf>,
}

/// What one file offers.
pub(super) fn candidate(path: &Path) -> Result<Arc<Candidate>, HostError> {
    let inspected = inspect(path)?;
    Ok(Arc::new(Candidate {
        path: path.to_owned(),
        sha256: Digest(inspected.sha256),
        source: Source::File,
        manifest: inspected.manifest,
    }))
}

/// What a bundle wants, and what there is for it.
pub(super) fn survey(
    bundle: &Bundle,
    linked: &Linked,
) -> Result<(Vec<Wanted>, Vec<Arc<Candidate>>), HostError> {
    let Found { candidates, files } = find(bundle, linked)?;
    let wanted = bundle.modules.iter().map(|(name, config)| {
        let mut wanted = Wanted::new(name, config);
        if let Some(path) = files.get(name) {
            wanted.plugin = PluginRef::File(path.clone());
        }
        wanted
    });
    Ok((wanted.collect(), candidates))
}

/// Every plugin that is linked in, every one that the bundle names, and every one in its plugin folders.
fn find(bundle: &Bundle, linked: &Linked) -> Result<Found, HostError> {
    let mut candidates: BTreeMap<PathBuf, Arc<Candidate>> = BTreeMap::new();
    let mut files = BTreeMap::new();
    for (name, module) in &bundle.modules {
        let PluginRef::File(file) = &module.plugin else {
            continue;
        };
        let places = bundle.host.places_of(file);
        let Some(path) = places.iter().find(|path| path.exists()) else {
            let looked = places
                .iter()
                .map(|path| path.display().to_string())
                .collect::<Vec<_>>()
                .join(", ");
            return Err(HostError::NoFile {
                module: name.clone(),
                file: file.display().to_string(),
                looked,
            });
        };
        if !candidates.contains_key(path) {
            candidates.insert(path.clone(), candidate(path)?);
        }
        files.insert(name.clone(), path.clone());
    }
    let by_name = bundle
        .modules
        .values()
        .any(|module| module.placement.takes_file() && matches!(module.plugin, PluginRef::Name(_)));
    if by_name {
        for folder in &bundle.host.plugins {
            look_into(folder, &mut candidates);
        }
    }
    Ok(Found {
        candidates: candidates
            .into_values()
            .chain(linked.candidates().cloned())
            .collect(),
        files,
    })
}

/// A file in a plugin folder that is no plugin is left out, with a word in the log.
fn look_into(folder: &Path, candidates: &mut BTreeMap<PathBuf, Arc<Candidate>>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            return tracing::warn!("the plugin folder {} cannot be read: {error}", folder.display());
        }
    };
    for entry in entries.flatten().take(FILES) {
        let path = entry.path();
        let is_library = path
            .extension()
            .is_some_and(|it| it == std::env::consts::DLL_EXTENSION);
        if !is_library || candidates.contains_key(&path) {
            continue;
        }
        match candidate(&path) {
            Ok(candidate) => drop(candidates.insert(path, candidate)),
            Err(error) => tracing::debug!("{error}"),
        }
    }
}
