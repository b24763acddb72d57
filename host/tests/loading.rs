//! What the host says of files that are no plugins, or not the right ones; and that good ones load.

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

#[test]
fn a_text_file() {
    let bench = Bench::new();
    let path = bench.file(b"[package]\nname = \"not a plugin\"\n");
    assert_eq!(
        bench.refusal(&path),
        "FILE is not a dynamic library but a text file: build the plugin as a cdylib or with -shared"
    );
    assert!(
        !bench.cache().exists(),
        "nothing is kept of a file that is refused"
    );
}

#[test]
fn an_empty_file() {
    let bench = Bench::new();
    let path = bench.file(b"");
    assert_eq!(
        bench.refusal(&path),
        "FILE is not a dynamic library but an empty file: build the plugin as a cdylib or with -shared"
    );
}

#[test]
fn a_library_that_is_cut_off_anywhere() {
    let bench = Bench::new();
    let whole = fs::read(fixture("c-hello")).unwrap();
    let path = bench.file(&whole[..whole.len() / 2]);
    assert_eq!(
        bench.refusal(&path),
        "FILE is truncated or damaged (Invalid ELF section header offset/size/alignment): fetch or build it again"
    );
    for percent in 1..100 {
        let path = bench.file(&whole[..whole.len() * percent / 100]);
        let error = bench.open(&path).expect_err("it must be refused");
        let truncated = matches!(
            error,
            LibraryError::Damaged { .. } | LibraryError::NotALibrary { .. }
        );
        assert!(truncated, "at {percent} %: {error}");
    }
}

#[test]
fn another_architecture() {
    let bench = Bench::new();
    let mut bytes = fs::read(fixture("c-hello")).unwrap();
    let (other, name): (u16, _) = if cfg!(target_arch = "aarch64") {
        (62, "x86_64")
    } else {
        (183, "aarch64")
    };
    bytes[18..20].copy_from_slice(&other.to_le_bytes());
    let host = std::env::consts::ARCH;
    assert_eq!(
        bench.refusal(&bench.file(&bytes)),
        format!(
            "FILE is built for {name} (ELF), this host is {host} (ELF): use the plugin's build for {host} (ELF)"
        )
    );
}

#[test]
fn a_library_without_a_manifest() {
    let bench = Bench::new();
    let path = compile_c("no-manifest", "int backplane_plugin_v1;\n", &[]);
    assert_eq!(
        bench.refusal(&path),
        "FILE is not a Backplane plugin: it has no section .backplane, which holds the manifest"
    );
}

#[test]
fn no_entry_symbol() {
    let bench = Bench::new();
    assert_eq!(
        bench.refusal(&fixture("no-entry")),
        "FILE does not export backplane_plugin_v1: build it for ABI level 1, with the symbol visible"
    );
}

#[test]
fn another_abi_number() {
    let bench = Bench::new();
    assert_eq!(
        bench.refusal(&fixture("other-abi")),
        "FILE: the plugin is built for ABI level 7, this host speaks level 1: use a build for that level"
    );
}

