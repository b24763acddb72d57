//! The packages of the peers: `npm ci` or `pip install`, once for each lock file.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{process::Command, time::timeout};

/// Longest installation; about 20 s is usual.
const INSTALL_TIMEOUT: Duration = Duration::from_secs(300);

/// What a peer is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runtime {
    /// Node, with packages from npm.
    Node,
    /// Python, with packages from PyPI in an environment of their own.
    Python,
}

/// Why the packages of the peers are not there.
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
    /// The installer failed; carries its command and what it wrote.
    #[error("{0} failed:\n{1}")]
    Failed(String, String),
    /// The installer did not finish.
    #[error("{0} did not finish within {INSTALL_TIMEOUT:?}")]
    Timeout(String),
}

impl Runtime {
    /// What runs the scripts of a folder.
    pub(crate) fn program(self, folder: &Path) -> PathBuf {
        match self {
            Self::Node => "node".into(),
            Self::Python => folder.join(".venv/bin/python"),
        }
    }

    /// The file that names every package and its version.
    fn lock(self) -> &'static str {
        match self {
            Self::Node => "package-lock.json",
            Self::Python => "requirements.txt",
        }
    }

    /// The lock file that was installed from.
    fn record(self) -> &'static str {
        match self {
            Self::Node => "node_modules/.installed-package-lock.json",
            Self::Python => ".venv/.installed-requirements.txt",
        }
    }

    fn commands(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Node => &[&["npm", "ci"]],
            Self::Python => &[
                &["python3", "-m", "venv", "--clear", ".venv"],
                &[
                    ".venv/bin/python",
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--no-deps",
                    "--requirement",
                    "requirements.txt",
                ],
            ],
        }
    }
}

/// Installs the packages of a folder, unless they are there as its lock file says. Processes and tasks that do so at
/// once wait for each other.
pub(crate) async fn install(runtime: Runtime, folder: &Path) -> Result<(), InstallError> {
    let lock_path = folder.join(runtime.lock());
    let failed = |what: &str| {
        let what = format!("{what} of the test peers");
        move |source| InstallError::Io { what, source }
    };
    let lock = fs::File::open(&lock_path).map_err(failed("lock file"))?;
    let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock))
        .await
        .map_err(io::Error::other)
        .flatten()
        .map_err(failed("lock on the lock file"))?;
    let wanted = fs::read(&lock_path).map_err(failed("lock file"))?;
    let record = folder.join(runtime.record());
    if fs::read(&record).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    for command in runtime.commands() {
        run(folder, command).await?;
    }
    fs::write(record, wanted).map_err(failed("record of the installed packages"))?;
    drop(lock);
    Ok(())
}

async fn run(folder: &Path, command: &[&str]) -> Result<(), InstallError> {
    let text = command.join(" ");
    let running = Command::new(command[0])
        .args(&command[1..])
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(INSTALL_TIMEOUT, running)
        .await
        .map_err(|_| InstallError::Timeout(text.clone()))?
        .map_err(|source| InstallError::Io {
            what: format!("{text}, which the test peers need"),
            source,
        })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(InstallError::Failed(text, said))
}
