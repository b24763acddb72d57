//! What the host says of files that are no plugins, or not the right ones; and that good ones load.

mod files;
mod good;
mod manifests;
mod tables;

use backplane_host::library::{CreateError, LayoutCheck, LibraryError, Plugin, inspect};
use backplane_plugin_api::{
    ABI_LEVEL, Args, Call, CallContext, Host, HostTable, LogRecord, ModuleInfo, ModuleTable,
    PluginDeclaration, Reply, Slice, kind, status,
};
use backplane_test_support::{compile_c, fixture, nightly_build, workspace};
use std::ffi::c_void;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

unsafe extern "C" fn no_log(_: *const c_void, _: *const LogRecord) {}

unsafe extern "C" fn no_level(_: *const c_void) -> u32 {
    0
}

/// A host for modules that call nobody.
static TABLE: HostTable = HostTable {
    size: size_of::<HostTable>() as u32,
    abi: ABI_LEVEL,
    log: Some(no_log),
    log_level: Some(no_level),
    now: None,
    resolve: None,
    call: None,
    when_done: None,
    cancel: None,
    defer: None,
    complete: None,
    emit: None,
    retain: None,
    release: None,
    query_service: None,
};

const HOST: Host = Host {
    table: &raw const TABLE,
    ctx: std::ptr::null(),
};

const INFO: ModuleInfo = ModuleInfo {
    size: size_of::<ModuleInfo>() as u32,
    generation: 1,
    name: Slice::new(b"fixture"),
    data_dir: Slice::EMPTY,
    config: Slice::EMPTY,
};

/// A folder with a cache in it.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn cache(&self) -> PathBuf {
        self.0.path().join("cache")
    }

    fn open(&self, path: &Path) -> Result<Arc<Plugin>, LibraryError> {
        Plugin::open(path, None, &self.cache())
    }

    /// A file with these bytes.
    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join("plugin.so");
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Why `path` is refused, with the path as FILE.
    fn refusal(&self, path: &Path) -> String {
        let error = self.open(path).expect_err("it must be refused");
        error.to_string().replace(&path.display().to_string(), "FILE")
    }
}

/// A plugin in C with this manifest and nothing behind it.
fn with_manifest(name: &str, manifest: &str) -> PathBuf {
    let source = format!(
        "#include <backplane_plugin.h>\n\
         static const char manifest[] BACKPLANE_MANIFEST = {manifest:?};\n\
         const backplane_plugin_declaration *backplane_plugin_v1(uint32_t a) {{ (void)a; return NULL; }}\n"
    );
    compile_c(name, &source, &[])
}

fn c_hello(name: &str, version: &str) -> PathBuf {
    let source = fs::read_to_string(workspace().join("tests/fixtures/c-hello/plugin.c")).unwrap();
    compile_c(name, &source, &[&format!("-DVERSION=\"{version}\"")])
}

fn is_mapped(plugin: &Path) -> bool {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    maps.contains(&plugin.display().to_string())
}
