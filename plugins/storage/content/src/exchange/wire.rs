//! What nodes say to each other: a request and an answer, each one frame. Numbers are big-endian.
//!
//! ```text
//! request   1  digest of a manifest (32)
//!           2  root of a tree (32)  block size (4)  size (8)  number of a block (4) …
//! answer    0                                              there is no such manifest
//!           1  manifest
//!           2  { number (4)  0
//!              | number (4)  1  length (4)  content  count (1)  digest of the proof (32) … } …
//! ```
//!
//! The content of the last block goes without the zeros that fill it up.

use crate::cid::Digest;
use crate::limits::MAX_PROOF;
use crate::limits::exchange::MAX_BATCH;
use crate::merkle::Shape;

/// What a node asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    Manifest(Digest),
    Blocks {
        root: Digest,
        shape: Shape,
        blocks: Vec<u64>,
    },
}

/// A block as it comes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) block: u64,
    /// Its content and its proof; `None` when the node does not have it.
    pub(crate) found: Option<(&'a [u8], Vec<Digest>)>,
}

/// What a node answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer<'a> {
    Absent,
    Manifest(&'a [u8]),
    Blocks(Vec<Entry<'a>>),
}

/// A frame that means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the frame is malformed")]
pub(crate) struct Malformed;

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    fn number(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

impl Request {
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Request::Manifest(digest) => [&[1], &digest[..]].concat(),
            Request::Blocks { root, shape, blocks } => {
                let mut out = vec![2];
                out.extend_from_slice(root);
                out.extend_from_slice(&shape.block_bytes.to_be_bytes());
                out.extend_from_slice(&shape.bytes.to_be_bytes());
                // There are at most 2^22 blocks.
                blocks
                    .iter()
                    .for_each(|block| out.extend_from_slice(&(*block as u32).to_be_bytes()));
                out
            }
        }
    }

    pub(crate) fn decode(frame: &[u8]) -> Result<Self, Malformed> {
        let mut bytes = Bytes(frame);
        match bytes.array()? {
            [1] => {
                let digest = bytes.array()?;
                bytes.end().map(|()| Request::Manifest(digest))
            }
            [2] => {
                let root = bytes.array()?;
                let block_bytes = bytes.number()?;
                let size = u64::from_be_bytes(bytes.array()?);
                let shape = Shape::new(block_bytes.into(), size).map_err(|_| Malformed)?;
                let mut blocks = Vec::new();
                while !bytes.0.is_empty() {
                    let block = u64::from(bytes.number()?);
                    if block >= shape.blocks() || blocks.len() == MAX_BATCH {
                        return Err(Malformed);
                    }
                    blocks.push(block);
                }
                Ok(Request::Blocks { root, shape, blocks })
            }
            _ => Err(Malformed),
        }
    }
}

/// The answer with a manifest, or that there is none.
pub(crate) fn manifest(content: Option<&[u8]>) -> Vec<u8> {
    content.map_or(vec![0], |content| [&[1], content].concat())
}

/// An answer with blocks, before the first one.
pub(crate) fn blocks() -> Vec<u8> {
    vec![2]
}

/// Adds a block to an answer.
pub(crate) fn add_block(out: &mut Vec<u8>, block: u64, found: Option<(&[u8], &[Digest])>) {
    out.extend_from_slice(&(block as u32).to_be_bytes());
    out.push(found.is_some().into());
    if let Some((content, proof)) = found {
        out.extend_from_slice(&(content.len() as u32).to_be_bytes());
        out.extend_from_slice(content);
        out.push(proof.len() as u8);
        out.extend_from_slice(proof.as_flattened());
    }
}

impl<'a> Answer<'a> {
    pub(crate) fn decode(frame: &'a [u8]) -> Result<Self, Malformed> {
        let mut bytes = Bytes(frame);
        match bytes.array()? {
            [0] => bytes.end().map(|()| Answer::Absent),
            [1] => Ok(Answer::Manifest(bytes.0)),
            [2] => {
                let mut entries = Vec::new();
                while !bytes.0.is_empty() {
                    if entries.len() == MAX_BATCH {
                        return Err(Malformed);
                    }
                    entries.push(entry(&mut bytes)?);
                }
                Ok(Answer::Blocks(entries))
            }
            _ => Err(Malformed),
        }
    }
}

fn entry<'a>(bytes: &mut Bytes<'a>) -> Result<Entry<'a>, Malformed> {
    let block = bytes.number()?.into();
    let found = match bytes.array()? {
        [0] => None,
        [1] => {
            let len = bytes.number()?;
            let content = bytes.take(len as usize)?;
            let [count] = bytes.array()?;
            if usize::from(count) > MAX_PROOF {
                return Err(Malformed);
            }
            let (proof, _) = bytes.take(usize::from(count) * 32)?.as_chunks::<32>();
            Some((content, proof.to_vec()))
        }
        _ => return Err(Malformed),
    };
    Ok(Entry { block, found })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::exchange::{BATCH_BYTES, MAX_REQUEST, MAX_RESPONSE};
    use crate::limits::{MAX_BLOCK_BYTES, MIN_BLOCK_BYTES};

    #[test]
    fn the_largest_frames_fit_their_limits() {
        let shape = Shape::new(4096, 4096 << 22).unwrap();
        let request = Request::Blocks {
            root: [0; 32],
            shape,
            blocks: vec![0; MAX_BATCH],
        };
        assert!(request.encode().len() <= MAX_REQUEST);
        assert_eq!((BATCH_BYTES / MIN_BLOCK_BYTES) as usize, MAX_BATCH);
        let entry = |len: u32| 10 + len as usize + MAX_PROOF * 32;
        assert!(entry(MAX_BLOCK_BYTES) < MAX_RESPONSE);
        assert!(MAX_BATCH * entry(MIN_BLOCK_BYTES) < MAX_RESPONSE);
    }

    proptest! {
        #[test]
        fn requests_come_back(root: Digest, size in 1u64..1 << 34, blocks in prop::collection::vec(any::<u64>(), 0..=MAX_BATCH)) {
            let shape = Shape::new(65536, size).unwrap();
            let blocks = blocks.into_iter().map(|block| block % shape.blocks()).collect();
            for request in [Request::Manifest(root), Request::Blocks { root, shape, blocks }] {
                prop_assert_eq!(Request::decode(&request.encode()), Ok(request));
            }
        }

        #[test]
        fn answers_come_back(
            list in prop::collection::vec((0u64..1 << 22, prop::option::of((any::<Vec<u8>>(), prop::collection::vec(any::<Digest>(), 0..=MAX_PROOF)))), 0..=MAX_BATCH),
        ) {
            let mut frame = blocks();
            for (block, found) in &list {
                add_block(&mut frame, *block, found.as_ref().map(|(content, proof)| (&content[..], &proof[..])));
            }
            let entries = list.iter().map(|(block, found)| Entry {
                block: *block,
                found: found.as_ref().map(|(content, proof)| (&content[..], proof.clone())),
            });
            prop_assert_eq!(Answer::decode(&frame), Ok(Answer::Blocks(entries.collect())));
            let (none, some) = (manifest(None), manifest(Some(b"m")));
            prop_assert_eq!(Answer::decode(&none), Ok(Answer::Absent));
            prop_assert_eq!(Answer::decode(&some), Ok(Answer::Manifest(b"m")));
        }

        #[test]
        fn no_frame_makes_it_panic(kind in 0u8..4, rest: Vec<u8>) {
            let frame = [&[kind], &rest[..]].concat();
            let _ = Request::decode(&frame);
            let _ = Answer::decode(&frame);
        }
    }
}
