//! Why a file is not fetched.

use crate::FileError;
use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Why a file is not fetched over HTTP.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebError {
    /// The file with the certificates of authorities is none.
    #[error("{}: {problem}", .path.display())]
    Roots {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The file with the certificates of authorities cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The system has no certificates of authorities.
    #[error(
        "the system has no certificates of authorities{problem}: install its package ca-certificates, or name a file with --ca"
    )]
    NoRoots {
        /// Why, if that is known.
        problem: String,
    },
    /// The system has no room for another thread.
    #[error("the system has no room for a download: {0}")]
    System(io::Error),
    /// No connection comes about.
    #[error("{url}: the server cannot be reached: {source}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// What the system says.
        source: io::Error,
    },
    /// The server does not show that it is who it should be.
    #[error("{url}: no secure connection comes about: {problem}")]
    Tls {
        /// What was asked for.
        url: String,
        /// Why.
        problem: String,
    },
    /// The server takes too long before it answers.
    #[error("{url}: the server took longer than {} s {step}", .limit.as_secs_f32())]
    Silent {
        /// What was asked for.
        url: String,
        /// For what.
        step: &'static str,
        /// The limit: [`SERVER_STEP`](crate::limits::SERVER_STEP).
        limit: Duration,
    },
    /// The file comes too slowly.
    #[error("{url}: too slow: after {bytes} bytes, less than {least} more came within {} s", .within.as_secs_f32())]
    Slow {
        /// What was asked for.
        url: String,
        /// How many bytes had come.
        bytes: u64,
        /// How many more there should have been: [`PACE_BYTES`](crate::limits::PACE_BYTES).
        least: usize,
        /// Within this time: [`PACE_TIME`](crate::limits::PACE_TIME).
        within: Duration,
    },
    /// It takes too long in all.
    #[error("{url}: it was not there within {} s", .limit.as_secs_f32())]
    Late {
        /// What was asked for.
        url: String,
        /// The limit: [`DOWNLOAD`](crate::limits::DOWNLOAD).
        limit: Duration,
    },
    /// The server has another answer than the file.
    #[error("{url}: the server answered {status}{}", meaning(*.status))]
    Status {
        /// What was asked for.
        url: String,
        /// The status of HTTP.
        status: u16,
    },
    /// The server redirects to where nobody follows.
    #[error("{url}: the server redirects to {to:?}: {problem}")]
    Redirect {
        /// What was asked for.
        url: String,
        /// Where the server redirects to.
        to: String,
        /// Why nobody follows.
        problem: RedirectProblem,
    },
    /// The server redirects again and again.
    #[error("{url}: more than {limit} redirects")]
    Redirects {
        /// What was asked for first.
        url: String,
        /// The limit: [`REDIRECTS`](crate::limits::REDIRECTS).
        limit: usize,
    },
    /// The file is larger than it may be.
    #[error("{url}: the file is larger than {limit} bytes")]
    TooLarge {
        /// What was asked for.
        url: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The file has another size than the index lists.
    #[error("{url}: the file has {found} bytes, the index says {expected}")]
    OtherSize {
        /// What was asked for.
        url: String,
        /// What the index says.
        expected: u64,
        /// How many bytes the server says that there are, or sends.
        found: u64,
    },
    /// The answer is no HTTP, or it is cut off.
    #[error("{url}: the answer is broken: {problem}")]
    Broken {
        /// What was asked for.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Why a redirect is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectProblem {
    /// It leads nowhere.
    #[error("that is no URL")]
    NoUrl,
    /// It is too long.
    #[error("it has more than {} bytes", crate::limits::URL)]
    Long,
    /// It leads away from HTTP.
    #[error("that is neither http:// nor https://")]
    Scheme,
    /// It gives up the protection that there was.
    #[error("from https:// it leads to http://, which anyone on the way can read and change")]
    Downgrade,
    /// It has a user or a password.
    #[error("it has a user or a password in it")]
    Credentials,
}

impl WebError {
    pub(super) fn silent(url: &Url, step: &'static str, limit: Duration) -> Self {
        let url = url.to_string();
        Self::Silent { url, step, limit }
    }

    pub(super) fn broken(url: &Url, error: &hyper::Error) -> Self {
        let url = url.to_string();
        let problem = chain(error);
        Self::Broken { url, problem }
    }
}

/// An error with all that led to it.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string cannot fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

fn meaning(status: u16) -> &'static str {
    match status {
        401 | 403 | 407 => ": it does not give the file to everyone",
        404 | 410 => ": there is no such file",
        429 | 503 => ": it has no time now; try later",
        500..600 => ": it has failed; try later",
        _ => "",
    }
}