#[test]
fn a_plugin_that_refuses_the_level_of_the_host() {
    let bench = Bench::new();
    let path = with_manifest("refuses", r#"{"name":"refuses","version":"1.0.0"}"#);
    assert_eq!(
        bench.refusal(&path),
        "FILE: the plugin refuses ABI level 1 of this host: use a build for that level"
    );
}

#[test]
fn a_declaration_that_is_too_short() {
    let source = fs::read_to_string(workspace().join("tests/fixtures/short-table/plugin.c")).unwrap();
    let source = source.replace(".size = sizeof declaration,", ".size = 24,");
    let path = compile_c("short-declaration", &source, &[]);
    assert_eq!(
        Bench::new().refusal(&path),
        "FILE: the plugin's declaration is too short: expected at least 40 bytes, found 24"
    );
}

#[test]
fn a_module_table_that_is_too_short() {
    let plugin = Bench::new().open(&fixture("short-table")).unwrap();
    // SAFETY: host and info are static.
    let error = unsafe { plugin.create(&HOST, &INFO) }.unwrap_err();
    assert!(
        matches!(
            error,
            CreateError::TableTooShort {
                expected: 72,
                found: 56
            }
        ),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        "the module table is too short: expected at least 72 bytes, found 56"
    );
}

#[test]
fn a_module_table_without_a_function() {
    let source = fs::read_to_string(workspace().join("tests/fixtures/c-hello/plugin.c")).unwrap();
    let path = compile_c(
        "no-stop",
        &source.replace("    .stop = stop,\n", "    .cancel = (void *)stop,\n"),
        &[],
    );
    let plugin = Bench::new().open(&path).unwrap();
    // SAFETY: host and info are static.
    let error = unsafe { plugin.create(&HOST, &INFO) }.unwrap_err();
    assert_eq!(error.to_string(), "the module table has no function stop");
}

#[test]
fn a_layout_that_differs_in_one_field() {
    let bench = Bench::new();
    assert_eq!(
        bench.refusal(&fixture("other-layout")),
        "FILE: the plugin's tables differ from the host's at AbiTables.log.level: expected type u32, found type u64"
    );
}

#[test]
fn a_manifest_that_is_too_large() {
    let source = "#include <backplane_plugin.h>\n\
                  static const char manifest[BACKPLANE_MANIFEST_LIMIT + 1] BACKPLANE_MANIFEST = \"{}\";\n";
    assert_eq!(
        Bench::new().refusal(&compile_c("large-manifest", source, &[])),
        "FILE: the manifest has 1048577 bytes, at most 1048576 are allowed: shorten its texts"
    );
}

#[test]
fn a_manifest_that_is_not_valid() {
    let bench = Bench::new();
    let cases = [
        (
            "cut-off",
            r#"{"name":"a","#,
            "EOF while parsing a value at line 1 column 12",
        ),
        (
            "no-version",
            r#"{"name":"a"}"#,
            "missing field `version` at line 1 column 12",
        ),
        (
            "unknown-key",
            r#"{"name":"a","version":"1.0.0","color":1}"#,
            "unknown field `color`, expected one of `name`, `version`, `docs`, `license`, `provides`, `requires`, \
             `subscribes`, `config`, `state`, `exclusive`, `unload` at line 1 column 37",
        ),
    ];
    for (name, manifest, problem) in cases {
        let path = with_manifest(name, manifest);
        assert_eq!(
            bench.refusal(&path),
            format!("FILE: the manifest is not valid: {problem}")
        );
    }
}

#[test]
fn a_module_name_that_leaves_its_folder() {
    let path = with_manifest("dots", r#"{"name":"../etc","version":"1.0.0"}"#);
    assert_eq!(
        Bench::new().refusal(&path),
        "FILE: the manifest is not valid: name: \"../etc\" is not a module name: lower-case letters, digits and \
         '-', beginning with a letter, at most 64 bytes"
    );
}

#[test]
fn a_declared_manifest_that_is_not_the_one_in_the_section() {
    let source = fs::read_to_string(workspace().join("tests/fixtures/c-hello/plugin.c")).unwrap();
    let source = source.replace("sizeof manifest - 1}", "sizeof manifest - 2}");
    assert_eq!(
        Bench::new().refusal(&compile_c("two-manifests", &source, &[])),
        "FILE: the manifest that the plugin declares is not the one in its section: build it again"
    );
}

#[test]
fn another_file_than_the_pinned_one() {
    let bench = Bench::new();
    let path = fixture("c-hello");
    let found = inspect(&path).unwrap().sha256;
    let error = Plugin::open(&path, Some([0xab; 32]), &bench.cache()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} has SHA-256 {}, but {} is pinned: restore the file or pin the new hash",
            path.display(),
            hex::encode(found),
            "ab".repeat(32)
        )
    );
    assert!(!bench.cache().exists());
    let plugin = Plugin::open(&path, Some(found), &bench.cache()).unwrap();
    assert_eq!(plugin.sha256(), Some(found));
}

