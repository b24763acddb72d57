//! Finding peers where there is no connection yet.

mod discv5;
mod dns;

use std::future::pending;

use crate::NodeRecord;

pub(crate) use discv5::Discv5;
pub(crate) use dns::{Dns, Entry, Hash, Root};
pub use dns::{TreeUrl, TreeUrlError};

/// All ways of finding peers that the configuration has.
#[derive(Default)]
pub(crate) struct Discovery {
    pub(crate) discv5: Option<Discv5>,
    pub(crate) dns: Option<Dns>,
}

/// What was found.
pub(crate) enum Found {
    Discv5(NodeRecord),
    Dns(Vec<NodeRecord>),
}

impl Discovery {
    /// The next that is found; for ever, if nothing is. Nothing is lost when it is cancelled.
    pub(crate) async fn next(&mut self) -> Found {
        let discv5 = async {
            match &mut self.discv5 {
                Some(discv5) => discv5.next().await,
                None => None,
            }
        };
        let dns = async {
            match &mut self.dns {
                Some(dns) => dns.next().await,
                None => None,
            }
        };
        tokio::select! {
            Some(record) = discv5 => Found::Discv5(record),
            Some(records) = dns => Found::Dns(records),
            else => pending().await,
        }
    }
}
