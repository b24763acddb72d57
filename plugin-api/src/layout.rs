//! How the two sides compare their views of the tables.
//!
//! abi_stable verifies the tables, it does not carry them: a Rust plugin points to the layout of
//! [`AbiTables`] as its compiler saw it, and the host compares it with its own.

use crate::{Call, HostTable, LogRecord, ModuleTable, PluginDeclaration, Slice};
use abi_stable::StableAbi;
use std::ffi::c_void;

/// The release of abi_stable that describes the layout. A record of another release is not read.
pub const LAYOUT_VERSION: &str = "abi_stable 0.11.3";

/// Every type of the ABI, reachable from one.
///
/// The tables of services ([`HostTable::query_service`]) are not among them: a plugin that predates a service still
/// fits. What they are is pinned by the service's name and version.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct AbiTables {
    /// What the entry function returns.
    pub declaration: *const PluginDeclaration,
    /// What a module answers to.
    pub module: *const ModuleTable,
    /// What the host offers.
    pub host: *const HostTable,
    /// A call on its way in.
    pub call: *const Call,
    /// A line for the log.
    pub log: *const LogRecord,
}

/// The layout of the tables, as one side's compiler saw it.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct LayoutRecord {
    /// [`LAYOUT_VERSION`] of the side that wrote the record.
    pub version: Slice,
    /// An `abi_stable::type_layout::TypeLayout` of that release, alive for ever.
    pub layout: *const c_void,
}

// SAFETY: the record points to immutable data that lives for ever.
unsafe impl Send for LayoutRecord {}
// SAFETY: as above.
unsafe impl Sync for LayoutRecord {}

impl LayoutRecord {
    /// The record of `T`, which is [`AbiTables`] everywhere but in tests of the check itself.
    pub const fn of<T: StableAbi>() -> Self {
        Self {
            version: Slice::new(LAYOUT_VERSION.as_bytes()),
            layout: std::ptr::from_ref(T::LAYOUT).cast(),
        }
    }
}
