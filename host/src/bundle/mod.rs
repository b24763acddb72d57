//! The bundle: what an app runs, with which versions, permissions and configuration.
//!
//! This is the one place that reads configuration. Every key of `bundle.toml` is checked, and an error names
//! file, line, column, the key and the nearest key that exists:
//!
//! ```text
//! bundle.toml:12:1: unknown key "grant" in [modules.chat]; did you mean "grants"?
//! ```
//!
//! The configuration of a module is checked later, by [`Bundle::check_config`], when the plugin's manifest is
//! known; until then it keeps the places that it was read from.

mod check;
mod config;
mod error;
mod grants;
mod model;
mod module;
pub(crate) mod nearest;
mod place;
mod process;
mod read;
mod section;
pub mod settings;
mod tree;

pub use backplane_descriptor::{Digest, HexError};
pub use config::Config;
pub use error::{BundleError, Problem};
pub use grants::{Access, Grant, GrantError, Grants};
pub use model::{
    AfterRestarts, Bundle, HostConfig, ModuleConfig, OnFailure, Origin, Placement, PluginRef, RestartPolicy,
    default_data_dir,
};
pub use place::Place;
pub use process::ProcessConfig;

#[cfg(test)]
mod config_tests;
#[cfg(test)]
mod read_tests;
