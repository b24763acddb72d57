//! `storage.content`, call by call.

mod convert;
mod node;
mod streams;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use backplane_sdk::{Bytes, Stream};
use storage_api as api;
use storage_api::{Content, ContentError};
use storage_content::{Cid, Contents, Kind, NewUpload, Options};
use tokio::sync::{OnceCell, Semaphore};

use super::tenants::Tenant;
use super::threads::Threads;
use super::{Storage, StorageConfig};
use crate::limits;
pub(super) use node::check_addresses;
use node::{Exchange, ExchangeOptions};

/// The store of files, and the node that exchanges their blocks. It is opened by the first call that needs it, or at once
/// where there is a node.
pub(super) struct Files {
    root: PathBuf,
    options: Options,
    exchange: Option<ExchangeOptions>,
    opened: OnceCell<Opened>,
    threads: Arc<Threads>,
    /// Bounds the streams that are read.
    reads: Arc<Semaphore>,
    patience: Duration,
}

struct Opened {
    contents: Contents,
    exchange: Option<Exchange>,
}

impl Files {
    /// Touches nothing on the disk.
    pub(super) fn new(root: PathBuf, config: &StorageConfig) -> Self {
        let defaults = Options::default();
        let options = Options {
            quota: config.content_quota.unwrap_or(defaults.quota),
            quotas: config.content_quotas.clone().unwrap_or_default(),
        };
        Files {
            root,
            options,
            exchange: ExchangeOptions::new(config),
            opened: OnceCell::new(),
            threads: Arc::new(Threads::new(limits::CONTENT_THREADS)),
            reads: Arc::new(Semaphore::new(limits::CONTENT_READS)),
            patience: Duration::from_millis(config.call_timeout_ms),
        }
    }

    /// Opens the store where there is a node, which has to be there for others.
    pub(super) async fn start(&self) -> Result<(), ContentError> {
        match &self.exchange {
            Some(_) => self.opened().await.map(drop),
            None => Ok(()),
        }
    }

    async fn opened(&self) -> Result<&Opened, ContentError> {
        let open = async {
            let (root, options) = (self.root.clone(), self.options.clone());
            let contents = run(&self.threads, move || Contents::open(&root, options)).await?;
            let exchange = match &self.exchange {
                Some(options) => Some(options.start(contents.clone()).await?),
                None => None,
            };
            Ok(Opened { contents, exchange })
        };
        self.opened.get_or_try_init(|| open).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Contents) -> storage_content::Result<T> + Send + 'static,
    ) -> Result<T, ContentError> {
        let contents = self.opened().await?.contents.clone();
        run(&self.threads, move || ask(&contents)).await
    }

    /// Ends the node and closes the store.
    pub(super) async fn close(&self) -> Result<(), ContentError> {
        let Some(opened) = self.opened.get() else {
            return Ok(());
        };
        if let Some(exchange) = &opened.exchange {
            exchange.stop().await;
        }
        let contents = opened.contents.clone();
        // Not behind calls that wait for a thread.
        run(&Threads::new(1), move || contents.close()).await
    }
}

/// Runs `work` on a thread that may block.
async fn run<T: Send + 'static>(
    threads: &Threads,
    work: impl FnOnce() -> storage_content::Result<T> + Send + 'static,
) -> Result<T, ContentError> {
    let done = threads.run(move || Ok(work())).await;
    done.map_err(|_| ContentError::Closed)?.map_err(convert::error)
}

/// A file of somebody.
struct Named {
    caller: String,
    owner: String,
    cid: Cid,
}

impl Storage {
    /// The file that the present caller calls `name`.
    fn content(&self, name: &str) -> Result<Named, ContentError> {
        let Tenant { caller, job } = self.tenants.tenant(name).map_err(convert::access)?;
        let (owner, cid) = job.split_once('/').unwrap_or_default();
        let cid: Cid = cid
            .parse()
            .map_err(|error| convert::error(storage_content::Error::from(error)))?;
        if cid.kind != Kind::Manifest {
            let reason = "must be that of a manifest, zDv…".to_owned();
            return Err(ContentError::InvalidArgument {
                field: "cid".to_owned(),
                reason,
            });
        }
        let owner = owner.to_owned();
        Ok(Named {
            caller: caller.into(),
            owner,
            cid,
        })
    }

    /// Asks for a file that the caller names.
    async fn of_content<T: Send + 'static>(
        &self,
        name: &str,
        ask: impl FnOnce(&Contents, &str, Cid) -> storage_content::Result<T> + Send + 'static,
    ) -> Result<T, ContentError> {
        let Named { owner, cid, .. } = self.content(name)?;
        self.files.ask(move |contents| ask(contents, &owner, cid)).await
    }

    /// Asks for something of the caller's own.
    async fn own_content<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Contents, &str) -> storage_content::Result<T> + Send + 'static,
    ) -> Result<T, ContentError> {
        let caller = caller();
        self.files.ask(move |contents| ask(contents, &caller)).await
    }
}

fn caller() -> String {
    backplane_sdk::current_caller_name().unwrap_or_default()
}

impl Content for Storage {
    async fn open_upload(
        &self,
        name: Option<String>,
        mime: Option<String>,
        bytes: Option<u64>,
        block_bytes: u32,
        pinned: bool,
    ) -> Result<api::Upload, ContentError> {
        let new = NewUpload {
            name,
            mime,
            bytes,
            block_bytes,
            pinned,
        };
        let begun = self
            .own_content(|contents, owner| contents.open_upload(owner, new))
            .await?;
        Ok(convert::upload(begun))
    }

