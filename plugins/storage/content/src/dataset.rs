//! Datasets: the bytes of a file, under the root of their tree. Several files may have one, under different names.

use std::sync::{Mutex, MutexGuard, PoisonError};

use std::os::unix::fs::FileExt;
use std::path::Path;

use tokio::sync::watch;

use crate::bitmap::Bitmap;
use crate::cid::{Cid, Digest};
use crate::error::{Error, Result};
use crate::files::{self, Files};
use crate::limits;
use crate::merkle::Shape;

/// What the index knows of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) root: Digest,
    pub(crate) shape: Shape,
    /// The blocks that are here; `None` for all of them.
    pub(crate) have: Option<Vec<u8>>,
}

/// One dataset, open. What is written is noted from time to time, see [`Dataset::unnoted`].
#[derive(Debug)]
pub(crate) struct Dataset {
    pub(crate) id: i64,
    pub(crate) root: Digest,
    pub(crate) shape: Shape,
    files: Files,
    have: Mutex<Have>,
    /// How many blocks are here.
    here: watch::Sender<u64>,
    /// Held while it is noted which: one note after another.
    pub(crate) noting: Mutex<()>,
}

#[derive(Debug)]
struct Have {
    blocks: Bitmap,
    /// Bytes that were written since the last note.
    unnoted: u64,
}

impl Dataset {
    pub(crate) fn open(directory: &Path, row: Row) -> Result<Self> {
        let blocks = Bitmap::noted(row.shape.blocks(), row.have.as_deref());
        Ok(Self {
            id: row.id,
            root: row.root,
            shape: row.shape,
            files: Files::open(directory, row.id)?,
            here: watch::Sender::new(blocks.count()),
            have: Mutex::new(Have { blocks, unnoted: 0 }),
            noting: Mutex::default(),
        })
    }

    fn have(&self) -> MutexGuard<'_, Have> {
        self.have.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn has(&self, block: u64) -> bool {
        self.have().blocks.has(block)
    }

    /// Tells how many blocks are here, whenever that changes.
    pub(crate) fn here(&self) -> watch::Receiver<u64> {
        self.here.subscribe()
    }

    pub(crate) fn count(&self) -> u64 {
        *self.here.borrow()
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.have().blocks.is_full()
    }

    pub(crate) fn next_missing(&self, from: u64) -> Option<u64> {
        self.have().blocks.next_missing(from)
    }

    /// What would have to be noted; `None` when nothing has changed, or not enough and `now` is not set.
    pub(crate) fn unnoted(&self, now: bool) -> Option<Option<Vec<u8>>> {
        let mut have = self.have();
        let due = have.unnoted >= limits::CHECKPOINT_BYTES || have.blocks.is_full() || now;
        (have.unnoted > 0 && due).then(|| {
            have.unnoted = 0;
            have.blocks.to_note()
        })
    }

    /// A note has failed.
    pub(crate) fn unnote(&self) {
        self.have().unnoted += 1;
    }

    /// Brings what was written to the disk.
    pub(crate) fn sync(&self) -> Result<()> {
        self.files.sync()
    }

    /// The content of a block, which is what it must be; `None` when it is not here.
    ///
    /// # Errors
    /// [`Error::Damaged`] for a block that has changed; it is not here from now on.
    pub(crate) fn read(&self, block: u64) -> Result<Option<Vec<u8>>> {
        if !self.has(block) {
            return Ok(None);
        }
        let leaf = self.files.node(block * 32)?;
        match self.files.block(&self.shape, block)? {
            Some(content) if self.shape.leaf(&content) == leaf => Ok(Some(content)),
            _ => {
                self.drop_block(block);
                let tree = Cid::tree(self.root);
                Err(Error::Damaged { tree, block })
            }
        }
    }

    /// The digests that prove a block that is here, from the bottom.
    pub(crate) fn proof(&self, block: u64) -> Result<Vec<Digest>> {
        let places = self.shape.proof_places(block).flatten();
        places.map(|place| self.files.node(place)).collect()
    }

