//! What the process of a module may do: it shuts itself in before it loads the plugin.
//!
//! Files are bounded by Landlock, system calls by seccomp. Both hold for every thread to come, and cannot be taken back.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod files;

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What the process of a module may do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Sandbox {
    /// Whether there are bounds at all.
    pub(super) on: bool,
    /// Whether it may reach the network.
    pub(super) network: bool,
    /// What it may read, besides the system's libraries and settings.
    pub(super) read: Vec<PathBuf>,
    /// What it may read and write.
    pub(super) write: Vec<PathBuf>,
}

/// Why a process is not shut in.
#[derive(Debug, thiserror::Error)]
pub(super) enum SandboxError {
    #[error(
        "the system has no Landlock (Linux 5.13), by which files are kept from a module; `sandbox = false` in the table process does without"
    )]
    NoLandlock,
    #[error("files cannot be kept from the module: {0}")]
    Files(String),
    #[error("system calls cannot be kept from the module: {0}")]
    Calls(String),
    #[cfg(not(target_os = "linux"))]
    #[error("only Linux has a sandbox; `sandbox = false` in the table process does without")]
    NotLinux,
}

impl Sandbox {
    /// Shuts the process in, which has one thread.
    pub(super) fn enter(&self) -> Result<(), SandboxError> {
        if !self.on {
            return Ok(());
        }
        #[cfg(target_os = "linux")]
        {
            files::bound(self)?;
            calls::bound(self.network)
        }
        #[cfg(not(target_os = "linux"))]
        Err(SandboxError::NotLinux)
    }
}
