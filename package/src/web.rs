//! Files that an HTTP server gives out, within bounds of size and time.

mod address;
mod body;
mod connect;
mod error;
mod roots;

pub(crate) use address::Address;
pub use error::{RedirectProblem, WebError};

use crate::limits;
use body::Meter;
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use roots::Roots;
use std::fmt;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// What the server is told who asks.
const AGENT: &str = concat!("backplane/", env!("CARGO_PKG_VERSION"));

/// How files are fetched: which authorities vouch for servers, and who hears how far it is.
#[derive(Clone, Default)]
pub struct Web {
    roots: Roots,
    pace: Pace,
    listener: Option<Arc<Listener>>,
}

/// Hears how far a download is.
type Listener = dyn Fn(&Download<'_>) + Send + Sync;

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Download<'a> {
    /// What is fetched.
    pub url: &'a str,
    /// How many bytes are there.
    pub bytes: u64,
    /// How many there will be, where the server says so.
    pub of: Option<u64>,
    /// Whether it is over, with the whole file or without.
    pub ended: bool,
}

/// How large a file is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Size {
    /// So many bytes, as a signed index says.
    Exactly(u64),
    /// No more bytes than these.
    AtMost(u64),
}

/// How long a server may take.
#[derive(Debug, Clone)]
struct Pace {
    /// For each step up to its answer.
    step: Duration,
    /// For so many bytes of a file.
    bytes: usize,
    /// As long.
    time: Duration,
    /// For one file, with all redirects.
    all: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            step: limits::SERVER_STEP,
            bytes: limits::PACE_BYTES,
            time: limits::PACE_TIME,
            all: limits::DOWNLOAD,
        }
    }
}

impl Web {
    /// Believes the authorities in a PEM file, in place of those of the system.
    ///
    /// # Errors
    /// [`WebError::Roots`].
    pub fn with_authorities(mut self, file: &Path) -> Result<Self, WebError> {
        self.roots = Roots::read(file)?;
        Ok(self)
    }

    /// Tells `listener` how far each download is: whenever some of it has come, and once at its end. It is called from
    /// another thread.
    pub fn telling(mut self, listener: impl Fn(&Download<'_>) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// The file at an address.
    pub(crate) fn get(&self, address: &Address, size: Size) -> Result<Vec<u8>, WebError> {
        // Whoever asks may be inside a runtime, from which no other can be entered.
        let fetching = || {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_all().build().map_err(WebError::System)?;
            let fetched =
                runtime.block_on(async { timeout(self.pace.all, self.fetch(address.url(), size)).await });
            // The search for an address cannot be called off.
            runtime.shutdown_background();
            fetched.unwrap_or_else(|_| {
                Err(WebError::Late {
                    url: address.to_string(),
                    limit: self.pace.all,
                })
            })
        };
        thread::scope(|scope| scope.spawn(fetching).join()).unwrap_or_else(|panic| resume_unwind(panic))
    }

    async fn fetch(&self, start: &Url, size: Size) -> Result<Vec<u8>, WebError> {
        let mut url = start.clone();
        for _ in 0..=limits::REDIRECTS {
            let response = self.ask(&url).await?;
            if let Some(there) = address::redirect(&url, &response)? {
                url = there;
                continue;
            }
            let status = response.status();
            if status != hyper::StatusCode::OK {
                let (url, status) = (url.into(), status.as_u16());
                return Err(WebError::Status { url, status });
            }
            let meter = Meter::new(&self.pace, &url, self.listener.as_deref());
            return body::read(response.into_body(), size, meter).await;
        }
        Err(WebError::Redirects {
            url: start.to_string(),
            limit: limits::REDIRECTS,
        })
    }

    /// The head of the answer, and the way to the rest of it.
    async fn ask(&self, url: &Url) -> Result<Response<Incoming>, WebError> {
        let request = request(url)?;
        let wire = connect::connect(url, &self.roots, self.pace.step).await?;
        let asking = async {
            let mut http = hyper::client::conn::http1::Builder::new();
            http.max_buf_size(limits::ANSWER_HEAD);
            let (mut sender, connection) = http.handshake(TokioIo::new(wire)).await?;
            // It ends with the runtime. How it ended is what the answer or its body says.
            tokio::spawn(async { connection.await.ok() });
            sender.send_request(request).await
        };
        match timeout(self.pace.step, asking).await {
            Ok(answered) => answered.map_err(|error| WebError::broken(url, &error)),
            Err(_) => Err(WebError::silent(url, "to answer", self.pace.step)),
        }
    }
}

fn request(url: &Url) -> Result<Request<Empty<Bytes>>, WebError> {
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    Request::get(&url[url::Position::BeforePath..url::Position::AfterQuery])
        .header(header::HOST, host)
        .header(header::USER_AGENT, AGENT)
        .header(header::ACCEPT, "*/*")
        // What is signed and listed are the bytes of the file.
        .header(header::ACCEPT_ENCODING, "identity")
        .header(header::CONNECTION, "close")
        .body(Empty::new())
        .map_err(|error| WebError::Broken {
            url: url.to_string(),
            problem: format!("nobody can be asked for that: {error}"),
        })
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Web")
            .field("roots", &self.roots)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
