//! The bytes of a file, as they come.

use super::{Download, Listener, Pace, Size, WebError};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use tokio::time::{Instant, timeout_at};
use url::Url;

/// Sees to it that a file comes fast enough, and tells how far it is.
pub(super) struct Meter<'a> {
    pace: &'a Pace,
    url: &'a Url,
    listener: Option<&'a Listener>,
    bytes: u64,
    of: Option<u64>,
    /// What has come since `since`.
    lately: usize,
    since: Instant,
}

impl<'a> Meter<'a> {
    pub(super) fn new(pace: &'a Pace, url: &'a Url, listener: Option<&'a Listener>) -> Self {
        Self {
            pace,
            url,
            listener,
            bytes: 0,
            of: None,
            lately: 0,
            since: Instant::now(),
        }
    }

    /// When as many bytes as there should be must be there.
    fn deadline(&self) -> Instant {
        self.since + self.pace.time
    }

    fn add(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.lately += bytes;
        if self.lately >= self.pace.bytes {
            (self.lately, self.since) = (0, Instant::now());
        }
        self.tell(false);
    }

    fn tell(&self, ended: bool) {
        if let Some(listener) = self.listener {
            listener(&Download {
                url: self.url.as_str(),
                bytes: self.bytes,
                of: self.of,
                ended,
            });
        }
    }

    /// A file of so many bytes is none that was asked for.
    fn check(&self, found: u64, size: Size) -> Result<(), WebError> {
        let url = || self.url.to_string();
        match size {
            Size::Exactly(expected) if found != expected => Err(WebError::OtherSize {
                url: url(),
                expected,
                found,
            }),
            Size::AtMost(limit) if found > limit => Err(WebError::TooLarge { url: url(), limit }),
            _ => Ok(()),
        }
    }

    fn slow(&self) -> WebError {
        WebError::Slow {
            url: self.url.to_string(),
            bytes: self.bytes - self.lately as u64,
            least: self.pace.bytes,
            within: self.pace.time,
        }
    }
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        self.tell(true);
    }
}

/// Reads a file.
pub(super) async fn read(mut body: Incoming, size: Size, mut meter: Meter<'_>) -> Result<Vec<u8>, WebError> {
    meter.of = body.size_hint().exact();
    if let Some(of) = meter.of {
        meter.check(of, size)?;
    }
    let (Size::Exactly(limit) | Size::AtMost(limit)) = size;
    let mut bytes = Vec::new();
    loop {
        let frame = timeout_at(meter.deadline(), body.frame()).await;
        let Some(frame) = frame.map_err(|_| meter.slow())? else {
            break;
        };
        let frame = frame.map_err(|error| WebError::broken(meter.url, &error))?;
        // What follows the file in a chunked answer is of no use.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        meter.add(data.len());
        if meter.bytes > limit {
            meter.check(meter.bytes, size)?;
        }
        bytes.extend_from_slice(&data);
    }
    meter.check(meter.bytes, size)?;
    Ok(bytes)
}
