//! The registries that a command asks.

use super::believe::Belief;
use crate::command::progress::{Progress, Unit};
use crate::exit::Failure;
use backplane_package::{Allowed, Download, Lock, Registry, SignedIndex, Web};
use std::path::PathBuf;
use std::sync::Mutex;

/// How registries on the web are reached.
#[derive(Debug, clap::Args)]
pub(super) struct WebArgs {
    /// The file with the certificates (PEM) of the authorities that vouch for https:// registries. Without it: those of
    /// the system
    #[arg(long, value_name = "FILE", env = "BACKPLANE_CA", value_hint = clap::ValueHint::FilePath)]
    ca: Option<PathBuf>,
}

/// Registries, as far as they are believed.
pub(super) struct Registries<'a> {
    belief: &'a Belief,
    web: Web,
}

impl WebArgs {
    pub(super) fn open<'a>(&self, belief: &'a Belief) -> Result<Registries<'a>, Failure> {
        let progress = Mutex::new(None);
        let web = Web::default().telling(move |download| show(&progress, download));
        let web = match &self.ca {
            Some(file) => web.with_authorities(file)?,
            None => web,
        };
        Ok(Registries { belief, web })
    }
}

impl Registries<'_> {
    /// The registry at `location`.
    pub(super) fn at(&self, location: &str) -> Result<Registry, Failure> {
        Ok(Registry::over(location, &self.web)?)
    }

    /// The index of a registry, if whoever signed it is believed, and it is not older than the one that the lock knows.
    pub(super) fn index(
        &self,
        registry: &Registry,
        lock: &mut Lock,
        allowed: Allowed,
    ) -> Result<SignedIndex, Failure> {
        let index = registry.index()?;
        let location = registry.location();
        self.belief
            .admit(Some(index.signer()), &format!("the index of {location}"))?;
        lock.note(&location, &index, allowed)?;
        Ok(index)
    }
}

/// Tells people how far a download is that takes a while.
fn show(progress: &Mutex<Option<Progress>>, download: &Download<'_>) {
    let Ok(mut progress) = progress.lock() else {
        return;
    };
    let new = || {
        Progress::new(
            format!("fetching {}", download.url),
            Unit::KiB,
            download.of.map(|of| of >> 10),
        )
    };
    progress.get_or_insert_with(new).set(download.bytes >> 10);
    if download.ended
        && let Some(progress) = progress.take()
    {
        progress.done();
    }
}
