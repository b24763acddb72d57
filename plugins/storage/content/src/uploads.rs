//! Uploads: bytes in, a file out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::cid::Cid;
use crate::dataset::{Dataset, Row};
use crate::error::{Error, Result};
use crate::index::{FileInfo, UploadRow, parse_mime, parse_name};
use crate::limits;
use crate::manifest::Manifest;
use crate::merkle::Shape;
use crate::store::{Contents, locked};
use crate::upload::Upload;

/// What is to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpload {
    /// The name of the file.
    pub name: Option<String>,
    /// Its media type.
    pub mime: Option<String>,
    /// Its size, if it is known: room for it is made at once.
    pub bytes: Option<u64>,
    /// Size of its blocks.
    pub block_bytes: u32,
    /// Whether it stays when room is needed.
    pub pinned: bool,
}

impl Default for NewUpload {
    fn default() -> Self {
        Self {
            name: None,
            mime: None,
            bytes: None,
            block_bytes: limits::BLOCK_BYTES,
            pinned: true,
        }
    }
}

/// An upload that is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadInfo {
    /// What calls name it by.
    pub id: String,
    /// The name of the file.
    pub name: Option<String>,
    /// Its media type.
    pub mime: Option<String>,
    /// How many bytes there are: where to go on.
    pub offset: u64,
    /// How many of them are on the disk.
    pub noted: u64,
}

impl UploadInfo {
    fn new(row: UploadRow, offset: u64) -> Self {
        Self {
            id: row.id,
            name: row.name,
            mime: row.mime,
            offset,
            noted: row.noted,
        }
    }
}

