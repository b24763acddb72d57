//! A bundle and what is installed beside it.

use crate::bundle::FILE;
use crate::exit::Failure;
use backplane_host::bundle::{Bundle, ModuleConfig, Placement, PluginRef};
use backplane_package::{Lock, LockError, Locked, Store};
use std::path::{Path, PathBuf};

/// A bundle and what is installed beside it.
#[derive(Debug)]
pub(crate) struct Site {
    /// The bundle as it stands in its file.
    pub(crate) bundle: Bundle,
    /// The file, as it was named.
    pub(crate) file: PathBuf,
    pub(crate) lock: Lock,
    pub(crate) store: Store,
}

impl Site {
    /// The bundle `file`, or the one in the current folder.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, Failure> {
        let file = file.unwrap_or(Path::new(FILE)).to_owned();
        if !file.exists() {
            return Err(Failure::usage(format!(
                "there is no {}, beside which packages are installed: make one, an empty file will do, or name it with --bundle",
                file.display()
            )));
        }
        let bundle = Bundle::read(&file)?;
        let lock = Lock::read(&lock_file(&bundle))?;
        let store = Store::beside(&bundle.host.base);
        Ok(Self {
            bundle,
            file,
            lock,
            store,
        })
    }

    /// Writes the lock.
    pub(crate) fn save(&self) -> Result<(), LockError> {
        self.lock.write(&lock_file(&self.bundle))
    }

    /// The bundle with what is installed for it, but for those packages that `leave` chooses.
    pub(crate) fn pinned(&self, leave: impl Fn(&str) -> bool) -> Bundle {
        let mut bundle = self.bundle.clone();
        let kept = self.lock.packages.iter().filter(|(name, _)| !leave(name));
        pin(&mut bundle, &self.store, kept);
        bundle
    }

    /// The modules of the bundle that are the plugin `name`.
    pub(crate) fn modules(&self, name: &str) -> Vec<&str> {
        let modules = self.bundle.modules.iter();
        modules
            .filter(|(_, module)| is_plugin(module, name))
            .map(|(module, _)| module.as_str())
            .collect()
    }
}

/// Reads a bundle, with what is installed for it.
pub(crate) fn read(file: &Path) -> Result<Bundle, Failure> {
    let mut bundle = Bundle::read(file)?;
    let lock = Lock::read(&lock_file(&bundle))?;
    let store = Store::beside(&bundle.host.base);
    pin(&mut bundle, &store, lock.packages.iter());
    Ok(bundle)
}

fn lock_file(bundle: &Bundle) -> PathBuf {
    bundle.host.base.join(Lock::FILE)
}

/// A module whose plugin is installed runs the library that the lock has the hash of, and no other.
fn pin<'a>(bundle: &mut Bundle, store: &Store, packages: impl Iterator<Item = (&'a String, &'a Locked)>) {
    for (name, locked) in packages {
        let modules = bundle.modules.values_mut();
        for module in modules.filter(|module| is_plugin(module, name)) {
            module.plugin = PluginRef::File(store.library(name, locked));
            module.sha256.get_or_insert(locked.sha256);
        }
    }
}

/// Whether the bundle asks for this plugin by its name, and not for one that is linked in.
fn is_plugin(module: &ModuleConfig, name: &str) -> bool {
    module.placement != Placement::Static
        && matches!(&module.plugin, PluginRef::Name(plugin) if plugin == name)
}
