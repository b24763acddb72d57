//! What nodes tell each other of a commit: one short text for each change, in the order of the commits.
//!
//! `put`, `del` and `range` carry who wrote and the number of the write there, `expired` neither. A change whose text would
//! be longer than the server lets through is told as `lost`: who watches reads anew.

use compact_str::CompactString;

use crate::batch::Op;
use crate::key::{Key, KeyRange};
use crate::watch::Watches;

/// Longest text that the server notifies, in bytes.
const MAX_BYTES: usize = 7999;

/// Who wrote, and the number of the write.
#[derive(Debug, Clone, Copy)]
pub(super) struct Write {
    pub(super) writer: u64,
    pub(super) sequence: u64,
}

impl Write {
    /// What is told of its `at`th operation.
    pub(super) fn text(self, at: usize, op: &Op) -> Option<String> {
        let Write { writer, sequence } = self;
        let text = match op {
            Op::Put { category, key, .. } => format!("put:{writer}:{sequence}:{}", pair(category, key)),
            Op::Delete { category, key } => format!("del:{writer}:{sequence}:{}", pair(category, key)),
            Op::DeleteRange { category, range } => {
                let stop = hex::encode(range.stop.as_bytes());
                format!(
                    "range:{writer}:{sequence}:{}:{stop}",
                    pair(category, &range.start)
                )
            }
            Op::Expect { .. } | Op::Release { .. } => return None,
        };
        // Texts that are alike would be told once.
        Some(
            Some(text)
                .filter(|text| text.len() <= MAX_BYTES)
                .unwrap_or_else(|| format!("lost:{writer}:{sequence}:{at}")),
        )
    }
}

/// What is told of a key that has expired.
pub(super) fn expired(category: &str, key: &Key) -> String {
    let text = format!("expired:{}", pair(category, key));
    Some(text)
        .filter(|text| text.len() <= MAX_BYTES)
        .unwrap_or_else(|| "lost".to_owned())
}

fn pair(category: &str, key: &Key) -> String {
    format!("{}:{}", hex::encode(category), hex::encode(key.as_bytes()))
}

/// Tells the watches of a job what was notified. Writes of others have no number here.
pub(super) fn tell(watches: &Watches, own: u64, text: &str) {
    if told(watches, own, text).is_none() {
        watches.lost(1);
    }
}

fn told(watches: &Watches, own: u64, text: &str) -> Option<()> {
    let mut parts = text.split(':');
    let kind = parts.next()?;
    if kind == "expired" {
        let (category, key) = (utf8(parts.next()?)?, bytes(parts.next()?)?);
        watches.expired(&category, &key);
        return Some(());
    }
    let writer: u64 = parts.next()?.parse().ok()?;
    let sequence = parts.next()?.parse().ok()?;
    let (category, key) = (utf8(parts.next()?)?, bytes(parts.next()?)?);
    let op = match kind {
        "put" => Op::Put {
            category,
            key,
            payload: Vec::new(),
            ttl: None,
        },
        "del" => Op::Delete { category, key },
        "range" => Op::DeleteRange {
            category,
            range: KeyRange::new(key, bytes(parts.next()?)?),
        },
        _ => return None,
    };
    watches.committed(if writer == own { sequence } else { 0 }, &[op]);
    Some(())
}

fn bytes(text: &str) -> Option<Key> {
    hex::decode(text).ok().map(Key::from)
}

fn utf8(text: &str) -> Option<CompactString> {
    CompactString::from_utf8(hex::decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::Change;

    const WRITE: Write = Write {
        writer: 7,
        sequence: 9,
    };

    fn heard(texts: &[String], own: u64) -> Vec<Change> {
        let watches = Watches::default();
        let mut watch = watches.add("c", KeyRange::all()).unwrap();
        texts.iter().for_each(|text| tell(&watches, own, text));
        std::iter::from_fn(|| watch.try_next()).collect()
    }

    #[test]
    fn what_is_told_is_heard_and_numbers_are_those_of_the_writer() {
        let (category, key) = (CompactString::from("c"), Key::from([0, 255]));
        let range = KeyRange::new([1], []);
        let ops = [
            Op::Put {
                category: category.clone(),
                key: key.clone(),
                payload: vec![1],
                ttl: None,
            },
            Op::Expect {
                category: category.clone(),
                key: key.clone(),
                payload: None,
            },
            Op::DeleteRange {
                category: category.clone(),
                range: range.clone(),
            },
            Op::Delete {
                category,
                key: Key::from([]),
            },
        ];
        let texts: Vec<_> = ops
            .iter()
            .enumerate()
            .filter_map(|(at, op)| WRITE.text(at, op))
            .collect();
        let expected = |sequence| {
            [
                Change::Put {
                    sequence,
                    key: key.clone(),
                },
                Change::RangeDeleted {
                    sequence,
                    range: range.clone(),
                },
                Change::Deleted {
                    sequence,
                    key: Key::from([]),
                },
            ]
        };
        assert_eq!(heard(&texts, 7), expected(9));
        assert_eq!(heard(&texts, 8), expected(0));
        let expired = expired("c", &key);
        assert_eq!(heard(&[expired], 7), [Change::Expired { key }]);
    }

    #[test]
    fn what_is_too_long_or_cannot_be_read_is_told_as_lost() {
        let op = Op::Delete {
            category: "c".into(),
            key: Key::from(vec![0; MAX_BYTES / 2]),
        };
        let text = WRITE.text(3, &op).unwrap();
        assert_eq!(text, "lost:7:9:3");
        for text in [&text, "", "put:1", "del:1:1:zz:00", "expired:00"] {
            assert_eq!(
                heard(&[text.to_owned()], 7),
                [Change::Lost { changes: 1 }],
                "{text}"
            );
        }
    }
}
