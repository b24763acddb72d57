//! Declarations and tables that do not fit.

use super::*;

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
