//! Making the socket: one host for each path, for its owner alone.

use super::{GatewayError, limits};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use tokio::net::{UnixListener, UnixSocket, UnixStream};
use tokio::time::timeout;

/// What the owner alone may do with the folder, and with the files in it.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// How many connections the system keeps until they are accepted.
const BACKLOG: u32 = 64;

/// A listening socket, which is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) listener: UnixListener,
    pub(super) path: PathBuf,
    /// Held for as long as the socket is ours; the system releases it when the process dies.
    _lock: File,
}

impl Socket {
    /// Opens the socket at `path`, in a folder that is made if need be. What a dead host left is removed.
    pub(super) async fn open(path: &Path) -> Result<Self, GatewayError> {
        let socket = || path.to_owned();
        if path.as_os_str().len() > limits::SOCKET_PATH {
            return Err(GatewayError::PathTooLong { socket: socket() });
        }
        let refused = |action: &'static str| {
            move |source: io::Error| GatewayError::System {
                socket: socket(),
                action,
                source,
            }
        };
        if let Some(folder) = path.parent() {
            let made = DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder);
            made.map_err(refused("its folder cannot be made"))?;
        }
        let lock = lock(path)?;
        clear(path).await?;
        // Nobody can connect before `listen`, so that the mode holds from the first connection on.
        let bound = UnixSocket::new_stream().map_err(refused("no socket can be made"))?;
        bound.bind(path).map_err(refused("it cannot be bound"))?;
        fs::set_permissions(path, Permissions::from_mode(FILE_MODE))
            .map_err(refused("its mode cannot be set"))?;
        let listener = bound.listen(BACKLOG).map_err(refused("nobody can listen"))?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            _lock: lock,
        })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!("the socket {} cannot be removed: {error}", self.path.display());
        }
    }
}

/// Of two hosts that start at once, one gets the lock.
fn lock(path: &Path) -> Result<File, GatewayError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let refused = |source| GatewayError::System {
        socket: path.to_owned(),
        action: "the lock file beside it cannot be used",
        source,
    };
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).mode(FILE_MODE);
    let file = file.open(PathBuf::from(name)).map_err(refused)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(GatewayError::AlreadyRunning {
            socket: path.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(refused(source)),
    }
}

/// Removes a socket that nobody listens at.
async fn clear(path: &Path) -> Result<(), GatewayError> {
    let socket = || path.to_owned();
    let refused = |action: &'static str| {
        move |source: io::Error| GatewayError::System {
            socket: socket(),
            action,
            source,
        }
    };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(refused("it cannot be looked at")(error)),
        Ok(found) if !found.file_type().is_socket() => {
            return Err(GatewayError::NotASocket { socket: socket() });
        }
        Ok(_) => {}
    }
    match timeout(limits::PROBE, UnixStream::connect(path)).await {
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(refused("a stale one cannot be removed"))
        }
        Ok(Err(error)) => Err(refused("an older one cannot be asked")(error)),
        Ok(Ok(_)) | Err(_) => Err(GatewayError::AlreadyRunning { socket: socket() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_second_host_is_refused_and_a_dead_one_is_cleared_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/host.sock");
        let first = Socket::open(&path).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let error = Socket::open(&path).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "a host runs at {} already; end it with `backplane stop`, or choose another socket with --socket",
                path.display()
            )
        );
        drop(first);
        assert!(!path.exists());
        // A listener that dies without a word leaves its file.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        Socket::open(&path).await.unwrap();
    }

    #[tokio::test]
    async fn a_host_without_our_lock_is_found_by_its_answer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.sock");
        let _other = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let error = Socket::open(&path).await.unwrap_err();
        assert!(matches!(error, GatewayError::AlreadyRunning { .. }), "{error}");
        assert!(path.exists());
    }

    #[tokio::test]
    async fn a_file_in_its_place_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        fs::write(&path, "mine").unwrap();
        let error = Socket::open(&path).await.unwrap_err();
        assert!(matches!(error, GatewayError::NotASocket { .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        let long = folder.path().join("x".repeat(120));
        let error = Socket::open(&long).await.unwrap_err();
        assert!(matches!(error, GatewayError::PathTooLong { .. }), "{error}");
    }
}
