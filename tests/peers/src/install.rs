//! `npm ci`, once for each lock file.

use std::{fs, io, path::Path, process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};

/// Longest `npm ci`; about 20 s is usual.
const INSTALL_TIMEOUT: Duration = Duration::from_secs(300);
/// The lock file that `node_modules` was installed from.
const INSTALLED: &str = "node_modules/.installed-package-lock.json";

/// Why the npm packages of the peers are not there.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A file or program that is missing.
    #[error("{what}: {source}")]
    Io {
        /// What was needed.
        what: String,
        /// What the system says.
        source: io::Error,
    },
    /// npm failed; carries what it wrote.
    #[error("npm ci failed:\n{0}")]
    Npm(String),
    /// npm did not finish.
    #[error("npm ci did not finish within {INSTALL_TIMEOUT:?}")]
    Timeout,
}

/// Installs the packages into `folder/node_modules`, unless they are there as the lock file says. Processes
/// and tasks that do so at once wait for each other.
pub(crate) async fn install(folder: &Path) -> Result<(), InstallError> {
    let lock_path = folder.join("package-lock.json");
    let failed = |what: &str| {
        let what = what.to_owned();
        move |source| InstallError::Io { what, source }
    };
    let lock = fs::File::open(&lock_path).map_err(failed("package-lock.json of the test peers"))?;
    let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock))
        .await
        .map_err(io::Error::other)
        .flatten()
        .map_err(failed("lock on package-lock.json"))?;
    let wanted = fs::read(&lock_path).map_err(failed("package-lock.json of the test peers"))?;
    if fs::read(folder.join(INSTALLED)).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let npm = Command::new("npm")
        .arg("ci")
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(INSTALL_TIMEOUT, npm)
        .await
        .map_err(|_| InstallError::Timeout)?
        .map_err(failed("npm, which the test peers need"))?;
    if !output.status.success() {
        return Err(InstallError::Npm(
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ));
    }
    fs::write(folder.join(INSTALLED), wanted).map_err(failed("record of the installed packages"))?;
    drop(lock);
    Ok(())
}
