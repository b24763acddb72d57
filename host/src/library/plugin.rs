//! A plugin that is ready to make modules, wherever its code is.

use super::declaration::{self, Declared};
use super::image::Image;
use super::inspect::{Inspected, judge};
use super::{CreateError, DeclarationError, LayoutCheck, LibraryError, cache, module};
use crate::bundle::{Digest, Placement};
use crate::placement::process::{Process, Told};
use crate::plan::{Candidate, Source};
use crate::router::Caller;
use backplane_descriptor::{Manifest, Unload};
use backplane_plugin_api::{
    ABI_LEVEL, ENTRY_SYMBOL, EntryFn, Host, ModuleHandle, ModuleInfo, PluginDeclaration, Slice,
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
    code: Code,
}

/// Where the code of a plugin is.
#[derive(Debug)]
enum Code {
    /// In a library in this process.
    Native {
        declared: Declared,
        file: File,
        _library: Library,
    },
    /// In this program.
    Linked(Declared),
    /// In a library in another process; the manifest as it stands in the file.
    Process(File, Process, String),
}

/// The file of a plugin.
#[derive(Debug)]
struct File {
    path: PathBuf,
    copy: PathBuf,
    sha256: [u8; 32],
}

impl Plugin {
    /// Opens the plugin at `path`: reads and judges it, compares it with the `pinned` SHA-256, and loads the
    /// copy that it keeps in the folder `cache`. Blocks on the disk.
    ///
    /// # Errors
    /// [`LibraryError`]; no code of the plugin has run unless it is `Load` or `Declaration`.
    pub fn open(path: &Path, pinned: Option<[u8; 32]>, cache: &Path) -> Result<Arc<Self>, LibraryError> {
        let (image, inspected) = read(path, pinned)?;
        let copy = cache::keep(&image, cache)?;
        Self::load(&image, inspected, copy)
    }

    /// The same of a copy that a host has kept already.
    pub(crate) fn open_kept(copy: &Path, sha256: [u8; 32]) -> Result<Arc<Self>, LibraryError> {
        let (image, inspected) = read(copy, Some(sha256))?;
        Self::load(&image, inspected, copy.to_owned())
    }

    /// The same without loading it here: each of its modules is made in a process of its own.
    pub(crate) fn open_for(
        process: Process,
        path: &Path,
        pinned: Option<[u8; 32]>,
        cache: &Path,
    ) -> Result<Arc<Self>, LibraryError> {
        let (image, inspected) = read(path, pinned)?;
        let file = File {
            path: path.to_owned(),
            copy: cache::keep(&image, cache)?,
            sha256: image.sha256,
        };
        Ok(Arc::new(Self {
            manifest: inspected.manifest,
            code: Code::Process(file, process, inspected.manifest_json),
        }))
    }

    fn load(image: &Image, inspected: Inspected, copy: PathBuf) -> Result<Arc<Self>, LibraryError> {
        let path = &image.path;
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
        let file = File {
            path: path.to_owned(),
            copy,
            sha256: image.sha256,
        };
        Ok(Arc::new(Self {
            manifest: inspected.manifest,
            code: Code::Native {
                declared,
                file,
                _library: library,
            },
        }))
    }

