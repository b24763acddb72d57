//! `cargo xtask chat`

use std::{
    ffi::OsString,
    process::{Command, ExitCode},
};

use crate::cargo::{self, Error};

/// Builds all that a chat consists of, and runs it where the person is.
pub(crate) fn run(release: bool, arguments: &[OsString]) -> Result<ExitCode, Error> {
    cargo::build_chat(release)?;
    let folder = cargo::output_folder(release)?;
    let program = folder.join(format!("backplane-chat{}", std::env::consts::EXE_SUFFIX));
    let status = cargo::status(Command::new(program).args(arguments))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
