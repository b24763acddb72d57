//! Other chats of the same person on the same machine.
//!
//! Each chat writes its address into a file of its own, in a folder that only this user may enter:
//! `backplane/CLUSTER` in `XDG_RUNTIME_DIR`, or `backplane-UID/CLUSTER` in the folder for temporary files. The file
//! is locked as long as its chat runs, so that what a crash left behind is told from what is alive. Only loopback
//! addresses are written, and only such are believed.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use super::data_dir::make_private;
use crate::limits::{MAX_ADDRESS_BYTES, MAX_NEIGHBOURS};

/// The place where the chats of one person and one cluster find each other.
#[derive(Debug)]
pub struct Neighbours {
    folder: PathBuf,
    own: Option<Own>,
}

/// Our file, locked.
#[derive(Debug)]
struct Own {
    path: PathBuf,
    address: String,
    _file: File,
}

impl Neighbours {
    /// Opens the place, and makes it if it is not there.
    ///
    /// # Errors
    /// It cannot be made, or others may enter it.
    pub fn open(runtime_dir: &Path, cluster: u16) -> io::Result<Self> {
        let folder = runtime_dir.join(cluster.to_string());
        make_private(&folder)?;
        check_private(runtime_dir)?;
        check_private(&folder)?;
        Ok(Self { folder, own: None })
    }

    /// Tells the others where we listen, or does nothing when they know already.
    ///
    /// # Errors
    /// What the system says.
    pub fn tell(&mut self, address: &str) -> io::Result<()> {
        if self.own.as_ref().is_some_and(|own| own.address == address) {
            return Ok(());
        }
        let path = self.folder.join(format!("{}.addr", std::process::id()));
        let new = path.with_extension("new");
        let mut file = File::create(&new)?;
        // Locked and complete before it gets its name: nobody takes it for a dead one, or reads half of it.
        file.lock()?;
        file.write_all(address.as_bytes())?;
        fs::rename(&new, &path)?;
        self.own = Some(Own {
            path,
            address: address.to_owned(),
            _file: file,
        });
        Ok(())
    }

    /// The addresses of the others. Files of chats that are gone are removed.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn others(&self) -> io::Result<Vec<String>> {
        let own = self.own.as_ref().map(|own| &own.path);
        let addresses = fs::read_dir(&self.folder)?
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|it| it == "addr") && Some(path) != own)
            .take(MAX_NEIGHBOURS)
            .filter_map(|path| read_other(&path));
        Ok(addresses.collect())
    }
}

impl Drop for Neighbours {
    fn drop(&mut self) {
        if let Some(own) = self.own.take() {
            // A file that stays is not locked any more, and the next chat removes it.
            let _ = fs::remove_file(own.path);
        }
    }
}

fn read_other(path: &Path) -> Option<String> {
    let file = File::open(path).ok()?;
    match file.try_lock() {
        Ok(()) => {
            let _ = fs::remove_file(path);
            return None;
        }
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(_)) => return None,
    }
    let mut address = String::new();
    file.take(MAX_ADDRESS_BYTES).read_to_string(&mut address).ok()?;
    is_local(&address).then_some(address)
}

/// Whether a multiaddr is one of this machine alone, over TCP, and names its peer.
pub fn is_local(address: &str) -> bool {
    let parts: Vec<&str> = address.split('/').collect();
    match parts[..] {
        ["", "ip4", ip, "tcp", _, "p2p", _] => {
            ip.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        }
        ["", "ip6", ip, "tcp", _, "p2p", _] => {
            ip.parse::<std::net::Ipv6Addr>().is_ok_and(|ip| ip.is_loopback())
        }
        _ => false,
    }
}

/// The folder of this user for what lives as long as processes do.
pub fn runtime_dir() -> PathBuf {
    let xdg = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    match xdg.filter(|path| path.is_absolute()) {
        Some(path) => path.join("backplane"),
        None => std::env::temp_dir().join(private_name()),
    }
}

#[cfg(unix)]
fn private_name() -> String {
    format!("backplane-{}", rustix::process::getuid().as_raw())
}

/// The folder for temporary files is that of one user here.
#[cfg(not(unix))]
fn private_name() -> String {
    "backplane".to_owned()
}

#[cfg(unix)]
fn check_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let found = fs::symlink_metadata(folder)?;
    let ours = found.uid() == rustix::process::getuid().as_raw();
    if found.is_dir() && ours && found.mode() & 0o077 == 0 {
        return Ok(());
    }
    let message = format!("{} is not a folder that only you may enter", folder.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
}

#[cfg(not(unix))]
fn check_private(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "/ip4/127.0.0.1/tcp/4001/p2p/16Uiu2HAm1";

    fn open(root: &Path) -> Neighbours {
        Neighbours::open(&root.join("backplane"), 99).unwrap()
    }

    /// The file of another chat, alive as long as the handle.
    fn other(folder: &Path, name: &str, address: &str) -> File {
        let path = folder.join("backplane/99").join(name);
        fs::write(&path, address).unwrap();
        let file = File::open(path).unwrap();
        file.lock().unwrap();
        file
    }

    #[test]
    fn chats_of_one_cluster_find_each_other_and_not_themselves() {
        let root = tempfile::tempdir().unwrap();
        let (mut here, there) = (open(root.path()), open(root.path()));
        let elsewhere = Neighbours::open(&root.path().join("backplane"), 98).unwrap();
        here.tell(ADDRESS).unwrap();
        here.tell(ADDRESS).unwrap();
        assert_eq!(there.others().unwrap(), [ADDRESS]);
        assert!(here.others().unwrap().is_empty() && elsewhere.others().unwrap().is_empty());
        let moved = ADDRESS.replace("4001", "4002");
        here.tell(&moved).unwrap();
        assert_eq!(there.others().unwrap(), [moved]);
        drop(here);
        assert!(there.others().unwrap().is_empty());
    }

    #[test]
    fn what_a_crash_left_behind_is_removed() {
        let root = tempfile::tempdir().unwrap();
        let here = open(root.path());
        let alive = other(root.path(), "1.addr", ADDRESS);
        assert_eq!(here.others().unwrap(), [ADDRESS]);
        drop(alive);
        assert!(here.others().unwrap().is_empty());
        assert!(!here.folder.join("1.addr").exists());
    }

    #[test]
    fn only_loopback_addresses_are_believed() {
        let root = tempfile::tempdir().unwrap();
        let here = open(root.path());
        let _far = other(root.path(), "1.addr", "/ip4/192.0.2.1/tcp/1/p2p/16Uiu2HAm1");
        let _name = other(root.path(), "2.addr", "/dns4/localhost/tcp/1/p2p/16Uiu2HAm1");
        let _large = other(root.path(), "3.addr", &format!("{ADDRESS}{}", " /".repeat(4096)));
        let _binary = File::create(here.folder.join("4.addr")).and_then(|mut file| {
            file.lock()?;
            file.write_all(&[0xff; 9])?;
            Ok(file)
        });
        assert_eq!(here.others().unwrap(), Vec::<String>::new());
        assert!(is_local(ADDRESS) && is_local("/ip6/::1/tcp/1/p2p/16Uiu2HAm1"));
        assert!(!is_local("/ip4/127.0.0.1/tcp/1/ws/p2p/16Uiu2HAm1"));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_may_enter_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        drop(open(root.path()));
        let folder = root.path().join("backplane");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let error = Neighbours::open(&folder, 99).unwrap_err().to_string();
        assert!(
            error.ends_with("is not a folder that only you may enter"),
            "{error}"
        );
    }
}
