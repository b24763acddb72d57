//! A plugin that is ready to make modules.

use super::declaration::{self, Declared};
use super::image::Image;
use super::inspect::judge;
use super::{CreateError, DeclarationError, LayoutCheck, LibraryError, cache, module};
use backplane_descriptor::{Manifest, Unload};
use backplane_plugin_api::{
    ABI_LEVEL, ENTRY_SYMBOL, EntryFn, Host, ModuleHandle, ModuleInfo, PluginDeclaration,
};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A plugin whose code is in the process and fits this host.
///
/// Keep it for as long as anything of the plugin is in use: its modules, their replies and tables. Where the
/// manifest promises `unload = "clean"`, dropping it unmaps the library; do so on a thread that has not run
/// the plugin's code, after those that have are joined. Otherwise the library stays mapped.
#[derive(Debug)]
pub struct Plugin {
    manifest: Manifest,
    declared: Declared,
    file: Option<File>,
}

/// Where the code of a plugin comes from that is not linked in.
#[derive(Debug)]
struct File {
    path: PathBuf,
    copy: PathBuf,
    sha256: [u8; 32],
    _library: Library,
}

impl Plugin {
    /// Opens the plugin at `path`: reads and judges it, compares it with the `pinned` SHA-256, and loads the
    /// copy that it keeps in the folder `cache`. Blocks on the disk.
    ///
    /// # Errors
    /// [`LibraryError`]; no code of the plugin has run unless it is `Load` or `Declaration`.
    pub fn open(path: &Path, pinned: Option<[u8; 32]>, cache: &Path) -> Result<Arc<Self>, LibraryError> {
        let image = Image::read(path)?;
        image.check_pin(pinned)?;
        let inspected = judge(&image)?;
        let copy = cache::keep(&image, cache)?;
        let load = |error: libloading::Error| LibraryError::Load {
            path: path.to_owned(),
            // The error itself only says which function failed.
            problem: error
                .source()
                .map_or_else(|| error.to_string(), ToString::to_string),
        };
        let library = load_library(&copy, inspected.manifest.unload).map_err(load)?;
        // SAFETY: the symbol of this name is an `EntryFn` (rule of the ABI).
        let entry = unsafe { library.get::<EntryFn>(ENTRY_SYMBOL) }.map_err(load)?;
        // SAFETY: as above; it takes any level, and what it returns is valid while the library is mapped.
        let declared = unsafe {
            let declaration = entry(ABI_LEVEL);
            declaration::check(declaration, Some(&inspected.manifest_json))
        };
        let declared = declared.map_err(|source| LibraryError::Declaration {
            path: path.to_owned(),
            source,
        })?;
        Ok(Arc::new(Self {
            manifest: inspected.manifest,
            declared,
            file: Some(File {
                path: path.to_owned(),
                copy,
                sha256: image.sha256,
                _library: library,
            }),
        }))
    }

    /// A plugin that is linked into this program.
    ///
    /// # Safety
    /// What `declaration` points to must be what the ABI says, and valid for the life of the process.
    /// The constant `DECLARATION` that `#[module]` writes is so.
    ///
    /// # Errors
    /// [`DeclarationError`], as for a library.
    pub unsafe fn from_declaration(
        declaration: &'static PluginDeclaration,
    ) -> Result<Arc<Self>, DeclarationError> {
        // SAFETY: the caller vouches for the declaration.
        let (declared, manifest) = unsafe {
            let declared = declaration::check(declaration, None)?;
            let manifest = declaration::manifest(&declared)?;
            (declared, manifest)
        };
        Ok(Arc::new(Self {
            manifest,
            declared,
            file: None,
        }))
    }

    /// What the plugin says of itself.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The declaration at the host's level.
    pub const fn declaration(&self) -> &PluginDeclaration {
        &self.declared.declaration
    }

    /// How far the layout of its tables was verified.
    pub const fn layout(&self) -> &LayoutCheck {
        &self.declared.layout
    }

    /// The SHA-256 of the file; none for a plugin that is linked in.
    pub fn sha256(&self) -> Option<[u8; 32]> {
        self.file.as_ref().map(|file| file.sha256)
    }

    /// The file that was opened; none for a plugin that is linked in.
    pub fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(|file| &*file.path)
    }

    /// The copy that is mapped; none for a plugin that is linked in.
    pub fn library_path(&self) -> Option<&Path> {
        self.file.as_ref().map(|file| &*file.copy)
    }

    /// Makes a module instance, which does nothing before its `start`. Runs the plugin's code, which does not
    /// wait for others, on this thread.
    ///
    /// # Safety
    /// `host` must be valid until the module's `destroy` returns, and `info` for the call. The handle must not
    /// be used after this plugin is dropped.
    ///
    /// # Errors
    /// The plugin refuses, or its table does not fit. A table that does not fit is not called: the instance
    /// behind it is lost.
    pub unsafe fn create(&self, host: &Host, info: &ModuleInfo) -> Result<ModuleHandle, CreateError> {
        // SAFETY: the declaration is checked and its library is mapped; the caller vouches for the rest.
        unsafe { module::create(&self.declared.declaration, host, info) }
    }
}

fn load_library(copy: &Path, unload: Unload) -> Result<Library, libloading::Error> {
    let keep = match unload {
        Unload::Never => libc::RTLD_NODELETE,
        Unload::Clean => 0,
    };
    // SAFETY: the initialisers of the library run here. They are the plugin's own risk, as is all its native
    // code: nothing in this process can hold it back. The file is a complete library for this platform, and
    // nobody writes to the copy.
    unsafe { Library::open(Some(copy), RTLD_NOW | RTLD_LOCAL | keep) }
}
