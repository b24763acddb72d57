//! Calling cargo.

use std::{
    env, io,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

use serde_json::Value;

/// The packages that a chat consists of: the program, the host's command, and the four plugins.
pub(crate) const CHAT: [&str; 6] = [
    "backplane-chat",
    "backplane-host",
    "waku-plugin",
    "chat-plugin",
    "storage-plugin",
    "wallet-plugin",
];

/// The packages that a Waku node consists of: the program, the host's command, and two plugins.
pub(crate) const NODE: [&str; 4] = ["wakunode", "backplane-host", "waku-plugin", "storage-plugin"];

/// Why a command of ours did not end well.
pub(crate) type Error = Box<dyn std::error::Error>;

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// A call of the cargo that runs us, in the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments);
    // What cargo tells a program of its own package: the build script of ring takes a change in it for a reason to
    // build anew.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command to its end.
pub(crate) fn status(command: &mut Command) -> io::Result<ExitStatus> {
    let program = command.get_program().to_owned();
    let failed = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", program.display()));
    command.status().map_err(failed)
}

/// Runs a command that must end well.
pub(crate) fn succeed(command: &mut Command) -> Result<(), Error> {
    let status = status(command)?;
    if status.success() {
        return Ok(());
    }
    Err(format!("{command:?} ended with {status}").into())
}

/// Builds packages.
pub(crate) fn build(packages: &[&str], release: bool) -> Result<(), Error> {
    let mut command = cargo(&["build", "--locked"]);
    for package in packages {
        command.args(["--package", package]);
    }
    if release {
        command.arg("--release");
    }
    succeed(&mut command)
}

/// What cargo knows of the workspace and all that it depends on.
pub(crate) fn metadata() -> Result<Value, Error> {
    let output = cargo(&["metadata", "--format-version=1", "--locked", "--all-features"])
        .stderr(std::process::Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err("cargo metadata failed".into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Where cargo puts programs and libraries.
pub(crate) fn output_folder(release: bool) -> Result<PathBuf, Error> {
    let metadata = metadata()?;
    let target = metadata["target_directory"]
        .as_str()
        .ok_or("cargo does not tell its target folder")?;
    Ok(Path::new(target).join(if release { "release" } else { "debug" }))
}
