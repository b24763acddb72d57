//! Files of `storage.content` in short words.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::fmt::Debug;
use std::path::Path;

use backplane_sdk::test::{Bench, Running};
use backplane_sdk::{Bytes, CallError, Stream};
use storage_api::{ContentClient, ContentError, ContentFile};
use storage_plugin::Storage;

pub(crate) async fn storage(folder: &Path, config: serde_json::Value) -> Running<Storage> {
    Bench::new().data_dir(folder).start_json(config).await.unwrap()
}

pub(crate) fn client(storage: &Running<Storage>) -> ContentClient {
    storage.client_as("notes")
}

#[track_caller]
pub(crate) fn refusal<T: Debug>(answer: Result<T, CallError<ContentError>>) -> ContentError {
    match answer {
        Err(CallError::Interface(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// Bytes from `offset` on of an endless sequence in which no block is like another.
pub(crate) fn sequence(offset: u64, len: usize) -> Vec<u8> {
    let word = |at: u64| (at / 8).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()[(at % 8) as usize];
    (offset..offset + len as u64).map(word).collect()
}

/// Begins an upload.
pub(crate) async fn begin(content: &ContentClient, name: &str) -> Result<String, CallError<ContentError>> {
    let name = Some(name.to_owned());
    let begun = content.open_upload(&name, &None, &None, &65536, &true).await?;
    Ok(begun.upload)
}

/// Sends bytes in chunks, from `offset` on; how many the upload has then.
pub(crate) async fn append(
    storage: &Running<Storage>,
    content: &ContentClient,
    upload: &str,
    offset: u64,
    bytes: &[u8],
) -> Result<u64, CallError<ContentError>> {
    let (mut sender, chunks) = storage.channel::<Bytes>();
    let upload = upload.to_owned();
    let write = async move {
        for chunk in bytes.chunks(50_000) {
            if sender.send(&Bytes(chunk.to_vec())).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(content.append(&upload, &offset, &chunks), write).0
}

pub(crate) async fn put(
    storage: &Running<Storage>,
    content: &ContentClient,
    name: &str,
    bytes: &[u8],
) -> Result<ContentFile, CallError<ContentError>> {
    let upload = begin(content, name).await?;
    append(storage, content, &upload, 0, bytes).await?;
    content.finish(&upload).await
}

/// All items of a stream.
pub(crate) async fn drain(mut chunks: Stream<Bytes>) -> Result<Vec<u8>, CallError> {
    let mut all = Vec::new();
    while let Some(chunk) = chunks.next().await {
        all.extend(chunk?.0);
    }
    Ok(all)
}

pub(crate) async fn get(content: &ContentClient, cid: &str) -> Result<Vec<u8>, CallError<ContentError>> {
    let read = content.read(&cid.to_owned(), &0, &None).await?;
    Ok(drain(read).await.unwrap())
}
