//! Content-addressed files: blocks, trees, manifests and identifiers are those of Logos Storage.
//!
//! [`Contents`] is the store in one directory. Bytes come in by uploads, which go on after an interruption where they
//! stood, and out by a [`Reader`], which proves each block. Each file belongs to an owner; what two owners have both is
//! kept once.
//!
//! ```
//! use storage_content::{Contents, Found, NewUpload, Options};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! let contents = Contents::open(directory.path(), Options::default())?;
//! let upload = contents.open_upload("notes", NewUpload::default())?;
//! let offset = contents.append("notes", &upload.id, 0, b"some file ")?;
//! contents.append("notes", &upload.id, offset, b"contents")?;
//! let file = contents.finish("notes", &upload.id)?;
//! assert_eq!(file.manifest.tree.to_string(), "zDzSvJTezk7bJNQqFq8k1iHXY84psNuUfZVusA5bBQQUSuyzDSVL");
//!
//! let mut reader = contents.read("notes", file.cid, 5, None)?;
//! assert_eq!(reader.next_chunk()?, Found::Chunk(b"file contents".to_vec()));
//! # Ok(())
//! # }
//! ```
//!
//! With the feature `exchange`, which is on unless turned off, a `Node` gets files from other nodes and serves them.

mod bitmap;
mod cid;
mod dataset;
mod error;
#[cfg(feature = "exchange")]
mod exchange;
mod files;
mod index;
pub mod limits;
mod manifest;
mod merkle;
mod reader;
mod reserve;
mod store;
mod upload;
mod uploads;

pub use cid::{Cid, Digest, Kind, NotACid};
pub use error::{Error, Result};
#[cfg(feature = "exchange")]
pub use exchange::{Node, NodeInfo, NodeOptions, PeerInfo, parse_address};
pub use index::{APPLICATION_ID, FORMAT, FileInfo, Space};
pub use manifest::{Manifest, ManifestError};
pub use merkle::{BadShape, Shape};
pub use reader::{Found, Reader};
pub use store::{Checked, Contents, Options};
pub use uploads::{NewUpload, UploadInfo};
