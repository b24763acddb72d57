//! The interface of content-addressed files.

use backplane_sdk::prelude::*;

use crate::{
    Checked, ContentError, ContentFile, ContentNode, ContentPage, ContentSpace, Presence, Progress, Upload,
};

/// Keeps files under identifiers that follow from their content: blocks, Merkle trees, manifests and CIDs are those of
/// Logos Storage. A node gets files from others, several at once, where the provider's configuration lets it.
///
/// A file belongs to the callers that uploaded or fetched it, and a caller names its own by their CID, `zDv…`.
/// `OWNER/CID` names one of another caller, for those that the provider's configuration gives access to it. Blocks that
/// several callers have are kept once. Who knows a CID can fetch what it stands for, here and from other nodes: what is
/// secret must be encrypted before.
///
/// Each caller has a quota, and a file counts for it whole, also one that is not all here. When room is needed, the files
/// that are not pinned go, those first that were not used for longest; when that does not suffice, `quota_exceeded`
/// refuses the call.
///
/// What a call has answered survives the end of the process, and what `finish` has answered a loss of power, too.
///
/// Limits: blocks 4 KiB to 512 KiB, 4194304 blocks in a file; names 255 bytes; 16 unfinished uploads and 100000 files of
/// one caller.
#[interface(id = "storage.content", version = "1.0.0")]
pub trait Content {
    /// Begins an upload. With `bytes`, room for the file is made at once. Size of blocks is a power of two; another one
    /// makes another CID. A file that is `pinned` does not go when room is needed.
    async fn open_upload(
        &self,
        name: Option<String>,
        mime: Option<String>,
        bytes: Option<u64>,
        #[default(65536)] block_bytes: u32,
        #[default(true)] pinned: bool,
    ) -> Result<Upload, ContentError>;

    /// Adds bytes to an upload, as fast as they can be written: the writer of the stream waits. Answers how many bytes the
    /// upload has when the stream has ended.
    ///
    /// The bytes must begin where the upload stands, or `wrong_offset` says where that is. When the stream breaks off,
    /// `interrupted` says so, and what came before stays. After the end of the process the upload stands at most 8 MiB
    /// and a block before where it was.
    #[deadline(3600000)]
    async fn append(&self, upload: String, offset: u64, chunks: Stream<Bytes>) -> Result<u64, ContentError>;

    /// Makes a file of an upload; it is on the disk when this answers. Finished again, it answers the same. An empty file
    /// has no tree, and is refused.
    #[deadline(600000)]
    async fn finish(&self, upload: String) -> Result<ContentFile, ContentError>;

    /// Gives an upload up, with all that came.
    async fn cancel_upload(&self, upload: String) -> Result<(), ContentError>;

    /// The uploads of the caller that are not finished, oldest first. One that nobody goes on with is removed after a week.
    async fn list_uploads(&self) -> Result<Vec<Upload>, ContentError>;

    /// Gives the caller a file: what is not here is got from other nodes, from now on and after a restart, until all of it
    /// is here, which `progress` tells. Answers as soon as the manifest is here; `unavailable` when no node has it.
    #[deadline(60000)]
    async fn fetch(&self, cid: String, #[default(false)] pinned: bool) -> Result<ContentFile, ContentError>;

    /// Gives up getting what is missing. The file stays, with what is here of it.
    async fn cancel_fetch(&self, cid: String) -> Result<(), ContentError>;

    /// Tells how much of a file is here: at once, then as it changes, and at least each second. Ends when all of it is
    /// here, or nothing more is being got.
    async fn progress(&self, cid: String) -> Result<Stream<Progress>, ContentError>;

    /// Reads a file, from `offset` on, to its end or `length` bytes, as fast as the stream is read. Each block is checked.
    ///
    /// A block that is still being got is waited for. A block that is damaged, or does not come, ends the stream with its
    /// text: a read can go on at the offset that it has reached.
    async fn read(
        &self,
        cid: String,
        #[default(0)] offset: u64,
        length: Option<u64>,
    ) -> Result<Stream<Bytes>, ContentError>;

    /// Whether the caller has a file, and all of it is here.
    async fn exists(&self, cid: String) -> Result<Presence, ContentError>;

    /// What is known of a file.
    async fn stat(&self, cid: String) -> Result<ContentFile, ContentError>;

    /// One page of the files that the caller has access to, behind `after`; `limit` is 1 to 1000.
    async fn list(
        &self,
        after: Option<String>,
        #[default(100)] limit: u32,
    ) -> Result<ContentPage, ContentError>;

    /// Lets a file stay when room is needed.
    async fn pin(&self, cid: String) -> Result<(), ContentError>;

    /// Lets a file go when room is needed.
    async fn unpin(&self, cid: String) -> Result<(), ContentError>;

    /// Takes a file from its owner. Its blocks go with the last file that has them.
    async fn delete(&self, cid: String) -> Result<(), ContentError>;

    /// Looks at all blocks of a file that are here, names those that are damaged, and drops them. `fetch` gets them again,
    /// and so does another upload of the same bytes.
    #[deadline(3600000)]
    async fn check(&self, cid: String) -> Result<Checked, ContentError>;

    /// How much the caller has, and may have.
    async fn space(&self) -> Result<ContentSpace, ContentError>;

    /// The node that exchanges blocks; null where there is none.
    async fn node(&self) -> Result<Option<ContentNode>, ContentError>;

    /// Dials a node at a multiaddress, `/ip4/…/tcp/…`, until the module is stopped. The caller must have access to all
    /// files, because the address may lead anywhere.
    async fn connect(&self, address: String) -> Result<(), ContentError>;
}
