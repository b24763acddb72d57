//! How many requests peers may make, as deployed nodes count them.
//!
//! A limit allows a number of requests in a period, from all peers together. The common bucket fills steadily and
//! holds several periods; each peer has a bucket beside it that is filled anew at the end of such a span, with 75 %
//! of what the common one holds.

use std::{
    collections::HashMap,
    fmt,
    str::FromStr,
    time::{Duration, Instant},
};

use libp2p::PeerId;

use crate::limits::MAX_RATED_PEERS;

/// So many requests in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// The number; 0 for no limit.
    pub volume: u32,
    /// The period; 0 for no limit.
    pub period: Duration,
}

/// The limits of the services, for each protocol one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Store queries.
    pub store: RateLimit,
    /// Lightpush requests, for each version of the protocol.
    pub lightpush: RateLimit,
    /// Filter requests.
    pub filter: RateLimit,
    /// Peer exchange requests.
    pub peer_exchange: RateLimit,
}

/// A text that is no rate limit. The text is that of the deployed nodes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid rate-limit setting: {0}")]
pub struct RateLimitError(pub String);

impl RateLimit {
    /// No limit.
    pub const NONE: Self = Self {
        volume: 0,
        period: Duration::ZERO,
    };

    const fn every(volume: u32, period: Duration) -> Self {
        Self { volume, period }
    }

    pub(crate) fn is_none(self) -> bool {
        self.volume == 0 || self.period.is_zero()
    }

    /// How many periods the buckets hold.
    fn span(self) -> u32 {
        match self.period {
            period if period <= Duration::from_secs(1) => 10,
            period if period <= Duration::from_secs(60) => 3,
            _ => 2,
        }
    }
}

impl Default for RateLimits {
    /// What deployed nodes have without a setting: nothing for the store, 100 filter requests, 5 of lightpush and 5 of
    /// peer exchange a second.
    fn default() -> Self {
        let second = Duration::from_secs(1);
        Self {
            store: RateLimit::NONE,
            lightpush: RateLimit::every(5, second),
            filter: RateLimit::every(100, second),
            peer_exchange: RateLimit::every(5, second),
        }
    }
}

impl RateLimits {
    /// Reads limits as deployed nodes have them: `VOLUME/PERIOD` with the unit `h`, `m`, `s` or `ms`, with `store:`,
    /// `storev3:`, `lightpush:`, `px:` or `filter:` in front; without it, the limit holds for what is not named. No
    /// settings give the [default](Self::default). Filter has 30 a minute unless it is named.
    ///
    /// # Errors
    /// [`RateLimitError`] with the setting that makes no sense.
    pub fn parse<T: AsRef<str>>(settings: &[T]) -> Result<Self, RateLimitError> {
        if settings.is_empty() {
            return Ok(Self::default());
        }
        let mut named: HashMap<String, RateLimit> = HashMap::new();
        for setting in settings {
            let text = setting.as_ref();
            let (name, limit) = read(text).ok_or_else(|| RateLimitError(text.to_owned()))?;
            match name.as_str() {
                "store" => drop(named.entry("storev3".to_owned()).or_insert(limit)),
                _ => drop(named.insert(name, limit)),
            }
        }
        let minute = Duration::from_secs(60);
        let common = named.get("").copied().unwrap_or(RateLimit::NONE);
        let limit = |name, other| named.get(name).copied().unwrap_or(other);
        Ok(Self {
            store: limit("storev3", common),
            lightpush: limit("lightpush", common),
            filter: limit("filter", RateLimit::every(30, minute)),
            peer_exchange: limit("px", common),
        })
    }
}

/// The protocol, empty if none is named, and the limit.
fn read(text: &str) -> Option<(String, RateLimit)> {
    let text = text.trim().to_lowercase();
    let (name, limit) = text.split_once(':').unwrap_or(("", &text));
    let name = name.trim_end();
    let known = ["store", "storev3", "lightpush", "px", "filter"].contains(&name);
    if text.contains(':') && !known {
        return None;
    }
    let (volume, period) = limit.split_once('/')?;
    let (volume, period) = (volume.trim(), period.trim());
    let (number, unit) = period.split_at(period.find(|it: char| !it.is_ascii_digit())?);
    let number: u32 = digits(number)?;
    let unit = match unit.trim_start() {
        "h" => Duration::from_secs(3600),
        "m" => Duration::from_secs(60),
        "s" => Duration::from_secs(1),
        "ms" => Duration::from_millis(1),
        _ => return None,
    };
    let limit = RateLimit {
        volume: digits(volume)?,
        period: unit * number,
    };
    Some((name.to_owned(), limit))
}

fn digits<T: FromStr>(text: &str) -> Option<T> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.write_str("no-limit");
        }
        write!(f, "{}/{:?}", self.volume, self.period)
    }
}

/// The buckets of one protocol.
pub(crate) struct Limiter {
    limit: RateLimit,
    common: Option<Common>,
    peers: HashMap<PeerId, PeerBucket>,
}

/// Fills steadily; counted in requests.
struct Common {
    tokens: f64,
    since: Instant,
}

/// Full at the beginning of a span.
struct PeerBucket {
    used: u64,
    since: Instant,
}

