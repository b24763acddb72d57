//! Which blocks of a file are here.

/// One bit for each block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bitmap {
    bits: Vec<u8>,
    blocks: u64,
    set: u64,
}

impl Bitmap {
    pub(crate) fn empty(blocks: u64) -> Self {
        let bits = vec![0; blocks.div_ceil(8) as usize];
        Self { bits, blocks, set: 0 }
    }

    pub(crate) fn full(blocks: u64) -> Self {
        let mut full = Self::empty(blocks);
        for block in 0..blocks {
            full.set(block);
        }
        full
    }

    /// As it was noted; `None` stands for all of them.
    pub(crate) fn noted(blocks: u64, noted: Option<&[u8]>) -> Self {
        let Some(noted) = noted else {
            return Self::full(blocks);
        };
        let mut found = Self::empty(blocks);
        let is_set = |block: &u64| {
            noted
                .get((block / 8) as usize)
                .is_some_and(|byte| byte >> (block % 8) & 1 == 1)
        };
        (0..blocks).filter(is_set).for_each(|block| {
            found.set(block);
        });
        found
    }

    /// What to note.
    pub(crate) fn to_note(&self) -> Option<Vec<u8>> {
        (!self.is_full()).then(|| self.bits.clone())
    }

    pub(crate) fn has(&self, block: u64) -> bool {
        self.bits
            .get((block / 8) as usize)
            .is_some_and(|byte| byte >> (block % 8) & 1 == 1)
    }

    /// Whether this changed anything.
    pub(crate) fn set(&mut self, block: u64) -> bool {
        let new = block < self.blocks && !self.has(block);
        if new {
            self.bits[(block / 8) as usize] |= 1 << (block % 8);
            self.set += 1;
        }
        new
    }

    pub(crate) fn clear(&mut self, block: u64) {
        if self.has(block) {
            self.bits[(block / 8) as usize] &= !(1 << (block % 8));
            self.set -= 1;
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.set
    }

    pub(crate) fn is_full(&self) -> bool {
        self.set == self.blocks
    }

    /// The first block from `from` on that is not here.
    pub(crate) fn next_missing(&self, from: u64) -> Option<u64> {
        let mut block = from;
        while block < self.blocks {
            if block.is_multiple_of(8) && self.bits[(block / 8) as usize] == 0xff {
                block += 8;
            } else if self.has(block) {
                block += 1;
            } else {
                return Some(block);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set(blocks in 1u64..100, steps: Vec<(u64, bool)>) {
            let (mut bitmap, mut model) = (Bitmap::empty(blocks), BTreeSet::new());
            for (block, set) in steps {
                let block = block % blocks;
                if set {
                    prop_assert_eq!(bitmap.set(block), model.insert(block));
                } else {
                    bitmap.clear(block);
                    model.remove(&block);
                }
            }
            prop_assert_eq!(bitmap.count(), model.len() as u64);
            prop_assert_eq!(bitmap.is_full(), model.len() as u64 == blocks);
            let mut missing = BTreeSet::new();
            let mut from = 0;
            while let Some(block) = bitmap.next_missing(from) {
                missing.insert(block);
                from = block + 1;
            }
            prop_assert!((0..blocks).all(|block| model.contains(&block) != missing.contains(&block)));
            prop_assert_eq!(Bitmap::noted(blocks, bitmap.to_note().as_deref()), bitmap);
        }
    }
}
