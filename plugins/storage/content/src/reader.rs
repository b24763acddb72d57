//! Reading a file, or a part of it.

use std::ops::Range;
use std::sync::Arc;

use tokio::sync::watch;

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::store::Contents;

/// Reads a file block by block, and proves each. What was removed meanwhile is still read.
#[derive(Clone)]
pub struct Reader {
    contents: Contents,
    dataset: Arc<Dataset>,
    range: Range<u64>,
}

/// What a reader finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The next bytes: what is left of a block.
    Chunk(Vec<u8>),
    /// The next block is not here; its number.
    Missing(u64),
    /// Nothing more.
    End,
}

impl Reader {
    pub(crate) fn new(
        contents: Contents,
        dataset: Arc<Dataset>,
        offset: u64,
        len: Option<u64>,
    ) -> Result<Self> {
        let size = dataset.shape.bytes;
        if offset > size {
            let reason = format!("is {offset}; the file has {size} bytes");
            return Err(Error::argument("offset", reason));
        }
        let end = len.map_or(size, |len| offset.saturating_add(len).min(size));
        Ok(Self {
            contents,
            dataset,
            range: offset..end,
        })
    }

    /// What comes next. Blocks on the disk.
    ///
    /// # Errors
    /// [`Error::Damaged`] for a block that is not what it must be: it is dropped; a failure of the disk.
    pub fn next_chunk(&mut self) -> Result<Found> {
        if self.range.is_empty() {
            return Ok(Found::End);
        }
        let shape = self.dataset.shape;
        let block = self.range.start / u64::from(shape.block_bytes);
        let content = match self.dataset.read(block) {
            Ok(Some(content)) => content,
            Ok(None) => return Ok(Found::Missing(block)),
            Err(error) => {
                let _open = self.contents.enter()?;
                self.contents.note(&self.dataset, true)?;
                return Err(error);
            }
        };
        let start = shape.start(block);
        let end = (start + content.len() as u64).min(self.range.end);
        let (from, to) = ((self.range.start - start) as usize, (end - start) as usize);
        self.range.start = end;
        let mut content = content;
        content.truncate(to);
        content.drain(..from);
        Ok(Found::Chunk(content))
    }

    /// How many blocks are here and how many there are.
    pub fn blocks(&self) -> (u64, u64) {
        (self.dataset.count(), self.dataset.shape.blocks())
    }

    /// Tells how many blocks are here, whenever that changes.
    pub fn here(&self) -> watch::Receiver<u64> {
        self.dataset.here()
    }
}
