//! What the entry function returns, checked before anything else is called.

use super::layout::{self, LayoutCheck};
use backplane_descriptor::{Manifest, ManifestError};
use backplane_plugin_api::{ABI_LEVEL, MANIFEST_LIMIT, PluginDeclaration};

/// Why a declaration does not fit this host.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeclarationError {
    /// The entry function returned null.
    #[error("the plugin refuses ABI level {level} of this host: use a build for that level")]
    LevelRefused {
        /// The level of the host.
        level: u32,
    },
    /// The plugin is built for another level.
    #[error(
        "the plugin is built for ABI level {found}, this host speaks level {expected}: use a build for that level"
    )]
    OtherAbi {
        /// The level of the host.
        expected: u32,
        /// The level of the plugin.
        found: u32,
    },
    /// The declaration ends too early.
    #[error("the plugin's declaration is too short: expected at least {expected} bytes, found {found}")]
    TooShort {
        /// The size of the declaration at the host's level, in bytes.
        expected: usize,
        /// The size that the plugin states, in bytes.
        found: usize,
    },
    /// There is no function that makes modules.
    #[error("the plugin's declaration has no function create")]
    NoCreate,
    /// The manifest is longer than [`MANIFEST_LIMIT`].
    #[error("the manifest has {size} bytes, at most {limit} are allowed: shorten its texts")]
    ManifestTooLarge {
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The manifest of a linked plugin breaks a rule.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The code and the section disagree about what the plugin is.
    #[error("the manifest that the plugin declares is not the one in its section: build it again")]
    ManifestDiffers,
    /// The tables look different to the plugin's compiler.
    #[error("the plugin's tables differ from the host's at {field}: expected {expected}, found {found}")]
    Layout {
        /// The path of the field from the root of the tables.
        field: String,
        /// What the host has there.
        expected: String,
        /// What the plugin has there.
        found: String,
    },
}

/// A declaration that fits.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) declaration: PluginDeclaration,
    pub(super) layout: LayoutCheck,
}

/// Checks `declaration`; `manifest` is that of the section, if there was one.
///
/// # Safety
/// `declaration` must be null or point to what the ABI says, which must stay valid for the call.
pub(super) unsafe fn check(
    declaration: *const PluginDeclaration,
    manifest: Option<&str>,
) -> Result<Declared, DeclarationError> {
    if declaration.is_null() {
        return Err(DeclarationError::LevelRefused { level: ABI_LEVEL });
    }
    // SAFETY: of every level, a declaration begins with its size and its level.
    let (size, abi) = unsafe { ((*declaration).size as usize, (*declaration).abi) };
    if abi != ABI_LEVEL {
        return Err(DeclarationError::OtherAbi {
            expected: ABI_LEVEL,
            found: abi,
        });
    }
    let expected = size_of::<PluginDeclaration>();
    if size < expected {
        return Err(DeclarationError::TooShort {
            expected,
            found: size,
        });
    }
    // SAFETY: it is as long as it should be, and stays valid for the call.
    let declaration = unsafe { *declaration };
    if declaration.create.is_none() {
        return Err(DeclarationError::NoCreate);
    }
    let size = declaration.manifest.len;
    if size > MANIFEST_LIMIT {
        return Err(DeclarationError::ManifestTooLarge {
            size,
            limit: MANIFEST_LIMIT,
        });
    }
    // SAFETY: the manifest is valid for as long as the declaration.
    let declared = unsafe { declaration.manifest.as_bytes() };
    if manifest.is_some_and(|manifest| manifest.as_bytes() != declared) {
        return Err(DeclarationError::ManifestDiffers);
    }
    // SAFETY: the record is null or valid for as long as the declaration.
    let layout = unsafe { layout::check(declaration.layout) }?;
    Ok(Declared { declaration, layout })
}

/// The manifest of a declaration that [`check`] has found good.
///
/// # Safety
/// The declaration must still be valid.
pub(super) unsafe fn manifest(declared: &Declared) -> Result<Manifest, DeclarationError> {
    // SAFETY: the manifest is valid for as long as the declaration.
    Ok(Manifest::parse(unsafe {
        declared.declaration.manifest.as_bytes()
    })?)
}
