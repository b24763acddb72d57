//! Plugins that are part of the program.

use super::{DeclarationError, Plugin};
use crate::bundle::Digest;
use crate::plan::{Candidate, Source};
use backplane_sdk::Plug;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What stands before the name of a plugin where other plugins have a path.
const SCHEME: &str = "linked:";

/// The plugins that are linked into this program, for modules whose placement is `static`.
///
/// A crate of a plugin is linked in with its feature `linked`, which leaves out the entry symbol of a library: of two
/// plugins it would be the same.
#[derive(Debug, Clone, Default)]
pub struct Linked(Vec<(Arc<Plugin>, Arc<Candidate>)>);

impl Linked {
    /// None.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// These, and the plugin whose module is `M`.
    ///
    /// # Errors
    /// Its manifest breaks a rule.
    pub fn with<M: Plug>(mut self) -> Result<Self, DeclarationError> {
        // SAFETY: whoever implements `Plug` vouches for the declaration, which is static.
        let plugin = unsafe { Plugin::from_declaration(M::DECLARATION) }?;
        // SAFETY: as above.
        let manifest = unsafe { M::DECLARATION.manifest.as_bytes() };
        let candidate = Arc::new(Candidate {
            path: path(&plugin.manifest().name),
            sha256: Digest(Sha256::digest(manifest).into()),
            source: Source::Linked,
            manifest: plugin.manifest().clone(),
        });
        self.0.push((plugin, candidate));
        Ok(self)
    }

    /// What there is to choose from.
    pub(crate) fn candidates(&self) -> impl Iterator<Item = &Arc<Candidate>> {
        self.0.iter().map(|(_, candidate)| candidate)
    }

    /// The plugin that `candidate` stands for.
    pub(crate) fn plugin(&self, candidate: &Candidate) -> Option<Arc<Plugin>> {
        let same = |it: &&(Arc<Plugin>, Arc<Candidate>)| it.1.sha256 == candidate.sha256;
        self.0.iter().find(same).map(|(plugin, _)| Arc::clone(plugin))
    }

    /// The candidate that goes by `path`, as [`Host::swap`](crate::Host::swap) is told: `linked:NAME`.
    pub(crate) fn named(&self, path: &Path) -> Option<&Arc<Candidate>> {
        self.candidates().find(|candidate| candidate.path == path)
    }
}

/// What a plugin that is linked in has for a path.
fn path(name: &str) -> PathBuf {
    format!("{SCHEME}{name}").into()
}
