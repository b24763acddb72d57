//! The bytes of a payload of reconciliation.
//!
//! Topics first: the number of pubsub topics, each as its length and its bytes, and the content topics in the same way.
//! Then the time at which the first range begins, and the ranges, each beginning where the one before ends:
//!
//! | bytes | what |
//! |---|---|
//! | number | nanoseconds from the end of the range before to the end of this one |
//! | 1 + n | only if these are 0: n, and the first n bytes of the hash at which the range ends |
//! | 1 | 0 skip, 1 fingerprint, 2 items |
//! | 32 | of a fingerprint |
//! | number, items, 1 | of items: how many; for each the nanoseconds since the one before and the hash; whether the sender has seen those of the other side |
//!
//! Numbers are LEB128. No ranges at all are one byte, 0.

use super::leb128;
use crate::{
    Place,
    limits::{MAX_CONTENT_TOPICS, MAX_SHARDS, MAX_SYNC_RANGES},
};

/// What one side tells the other in one frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncPayload {
    /// The pubsub topics that it is about; all if there are none.
    pub pubsub_topics: Vec<String>,
    /// The content topics that it is about; all if there are none.
    pub content_topics: Vec<String>,
    /// Where the first range begins, in nanoseconds since 1970; never negative.
    pub start: i64,
    /// The ranges, each beginning where the one before ends. Without any, the conversation is over.
    pub ranges: Vec<SyncRange>,
}

/// A part of the order of time, and what the sender says about it. It holds the places from that time on at which the
/// range before ends, up to and with its own end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncRange {
    /// The last place. Its hash is all zeroes unless its time is that at which the range before ends.
    pub end: Place,
    /// What is in it.
    pub content: RangeContent,
}

/// What the sender says about a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeContent {
    /// There is nothing more to say.
    Skip,
    /// The exclusive or of the hashes of its messages.
    Fingerprint([u8; 32]),
    /// All of its messages.
    Items(ItemSet),
}

/// The messages of a range.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemSet {
    /// Their places, in order.
    pub items: Vec<Place>,
    /// Whether the sender knows those of the other side, so that it needs no list of them.
    pub is_reconciled: bool,
}

/// Why bytes are no payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SyncDecodeError {
    /// The bytes end within a field, or it is out of its bounds.
    #[error("sync payload: {0} cannot be read")]
    Field(&'static str),
    /// There are too many of something.
    #[error("sync payload has more than {max} {what}")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// Most there may be.
        max: usize,
    },
    /// The items of a range are not in the order of time.
    #[error("sync payload: items are not in order")]
    Order,
}

const SKIP: u8 = 0;
const FINGERPRINT: u8 = 1;
const ITEMS: u8 = 2;

/// Bytes of the smallest item.
const LEAST_ITEM: usize = 33;

impl SyncPayload {
    /// Whether nothing is left to talk about.
    pub fn is_settled(&self) -> bool {
        self.ranges.iter().all(|it| it.content == RangeContent::Skip)
    }

    /// The bytes. Times before 1970 count as 1970.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.ranges.is_empty() {
            return vec![0];
        }
        for topics in [&self.pubsub_topics, &self.content_topics] {
            leb128::write(&mut out, topics.len() as u64);
            for topic in topics {
                leb128::write(&mut out, topic.len() as u64);
                out.extend_from_slice(topic.as_bytes());
            }
        }
        let mut time = Time(0);
        time.write(&mut out, self.start);
        for range in &self.ranges {
            if time.write(&mut out, range.end.timestamp) == 0 {
                let hash = range.end.hash.as_bytes();
                let length = hash
                    .iter()
                    .rposition(|byte| *byte != 0)
                    .map_or(hash.len(), |it| it + 1);
                out.push(length as u8);
                out.extend_from_slice(&hash[..length]);
            }
            range.content.write(&mut out);
        }
        out
    }

    /// Reads a payload. A byte behind the last range is left alone, as by deployed nodes.
    ///
    /// # Errors
    /// [`SyncDecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, SyncDecodeError> {
        if bytes.len() <= 1 {
            return Ok(Self::default());
        }
        let mut reader = Reader(bytes);
        let pubsub_topics = reader.topics("pubsub topics", MAX_SHARDS.into())?;
        let content_topics = reader.topics("content topics", MAX_CONTENT_TOPICS)?;
        let mut time = Time(0);
        let start = reader.time(&mut time, "start")?;
        let mut ranges = Vec::new();
        while reader.0.len() > 1 {
            if ranges.len() == MAX_SYNC_RANGES {
                let (what, max) = ("ranges", MAX_SYNC_RANGES);
                return Err(SyncDecodeError::TooMany { what, max });
            }
            ranges.push(reader.range(&mut time)?);
        }
        Ok(Self {
            pubsub_topics,
            content_topics,
            start,
            ranges,
        })
    }
}

