//! The files of a vault's directory:
//!
//! ```text
//! <keyUID>/profile.json                                  description
//! <keyUID>/profile.kek                                   password envelope
//! <keyUID>/keystore/UTC--<time>--<address>               key files
//! ```
//!
//! A profile appears by the rename of its finished folder and disappears by the rename of that
//! folder; a single file is replaced by rename too. A crash leaves only names that start with
//! `.new-` or `.gone-`, which are swept.

use super::error::{VaultError, io_error};
use super::profile::{Profile, VERSION};
use crate::address::{Address, KeyUid};
use crate::files::{self, DELETED, FolderLock, ReadError};
use crate::keystore;
use crate::limits::{self, MAX_KEY_FILE_BYTES, MAX_KEY_FILES, MAX_PROFILE_BYTES, MAX_PROFILES};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const PROFILE: &str = "profile.json";
const ENVELOPE: &str = "profile.kek";
const KEYSTORE: &str = "keystore";

/// A new profile's files.
pub(super) struct NewFiles {
    pub(super) profile: Profile,
    pub(super) envelope: Vec<u8>,
    pub(super) keys: Vec<(Address, Vec<u8>)>,
}

#[derive(Debug)]
pub(super) struct Store {
    root: PathBuf,
}

impl Store {
    /// Opens or makes the directory, and sweeps it unless somebody is changing it now.
    pub(super) fn open(root: &Path) -> Result<Self, VaultError> {
        files::make_folder(root).map_err(io_error("make the wallet directory"))?;
        let store = Self {
            root: root.to_owned(),
        };
        let failed = "tidy the wallet directory";
        if let Some(_lock) = FolderLock::attempt(root).map_err(io_error(failed))? {
            files::sweep(root).map_err(io_error(failed))?;
            for key_uid in store.key_uids()? {
                let folder = store.folder(key_uid);
                files::sweep(&folder).map_err(io_error(failed))?;
                match files::sweep(&folder.join(KEYSTORE)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(io_error(failed)(error));
                    }
                    _ => {}
                }
            }
        }
        Ok(store)
    }

    /// All profiles, damaged ones included.
    pub(super) fn key_uids(&self) -> Result<Vec<KeyUid>, VaultError> {
        let failed = "list the wallet directory";
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.root).map_err(io_error(failed))? {
            let entry = entry.map_err(io_error(failed))?;
            if let Some(key_uid) = entry.file_name().to_str().and_then(|n| n.parse().ok()) {
                limits::check("profiles", found.len() + 1, MAX_PROFILES, "profiles")?;
                found.push(key_uid);
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    pub(super) fn exists(&self, key_uid: KeyUid) -> bool {
        self.folder(key_uid).exists()
    }

    pub(super) fn lock(&self) -> Result<FolderLock, VaultError> {
        FolderLock::wait(&self.root)
            .map_err(io_error("lock the wallet directory"))?
            .ok_or(VaultError::Busy)
    }

    pub(super) fn profile(&self, key_uid: KeyUid) -> Result<Profile, VaultError> {
        let bytes = self.read(key_uid, PROFILE, MAX_PROFILE_BYTES)?;
        let damaged = |reason: String| damaged(key_uid, PROFILE, reason);
        let profile: Profile = serde_json::from_slice(&bytes)
            .map_err(|error| damaged(format!("line {}, column {}", error.line(), error.column())))?;
        if profile.version != VERSION {
            return Err(damaged(format!("version {} is unknown", profile.version)));
        }
        if profile.key_uid != key_uid {
            return Err(damaged("it belongs to another profile".to_owned()));
        }
        Ok(profile)
    }

    /// Replaces the description. The caller holds the lock.
    pub(super) fn write_profile(&self, profile: &Profile) -> Result<(), VaultError> {
        let path = self.folder(profile.key_uid).join(PROFILE);
        files::replace(&path, &encode(profile)?).map_err(io_error("write the profile"))
    }

    pub(super) fn envelope(&self, key_uid: KeyUid) -> Result<Vec<u8>, VaultError> {
        self.read(key_uid, ENVELOPE, MAX_KEY_FILE_BYTES)
    }

    /// Replaces the password envelope. The caller holds the lock.
    pub(super) fn write_envelope(&self, key_uid: KeyUid, bytes: &[u8]) -> Result<(), VaultError> {
        let path = self.folder(key_uid).join(ENVELOPE);
        files::replace(&path, bytes).map_err(io_error("write the password envelope"))
    }

    pub(super) fn envelope_damage(&self, key_uid: KeyUid, reason: String) -> VaultError {
        damaged(key_uid, ENVELOPE, reason)
    }

    /// Makes all files of a new profile, or none.
    pub(super) fn create(&self, new: &NewFiles, now: SystemTime) -> Result<(), VaultError> {
        let key_uid = new.profile.key_uid;
        let _lock = self.lock()?;
        if self.exists(key_uid) {
            return Err(VaultError::ProfileExists { key_uid });
        }
        limits::check("profiles", self.key_uids()?.len() + 1, MAX_PROFILES, "profiles")?;
        let profile = encode(&new.profile)?;
        self.stage(new, &profile, now)
            .map_err(io_error("write the new profile"))
    }

    fn stage(&self, new: &NewFiles, profile: &[u8], now: SystemTime) -> io::Result<()> {
        let staged = files::stage_folder(&self.root)?;
        let keystore = staged.path().join(KEYSTORE);
        files::make_folder(&keystore)?;
        for (address, bytes) in &new.keys {
            files::replace(&keystore.join(files::key_file_name(*address, now)), bytes)?;
        }
        files::replace(&staged.path().join(ENVELOPE), &new.envelope)?;
        files::replace(&staged.path().join(PROFILE), profile)?;
        fs::rename(staged.path(), self.folder(new.profile.key_uid))?;
        // The folder has another name now: there is nothing left to remove.
        let _ = staged.keep();
        files::sync_folder(&self.root)
    }

    /// Removes a profile; it is gone for everybody before the first file is deleted.
    pub(super) fn delete(&self, key_uid: KeyUid) -> Result<(), VaultError> {
        let _lock = self.lock()?;
        let gone = self.root.join(format!("{DELETED}{key_uid}"));
        fs::rename(self.folder(key_uid), &gone)
            .and_then(|()| files::sync_folder(&self.root))
            .and_then(|()| fs::remove_dir_all(&gone))
            .map_err(io_error("delete the profile"))
    }

    /// Adds a key file. The caller holds the lock.
    pub(super) fn write_key_file(
        &self,
        key_uid: KeyUid,
        address: Address,
        bytes: &[u8],
        now: SystemTime,
    ) -> Result<(), VaultError> {
        let name = files::key_file_name(address, now);
        let path = self.folder(key_uid).join(KEYSTORE).join(name);
        files::replace(&path, bytes).map_err(io_error("write the key file"))
    }

    /// The key file of an address. A damaged one is passed over when there is a second one.
    pub(super) fn key_file(&self, key_uid: KeyUid, address: Address) -> Result<Option<Vec<u8>>, VaultError> {
        let mut damage = None;
        for path in self.key_files(key_uid, address)? {
            let bytes = files::read(&path, "key file", MAX_KEY_FILE_BYTES)
                .map_err(|error| refusal(error, key_uid, "key file"))?;
            match keystore::stored_address(&bytes) {
                Ok(_) => return Ok(Some(bytes)),
                Err(error) => {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    damage = Some(damaged(key_uid, &name, error.to_string()));
                }
            }
        }
        damage.map_or(Ok(None), Err)
    }

    /// Removes the key files of an address. The caller holds the lock.
    pub(super) fn remove_key_files(&self, key_uid: KeyUid, address: Address) -> Result<(), VaultError> {
        for path in self.key_files(key_uid, address)? {
            fs::remove_file(path).map_err(io_error("remove the key file"))?;
        }
        Ok(())
    }

    /// Newest first.
    fn key_files(&self, key_uid: KeyUid, address: Address) -> Result<Vec<PathBuf>, VaultError> {
        let failed = "list the key files";
        let ending = format!("--{}", hex::encode(address));
        let folder = self.folder(key_uid).join(KEYSTORE);
        let mut found = Vec::new();
        for (index, entry) in fs::read_dir(folder).map_err(io_error(failed))?.enumerate() {
            limits::check("key files", index + 1, MAX_KEY_FILES, "files")?;
            let path = entry.map_err(io_error(failed))?.path();
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            if name.ends_with(&ending) && !name.starts_with('.') {
                found.push(path);
            }
        }
        found.sort_unstable_by(|a, b| b.cmp(a));
        Ok(found)
    }

    fn read(&self, key_uid: KeyUid, file: &'static str, limit: usize) -> Result<Vec<u8>, VaultError> {
        let folder = self.folder(key_uid);
        if !folder.exists() {
            return Err(VaultError::UnknownProfile { key_uid });
        }
        files::read(&folder.join(file), file, limit).map_err(|error| refusal(error, key_uid, file))
    }

    fn folder(&self, key_uid: KeyUid) -> PathBuf {
        self.root.join(key_uid.to_string())
    }
}

fn encode(profile: &Profile) -> Result<Vec<u8>, VaultError> {
    serde_json::to_vec_pretty(profile).map_err(|error| damaged(profile.key_uid, PROFILE, error.to_string()))
}

fn damaged(key_uid: KeyUid, file: &str, reason: String) -> VaultError {
    VaultError::Damaged {
        key_uid,
        file: file.to_owned(),
        reason,
    }
}

/// Damage is what is lost for good, for a damaged profile may be deleted without its password;
/// a file that cannot be read just now is not.
fn refusal(error: ReadError, key_uid: KeyUid, file: &str) -> VaultError {
    match error {
        ReadError::Limit(limit) => damaged(key_uid, file, limit.to_string()),
        ReadError::Io(io::ErrorKind::NotFound) => damaged(key_uid, file, "it is missing".to_owned()),
        ReadError::Io(kind) => VaultError::Io {
            action: "read a file of the profile",
            kind,
        },
    }
}
