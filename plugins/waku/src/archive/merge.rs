//! Several indexes, each in the order of time, joined in it.

use std::collections::VecDeque;

use futures::future::try_join_all;
use storage_api::{KeyRange, Row, Scan};

use super::{
    ArchiveError, Job,
    find::{Filling, Found},
    layout::{MESSAGES, Place, Record, length_of},
};

/// Rows that an index is read for at least.
const LEAST_ROWS: usize = 8;

/// An index and the rows of it that were read ahead.
struct Source {
    category: &'static str,
    scan: Scan,
    ready: VecDeque<Found>,
    is_read: bool,
}

/// Fills a page from ranges of keys that have no message in common.
pub(super) async fn fill(
    job: &Job,
    ranges: Vec<(&'static str, KeyRange)>,
    forward: bool,
    filling: &mut Filling,
) -> Result<(), ArchiveError> {
    // One row more than the page has says whether there is another page.
    let wanted = filling.limit + 1;
    let rows = (2 * wanted / ranges.len().max(1)).clamp(LEAST_ROWS.min(wanted), wanted);
    let mut sources: Vec<_> = ranges
        .into_iter()
        .map(|(category, range)| Source {
            category,
            scan: Scan {
                limit: u32::try_from(rows).unwrap_or(u32::MAX),
                reverse: !forward,
                keys_only: !filling.include_data,
                ..Scan::new(range)
            },
            ready: VecDeque::new(),
            is_read: false,
        })
        .collect();
    try_join_all(sources.iter_mut().map(|source| source.read(job))).await?;
    while let Some(source) = next(&mut sources, forward) {
        if let Some(found) = source.ready.pop_front()
            && !filling.take(found)
        {
            break;
        }
        source.read(job).await?;
    }
    Ok(())
}

/// The source of the next message.
fn next(sources: &mut [Source], forward: bool) -> Option<&mut Source> {
    let place = |source: &&mut Source| source.ready.front().map(|found| found.place);
    let live = sources.iter_mut().filter(|source| !source.ready.is_empty());
    if forward {
        live.min_by_key(place)
    } else {
        live.max_by_key(place)
    }
}

impl Source {
    /// Reads on if nothing is ready.
    async fn read(&mut self, job: &Job) -> Result<(), ArchiveError> {
        while self.ready.is_empty() && !self.is_read {
            let category = self.category.to_owned();
            let page = job.kv.scan(&job.name, &category, &self.scan).await?;
            self.is_read = page.next.is_none();
            self.scan.after = page.next;
            for row in page.rows {
                self.ready.push_back(self.found(&row)?);
            }
        }
        Ok(())
    }

    fn found(&self, row: &Row) -> Result<Found, ArchiveError> {
        let place = Place::at_end_of(&row.key).ok_or(ArchiveError::Damaged("key"))?;
        let Some(payload) = &row.payload else {
            return Ok(Found {
                place,
                length: 0,
                record: None,
            });
        };
        if self.category == MESSAGES {
            let record = Record::read(payload).ok_or(ArchiveError::Damaged("message"))?;
            return Ok(Found {
                place,
                length: payload.len(),
                record: Some(record),
            });
        }
        Ok(Found {
            place,
            length: length_of(payload).ok_or(ArchiveError::Damaged("length"))?,
            record: None,
        })
    }
}