impl RangeContent {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Skip => out.push(SKIP),
            Self::Fingerprint(fingerprint) => {
                out.push(FINGERPRINT);
                out.extend_from_slice(fingerprint);
            }
            Self::Items(set) => {
                out.push(ITEMS);
                leb128::write(out, set.items.len() as u64);
                let mut time = Time(0);
                for item in &set.items {
                    time.write(out, item.timestamp);
                    out.extend_from_slice(item.hash.as_bytes());
                }
                out.push(set.is_reconciled.into());
            }
        }
    }
}

/// The time up to which was written or read; what follows is told as the difference to it.
struct Time(i64);

impl Time {
    /// Writes how much later this is, and says it.
    fn write(&mut self, out: &mut Vec<u8>, timestamp: i64) -> u64 {
        let difference = timestamp.max(self.0).abs_diff(self.0);
        self.0 = timestamp.max(self.0);
        leb128::write(out, difference);
        difference
    }
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number(&mut self, field: &'static str) -> Result<u64, SyncDecodeError> {
        leb128::read(&mut self.0).ok_or(SyncDecodeError::Field(field))
    }

    fn length(&mut self, field: &'static str) -> Result<usize, SyncDecodeError> {
        usize::try_from(self.number(field)?).map_err(|_| SyncDecodeError::Field(field))
    }

    fn bytes(&mut self, length: usize, field: &'static str) -> Result<&[u8], SyncDecodeError> {
        let (bytes, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(SyncDecodeError::Field(field))?;
        self.0 = rest;
        Ok(bytes)
    }

    fn byte(&mut self, field: &'static str) -> Result<u8, SyncDecodeError> {
        Ok(self.bytes(1, field)?[0])
    }

    fn hash(&mut self, field: &'static str) -> Result<[u8; 32], SyncDecodeError> {
        let bytes = self.bytes(32, field)?;
        bytes.try_into().map_err(|_| SyncDecodeError::Field(field))
    }

    fn time(&mut self, time: &mut Time, field: &'static str) -> Result<i64, SyncDecodeError> {
        let later = time.0.checked_add_unsigned(self.number(field)?);
        time.0 = later.ok_or(SyncDecodeError::Field(field))?;
        Ok(time.0)
    }

    fn topics(&mut self, what: &'static str, max: usize) -> Result<Vec<String>, SyncDecodeError> {
        let count = self.length(what)?;
        if count > max {
            return Err(SyncDecodeError::TooMany { what, max });
        }
        let mut topics = Vec::new();
        for _ in 0..count {
            let length = self.length(what)?;
            let text = std::str::from_utf8(self.bytes(length, what)?);
            topics.push(text.map_err(|_| SyncDecodeError::Field(what))?.to_owned());
        }
        Ok(topics)
    }

    fn range(&mut self, time: &mut Time) -> Result<SyncRange, SyncDecodeError> {
        let before = time.0;
        let timestamp = self.time(time, "end of a range")?;
        let mut hash = [0; 32];
        if timestamp == before {
            let field = "hash at the end of a range";
            let length = self.byte(field)?.into();
            let known = hash.get_mut(..length).ok_or(SyncDecodeError::Field(field))?;
            known.copy_from_slice(self.bytes(length, field)?);
        }
        let content = match self.byte("kind of a range")? {
            SKIP => RangeContent::Skip,
            FINGERPRINT => RangeContent::Fingerprint(self.hash("fingerprint")?),
            ITEMS => RangeContent::Items(self.items()?),
            _ => return Err(SyncDecodeError::Field("kind of a range")),
        };
        let hash = hash.into();
        Ok(SyncRange {
            end: Place { timestamp, hash },
            content,
        })
    }

    fn items(&mut self) -> Result<ItemSet, SyncDecodeError> {
        let count = self.length("number of items")?;
        // What the bytes have no room for is not made room for.
        let mut items: Vec<Place> = Vec::with_capacity(count.min(self.0.len() / LEAST_ITEM));
        let mut time = Time(0);
        for _ in 0..count {
            let item = Place {
                timestamp: self.time(&mut time, "time of an item")?,
                hash: self.hash("hash of an item")?.into(),
            };
            if items.last().is_some_and(|last| *last >= item) {
                return Err(SyncDecodeError::Order);
            }
            items.push(item);
        }
        let is_reconciled = match self.byte("mark behind items")? {
            0 => false,
            1 => true,
            _ => return Err(SyncDecodeError::Field("mark behind items")),
        };
        Ok(ItemSet { items, is_reconciled })
    }
}

#[cfg(test)]
#[path = "codec_tests.rs"]
mod tests;
