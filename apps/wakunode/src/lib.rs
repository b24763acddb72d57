//! A Waku node with the command line of wakunode2.
//!
//! What was said ([`settings`]) goes by the table of [`flags`] into a [`config`], which a [`bundle`] for the host is
//! made of; [`run()`] runs it. The servers beside the node are in [`servers`].

pub mod bundle;
pub mod config;
pub mod error;
pub mod flags;
pub mod limits;
pub mod log;
pub mod run;
pub mod servers;
pub mod settings;

mod signals;
mod startup;
mod topics;

pub use config::Config;
pub use run::run;
pub use settings::Settings;
