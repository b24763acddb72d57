//! What a failed call to the server means, and the one policy by which calls are tried again.

use std::error::Error as _;
use std::io;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio_postgres::error::SqlState;

use super::tls;
use crate::error::{Error, Result};
use crate::limits;

/// Why a call failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// It would fail again.
    Final(Error),
    /// Another node was in the way, and nothing was done; the error is for when it stays so.
    Contended(Error),
    /// The connection is lost, or there was none.
    Lost(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Final(error)
    }
}

impl Failure {
    /// The meaning of a failure in `job`. Of the server's texts only codes go on, because its texts may show keys.
    pub(super) fn of(failed: &tokio_postgres::Error, job: &str) -> Failure {
        let Some(code) = failed.code() else {
            return match tls::refusal(failed) {
                Some(reason) => Failure::Final(unavailable(reason)),
                None => Failure::Lost(unavailable(reason(failed))),
            };
        };
        match code.code() {
            "40001" | "40P01" | "55P03" => Failure::Contended(Error::Locked),
            "53100" => Failure::Final(Error::DiskFull),
            "42P01" => Failure::Final(Error::JobNotFound { job: job.to_owned() }),
            "XX001" | "XX002" => Failure::Final(Error::Corrupt { job: job.to_owned() }),
            "28000" | "28P01" => Failure::Final(unavailable("the login is refused")),
            "3D000" => Failure::Final(unavailable("there is no such database")),
            "53300" => Failure::Lost(unavailable("the server has no free connection")),
            "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => {
                Failure::Lost(unavailable("the server ends connections"))
            }
            "57014" => Failure::Final(Error::Timeout {
                what: "the server",
                waited: limits::SERVER_STATEMENT_TIME,
            }),
            code if code.starts_with("08") => Failure::Lost(unavailable("the connection is broken")),
            _ => Failure::Final(backend(code)),
        }
    }

    /// The server did not answer in time; what it did is unknown.
    pub(super) fn silent() -> Failure {
        Failure::Lost(unavailable("the server does not answer"))
    }

    pub(super) fn into_error(self) -> Error {
        match self {
            Failure::Final(error) | Failure::Contended(error) | Failure::Lost(error) => error,
        }
    }
}

fn unavailable(reason: &str) -> Error {
    Error::Unavailable {
        reason: reason.to_owned(),
    }
}

fn backend(code: &SqlState) -> Error {
    Error::Backend {
        code: 1,
        extended: 1,
        message: format!("SQLSTATE {}", code.code()),
    }
}

fn reason(failed: &tokio_postgres::Error) -> &'static str {
    let mut cause = failed.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return match error.kind() {
                io::ErrorKind::ConnectionRefused => "the connection is refused",
                io::ErrorKind::NotFound => "there is no such socket",
                io::ErrorKind::TimedOut => "the server does not answer",
                _ => "the connection is broken",
            };
        }
        cause = error.source();
    }
    "the connection is broken"
}

/// One of several tries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Try {
    /// Others have been in the way often enough: this one is to keep them out.
    pub(super) alone: bool,
}

/// Tries `work` until it succeeds or fails for good: at most [`limits::SERVER_TRIES`] times and until `deadline`, with
/// pauses that grow from [`limits::SERVER_PAUSE`] to [`limits::SERVER_MOST_PAUSE`].
pub(super) fn retried<T>(deadline: Instant, mut work: impl FnMut(Try) -> Result<T, Failure>) -> Result<T> {
    let mut pause = limits::SERVER_PAUSE;
    for number in 1.. {
        let alone = number > limits::SERVER_TRIES / 2;
        let failure = match work(Try { alone }) {
            Ok(done) => return Ok(done),
            Err(Failure::Final(error)) => return Err(error),
            Err(failure) => failure,
        };
        if number == limits::SERVER_TRIES || Instant::now() + pause >= deadline {
            return Err(failure.into_error());
        }
        thread::sleep(pause + spread(pause));
        pause = (pause * 2).min(limits::SERVER_MOST_PAUSE);
    }
    Err(Error::WriterFailed)
}

/// A part of `pause`, so that nodes that met once do not meet again.
fn spread(pause: Duration) -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    pause * (since.subsec_micros() % 1000) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deadline() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn what_stands_in_the_way_is_tried_again_and_at_last_alone() {
        let mut tries = Vec::new();
        let done = retried(deadline(), |this| {
            tries.push(this.alone);
            match tries.len() {
                6 => Ok("done"),
                _ => Err(Failure::Contended(Error::Locked)),
            }
        });
        assert_eq!(done, Ok("done"));
        assert_eq!(tries, [false, false, false, false, false, true]);
    }

    #[test]
    fn tries_end_with_what_is_final_and_at_the_deadline() {
        let mut tries = 0;
        let failed = retried::<()>(deadline(), |_| {
            tries += 1;
            Err(Failure::Final(Error::DiskFull))
        });
        assert_eq!((failed, tries), (Err(Error::DiskFull), 1));
        let failed = retried::<()>(Instant::now(), |_| {
            tries += 1;
            Err(Failure::silent())
        });
        assert_eq!(
            (failed, tries),
            (Err(unavailable("the server does not answer")), 2)
        );
    }
}