#[test]
fn a_file_that_is_replaced_in_its_place_is_new_code() {
    let bench = Bench::new();
    let path = bench.file(&fs::read(c_hello("replaced-1", "1.0.0")).unwrap());
    let first = bench.open(&path).unwrap();
    fs::copy(c_hello("replaced-2", "2.0.0"), &path).unwrap();
    let second = bench.open(&path).unwrap();
    assert_eq!(first.manifest().version.to_string(), "1.0.0");
    assert_eq!(second.manifest().version.to_string(), "2.0.0");
    // Not only the files differ, but the code that is mapped.
    for plugin in [&first, &second] {
        // SAFETY: the plugin is mapped while it is held.
        let declared = unsafe { plugin.declaration().manifest.as_bytes() };
        let version = format!("\"version\":\"{}\"", plugin.manifest().version);
        assert!(String::from_utf8_lossy(declared).contains(&version));
    }
}

#[test]
fn a_plugin_of_c_answers_and_is_unmapped() {
    let bench = Bench::new();
    let plugin = bench.open(&fixture("c-hello")).unwrap();
    assert_eq!(*plugin.layout(), LayoutCheck::NotRust);
    let copy = plugin.library_path().unwrap().to_owned();
    // SAFETY: host and info are static, and the plugin is held until the module is destroyed.
    let module = unsafe { plugin.create(&HOST, &INFO) }.unwrap();
    // SAFETY: the table was checked by `create`.
    let table = unsafe { &*module.table };
    let mut call = call(b"\xa1\x64text\x65again");
    let mut reply = Reply::EMPTY;
    // SAFETY: the module's own context, and valid pointers.
    unsafe {
        assert_eq!(table.start.unwrap()(module.ctx, &raw mut reply), status::OK);
        assert_eq!(
            table.call.unwrap()(module.ctx, &raw const call, &raw mut reply),
            status::OK
        );
    }
    assert_eq!(reply.payload.as_bytes(), b"\x65again");
    call.args = Args::new(b"\xa1\x64text\x65aga");
    // SAFETY: as above.
    let refused = unsafe { table.call.unwrap()(module.ctx, &raw const call, &raw mut reply) };
    assert_eq!(
        (refused, reply.message()),
        (status::BAD_ARGUMENTS, "text: expected text".to_owned())
    );
    drop(reply);
    // SAFETY: as above; the module is not used afterwards.
    unsafe { table.destroy.unwrap()(module.ctx) };
    assert!(is_mapped(&copy));
    drop(plugin);
    assert!(!is_mapped(&copy), "it promises a clean unload");
}

fn call(payload: &[u8]) -> Call {
    Call {
        size: size_of::<Call>() as u32,
        kind: kind::METHOD,
        interface: 0,
        method: 0,
        context: CallContext::ROOT,
        caller: Slice::new(b"test"),
        sequence: 0,
        lost: 0,
        args: Args::new(payload),
        token: std::ptr::null_mut(),
    }
}

#[test]
fn a_plugin_of_rust_is_verified_and_stays_mapped() {
    let bench = Bench::new();
    let path = fixture("hello");
    let inspected = inspect(&path).unwrap();
    assert_eq!(inspected.manifest.name, "hello");
    assert_eq!(inspected.size, fs::metadata(&path).unwrap().len());
    let plugin = bench.open(&path).unwrap();
    assert_eq!(*plugin.layout(), LayoutCheck::Verified);
    assert_eq!(*plugin.manifest(), inspected.manifest);
    // SAFETY: host and info are static, and the plugin is held until the module is destroyed.
    let module = unsafe { plugin.create(&HOST, &INFO) }.unwrap();
    // SAFETY: the table was checked, and the module is not used afterwards.
    unsafe { (*module.table).destroy.unwrap()(module.ctx) };
    let copy = plugin.library_path().unwrap().to_owned();
    drop(plugin);
    assert!(is_mapped(&copy), "without the promise of a clean unload it stays");
}

