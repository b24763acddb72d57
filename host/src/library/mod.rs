//! Opening a plugin: from a file of unknown worth to functions that may be called.
//!
//! A file is read once, hashed, and judged without running a line of it ([`inspect`]). Only then a copy,
//! named after its hash, is mapped into the process ([`Plugin::open`]): what is loaded is what was hashed,
//! and a file that is replaced in its place later is another library.

mod cache;
mod declaration;
mod error;
mod image;
mod inspect;
mod layout;
mod linked;
mod module;
mod platform;
mod plugin;

pub use declaration::DeclarationError;
pub use error::{CreateError, LibraryError};
pub use image::LIBRARY_LIMIT;
pub use inspect::{Inspected, inspect, inspect_foreign};
pub use layout::LayoutCheck;
pub use linked::Linked;
pub use platform::host_target;
pub use plugin::Plugin;
