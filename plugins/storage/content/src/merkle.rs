//! The Merkle tree over the digests of blocks, with the keyed nodes of Logos Storage.
//!
//! A parent is SHA-256 over its left child, its right child and one byte that says where it stands: 1 is added in the
//! bottom layer, 2 where the right child is missing, which then counts as 32 zero bytes. There is always at least one
//! such step, so that the root of a single leaf is not the leaf.
//!
//! A tree lies in a file layer by layer, leaves first and without the root. What is unknown of it is zero.

use sha2::{Digest as _, Sha256};

use crate::cid::Digest;
use crate::limits;

const DIGEST: u64 = 32;
const BOTTOM: u8 = 1;
const ODD: u8 = 2;

/// The shape of a file: how many blocks of which size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Size of all blocks; the last one is filled up with zeros.
    pub block_bytes: u32,
    /// Size of the file.
    pub bytes: u64,
}

/// A shape that breaks a limit; says which.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadShape {
    /// Not a power of two from 4 KiB to 512 KiB.
    #[error("the block size is {0}; it must be a power of two from {min} to {max}", min = limits::MIN_BLOCK_BYTES, max = limits::MAX_BLOCK_BYTES)]
    BlockSize(u64),
    /// No blocks, or too many.
    #[error("a file of {0} bytes has {1} blocks; there must be 1 to {max}", max = limits::MAX_BLOCKS)]
    Blocks(u64, u64),
}

impl Shape {
    /// Checks a shape.
    ///
    /// # Errors
    /// [`BadShape`].
    pub fn new(block_bytes: u64, bytes: u64) -> Result<Self, BadShape> {
        let size = u32::try_from(block_bytes).map_err(|_| BadShape::BlockSize(block_bytes))?;
        if !size.is_power_of_two() || !(limits::MIN_BLOCK_BYTES..=limits::MAX_BLOCK_BYTES).contains(&size) {
            return Err(BadShape::BlockSize(block_bytes));
        }
        let shape = Self {
            block_bytes: size,
            bytes,
        };
        match shape.blocks() {
            1..=limits::MAX_BLOCKS => Ok(shape),
            blocks => Err(BadShape::Blocks(bytes, blocks)),
        }
    }

    /// How many blocks there are.
    pub fn blocks(&self) -> u64 {
        self.bytes.div_ceil(self.block_bytes.into())
    }

    /// Where a block begins in the file.
    pub(crate) fn start(&self, block: u64) -> u64 {
        block * u64::from(self.block_bytes)
    }

    /// How many bytes of the file a block holds.
    pub(crate) fn len(&self, block: u64) -> usize {
        let left = self.bytes.saturating_sub(self.start(block));
        left.min(self.block_bytes.into()) as usize
    }

    /// The digest of a block, filled up with zeros.
    pub(crate) fn leaf(&self, content: &[u8]) -> Digest {
        let mut hasher = Sha256::new();
        hasher.update(content);
        fill_up(
            &mut hasher,
            self.block_bytes as usize - content.len().min(self.block_bytes as usize),
        );
        hasher.finalize().into()
    }

    /// The layers, leaves first and without the root: how many digests each has, and at which byte it begins.
    pub(crate) fn layers(&self) -> impl Iterator<Item = (u64, u64)> + use<> {
        let mut next = Some((self.blocks(), 0));
        let mut bottom = true;
        std::iter::from_fn(move || {
            let (len, start) = next.filter(|(len, _)| *len > 1 || bottom)?;
            bottom = false;
            next = Some((len.div_ceil(2), start + len * DIGEST));
            Some((len, start))
        })
    }

    /// Where in the file of the tree the digests are that prove a block, from the bottom; `None` where there is none.
    pub(crate) fn proof_places(&self, block: u64) -> impl Iterator<Item = Option<u64>> + use<> {
        let mut at = block;
        self.layers().map(move |(len, start)| {
            let sibling = at ^ 1;
            at /= 2;
            (sibling < len).then_some(start + sibling * DIGEST)
        })
    }

    /// The root that follows from a leaf and its proof; `None` for a proof of the wrong length.
    pub(crate) fn root(&self, block: u64, leaf: Digest, proof: &[Digest]) -> Option<Digest> {
        let mut proof = proof.iter();
        let (mut at, mut digest) = (block, leaf);
        for (height, place) in self.proof_places(block).enumerate() {
            let sibling = match place {
                Some(_) => Some(proof.next()?),
                None => None,
            };
            digest = match sibling {
                Some(left) if at % 2 == 1 => parent(left, Some(&digest), height == 0),
                right => parent(&digest, right, height == 0),
            };
            at /= 2;
        }
        proof.next().is_none().then_some(digest)
    }
}

