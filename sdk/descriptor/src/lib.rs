//! What an interface and a plugin say of themselves, as data.
//!
//! There are two forms of the same thing. [`fixed`] holds constants that the SDK's macros write and renders
//! them to JSON while the plugin is compiled, so that the bytes lie in the library and can be read without
//! running it. The other modules hold the owned form that hosts and tools read back.
//!
//! The universe of types is small on purpose: that makes the difference of two descriptors decidable.

pub mod canonical;
mod check;
pub mod committed;
pub mod diff;
#[cfg(test)]
mod example;
pub mod fixed;
mod hex_text;
mod interface;
mod json;
mod manifest;
mod nearest;
pub mod signature;
pub mod transcode;
mod ty;

pub use hex_text::{Digest, HexError, from_hex, from_lower_hex, to_hex};
pub use interface::{Event, Interface, InterfaceError, Method, Param};
pub use manifest::{
    Codec, Manifest, ManifestError, Overflow, Requirement, State, Subscription, Unload, is_interface_id,
    is_module_name,
};
pub use nearest::nearest;
pub use ty::{Case, Enum, Field, Record, Type, Union, UnionCase};
