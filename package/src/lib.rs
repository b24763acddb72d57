//! Packages of plugins.
//!
//! A [`Package`] is one file with the libraries of a plugin for several targets, its manifest and its licences. The
//! same contents have one form, to the byte, and whatever has another form is refused. A [`SecretKey`] signs it; a
//! [`Keyring`] and a [`Policy`] decide whether a signature is believed. A [`Registry`] is a folder with packages and
//! one signed index, on this machine or behind an HTTP server. A [`Lock`] remembers what is installed, from whom, and how new the registries were; a [`Store`]
//! is where the files are.
//!
//! Nothing here runs a plugin or looks into a library: what a library says of itself is read by the host.

mod archive;
mod error;
mod file;
mod index;
mod key;
mod keyring;
pub mod limits;
mod lock;
mod manifest;
mod package;
mod place;
mod publish;
mod registry;
mod signature;
mod store;
#[cfg(feature = "http")]
mod web;

pub use backplane_descriptor::{Digest, HexError};
pub use error::PackageError;
pub use file::{FileError, write_whole};
pub use index::{Index, IndexError, Listed, SignedIndex};
pub use key::{KeyError, PublicKey, SecretKey};
pub use keyring::{Keyring, Policy, Trust, TrustError};
pub use lock::{Allowed, KnownRegistry, Lock, LockError, Locked};
pub use manifest::{Entry, Manifest, Provided};
pub use package::{Content, Package};
pub use place::PathProblem;
pub use publish::{Publication, PublishError};
pub use registry::{Registry, RegistryError};
pub use signature::Signature;
pub use store::{Condition, Guard, Store, StoreError};
#[cfg(feature = "http")]
pub use web::{Download, RedirectProblem, Web, WebError};

/// How the file of a package ends.
pub const EXTENSION: &str = "bpkg";