/// Goes on with a digest as if so many zeros followed.
pub(crate) fn fill_up(hasher: &mut Sha256, mut zeros: usize) {
    const ZEROS: [u8; 4096] = [0; 4096];
    while zeros > 0 {
        let now = zeros.min(ZEROS.len());
        hasher.update(&ZEROS[..now]);
        zeros -= now;
    }
}

/// A node over one child or two.
pub(crate) fn parent(left: &Digest, right: Option<&Digest>, bottom: bool) -> Digest {
    let key = if bottom { BOTTOM } else { 0 } + if right.is_none() { ODD } else { 0 };
    let mut hasher = Sha256::new();
    hasher.update(left);
    hasher.update(right.unwrap_or(&[0; 32]));
    hasher.update([key]);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cid::{Cid, sha256};

    /// The tree as a list of layers with the root, after its definition.
    fn tree(leaves: &[Digest]) -> Vec<Vec<Digest>> {
        let mut layers = vec![leaves.to_vec()];
        loop {
            let layer = &layers[layers.len() - 1];
            let bottom = layers.len() == 1;
            if layer.len() == 1 && !bottom {
                return layers;
            }
            let next = layer.chunks(2).map(|pair| parent(&pair[0], pair.get(1), bottom));
            layers.push(next.collect());
        }
    }

    fn shape(blocks: u64) -> Shape {
        Shape::new(4096, blocks * 4096).unwrap()
    }

    #[test]
    fn upstream_constants_of_trees() {
        for (content, cid) in [
            (
                "some file contents",
                "zDzSvJTezk7bJNQqFq8k1iHXY84psNuUfZVusA5bBQQUSuyzDSVL",
            ),
            (
                "Hello World!",
                "zDzSvJTf8JYwvysKPmG7BtzpbiAHfuwFMRphxm4hdvnMJ4XPJjKX",
            ),
        ] {
            let shape = Shape::new(65536, content.len() as u64).unwrap();
            let root = shape.root(0, shape.leaf(content.as_bytes()), &[]).unwrap();
            assert_eq!(Cid::tree(root).to_string(), cid);
        }
    }

    #[test]
    fn the_tallest_tree_has_a_proof_of_22() {
        let tallest = shape(limits::MAX_BLOCKS);
        assert_eq!(tallest.proof_places(0).flatten().count(), limits::MAX_PROOF);
        assert!(Shape::new(4096, limits::MAX_BLOCKS * 4096 + 1).is_err());
    }

    #[test]
    fn shapes_that_break_a_limit_are_refused() {
        for block_bytes in [0, 1, 2048, 4097, 65535, 1 << 20, 1 << 32] {
            assert_eq!(Shape::new(block_bytes, 1), Err(BadShape::BlockSize(block_bytes)));
        }
        assert_eq!(Shape::new(4096, 0), Err(BadShape::Blocks(0, 0)));
        assert!(matches!(Shape::new(4096, u64::MAX), Err(BadShape::Blocks(..))));
    }

    proptest! {
        #[test]
        fn a_block_is_proved_and_any_other_is_not(blocks in 1u64..70, at: u64, forged: u8) {
            let shape = shape(blocks);
            let leaves: Vec<_> = (0..blocks).map(|block| sha256(&block.to_be_bytes())).collect();
            let layers = tree(&leaves);
            let root = layers[layers.len() - 1][0];
            let block = at % blocks;
            let flat: Vec<_> = layers[..layers.len() - 1].concat();
            let mut proof: Vec<_> = shape
                .proof_places(block)
                .flatten()
                .map(|place| flat[(place / DIGEST) as usize])
                .collect();
            let leaf = leaves[block as usize];
            prop_assert_eq!(shape.root(block, leaf, &proof), Some(root));
            prop_assert_ne!(shape.root(block, sha256(&[forged]), &proof), Some(root));
            proof.push(root);
            prop_assert_eq!(shape.root(block, leaf, &proof), None);
            proof.pop();
            if proof.pop().is_some() {
                prop_assert_eq!(shape.root(block, leaf, &proof), None);
            }
        }
    }
}
