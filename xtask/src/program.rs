//! `cargo xtask chat` and `cargo xtask node`

use std::{
    ffi::OsString,
    process::{Command, ExitCode},
};

use crate::cargo::{self, Error};

/// Builds all that a program consists of, the first of them being the program, and runs it where the person is.
pub(crate) fn run(packages: &[&str], release: bool, arguments: &[OsString]) -> Result<ExitCode, Error> {
    cargo::build(packages, release)?;
    let folder = cargo::output_folder(release)?;
    let program = packages.first().ok_or("there is no program to run")?;
    let program = folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
    let status = cargo::status(Command::new(program).args(arguments))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
