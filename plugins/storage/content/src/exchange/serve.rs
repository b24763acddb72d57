//! Answers to what peers ask for. Who knows an identifier gets what it stands for.

use super::wire::{self, Malformed, Request};
use crate::error::{Error, Result};
use crate::limits::MAX_PROOF;
use crate::limits::exchange::MAX_RESPONSE;
use crate::store::Contents;

/// The answer to a frame; `None` where there is none to give. Blocks on the disk.
pub(super) fn answer(contents: &Contents, frame: &[u8]) -> Option<Vec<u8>> {
    match try_answer(contents, frame) {
        Ok(answer) => answer.ok(),
        Err(error) => {
            tracing::warn!(%error, "a request of a peer could not be answered");
            None
        }
    }
}

fn try_answer(contents: &Contents, frame: &[u8]) -> Result<Result<Vec<u8>, Malformed>> {
    let (root, shape, wanted) = match Request::decode(frame) {
        Err(malformed) => return Ok(Err(malformed)),
        Ok(Request::Manifest(digest)) => {
            let content = contents.index()?.manifest(&digest)?;
            return Ok(Ok(wire::manifest(content.as_deref())));
        }
        Ok(Request::Blocks { root, shape, blocks }) => (root, shape, blocks),
    };
    let id = contents.index()?.dataset_of(&root, shape)?;
    let dataset = id.map(|id| contents.dataset(id)).transpose()?.flatten();
    let mut answer = wire::blocks();
    for block in wanted {
        if answer.len() + shape.len(block) + 10 + MAX_PROOF * 32 > MAX_RESPONSE {
            break;
        }
        let content = match dataset.as_ref().map(|dataset| dataset.read(block)) {
            Some(Err(Error::Damaged { .. })) => None,
            Some(read) => read?,
            None => None,
        };
        let found = match (&dataset, &content) {
            (Some(dataset), Some(content)) => Some((content, dataset.proof(block)?)),
            _ => None,
        };
        wire::add_block(
            &mut answer,
            block,
            found.as_ref().map(|(content, proof)| (&content[..], &proof[..])),
        );
    }
    if let Some(dataset) = &dataset {
        // Damage that was met on the way.
        let _open = contents.enter()?;
        contents.note(dataset, false)?;
    }
    Ok(Ok(answer))
}