fn new_id() -> Result<String> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|_| Error::Io {
        action: "draw a number",
        kind: std::io::ErrorKind::Other,
    })?;
    Ok(id.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Contents {
    /// Begins an upload.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::QuotaExceeded`], [`Error::Busy`].
    pub fn open_upload(&self, owner: &str, new: NewUpload) -> Result<UploadInfo> {
        let _open = self.enter()?;
        parse_name(new.name.as_deref())?;
        parse_mime(new.mime.as_deref())?;
        Shape::new(new.block_bytes.into(), new.bytes.unwrap_or(1).max(1))?;
        let mut row = UploadRow {
            id: new_id()?,
            owner: owner.to_owned(),
            dataset: 0,
            name: new.name,
            mime: new.mime,
            pinned: new.pinned,
            block_bytes: new.block_bytes,
            noted: 0,
            reserved: new.bytes.unwrap_or(0),
        };
        let gone = self.index()?.new_upload(&mut row, self.quota(owner))?;
        self.remove(&gone)?;
        Ok(UploadInfo::new(row, 0))
    }

    /// The uploads of an owner that are not finished, oldest first.
    ///
    /// # Errors
    /// A failure of the disk.
    pub fn uploads(&self, owner: &str) -> Result<Vec<UploadInfo>> {
        let rows = self.index()?.uploads(owner)?;
        let info = |row: UploadRow| {
            let open = locked(&self.0.uploads).get(&row.id).cloned();
            let at = open.map_or(row.noted, |open| locked(&open).at());
            UploadInfo::new(row, at)
        };
        Ok(rows.into_iter().map(info).collect())
    }

    fn upload(&self, owner: &str, id: &str) -> Result<Arc<Mutex<Upload>>> {
        let mut uploads = locked(&self.0.uploads);
        // Read under the lock: what it says must not be older than what an open upload has noted.
        let row = self.index()?.upload(owner, id)?;
        if let Some(open) = uploads.get(id) {
            return Ok(Arc::clone(open));
        }
        if uploads.len() >= limits::MAX_OPEN_UPLOADS {
            self.close_idle(&mut uploads)?;
        }
        if uploads.len() >= limits::MAX_OPEN_UPLOADS {
            return Err(Error::Busy {
                what: "open uploads",
                limit: limits::MAX_OPEN_UPLOADS as u64,
            });
        }
        let open = Arc::new(Mutex::new(Upload::open(&self.0.directory, row)?));
        uploads.insert(id.to_owned(), Arc::clone(&open));
        Ok(open)
    }

    /// Closes the uploads that nobody writes to just now, which keep their whole blocks.
    fn close_idle(&self, uploads: &mut HashMap<String, Arc<Mutex<Upload>>>) -> Result<()> {
        let idle = uploads.iter().filter(|(_, open)| Arc::strong_count(open) == 1);
        let idle: Vec<_> = idle.map(|(id, _)| id.clone()).collect();
        for id in idle {
            if let Some(upload) = uploads.remove(&id) {
                locked(&upload).note(&self.0.index)?;
            }
        }
        Ok(())
    }

    /// Where an upload stands.
    ///
    /// # Errors
    /// [`Error::UploadNotFound`].
    pub fn upload_offset(&self, owner: &str, id: &str) -> Result<u64> {
        Ok(locked(&*self.upload(owner, id)?).at())
    }

    /// Adds bytes, which begin where the upload stands; where it stands then.
    ///
    /// They survive the end of the process up to the last 8 MiB, and up to the last block when this was the last call
    /// before [`Contents::close`].
    ///
    /// # Errors
    /// [`Error::WrongOffset`], [`Error::QuotaExceeded`], [`Error::UploadNotFound`], a failure of the disk.
    pub fn append(&self, owner: &str, id: &str, offset: u64, bytes: &[u8]) -> Result<u64> {
        let _open = self.enter()?;
        let upload = self.upload(owner, id)?;
        let mut upload = locked(&upload);
        upload.check_open()?;
        if upload.at() != offset {
            let expected = upload.at();
            return Err(Error::WrongOffset { expected });
        }
        if let Some(needed) = upload.to_reserve(bytes.len())? {
            self.reserve(&mut upload, needed)?;
        }
        upload.write(bytes)?;
        if upload.is_due() {
            upload.note(&self.0.index)?;
        }
        Ok(upload.at())
    }

    /// Reserves more than is needed, so that it has not to be done for each call, or else what is needed.
    fn reserve(&self, upload: &mut Upload, needed: u64) -> Result<()> {
        let quota = self.quota(&upload.row.owner);
        for bytes in [needed + limits::CHECKPOINT_BYTES, needed] {
            match self.index()?.reserve(&upload.row, bytes, quota) {
                Err(Error::QuotaExceeded { .. }) if bytes > needed => {}
                Err(error) => return Err(error),
                Ok(gone) => {
                    upload.row.reserved = bytes;
                    self.remove(&gone)?;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Makes a file of what was uploaded: it is on the disk when this answers. Finished again, it answers the same.
    ///
    /// # Errors
    /// [`Error::UploadNotFound`]; [`Error::Manifest`] when nothing was uploaded; a failure of the disk.
    pub fn finish(&self, owner: &str, id: &str) -> Result<FileInfo> {
        let _open = self.enter()?;
        if let Some(cid) = self.index()?.finished(owner, id)? {
            return self.file(owner, cid);
        }
        let upload = self.upload(owner, id)?;
        let mut upload = locked(&upload);
        if let Some(cid) = self.index()?.finished(owner, id)? {
            return self.file(owner, cid);
        }
        upload.check_open()?;
        let manifest = upload.manifest()?;
        crate::files::sync_names(&self.0.directory)?;
        let (cid, gone) = loop {
            match self.index()?.finish_upload(&upload.row, &manifest)? {
                Some(finished) => break finished,
                None => self.complete_other(&upload.row, &manifest)?,
            }
        };
        upload.end();
        locked(&self.0.uploads).remove(id);
        self.remove(gone.as_slice())?;
        self.file(owner, cid)
    }

    /// Completes the dataset that has the content of an upload, and not all of it.
    fn complete_other(&self, upload: &UploadRow, manifest: &Manifest) -> Result<()> {
        let other = self.index()?.dataset_of(&manifest.tree.digest, manifest.shape)?;
        let Some(other) = other.map(|id| self.dataset(id)).transpose()?.flatten() else {
            return Ok(());
        };
        let row = Row {
            id: upload.dataset,
            root: manifest.tree.digest,
            shape: manifest.shape,
            have: None,
        };
        let own = Dataset::open(&self.0.directory, row)?;
        while let Some(block) = other.next_missing(0) {
            let content = own.read(block)?.ok_or(Error::Forged { block })?;
            other.keep(block, &content, &own.proof(block)?)?;
            self.note(&other, false)?;
        }
        self.note(&other, true)
    }

    /// Gives an upload up, with what was uploaded.
    ///
    /// # Errors
    /// [`Error::UploadNotFound`].
    pub fn cancel_upload(&self, owner: &str, id: &str) -> Result<()> {
        let _open = self.enter()?;
        let upload = self.upload(owner, id)?;
        let mut upload = locked(&upload);
        upload.check_open()?;
        let dataset = upload.row.dataset;
        let row = upload.row.clone();
        self.make_room(
            |index| index.drop_upload(&row),
            |()| {
                upload.end();
                locked(&self.0.uploads).remove(id);
                self.remove(&[dataset])
            },
        )
    }

    /// Gives an owner a file by its manifest, and wants its blocks, of which some may be here.
    ///
    /// # Errors
    /// [`Error::QuotaExceeded`], [`Error::Manifest`], a failure of the disk.
    pub fn add(&self, owner: &str, manifest: &[u8], pinned: bool) -> Result<FileInfo> {
        let _open = self.enter()?;
        let (file, gone) = self.index()?.add(owner, manifest, pinned, self.quota(owner))?;
        self.remove(&gone)?;
        self.0.wants.send_modify(|changes| *changes += 1);
        self.with_present(file)
    }

    /// The bytes of a manifest that anybody here has.
    ///
    /// # Errors
    /// A failure of the disk.
    pub fn manifest(&self, cid: Cid) -> Result<Option<Vec<u8>>> {
        self.index()?.manifest(&cid.digest)
    }

    /// Gives up getting the missing blocks of a file; those that are here stay.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn unwant(&self, owner: &str, cid: Cid) -> Result<()> {
        self.index()?.set_wanted(owner, cid, false)?;
        self.0.wants.send_modify(|changes| *changes += 1);
        Ok(())
    }
}
