//! An upload under way: bytes go to the file and into the digest of their block at once, and are kept nowhere else.

use std::os::unix::fs::FileExt;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::cid::{Cid, Digest};
use crate::error::{Error, Result};
use crate::files::{self, Files};
use crate::index::{Index, UploadRow};
use crate::limits;
use crate::manifest::Manifest;
use crate::merkle::{Shape, fill_up};

/// An upload that is open.
pub(crate) struct Upload {
    pub(crate) row: UploadRow,
    files: Files,
    /// How many bytes there are.
    at: u64,
    /// What there is of the last block.
    part: Sha256,
    /// Whether it was finished or given up: its files are those of somebody else, or gone.
    over: bool,
}

impl Upload {
    /// Goes on where the upload stood when it was last noted.
    pub(crate) fn open(directory: &Path, row: UploadRow) -> Result<Self> {
        let files = Files::open(directory, row.dataset)?;
        files.cut(row.noted / u64::from(row.block_bytes), row.block_bytes)?;
        Ok(Self {
            files,
            at: row.noted,
            part: Sha256::new(),
            over: false,
            row,
        })
    }

    /// Refuses one that is finished or given up.
    pub(crate) fn check_open(&self) -> Result<()> {
        let upload = || self.row.id.clone();
        if self.over {
            Err(Error::UploadNotFound { upload: upload() })
        } else {
            Ok(())
        }
    }

    pub(crate) fn end(&mut self) {
        self.over = true;
    }

    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// Whether there are as many bytes as to be noted.
    pub(crate) fn is_due(&self) -> bool {
        self.whole_blocks() - self.row.noted >= limits::CHECKPOINT_BYTES
    }

    fn whole_blocks(&self) -> u64 {
        self.at - self.at % u64::from(self.row.block_bytes)
    }

    /// How many bytes are to be reserved before `len` more come.
    pub(crate) fn to_reserve(&self, len: usize) -> Result<Option<u64>> {
        let end = self.at + len as u64;
        if end > 0 {
            Shape::new(self.row.block_bytes.into(), end)?;
        }
        Ok((end > self.row.reserved).then_some(end))
    }

    /// Takes bytes. Of a write that fails nothing stays, so that on a full disk the index has room to work in.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.write_blocks(bytes);
        if written.is_err() {
            // What cannot be cut is written over by the next write.
            let _ = self.files.data.set_len(self.at);
        }
        written
    }

    fn write_blocks(&mut self, mut bytes: &[u8]) -> Result<()> {
        let size = u64::from(self.row.block_bytes);
        while !bytes.is_empty() {
            let left = size - self.at % size;
            let (now, rest) = bytes.split_at(bytes.len().min(left as usize));
            let write = self.files.data.write_all_at(now, self.at);
            write.map_err(Error::io("write a block"))?;
            let mut part = self.part.clone();
            part.update(now);
            if now.len() as u64 == left {
                let leaf = part.finalize_reset().into();
                self.files.write_leaf(self.at / size, &leaf)?;
            }
            (self.part, self.at, bytes) = (part, self.at + now.len() as u64, rest);
        }
        Ok(())
    }

    /// Brings the whole blocks to the disk and notes them.
    pub(crate) fn note(&mut self, index: &Index) -> Result<()> {
        let noted = self.whole_blocks();
        if noted > self.row.noted && !self.over {
            self.files.sync()?;
            index.note_upload(&self.row.id, noted)?;
            self.row.noted = noted;
        }
        Ok(())
    }

    /// Makes the tree of all that has come, brings it to the disk, and gives the manifest.
    pub(crate) fn manifest(&self) -> Result<Manifest> {
        let shape = Shape::new(self.row.block_bytes.into(), self.at)?;
        let size = u64::from(self.row.block_bytes);
        if !self.at.is_multiple_of(size) {
            let mut part = self.part.clone();
            fill_up(&mut part, (size - self.at % size) as usize);
            let leaf: Digest = part.finalize().into();
            self.files.write_leaf(self.at / size, &leaf)?;
        }
        let root = files::grow(&self.files.tree, &shape)?;
        self.files.sync()?;
        Ok(Manifest {
            tree: Cid::tree(root),
            shape,
            name: self.row.name.clone(),
            mime: self.row.mime.clone(),
        })
    }
}
