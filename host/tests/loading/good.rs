//! Plugins that load.

use super::*;
use backplane_sdk::Interface;
use backplane_sdk::descriptor::{
    self,
    fixed::{InterfaceTy, render_interface, rendered_interface_len},
};
use fixture_api::EchoInterface;

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
        let declared = unsafe { plugin.declaration().unwrap().manifest.as_bytes() };
        let version = format!("\"version\":\"{}\"", plugin.manifest().version);
        assert!(String::from_utf8_lossy(declared).contains(&version));
    }
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
fn the_manifest_in_c_says_what_the_contract_says() {
    const ECHO: &InterfaceTy = <EchoInterface as Interface>::TY;
    static JSON: [u8; rendered_interface_len(ECHO)] = render_interface(ECHO);
    let contract: descriptor::Interface = serde_json::from_slice(&JSON).unwrap();
    let manifest = inspect(&fixture("c-hello")).unwrap().manifest;
    assert_eq!(manifest.provides, [contract]);
}
