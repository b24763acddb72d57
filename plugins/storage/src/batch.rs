//! Batches: the operations that are applied together or not at all.

use std::time::Duration;

use compact_str::CompactString;
use smallvec::SmallVec;

use crate::error::{Error, Result, check_size};
use crate::key::{Key, KeyRange};
use crate::limits;

/// One operation of a batch. Most categories and keys are short and lie within it: what one thread makes and another
/// lets go of costs both more than a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Op {
    Put {
        category: CompactString,
        key: Key,
        payload: Vec<u8>,
        ttl: Option<Duration>,
    },
    Delete {
        category: CompactString,
        key: Key,
    },
    DeleteRange {
        category: CompactString,
        range: KeyRange,
    },
    Expect {
        category: CompactString,
        key: Key,
        payload: Option<Vec<u8>>,
    },
    /// Gives pages that hold nothing back to the file system.
    Release {
        pages: u32,
    },
}

impl Op {
    fn bytes(&self) -> usize {
        match self {
            Op::Put {
                category,
                key,
                payload,
                ..
            } => category.len() + key.as_bytes().len() + payload.len(),
            Op::Delete { category, key } => category.len() + key.as_bytes().len(),
            Op::DeleteRange { category, range } => category.len() + range_bytes(range),
            Op::Expect {
                category,
                key,
                payload,
            } => category.len() + key.as_bytes().len() + payload.as_ref().map_or(0, Vec::len),
            Op::Release { .. } => 0,
        }
    }

    fn check(&self) -> Result<()> {
        match self {
            Op::Put {
                category,
                key,
                payload,
                ttl,
            } => {
                check_place(category, key)?;
                check_ttl(*ttl)?;
                check_size("payload bytes", payload.len(), limits::MAX_PAYLOAD_BYTES)
            }
            Op::Delete { category, key } => check_place(category, key),
            Op::DeleteRange { category, range } => check_range(category, range),
            Op::Expect {
                category,
                key,
                payload,
            } => {
                check_place(category, key)?;
                let size = payload.as_ref().map_or(0, Vec::len);
                check_size("expected payload bytes", size, limits::MAX_PAYLOAD_BYTES)
            }
            Op::Release { .. } => Ok(()),
        }
    }
}

fn range_bytes(range: &KeyRange) -> usize {
    range.start.as_bytes().len() + range.stop.as_bytes().len()
}

fn check_ttl(ttl: Option<Duration>) -> Result<()> {
    match ttl {
        Some(ttl) if ttl < Duration::from_millis(1) || ttl > limits::MAX_TTL => Err(Error::argument(
            "time to live",
            format!("must be 1 ms to {} ms", limits::MAX_TTL.as_millis()),
        )),
        _ => Ok(()),
    }
}

pub(crate) fn check_category(category: &str) -> Result<()> {
    check_size("category bytes", category.len(), limits::MAX_CATEGORY_BYTES)
}

pub(crate) fn check_key(key: &Key) -> Result<()> {
    check_size("key bytes", key.as_bytes().len(), limits::MAX_KEY_BYTES)
}

pub(crate) fn check_place(category: &str, key: &Key) -> Result<()> {
    check_category(category)?;
    check_key(key)
}

pub(crate) fn check_range(category: &str, range: &KeyRange) -> Result<()> {
    check_place(category, &range.start)?;
    check_key(&range.stop)
}

/// Operations of one batch. Most have no further one.
pub(crate) type Ops = SmallVec<[Op; 1]>;

/// Operations that are applied in order, together or not at all. They may span categories.
///
/// Empty categories, keys and payloads are legal. Sizes are checked when the batch is submitted:
/// [`limits::MAX_BATCH_OPS`], [`limits::MAX_BATCH_BYTES`] and the limits of each part.
///
/// `Debug` shows the number of operations and of bytes only.
#[derive(Clone, Default)]
pub struct Batch {
    ops: Ops,
    bytes: usize,
}

