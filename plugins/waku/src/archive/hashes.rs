//! Messages by their hashes.

use backplane_sdk::Bytes;

use super::{
    ArchiveError, Job,
    find::{Bounds, Filling, Found, Topics, records},
    layout::{HASHES, Place, hash_row},
};
use crate::{MessageHash, StoreQuery, limits::STORE_PAGE_BYTES};

/// Keys that one call reads.
const KEYS: usize = 1024;

/// Fills a page with those of the hashes that are there and within the other filters.
pub(super) async fn fill(
    job: &Job,
    query: &StoreQuery,
    topics: &Topics<'_>,
    bounds: &Bounds,
    filling: &mut Filling,
) -> Result<(), ArchiveError> {
    let mut places = places(job, &query.hashes).await?;
    places.retain(|(place, _)| bounds.contain(place));
    places.sort_unstable();
    if !query.forward {
        places.reverse();
    }
    let mut rest = &places[..];
    while !rest.is_empty() {
        let part;
        (part, rest) = rest.split_at(readable(rest, filling.limit));
        let read = match topics.is_any() {
            true => vec![None; part.len()],
            false => records(job, part.iter().map(|(place, _)| *place)).await?,
        };
        for (&(place, length), record) in part.iter().zip(read) {
            let wanted = topics.is_any() || record.as_ref().is_some_and(|it| topics.contain(it));
            let found = Found {
                place,
                length,
                record,
            };
            if wanted && !filling.take(found) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Where the messages of these hashes are, and how long their records.
async fn places(job: &Job, hashes: &[MessageHash]) -> Result<Vec<(Place, usize)>, ArchiveError> {
    let mut hashes = hashes.to_vec();
    hashes.sort_unstable();
    hashes.dedup();
    let mut places = Vec::new();
    for part in hashes.chunks(KEYS) {
        let keys: Vec<Bytes> = part.iter().map(|hash| Bytes(hash.as_bytes().to_vec())).collect();
        let rows = job.kv.get_many(&job.name, &HASHES.to_owned(), &keys).await?;
        for (hash, row) in part.iter().zip(rows) {
            let Some(row) = row else { continue };
            let (timestamp, length) = hash_row(&row).ok_or(ArchiveError::Damaged("hash"))?;
            let place = Place {
                timestamp,
                hash: *hash,
            };
            places.push((place, length));
        }
    }
    Ok(places)
}

/// How many records to read at once: about a page, in number and bytes.
fn readable(places: &[(Place, usize)], limit: usize) -> usize {
    let mut bytes = 0;
    let fits = |(_, length): &&(Place, usize)| {
        bytes += length;
        bytes <= STORE_PAGE_BYTES
    };
    places.iter().take(limit + 1).take_while(fits).count().max(1)
}