#[test]
fn a_configuration_that_the_plugin_refuses() {
    let plugin = Bench::new().open(&fixture("hello")).unwrap();
    let info = ModuleInfo {
        config: Slice::new(br#"{"word":7}"#),
        ..INFO
    };
    // SAFETY: host and info are valid for the call.
    let error = unsafe { plugin.create(&HOST, &info) }.unwrap_err();
    assert_eq!(
        error.to_string(),
        "configuration: invalid type: integer `7`, expected a string at line 1 column 9"
    );
}

#[test]
fn a_plugin_of_the_nightly_compiler_loads() {
    let plugin = Bench::new().open(&nightly_build("fixture-hello")).unwrap();
    assert_eq!(*plugin.layout(), LayoutCheck::Verified);
    // SAFETY: host and info are static, and the plugin is held until the module is destroyed.
    let module = unsafe { plugin.create(&HOST, &INFO) }.unwrap();
    let mut reply = Reply::EMPTY;
    // SAFETY: the table was checked, and the module is not used afterwards.
    unsafe {
        let table = &*module.table;
        assert_eq!(
            table.start.unwrap()(module.ctx, &raw mut reply),
            status::OK,
            "{}",
            reply.message()
        );
        assert_eq!(
            table.stop.unwrap()(module.ctx, 1000, &raw mut reply),
            status::OK,
            "{}",
            reply.message()
        );
        table.destroy.unwrap()(module.ctx);
    }
}

#[test]
fn the_layout_is_checked_again_for_each_of_many_loads() {
    let bench = Bench::new();
    let (good, bad) = (fixture("hello"), fixture("other-layout"));
    for _ in 0..20 {
        assert!(bench.open(&good).is_ok());
        assert!(bench.open(&bad).is_err());
    }
}

#[test]
fn a_plugin_that_is_linked_in_is_checked_alike() {
    static MANIFEST: &[u8] = br#"{"name":"linked","version":"1.0.0"}"#;
    unsafe extern "C" fn create(
        _: *const Host,
        _: *const ModuleInfo,
        module: *mut backplane_plugin_api::ModuleHandle,
        _: *mut Reply,
    ) -> i32 {
        static EMPTY: ModuleTable = ModuleTable {
            size: size_of::<ModuleTable>() as u32,
            abi: ABI_LEVEL + 1,
            start: None,
            call: None,
            cancel: None,
            export_state: None,
            import_state: None,
            stop: None,
            destroy: None,
            query_interface: None,
        };
        // SAFETY: the host passes a handle that is valid for writing.
        unsafe { (*module).table = &raw const EMPTY };
        status::OK
    }
    static GOOD: PluginDeclaration = PluginDeclaration {
        size: size_of::<PluginDeclaration>() as u32,
        abi: ABI_LEVEL,
        manifest: Slice::new(MANIFEST),
        create: Some(create),
        layout: std::ptr::null(),
    };
    static NO_CREATE: PluginDeclaration = PluginDeclaration { create: None, ..GOOD };
    // SAFETY: both declarations are static and whole.
    let (good, bad) = unsafe {
        (
            Plugin::from_declaration(&GOOD),
            Plugin::from_declaration(&NO_CREATE),
        )
    };
    assert_eq!(
        bad.unwrap_err().to_string(),
        "the plugin's declaration has no function create"
    );
    let good = good.unwrap();
    assert_eq!((good.manifest().name.as_str(), good.path()), ("linked", None));
    // SAFETY: host and info are static.
    let error = unsafe { good.create(&HOST, &INFO) }.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the module table is of ABI level 2, this host speaks level 1"
    );
}
