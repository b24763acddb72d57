//! The files of one dataset: its bytes, and the tree over its blocks.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::cid::Digest;
use crate::error::{Error, Result};
use crate::limits;
use crate::merkle::{Shape, parent};

/// The two files, open.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) data: File,
    pub(crate) tree: File,
}

pub(crate) fn make_directory(path: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(path).map_err(Error::io("create the directory"))
}

/// Brings the names in a directory to the disk.
pub(crate) fn sync_names(directory: &Path) -> Result<()> {
    let sync = File::open(directory).and_then(|directory| directory.sync_all());
    sync.map_err(Error::io("write a directory to the disk"))
}

/// Opens a file for reading and writing, which only its owner may do.
pub(crate) fn open(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600);
    options.open(path).map_err(Error::io("open a file"))
}

fn paths(directory: &Path, id: i64) -> [PathBuf; 2] {
    [
        directory.join(format!("{id}.data")),
        directory.join(format!("{id}.tree")),
    ]
}

impl Files {
    /// Opens the files of dataset `id`, which are made if they are not there.
    pub(crate) fn open(directory: &Path, id: i64) -> Result<Self> {
        let [data, tree] = paths(directory, id);
        let files = Self {
            data: open(&data)?,
            tree: open(&tree)?,
        };
        Ok(files)
    }

    /// Brings both to the disk.
    pub(crate) fn sync(&self) -> Result<()> {
        let sync = self.data.sync_data().and_then(|()| self.tree.sync_data());
        sync.map_err(Error::io("write a file to the disk"))
    }

    /// Cuts both to what `blocks` whole blocks have.
    pub(crate) fn cut(&self, blocks: u64, block_bytes: u32) -> Result<()> {
        let cut = self.data.set_len(blocks * u64::from(block_bytes));
        cut.and_then(|()| self.tree.set_len(blocks * 32))
            .map_err(Error::io("cut a file"))
    }

    pub(crate) fn write_leaf(&self, block: u64, leaf: &Digest) -> Result<()> {
        self.tree
            .write_all_at(leaf, block * 32)
            .map_err(Error::io("write a tree"))
    }

    pub(crate) fn write_node(&self, place: u64, digest: &Digest) -> Result<()> {
        self.tree
            .write_all_at(digest, place)
            .map_err(Error::io("write a tree"))
    }

    /// A digest of the tree; zeros where there is none.
    pub(crate) fn node(&self, place: u64) -> Result<Digest> {
        let mut digest = [0; 32];
        match self.tree.read_exact_at(&mut digest, place) {
            Ok(()) => Ok(digest),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok([0; 32]),
            Err(error) => Err(Error::io("read a tree")(error)),
        }
    }

    /// The content of a block; `None` when the file ends before it does.
    pub(crate) fn block(&self, shape: &Shape, block: u64) -> Result<Option<Vec<u8>>> {
        let mut content = vec![0; shape.len(block)];
        match self.data.read_exact_at(&mut content, shape.start(block)) {
            Ok(()) => Ok(Some(content)),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
            // What the disk cannot give back is as good as wrong.
            Err(error) if error.raw_os_error() == Some(EIO) => Ok(None),
            Err(error) => Err(Error::io("read a block")(error)),
        }
    }
}

/// "Input/output error", which has no name in the standard library.
const EIO: i32 = 5;

/// Writes the layers above the leaves of a tree, which are there, and gives the root.
pub(crate) fn grow(tree: &File, shape: &Shape) -> Result<Digest> {
    let mut root = [0; 32];
    let mut layer = vec![0; limits::TREE_CHUNK * 32];
    for (height, (len, start)) in shape.layers().enumerate() {
        let (end, mut write_at) = (start + len * 32, start + len * 32);
        let mut read_at = start;
        while read_at < end {
            let part = &mut layer[..(end - read_at).min((limits::TREE_CHUNK * 32) as u64) as usize];
            tree.read_exact_at(part, read_at)
                .map_err(Error::io("read a tree"))?;
            read_at += part.len() as u64;
            let (nodes, _) = part.as_chunks::<32>();
            let parents: Vec<Digest> = nodes
                .chunks(2)
                .map(|pair| parent(&pair[0], pair.get(1), height == 0))
                .collect();
            if len <= 2 {
                root = parents[0];
                break;
            }
            tree.write_all_at(parents.as_flattened(), write_at)
                .map_err(Error::io("write a tree"))?;
            write_at += parents.len() as u64 * 32;
        }
    }
    Ok(root)
}

/// Removes the files of a dataset, which need not be there.
pub(crate) fn remove(directory: &Path, id: i64) -> Result<()> {
    for path in paths(directory, id) {
        match fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io("remove a file")(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The datasets that have files.
pub(crate) fn present(directory: &Path) -> Result<Vec<i64>> {
    let list = |error| Error::io("list the directory")(error);
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(list)? {
        let name = entry.map_err(list)?.file_name();
        let stem = name.to_str().and_then(|name| name.rsplit_once('.'));
        found.extend(stem.and_then(|(id, _)| id.parse::<i64>().ok()));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