    /// Keeps a block that is proved; one that is here already is left as it is.
    ///
    /// # Errors
    /// [`Error::Forged`] for a block that is not what it must be.
    pub(crate) fn keep(&self, block: u64, content: &[u8], proof: &[Digest]) -> Result<()> {
        if block >= self.shape.blocks() || content.len() != self.shape.len(block) {
            return Err(Error::Forged { block });
        }
        let leaf = self.shape.leaf(content);
        if self.shape.root(block, leaf, proof) != Some(self.root) {
            return Err(Error::Forged { block });
        }
        if self.has(block) {
            return Ok(());
        }
        let write = self.files.data.write_all_at(content, self.shape.start(block));
        write.map_err(Error::io("write a block"))?;
        self.files.write_leaf(block, &leaf)?;
        // With them this block can be proved to others.
        for (place, digest) in self.shape.proof_places(block).flatten().zip(proof) {
            self.files.write_node(place, digest)?;
        }
        let mut have = self.have();
        have.blocks.set(block);
        have.unnoted += content.len() as u64;
        self.here.send_replace(have.blocks.count());
        Ok(())
    }

    fn drop_block(&self, block: u64) {
        let mut have = self.have();
        have.blocks.clear(block);
        have.unnoted += u64::from(self.shape.block_bytes);
        self.here.send_replace(have.blocks.count());
    }

    /// Looks at every block that is here, drops those that are not what they must be, and hands out their numbers.
    ///
    /// A tree that is damaged is made anew where all blocks are good. Ends with the error of `goes_on`, if it has one.
    pub(crate) fn check(
        &self,
        directory: &Path,
        goes_on: &dyn Fn() -> Result<()>,
        damaged: &mut dyn FnMut(u64),
    ) -> Result<()> {
        if self.is_complete() && self.restore_tree(directory, goes_on)? {
            return Ok(());
        }
        for block in (0..self.shape.blocks()).filter(|block| self.has(*block)) {
            goes_on()?;
            let leaf = self
                .files
                .block(&self.shape, block)?
                .map(|content| self.shape.leaf(&content));
            let proof = self.proof(block)?;
            let good = leaf.is_some_and(|leaf| self.shape.root(block, leaf, &proof) == Some(self.root));
            // A block is read by its leaf, which must be good, too.
            if !good || Some(self.files.node(block * 32)?) != leaf {
                self.drop_block(block);
                damaged(block);
            }
        }
        Ok(())
    }

    /// Makes the tree anew from the blocks, and puts it in place of the one that is there, if its root is the right one.
    fn restore_tree(&self, directory: &Path, goes_on: &dyn Fn() -> Result<()>) -> Result<bool> {
        let path = directory.join(format!("{}.check", self.id));
        let new = files::open(&path)?;
        let restored = self.restore_tree_with(&new, goes_on);
        drop(std::fs::remove_file(path));
        restored
    }

    fn restore_tree_with(&self, new: &std::fs::File, goes_on: &dyn Fn() -> Result<()>) -> Result<bool> {
        for block in 0..self.shape.blocks() {
            goes_on()?;
            let Some(content) = self.files.block(&self.shape, block)? else {
                return Ok(false);
            };
            let leaf = self.shape.leaf(&content);
            new.write_all_at(&leaf, block * 32)
                .map_err(Error::io("write a tree"))?;
        }
        if files::grow(new, &self.shape)? != self.root {
            return Ok(false);
        }
        let end = self
            .shape
            .layers()
            .last()
            .map_or(0, |(len, start)| start + len * 32);
        let mut part = vec![0; limits::TREE_CHUNK * 32];
        let mut at = 0;
        while at < end {
            let part = &mut part[..(end - at).min((limits::TREE_CHUNK * 32) as u64) as usize];
            new.read_exact_at(part, at).map_err(Error::io("read a tree"))?;
            self.files
                .tree
                .write_all_at(part, at)
                .map_err(Error::io("write a tree"))?;
            at += part.len() as u64;
        }
        self.sync().map(|()| true)
    }
}
