//! The stable ABI between a Backplane host and its plugins.
//!
//! A plugin is a dynamic library that exports exactly one symbol, [`ENTRY_SYMBOL`], and carries its
//! manifest as JSON in the section [`MANIFEST_SECTION`], so that it can be inspected without running a
//! line of it. The entry function returns a [`PluginDeclaration`]; from it the host creates module
//! instances, each a context pointer with a [`ModuleTable`]. The host answers through a [`HostTable`].
//!
//! Everything here is laid out as C does it. Every table starts with its own size in bytes, so that a later
//! level can append entries; what is there is never changed, reordered or removed.
//!
//! # Rules for both sides
//!
//! * **Memory.** A [`Slice`] is borrowed for the duration of the call that passes it. A [`Buf`] is owned by
//!   whoever holds it and carries its own `free`; nobody frees the other side's memory otherwise.
//! * **Completion.** A call answers at once, or it answers [`status::PENDING`] and is completed later,
//!   exactly once, by [`HostTable::complete`] with the ticket that [`HostTable::defer`] gave.
//! * **Threads.** Every function may be called from any thread, at the same time, unless its text says
//!   otherwise. The host holds no lock while plugin code runs.
//! * **Unwinding.** Nothing unwinds across. A function that would panic answers [`status::PANICKED`].

mod buffer;
mod call;
mod control;
mod entry;
mod host;
mod layout;
mod module;
pub mod status;
mod stream;

pub use buffer::{Buf, BufList, Slice};
pub use call::{Args, CHAIN_LIMIT, Call, CallContext, Reply, kind};
pub use control::{CONTROL_SERVICE, CONTROL_VERSION, ControlTable};
pub use entry::{
    ENTRY_SYMBOL, EntryFn, MANIFEST_LIMIT, MANIFEST_SECTION, ModuleHandle, ModuleInfo, PluginDeclaration,
};
pub use host::{DoneFn, Host, HostTable, LogRecord, level};
pub use layout::{AbiTables, LAYOUT_VERSION, LayoutRecord};
pub use module::ModuleTable;
pub use stream::{STREAM_SERVICE, STREAM_VERSION, StreamTable};

/// The ABI level of these tables. A plugin and a host work together when they name the same level.
pub const ABI_LEVEL: u32 = 1;
