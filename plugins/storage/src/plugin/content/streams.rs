//! Bytes and progress as streams.

use std::sync::Arc;
use std::time::Duration;

use backplane_sdk::{Bytes, Sender, Stream};
use storage_api as api;
use storage_api::ContentError;
use storage_content::{Cid, Contents, FileInfo, Found, Reader};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::{Files, convert, run};
use crate::limits;
use crate::plugin::threads::Threads;

/// Writes chunks as they come. What has come before the stream breaks off is kept.
pub(super) async fn append(
    contents: Contents,
    threads: &Threads,
    (owner, upload): (String, String),
    offset: u64,
    mut chunks: Stream<Bytes>,
) -> Result<u64, ContentError> {
    let (mut at, mut waiting) = (offset, Vec::new());
    loop {
        let next = chunks.next().await;
        let more = matches!(&next, Some(Ok(_)));
        if let Some(Ok(chunk)) = &next {
            waiting.extend_from_slice(&chunk.0);
        }
        if !more || waiting.len() >= limits::CONTENT_WRITE_BYTES {
            let (contents, owner, upload) = (contents.clone(), owner.clone(), upload.clone());
            let bytes = std::mem::take(&mut waiting);
            at = run(threads, move || contents.append(&owner, &upload, at, &bytes)).await?;
        }
        match next {
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                let reason = error.to_string();
                return Err(ContentError::Interrupted { offset: at, reason });
            }
            None => return Ok(at),
        }
    }
}

/// What is to be read, and who reads it.
struct Reading {
    reader: Reader,
    here: watch::Receiver<u64>,
    contents: Contents,
    threads: Arc<Threads>,
    file: (String, Cid),
    patience: Duration,
}

pub(super) async fn read(
    files: &Files,
    file: (String, Cid),
    offset: u64,
    length: Option<u64>,
) -> Result<Stream<Bytes>, ContentError> {
    let contents = files.opened().await?.contents.clone();
    let busy = |_| ContentError::Busy {
        what: "reads of files".to_owned(),
        limit: limits::CONTENT_READS as u64,
    };
    let seat = Arc::clone(&files.reads).try_acquire_owned().map_err(busy)?;
    let (owner, cid) = file.clone();
    let reader = files
        .ask(move |contents| contents.read(&owner, cid, offset, length))
        .await?;
    let mut reading = Reading {
        here: reader.here(),
        reader,
        contents,
        threads: Arc::clone(&files.threads),
        file,
        patience: files.patience,
    };
    // What fails at once is told by the call.
    let first = reading.next().await?;
    Ok(Stream::produce(|sender| async move {
        let _seat = seat;
        reading.write(first, sender).await;
    }))
}

impl Reading {
    async fn write(mut self, mut next: Option<Vec<u8>>, mut sender: Sender<Bytes>) {
        while let Some(chunk) = next {
            if sender.send(&Bytes(chunk)).await.is_err() {
                return;
            }
            next = match self.next().await {
                Ok(next) => next,
                Err(error) => return sender.fail(&error.to_string()),
            };
        }
    }

    /// The next chunk, which is waited for while it is being got.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, ContentError> {
        loop {
            self.here.mark_unchanged();
            match self.found().await? {
                Found::Chunk(chunk) => return Ok(Some(chunk)),
                Found::End => return Ok(None),
                Found::Missing(_) => {}
            }
            let (contents, (owner, cid)) = (self.contents.clone(), self.file.clone());
            let file = run(&self.threads, move || contents.file(&owner, cid)).await?;
            if !file.wanted && !file.is_complete() {
                let (here, blocks) = self.reader.blocks();
                return Err(ContentError::Incomplete { here, blocks });
            }
            if timeout(self.patience, self.here.changed()).await.is_err() {
                return Err(ContentError::Timeout {
                    what: "a block".to_owned(),
                    waited_ms: u64::try_from(self.patience.as_millis()).unwrap_or(u64::MAX),
                });
            }
        }
    }

    async fn found(&mut self) -> Result<Found, ContentError> {
        let mut reader = self.reader.clone();
        let (reader, found) = run(&self.threads, move || {
            let found = reader.next_chunk()?;
            Ok((reader, found))
        })
        .await?;
        self.reader = reader;
        Ok(found)
    }
}

/// How much of a file is here, until it is all, or nothing more is being got.
pub(super) async fn progress(
    files: &Files,
    owner: String,
    cid: Cid,
) -> Result<Stream<api::Progress>, ContentError> {
    let threads = Arc::clone(&files.threads);
    let contents = files.opened().await?.contents.clone();
    let who = owner.clone();
    let begin =
        move |contents: &Contents| Ok((contents.file(&who, cid)?, contents.read(&who, cid, 0, Some(0))?));
    let (mut file, reader) = files.ask(begin).await?;
    let mut here = reader.here();
    Ok(Stream::produce(|mut sender| async move {
        loop {
            let over = file.is_complete() || !file.wanted;
            if sender.send(&convert::progress(&file)).await.is_err() || over {
                return;
            }
            sleep(limits::CONTENT_PROGRESS_LEAST).await;
            // When nothing changes, a word now and then tells that both ends are there.
            let _ = timeout(limits::CONTENT_PROGRESS_MOST, here.changed()).await;
            file = match look(&threads, &contents, &owner, cid).await {
                Ok(file) => file,
                Err(error) => return sender.fail(&error.to_string()),
            };
        }
    }))
}

async fn look(
    threads: &Threads,
    contents: &Contents,
    owner: &str,
    cid: Cid,
) -> Result<FileInfo, ContentError> {
    let (contents, owner) = (contents.clone(), owner.to_owned());
    run(threads, move || contents.file(&owner, cid)).await
}
