//! From a query to a page.

use backplane_sdk::Bytes;
use storage_api::{KeyRange, Scan};

use super::{
    ArchiveError, Job, hashes,
    layout::{CONTENT, HASHES, MESSAGES, Place, Record, SHARDS},
    layout::{content_prefix, hash_row, shard_of, shard_prefix, sortable},
    merge,
};
use crate::{
    PubsubTopic, StorePage, StoreQuery, StoredMessage,
    limits::{STORE_PAGE_BYTES, STORE_TOPICS, STORE_TOPICS_WITH_CURSOR},
};

/// A message that was found: where it is, how long its record is, and the record itself if it was read already.
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) length: usize,
    pub(super) record: Option<Record>,
}

/// A page that is being filled, in the order that is asked for.
pub(super) struct Filling {
    pub(super) limit: usize,
    pub(super) include_data: bool,
    found: Vec<Found>,
    bytes: usize,
    more: bool,
}

/// Which part of the order of time a query is about; both bounds are bytes that places are compared with.
pub(super) struct Bounds {
    start: Vec<u8>,
    stop: Option<Vec<u8>>,
}

/// The topics that a query is about.
pub(super) struct Topics<'a> {
    pub(super) shard: Option<PubsubTopic>,
    pub(super) content: Vec<&'a str>,
}

pub(super) async fn page(job: &Job, query: &StoreQuery) -> Result<StorePage, ArchiveError> {
    check(query)?;
    let bounds = Bounds::of(job, query).await?;
    let Some(topics) = Topics::of(query) else {
        return Ok(StorePage::default());
    };
    let mut filling = Filling {
        limit: query.page(),
        include_data: query.include_data,
        found: Vec::new(),
        bytes: 0,
        more: false,
    };
    if query.hashes.is_empty() {
        let ranges = ranges(job, &topics, &bounds).await?;
        merge::fill(job, ranges, query.forward, &mut filling).await?;
    } else {
        hashes::fill(job, query, &topics, &bounds, &mut filling).await?;
    }
    filling.finish(job, query.forward).await
}

/// What deployed nodes refuse, and topics without end.
fn check(query: &StoreQuery) -> Result<(), ArchiveError> {
    let topics = query.content_topics.len();
    let limit = match query.cursor {
        Some(cursor) if *cursor.as_bytes() == [0; 32] => {
            return Err(ArchiveError::Query("all zeroes cursor hash"));
        }
        Some(_) => STORE_TOPICS_WITH_CURSOR,
        None => STORE_TOPICS,
    };
    if topics > limit {
        return Err(ArchiveError::Query("too many content topics"));
    }
    Ok(())
}

impl<'a> Topics<'a> {
    /// `None` if no message can be of this pubsub topic.
    fn of(query: &'a StoreQuery) -> Option<Self> {
        let shard = match &query.pubsub_topic {
            Some(text) => Some(text.parse().ok()?),
            None => None,
        };
        let mut content: Vec<&str> = query.content_topics.iter().map(String::as_str).collect();
        content.sort_unstable();
        content.dedup();
        Some(Self { shard, content })
    }

    pub(super) fn is_any(&self) -> bool {
        self.shard.is_none() && self.content.is_empty()
    }

    pub(super) fn contain(&self, record: &Record) -> bool {
        self.shard.is_none_or(|shard| shard == record.pubsub_topic)
            && (self.content.is_empty()
                || self
                    .content
                    .binary_search(&record.message.content_topic.as_str())
                    .is_ok())
    }
}

impl Bounds {
    async fn of(job: &Job, query: &StoreQuery) -> Result<Self, ArchiveError> {
        let mut start = query.time_start.map(sortable).unwrap_or_default().to_vec();
        let behind = query.time_end.and_then(|end| end.checked_add(1));
        let mut stop = behind.map(|end| sortable(end).to_vec());
        if let Some(cursor) = query.cursor {
            let hash = Bytes(cursor.as_bytes().to_vec());
            let row = job.kv.get(&job.name, &HASHES.to_owned(), &hash).await?;
            let row = row.ok_or(ArchiveError::Cursor)?;
            let (timestamp, _) = hash_row(&row).ok_or(ArchiveError::Damaged("hash"))?;
            let key = Place {
                timestamp,
                hash: cursor,
            }
            .key();
            if query.forward {
                start = start.max([&key[..], &[0]].concat());
            } else {
                stop = Some(stop.map_or(key.clone(), |stop| stop.min(key)));
            }
        }
        Ok(Self { start, stop })
    }

    pub(super) fn contain(&self, place: &Place) -> bool {
        let key = place.key();
        key >= self.start && self.stop.as_ref().is_none_or(|stop| key < *stop)
    }

    /// The keys with this prefix whose places are within the bounds.
    fn behind(&self, prefix: &[u8]) -> KeyRange {
        let stop = match &self.stop {
            Some(stop) => Some([prefix, stop].concat()),
            None => successor(prefix),
        };
        KeyRange::Between {
            start: [prefix, &self.start].concat().into(),
            stop: stop.map(Into::into),
        }
    }
}

