//! The history port over `storage.kv`.

use backplane_sdk::Bytes;
use storage_api::{KeyRange, KvClient, KvError};

use super::answers::{Failure, port_error};
use crate::{History, PortError, Scan, ports::Row};

/// Everything lies in one category; the engine's keys tell rooms and settings apart.
const CATEGORY: &str = "chat";

/// Keeps rows in a job of the module that provides `storage.kv`.
pub(crate) struct KvHistory {
    client: KvClient,
    job: String,
    category: String,
}

impl KvHistory {
    pub(crate) fn new(client: KvClient, job: String) -> Self {
        Self {
            client,
            job,
            category: CATEGORY.to_owned(),
        }
    }
}

impl History for KvHistory {
    async fn put_if_absent(&self, key: Vec<u8>, value: Vec<u8>) -> Result<bool, PortError> {
        let (key, value) = (Bytes(key), Bytes(value));
        let call = self
            .client
            .put_if_absent(&self.job, &self.category, &key, &value, &false, &None);
        call.await.map_err(port_error)
    }

    async fn put(&self, key: Vec<u8>, value: Vec<u8>) -> Result<(), PortError> {
        let (key, value) = (Bytes(key), Bytes(value));
        let call = self
            .client
            .put(&self.job, &self.category, &key, &value, &false, &None);
        call.await.map_err(port_error)
    }

    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, PortError> {
        let key = Bytes::from(key);
        let call = self.client.get(&self.job, &self.category, &key);
        let value = call.await.map_err(port_error)?;
        Ok(value.map(|Bytes(value)| value))
    }

    async fn scan(&self, scan: Scan) -> Result<Vec<Row>, PortError> {
        let (mut rows, mut after) = (Vec::new(), None);
        // A page of the store may end before the limit, when its rows are large.
        loop {
            let page = page(&scan, scan.limit - rows.len(), after);
            let call = self.client.scan(&self.job, &self.category, &page);
            let found = call.await.map_err(port_error)?;
            rows.extend(
                found
                    .rows
                    .into_iter()
                    .map(|row| (row.key.0, row.payload.unwrap_or_default().0)),
            );
            after = found.next;
            if after.is_none() || rows.len() >= scan.limit {
                return Ok(rows);
            }
        }
    }
}

fn page(scan: &Scan, limit: usize, after: Option<Bytes>) -> storage_api::Scan {
    storage_api::Scan {
        range: KeyRange::between(&scan.start[..], &scan.end[..]),
        limit: u32::try_from(limit).unwrap_or(u32::MAX),
        reverse: scan.reverse,
        keys_only: false,
        after,
    }
}

impl Failure for KvError {
    const INTERFACE: &'static str = "storage.kv";

    fn is_away(&self) -> bool {
        matches!(self, Self::Closed | Self::Busy { .. } | Self::AlreadyOpen { .. })
    }

    fn is_late(&self) -> bool {
        matches!(self, Self::Timeout { .. })
    }
}

#[cfg(test)]
mod tests {
    use backplane_sdk::CallError;
    use storage_api::Fault;

    use super::*;

    #[test]
    fn a_page_goes_on_within_the_range_that_was_asked_for() {
        let scan = Scan {
            start: vec![1],
            end: vec![9],
            limit: 32,
            reverse: true,
        };
        let page = page(&scan, 7, Some(Bytes(vec![5])));
        let expected = storage_api::Scan {
            range: KeyRange::Between {
                start: Bytes(vec![1]),
                stop: Some(Bytes(vec![9])),
            },
            limit: 7,
            reverse: true,
            keys_only: false,
            after: Some(Bytes(vec![5])),
        };
        assert!(page == expected, "{page:?}");
    }

    #[test]
    fn the_store_says_whether_trying_again_may_help() {
        let mapped = |error| port_error(CallError::Interface(error));
        assert_eq!(
            mapped(KvError::Closed),
            PortError::Unavailable("storage.kv: the job is closed".into())
        );
        let late = KvError::Timeout {
            what: "earlier writes".into(),
            waited_ms: 30_000,
        };
        assert_eq!(mapped(late), PortError::Timeout);
        assert_eq!(
            mapped(Fault::DiskFull.into()),
            PortError::Refused("storage.kv: the disk is full".into())
        );
    }
}
