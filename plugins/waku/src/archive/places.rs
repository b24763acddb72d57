//! The places of a time, without the messages: what store sync compares.

use std::ops::Range;

use storage_api::{KeyRange, Scan};

use super::{
    ArchiveError, Job,
    layout::{CONTENT, MESSAGES, Place, SHARDS, content_prefix, shard_prefix, sortable},
};
use crate::PubsubTopic;

/// Keys that one call reads.
const KEYS: u32 = 5000;

/// Which messages: those of the shards and of the content topics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// Every shard if there is none; one at least with content topics.
    pub(crate) shards: Vec<PubsubTopic>,
    /// Every content topic if there is none.
    pub(crate) content_topics: Vec<String>,
}

impl Scope {
    /// The indexes that hold these messages, as their categories and the beginnings of their keys.
    fn indexes(&self) -> Vec<(&'static str, Vec<u8>)> {
        if self.shards.is_empty() {
            return vec![(MESSAGES, Vec::new())];
        }
        let shards = || self.shards.iter().map(|shard| shard_prefix(*shard));
        if self.content_topics.is_empty() {
            return shards().map(|shard| (SHARDS, shard.to_vec())).collect();
        }
        let of_topic = |topic: &String| {
            let prefix = content_prefix(topic);
            shards().map(move |shard| (CONTENT, [&prefix[..], &shard].concat()))
        };
        self.content_topics.iter().flat_map(of_topic).collect()
    }
}

pub(super) async fn read(
    job: &Job,
    scope: &Scope,
    time: Range<i64>,
    most: usize,
) -> Result<(Vec<Place>, i64), ArchiveError> {
    let mut places = Vec::new();
    let mut floor = time.start;
    for (category, prefix) in scope.indexes() {
        newest(job, category, &prefix, floor..time.end, most, &mut places).await?;
        if places.len() > most {
            // What is older than the newest of these need not be read from the other indexes either.
            places.sort_unstable_by(|one: &Place, other| other.cmp(one));
            floor = places[most].timestamp.saturating_add(1);
            places.retain(|place| place.timestamp >= floor);
        }
    }
    Ok((places, floor))
}

/// Reads one index from its newest place back, up to one more than `most`.
async fn newest(
    job: &Job,
    category: &'static str,
    prefix: &[u8],
    time: Range<i64>,
    most: usize,
    places: &mut Vec<Place>,
) -> Result<(), ArchiveError> {
    let key = |timestamp| [prefix, &sortable(timestamp)].concat();
    let range = KeyRange::Between {
        start: key(time.start).into(),
        stop: Some(key(time.end.max(time.start)).into()),
    };
    let mut scan = Scan {
        limit: KEYS,
        reverse: true,
        keys_only: true,
        ..Scan::new(range)
    };
    let before = places.len();
    loop {
        let page = job.kv.scan(&job.name, &category.to_owned(), &scan).await?;
        for row in page.rows {
            places.push(Place::at_end_of(&row.key).ok_or(ArchiveError::Damaged("key"))?);
        }
        if page.next.is_none() || places.len() - before > most {
            return Ok(());
        }
        scan.after = page.next;
    }
}