/// The first key behind all that begin with the prefix; `None` if there is none.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut key = prefix[..=last].to_vec();
    key[last] += 1;
    Some(key)
}

/// The ranges of keys that hold what is asked for, each in the order of time.
async fn ranges(
    job: &Job,
    topics: &Topics<'_>,
    bounds: &Bounds,
) -> Result<Vec<(&'static str, KeyRange)>, ArchiveError> {
    if topics.content.is_empty() {
        return Ok(vec![match topics.shard {
            Some(shard) => (SHARDS, bounds.behind(&shard_prefix(shard))),
            None => (MESSAGES, bounds.behind(&[])),
        }]);
    }
    let of_topic = async |content_topic: &&str| {
        let prefix = content_prefix(content_topic);
        let shards = match topics.shard {
            Some(shard) => vec![shard],
            None => shards_of(job, &prefix).await?,
        };
        let range = |shard| {
            (
                CONTENT,
                bounds.behind(&[&prefix[..], &shard_prefix(shard)].concat()),
            )
        };
        Ok::<_, ArchiveError>(shards.into_iter().map(range).collect::<Vec<_>>())
    };
    let ranges = futures::future::try_join_all(topics.content.iter().map(of_topic));
    Ok(ranges.await?.concat())
}

/// The shards that a content topic has messages on: usually one, found by stepping over the messages of each.
async fn shards_of(job: &Job, prefix: &[u8]) -> Result<Vec<PubsubTopic>, ArchiveError> {
    let mut shards = Vec::new();
    let mut start = prefix.to_vec();
    loop {
        let range = KeyRange::Between {
            start: start.into(),
            stop: successor(prefix).map(Into::into),
        };
        let scan = Scan {
            limit: 1,
            keys_only: true,
            ..Scan::new(range)
        };
        let page = job.kv.scan(&job.name, &CONTENT.to_owned(), &scan).await?;
        let Some(row) = page.rows.first() else {
            return Ok(shards);
        };
        let bytes = row.key.get(prefix.len()..).unwrap_or_default();
        let shard = shard_of(bytes).ok_or(ArchiveError::Damaged("content topic"))?;
        shards.push(shard);
        let Some(next) = successor(&[prefix, &shard_prefix(shard)].concat()) else {
            return Ok(shards);
        };
        start = next;
    }
}

/// The records at these places, as far as they are still there.
pub(super) async fn records(
    job: &Job,
    places: impl Iterator<Item = Place>,
) -> Result<Vec<Option<Record>>, ArchiveError> {
    let keys = places.map(|place| place.key().into()).collect();
    let payloads = job.kv.get_many(&job.name, &MESSAGES.to_owned(), &keys).await?;
    let read = |payload: Bytes| Record::read(&payload).ok_or(ArchiveError::Damaged("message"));
    payloads
        .into_iter()
        .map(|payload| payload.map(read).transpose())
        .collect()
}

impl Filling {
    /// Takes a message, if there is room; whether it did.
    pub(super) fn take(&mut self, found: Found) -> bool {
        let full = self.found.len() == self.limit;
        let heavy =
            self.include_data && !self.found.is_empty() && self.bytes + found.length > STORE_PAGE_BYTES;
        if full || heavy {
            self.more = true;
            return false;
        }
        self.bytes += found.length;
        self.found.push(found);
        true
    }

    /// Reads what is still to be read. What was removed meanwhile is left out.
    async fn finish(mut self, job: &Job, forward: bool) -> Result<StorePage, ArchiveError> {
        if self.include_data {
            let missing = |it: &&mut Found| it.record.is_none();
            let mut unread: Vec<_> = self.found.iter_mut().filter(missing).collect();
            if !unread.is_empty() {
                let records = records(job, unread.iter().map(|it| it.place)).await?;
                for (found, record) in unread.iter_mut().zip(records) {
                    found.record = record;
                }
            }
            self.found.retain(|it| it.record.is_some());
        }
        let last = self.found.last().map(|found| found.place.hash);
        let mut messages: Vec<_> = self
            .found
            .into_iter()
            .map(|it| it.stored(self.include_data))
            .collect();
        if !forward {
            messages.reverse();
        }
        Ok(StorePage {
            messages,
            cursor: last.filter(|_| self.more),
        })
    }
}

impl Found {
    fn stored(self, include_data: bool) -> StoredMessage {
        let record = self.record.filter(|_| include_data);
        let (pubsub_topic, message) = record
            .map(|record| (record.pubsub_topic.to_string(), record.message))
            .unzip();
        StoredMessage {
            hash: self.place.hash,
            message,
            pubsub_topic,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_successor_of_a_prefix_is_behind_all_its_extensions() {
        assert_eq!(successor(&[1, 2]), Some(vec![1, 3]));
        assert_eq!(successor(&[1, 0xff, 0xff]), Some(vec![2]));
        assert_eq!(successor(&[0xff]), None);
        assert_eq!(successor(&[]), None);
    }
}