    async fn append(&self, upload: String, offset: u64, chunks: Stream<Bytes>) -> Result<u64, ContentError> {
        let contents = self.files.opened().await?.contents.clone();
        streams::append(contents, &self.files.threads, (caller(), upload), offset, chunks).await
    }

    async fn finish(&self, upload: String) -> Result<api::ContentFile, ContentError> {
        let caller = caller();
        let file = self
            .own_content(move |contents, owner| contents.finish(owner, &upload))
            .await?;
        Ok(convert::file(file, &caller))
    }

    async fn cancel_upload(&self, upload: String) -> Result<(), ContentError> {
        self.own_content(move |contents, owner| contents.cancel_upload(owner, &upload))
            .await
    }

    async fn list_uploads(&self) -> Result<Vec<api::Upload>, ContentError> {
        let uploads = self.own_content(Contents::uploads).await?;
        Ok(uploads.into_iter().map(convert::upload).collect())
    }

    async fn fetch(&self, cid: String, pinned: bool) -> Result<api::ContentFile, ContentError> {
        let Named { caller, owner, cid } = self.content(&cid)?;
        let opened = self.files.opened().await?;
        if let Some(exchange) = &opened.exchange {
            let file = exchange.fetch(&owner, cid, pinned).await?;
            return Ok(convert::file(file, &caller));
        }
        // What others have here needs no node.
        let add = move |contents: &Contents| match contents.manifest(cid)? {
            Some(manifest) => contents.add(&owner, &manifest, pinned).map(Some),
            None => Ok(None),
        };
        let file = self.files.ask(add).await?.ok_or(ContentError::NoExchange)?;
        Ok(convert::file(file, &caller))
    }

    async fn cancel_fetch(&self, cid: String) -> Result<(), ContentError> {
        self.of_content(&cid, Contents::unwant).await
    }

    async fn progress(&self, cid: String) -> Result<Stream<api::Progress>, ContentError> {
        let Named { owner, cid, .. } = self.content(&cid)?;
        streams::progress(&self.files, owner, cid).await
    }

    async fn read(
        &self,
        cid: String,
        offset: u64,
        length: Option<u64>,
    ) -> Result<Stream<Bytes>, ContentError> {
        let Named { owner, cid, .. } = self.content(&cid)?;
        streams::read(&self.files, (owner, cid), offset, length).await
    }

    async fn exists(&self, cid: String) -> Result<api::Presence, ContentError> {
        match self.of_content(&cid, Contents::file).await {
            Ok(file) => Ok(convert::presence(&file)),
            Err(ContentError::NotFound { .. }) => Ok(api::Presence::None),
            Err(error) => Err(error),
        }
    }

    async fn stat(&self, cid: String) -> Result<api::ContentFile, ContentError> {
        let caller = caller();
        let file = self.of_content(&cid, Contents::file).await?;
        Ok(convert::file(file, &caller))
    }

    async fn list(&self, after: Option<String>, limit: u32) -> Result<api::ContentPage, ContentError> {
        let caller = caller();
        let after = after.map(|after| self.content(&after)).transpose()?;
        let tenants = Arc::clone(&self.tenants);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let who = caller.clone();
        let list = move |contents: &Contents| {
            let after = after.as_ref().map(|after| (after.owner.as_str(), after.cid));
            let visible = |owner: &str, cid: Cid| tenants.allows(&who, owner, &format!("{owner}/{cid}"));
            contents.files(after, limit, visible)
        };
        let files = self.files.ask(list).await?;
        let full = files.len() == limit;
        let files: Vec<_> = files
            .into_iter()
            .map(|file| convert::file(file, &caller))
            .collect();
        let next = files.last().filter(|_| full).map(|file| file.cid.clone());
        Ok(api::ContentPage { files, next })
    }

    async fn pin(&self, cid: String) -> Result<(), ContentError> {
        self.of_content(&cid, |contents, owner, cid| contents.set_pinned(owner, cid, true))
            .await
    }

    async fn unpin(&self, cid: String) -> Result<(), ContentError> {
        self.of_content(&cid, |contents, owner, cid| {
            contents.set_pinned(owner, cid, false)
        })
        .await
    }

    async fn delete(&self, cid: String) -> Result<(), ContentError> {
        self.of_content(&cid, Contents::delete).await
    }

    async fn check(&self, cid: String) -> Result<api::Checked, ContentError> {
        let storage_content::Checked {
            blocks,
            damaged,
            named,
        } = self.of_content(&cid, Contents::check).await?;
        Ok(api::Checked {
            blocks,
            damaged,
            named,
        })
    }

    async fn space(&self) -> Result<api::ContentSpace, ContentError> {
        let space = self.own_content(Contents::space).await?;
        Ok(api::ContentSpace {
            quota: space.quota,
            used: space.used,
            evictable: space.evictable,
            files: space.files,
        })
    }

    async fn node(&self) -> Result<Option<api::ContentNode>, ContentError> {
        Ok(self.files.opened().await?.exchange.as_ref().map(Exchange::info))
    }

    async fn connect(&self, address: String) -> Result<(), ContentError> {
        self.tenants.check_operator().map_err(convert::access)?;
        match &self.files.opened().await?.exchange {
            Some(exchange) => exchange.dial(&address).await,
            None => Err(ContentError::NoExchange),
        }
    }
}