impl Limiter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self {
            limit,
            common: None,
            peers: HashMap::new(),
        }
    }

    pub(crate) fn limit(&self) -> RateLimit {
        self.limit
    }

    /// Whether a peer may make a request now. Those that are refused by the common bucket count for the peer all the
    /// same.
    pub(crate) fn admits(&mut self, peer: PeerId, now: Instant) -> bool {
        self.limit.is_none() || (self.peer_admits(peer, now) && self.common_admits(now))
    }

    fn peer_admits(&mut self, peer: PeerId, now: Instant) -> bool {
        let volume = u64::from(self.limit.volume) * u64::from(self.limit.span()) * 3 / 4;
        let span = self.limit.period * self.limit.span();
        if !self.peers.contains_key(&peer) && self.peers.len() >= MAX_RATED_PEERS {
            self.forget(span, now);
        }
        let bucket = self
            .peers
            .entry(peer)
            .or_insert(PeerBucket { used: 0, since: now });
        if now.saturating_duration_since(bucket.since) >= span {
            *bucket = PeerBucket { used: 0, since: now };
        }
        let admits = bucket.used < volume;
        bucket.used += u64::from(admits);
        admits
    }

    /// Starts with one period's worth, and holds several.
    fn common_admits(&mut self, now: Instant) -> bool {
        let volume = f64::from(self.limit.volume);
        let common = self.common.get_or_insert(Common {
            tokens: volume,
            since: now,
        });
        let elapsed = now.saturating_duration_since(common.since);
        let fresh = elapsed.as_secs_f64() / self.limit.period.as_secs_f64() * volume;
        common.tokens = (common.tokens + fresh).min(volume * f64::from(self.limit.span()));
        common.since = now;
        let admits = common.tokens >= 1.0;
        if admits {
            common.tokens -= 1.0;
        }
        admits
    }

    /// Forgets peers whose span is over, or else the one whose span began first.
    fn forget(&mut self, span: Duration, now: Instant) {
        let before = self.peers.len();
        self.peers
            .retain(|_, bucket| now.saturating_duration_since(bucket.since) < span);
        if self.peers.len() == before
            && let Some(oldest) = self.peers.iter().min_by_key(|(_, bucket)| bucket.since)
        {
            let oldest = *oldest.0;
            self.peers.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limit(volume: u32, millis: u64) -> RateLimit {
        RateLimit::every(volume, Duration::from_millis(millis))
    }

    fn admitted(limiter: &mut Limiter, peer: PeerId, now: Instant, requests: u32) -> usize {
        (0..requests).filter(|_| limiter.admits(peer, now)).count()
    }

    #[test]
    fn settings_are_read_as_deployed_nodes_do() {
        assert_eq!(RateLimits::parse::<&str>(&[]), Ok(RateLimits::default()));
        let read = RateLimits::parse(&[" 10 / 2 m", "STORE:3/1s", "storev3: 4/500ms", "px:1/1h"]);
        assert_eq!(
            read,
            Ok(RateLimits {
                store: limit(4, 500),
                lightpush: limit(10, 120_000),
                filter: limit(30, 60_000),
                peer_exchange: limit(1, 3_600_000),
            })
        );
        assert_eq!(RateLimits::parse(&["store:3/1s"]).unwrap().store, limit(3, 1000));
        assert_eq!(
            RateLimits::parse(&["filter:0/0s"]).unwrap().filter.to_string(),
            "no-limit"
        );
        for text in [
            "",
            "5",
            "5/s",
            "/1s",
            "relay:5/1s",
            ":5/1s",
            "5/1d",
            "-5/1s",
            "5/1.5s",
            "5/1s x",
        ] {
            let fault = RateLimits::parse(&[text]).unwrap_err();
            assert_eq!(fault.to_string(), format!("Invalid rate-limit setting: {text}"));
        }
    }

    #[test]
    fn without_a_limit_everything_is_admitted() {
        let mut limiter = Limiter::new(RateLimit::NONE);
        assert_eq!(
            admitted(&mut limiter, PeerId::random(), Instant::now(), 1000),
            1000
        );
    }

    #[test]
    fn the_common_bucket_begins_with_one_period_and_holds_ten() {
        let (mut limiter, now) = (Limiter::new(limit(4, 1000)), Instant::now());
        let (one, two) = (PeerId::random(), PeerId::random());
        assert_eq!(admitted(&mut limiter, one, now, 10), 4);
        assert_eq!(admitted(&mut limiter, two, now, 10), 0);
        let later = now + Duration::from_millis(500);
        assert_eq!(admitted(&mut limiter, two, later, 10), 2);
        // After a long pause there is room for ten periods, of which one peer gets three quarters.
        let later = now + Duration::from_secs(60);
        assert_eq!(admitted(&mut limiter, one, later, 100), 30);
        assert_eq!(admitted(&mut limiter, two, later, 100), 10);
    }

    #[test]
    fn a_peer_is_admitted_again_at_the_end_of_its_span() {
        let (mut limiter, now) = (Limiter::new(limit(2, 60_000)), Instant::now());
        let peer = PeerId::random();
        // Two at once, and then one each half minute, up to 75 % of six in three minutes.
        assert_eq!(admitted(&mut limiter, peer, now, 3), 2);
        let at = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(admitted(&mut limiter, peer, at(60), 5), 1);
        assert_eq!(admitted(&mut limiter, peer, at(170), 5), 0);
        assert_eq!(admitted(&mut limiter, peer, at(180), 5), 4);
    }

    #[test]
    fn peers_beyond_the_bound_are_forgotten() {
        let (mut limiter, now) = (Limiter::new(limit(1, 1000)), Instant::now());
        for _ in 0..=MAX_RATED_PEERS {
            limiter.admits(PeerId::random(), now);
        }
        assert_eq!(limiter.peers.len(), MAX_RATED_PEERS);
        limiter.admits(PeerId::random(), now + Duration::from_secs(10));
        assert_eq!(limiter.peers.len(), 1);
    }

    proptest! {
        #[test]
        fn any_setting_is_read_or_refused(text in "([a-z0-9]{0,9}:)?[0-9 ]{0,12}/?[0-9]{0,12}[hmsß]{0,2}") {
            let _ = RateLimits::parse(&[text]);
        }
    }
}
