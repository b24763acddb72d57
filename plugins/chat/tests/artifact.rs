//! The library as a host finds it: one symbol, and a manifest that is read without running it.
#![cfg(target_os = "linux")]

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};

use backplane_descriptor::{Manifest, Overflow};
use backplane_sdk::plugin_api::{ENTRY_SYMBOL, MANIFEST_SECTION};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};

/// The library that was built with this test.
fn library() -> Vec<u8> {
    let mut path = std::env::current_exe().unwrap();
    path.set_file_name(format!("{DLL_PREFIX}chat_plugin{DLL_SUFFIX}"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_library_exports_its_entry_and_nothing_else() {
    let library = library();
    let file = object::File::parse(&*library).unwrap();
    let names: Vec<_> = file
        .dynamic_symbols()
        .filter(|symbol| symbol.is_definition())
        .map(|symbol| symbol.name().unwrap())
        .collect();
    assert_eq!(names, [ENTRY_SYMBOL]);
}

#[test]
fn the_manifest_says_what_chat_provides_and_needs() {
    let library = library();
    let file = object::File::parse(&*library).unwrap();
    let section = file.section_by_name(MANIFEST_SECTION).unwrap();
    let manifest = Manifest::parse(section.data().unwrap()).unwrap();
    assert_eq!(manifest.name, "chat");
    let provided: Vec<_> = manifest.provides.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(provided, ["chat.room"]);
    let required: Vec<_> = manifest
        .requires
        .iter()
        .map(|it| (it.interface.as_str(), it.version.to_string()))
        .collect();
    assert_eq!(
        required,
        [("waku.relay", "^1".to_owned()), ("storage.kv", "^1".to_owned())]
    );
    let subscribed: Vec<_> = manifest
        .subscribes
        .iter()
        .map(|it| (it.event.as_str(), it.overflow))
        .collect();
    assert_eq!(
        subscribed,
        [("message", Overflow::Block), ("started", Overflow::DropOldest)]
    );
    assert_eq!(manifest.state.map(|it| it.version), Some(1));
    assert!(
        manifest.exclusive.is_empty(),
        "two generations may run side by side"
    );
}