    /// A plugin that is linked into this program.
    ///
    /// # Safety
    /// What `declaration` points to must be what the ABI says, and valid for the life of the process.
    /// That of a [`Plug`](backplane_sdk::Plug) is so; [`Linked`](super::Linked) takes it from there.
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
            code: Code::Linked(declared),
        }))
    }

    /// What the plugin says of itself.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The declaration at the host's level.
    /// None where its code is in another process.
    pub fn declaration(&self) -> Option<&PluginDeclaration> {
        self.declared().map(|declared| &declared.declaration)
    }

    /// How far the layout of its tables was verified.
    pub fn layout(&self) -> &LayoutCheck {
        self.declared().map_or(&LayoutCheck::Elsewhere, |it| &it.layout)
    }

    const fn declared(&self) -> Option<&Declared> {
        match &self.code {
            Code::Native { declared, .. } | Code::Linked(declared) => Some(declared),
            Code::Process(..) => None,
        }
    }

    /// The manifest as the plugin has it.
    pub(crate) fn manifest_json(&self) -> String {
        match (&self.code, self.declared()) {
            (Code::Process(_, _, json), _) => json.clone(),
            (_, Some(declared)) => {
                // SAFETY: the manifest is valid for as long as the declaration, and so as the plugin.
                let json = unsafe { declared.declaration.manifest.as_bytes() };
                String::from_utf8_lossy(json).into_owned()
            }
            (_, None) => String::new(),
        }
    }

    const fn file(&self) -> Option<&File> {
        match &self.code {
            Code::Native { file, .. } | Code::Process(file, ..) => Some(file),
            Code::Linked(_) => None,
        }
    }

    /// Where its modules run.
    pub const fn placement(&self) -> Placement {
        match &self.code {
            Code::Native { .. } => Placement::Native,
            Code::Linked(_) => Placement::Static,
            Code::Process(..) => Placement::Process,
        }
    }

    /// What a rollback leads to: the host's own copy of the file, because the file that it came from may be another
    /// one by now. None for a plugin that is linked in.
    pub(crate) fn candidate(&self) -> Option<Arc<Candidate>> {
        let file = self.file()?;
        Some(Arc::new(Candidate {
            path: file.copy.clone(),
            sha256: Digest(file.sha256),
            source: Source::File,
            manifest: self.manifest.clone(),
        }))
    }

    /// Whether its code is unmapped when it is dropped, so that nothing of its memory may be left.
    pub(crate) fn is_unmapped(&self) -> bool {
        matches!(self.code, Code::Native { .. }) && self.manifest.unload == Unload::Clean
    }

    /// Whether its code stays in this process when another version takes over.
    pub(crate) fn stays_mapped(&self) -> bool {
        matches!(self.code, Code::Native { .. }) && self.manifest.unload == Unload::Never
    }

    /// The SHA-256 of the file; none for a plugin that is linked in.
    pub fn sha256(&self) -> Option<[u8; 32]> {
        self.file().map(|file| file.sha256)
    }

    /// The file that was opened; none for a plugin that is linked in.
    pub fn path(&self) -> Option<&Path> {
        self.file().map(|file| &*file.path)
    }

    /// The copy that is loaded; none for a plugin that is linked in.
    pub fn library_path(&self) -> Option<&Path> {
        self.file().map(|file| &*file.copy)
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
        let Some(declared) = self.declared() else {
            return Err(CreateError::Elsewhere);
        };
        // SAFETY: the declaration is checked and its library is mapped; the caller vouches for the rest.
        unsafe { module::create(&declared.declaration, host, info) }
    }

    /// Makes a module instance for `caller`, wherever the code is. May wait for a process to be ready.
    ///
    /// # Safety
    /// `caller` must be valid until the module's `destroy` returns, and the handle not be used after this plugin is
    /// dropped.
    pub(crate) unsafe fn instance(
        &self,
        caller: &Arc<Caller>,
        told: &Told<'_>,
    ) -> Result<ModuleHandle, CreateError> {
        if let Code::Process(file, process, manifest) = &self.code {
            return process.create((&file.copy, file.sha256), manifest, caller, told);
        }
        let info = ModuleInfo {
            size: size_of::<ModuleInfo>() as u32,
            generation: told.generation,
            name: Slice::new(told.name.as_bytes()),
            data_dir: Slice::new(told.data_dir.as_bytes()),
            config: Slice::new(told.config.as_bytes()),
        };
        // SAFETY: as the caller says.
        unsafe { self.create(&caller.host(), &info) }
    }
}

fn read(path: &Path, pinned: Option<[u8; 32]>) -> Result<(Image, Inspected), LibraryError> {
    let image = Image::read(path)?;
    image.check_pin(pinned)?;
    let inspected = judge(&image)?;
    Ok((image, inspected))
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