impl Batch {
    /// An empty batch; applying it changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of operations.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether there are no operations.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Bytes of categories, keys and payloads.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn push(mut self, op: Op) -> Self {
        self.bytes = self.bytes.saturating_add(op.bytes());
        self.ops.push(op);
        self
    }

    /// Stores `payload` under `key`, in place of what is there.
    #[must_use]
    pub fn put(
        self,
        category: impl Into<CompactString>,
        key: impl Into<Key>,
        payload: impl Into<Vec<u8>>,
    ) -> Self {
        self.put_for(category, key, payload, None)
    }

    /// As [`Batch::put`]; the key is gone `ttl` after the write was applied, 1 ms to [`limits::MAX_TTL`], by the
    /// clock of the system. With `None` it stays.
    #[must_use]
    pub fn put_for(
        self,
        category: impl Into<CompactString>,
        key: impl Into<Key>,
        payload: impl Into<Vec<u8>>,
        ttl: Option<Duration>,
    ) -> Self {
        self.push(Op::Put {
            category: category.into(),
            key: key.into(),
            payload: payload.into(),
            ttl,
        })
    }

    /// Removes `key`; a key that is not there is no error.
    #[must_use]
    pub fn delete(self, category: impl Into<CompactString>, key: impl Into<Key>) -> Self {
        self.push(Op::Delete {
            category: category.into(),
            key: key.into(),
        })
    }

    /// Removes every key of `range`; [`KeyRange::prefix`] makes it a removal by prefix.
    #[must_use]
    pub fn delete_range(self, category: impl Into<CompactString>, range: KeyRange) -> Self {
        self.push(Op::DeleteRange {
            category: category.into(),
            range,
        })
    }

    /// Demands that `key` holds `payload` at this point, or with `None` that it is absent. Otherwise the whole
    /// batch fails with [`Error::Conflict`].
    #[must_use]
    pub fn expect(
        self,
        category: impl Into<CompactString>,
        key: impl Into<Key>,
        payload: Option<Vec<u8>>,
    ) -> Self {
        self.push(Op::Expect {
            category: category.into(),
            key: key.into(),
            payload,
        })
    }

    /// Gives up to so many pages that hold nothing back to the file system.
    pub(crate) fn release(self, pages: u32) -> Self {
        self.push(Op::Release { pages })
    }

    /// Checks all limits and gives the operations out.
    pub(crate) fn into_ops(self) -> Result<(Ops, usize)> {
        check_size("batch operations", self.ops.len(), limits::MAX_BATCH_OPS)?;
        self.ops.iter().try_for_each(Op::check)?;
        check_size("batch bytes", self.bytes, limits::MAX_BATCH_BYTES)?;
        Ok((self.ops, self.bytes))
    }
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch")
            .field("ops", &self.ops.len())
            .field("bytes", &self.bytes)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_over_their_limit_are_refused_by_name() {
        let long = |field, size: usize, limit| Error::TooLarge { field, size, limit };
        let batch = Batch::new().put("", vec![0; limits::MAX_KEY_BYTES + 1], "");
        let expected = long("key bytes", limits::MAX_KEY_BYTES + 1, limits::MAX_KEY_BYTES);
        assert_eq!(batch.into_ops().unwrap_err(), expected);

        let batch = Batch::new().put("c".repeat(limits::MAX_CATEGORY_BYTES + 1), [], "");
        let expected = long(
            "category bytes",
            limits::MAX_CATEGORY_BYTES + 1,
            limits::MAX_CATEGORY_BYTES,
        );
        assert_eq!(batch.into_ops().unwrap_err(), expected);

        let batch = Batch::new().put("", [], vec![0; limits::MAX_PAYLOAD_BYTES + 1]);
        let expected = long(
            "payload bytes",
            limits::MAX_PAYLOAD_BYTES + 1,
            limits::MAX_PAYLOAD_BYTES,
        );
        assert_eq!(batch.into_ops().unwrap_err(), expected);

        let batch = (0..=limits::MAX_BATCH_OPS).fold(Batch::new(), |batch, _| batch.delete("", []));
        let expected = long(
            "batch operations",
            limits::MAX_BATCH_OPS + 1,
            limits::MAX_BATCH_OPS,
        );
        assert_eq!(batch.into_ops().unwrap_err(), expected);
    }

    #[test]
    fn a_time_to_live_out_of_bounds_is_refused() {
        for ttl in [Duration::ZERO, limits::MAX_TTL + Duration::from_millis(1)] {
            let refused = Batch::new()
                .put_for("", [], "", Some(ttl))
                .into_ops()
                .unwrap_err();
            assert_eq!(
                refused.to_string(),
                "time to live: must be 1 ms to 3153600000000 ms"
            );
        }
        let longest = Batch::new().put_for("", [], "", Some(limits::MAX_TTL));
        assert!(longest.into_ops().is_ok());
    }

    #[test]
    fn debug_output_does_not_show_what_is_stored() {
        let batch = Batch::new().put("c", *b"secret-key", *b"secret");
        assert_eq!(format!("{batch:?}"), "Batch { ops: 1, bytes: 17 }");
    }
}
