//! The compiler of TypeScript, for clients that are generated.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{process::Command, time::timeout};

use crate::install::{InstallError, Runtime, install};

/// Longest compilation; about 5 s is usual.
const COMPILE_TIMEOUT: Duration = Duration::from_secs(120);

/// Compiles the modules in `folder` as strictly as the compiler can; what node runs is in the folder that is given.
///
/// # Errors
/// The compiler cannot be installed, or it does not like the modules: then with what it says.
pub async fn compile_typescript(folder: &Path) -> Result<PathBuf, InstallError> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("typescript");
    install(Runtime::Node, &tools).await?;
    let failed = |source: io::Error| InstallError::Io {
        what: format!("{}, where modules are compiled", folder.display()),
        source,
    };
    symlink(tools.join("node_modules"), folder.join("node_modules")).map_err(failed)?;
    fs::copy(tools.join("tsconfig.json"), folder.join("tsconfig.json")).map_err(failed)?;
    fs::write(folder.join("package.json"), "{\"type\": \"module\"}\n").map_err(failed)?;
    let running = Command::new("node")
        .args(["node_modules/typescript/bin/tsc", "--project", "."])
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(COMPILE_TIMEOUT, running)
        .await
        .map_err(|_| InstallError::Timeout("tsc".to_owned()))?
        .map_err(failed)?;
    if output.status.success() {
        return Ok(folder.join("out"));
    }
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    Err(InstallError::Failed("tsc".to_owned(), said))
}
