//! The one exported symbol, and what it returns.

use crate::{Host, LayoutRecord, ModuleTable, Reply, Slice};
use abi_stable::StableAbi;
use std::ffi::c_void;

/// The symbol that a plugin exports: an [`EntryFn`].
pub const ENTRY_SYMBOL: &str = "backplane_plugin_v1";

/// The section of the library that holds the manifest, byte for byte what the declaration says.
pub const MANIFEST_SECTION: &str = ".backplane";

/// The largest manifest that a host reads, in bytes.
pub const MANIFEST_LIMIT: usize = 1 << 20;

/// The type of [`ENTRY_SYMBOL`]. Gets the ABI level of the host; returns a declaration that is valid for the
/// life of the process, or null when the plugin refuses the level. Must do nothing else.
pub type EntryFn = unsafe extern "C" fn(host_abi: u32) -> *const PluginDeclaration;

/// An instance of a module: a context and the functions that take it.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct ModuleHandle {
    /// The first argument of each function.
    pub ctx: *mut c_void,
    /// The functions.
    pub table: *const ModuleTable,
}

// SAFETY: the functions may be called from any thread (rule of the ABI).
unsafe impl Send for ModuleHandle {}
// SAFETY: as above.
unsafe impl Sync for ModuleHandle {}

/// What a new instance is told.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct ModuleInfo {
    /// The size of this struct in bytes as the host knows it; later levels append.
    pub size: u32,
    /// The number of this generation, counted from 1 for each slot.
    pub generation: u32,
    /// The name of the module in this host.
    pub name: Slice,
    /// A folder of its own, which exists; empty where there is none. UTF-8.
    pub data_dir: Slice,
    /// The configuration: a JSON object, already checked against the manifest.
    pub config: Slice,
}

/// What a plugin says of itself.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct PluginDeclaration {
    /// The size of this struct in bytes as the plugin knows it; later levels append.
    pub size: u32,
    /// The ABI level that the plugin was built for.
    pub abi: u32,
    /// The manifest: JSON in UTF-8, at most [`MANIFEST_LIMIT`] bytes.
    pub manifest: Slice,
    /// Makes an instance, which does nothing before `start`. `host` and `info` are borrowed for the call. Must
    /// not call other modules. Answers `OK` and fills `module`, or an error message.
    pub create: Option<
        unsafe extern "C" fn(
            host: *const Host,
            info: *const ModuleInfo,
            module: *mut ModuleHandle,
            reply: *mut Reply,
        ) -> i32,
    >,
    /// The layout of the tables as the plugin's compiler saw it; null for plugins not written in Rust.
    pub layout: *const LayoutRecord,
}

// SAFETY: a declaration is immutable and lives for ever.
unsafe impl Send for PluginDeclaration {}
// SAFETY: as above.
unsafe impl Sync for PluginDeclaration {}
