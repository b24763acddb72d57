//! The log file of one run.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    sync::Mutex,
};

use tracing_subscriber::EnvFilter;

use crate::limits::MAX_LOG_BYTES;

/// The variable that says what is logged, for example `debug` or `backplane_host=trace`.
const VARIABLE: &str = "BACKPLANE_LOG";

/// Sends what the process logs to `chat.log` in `folder`, which begins anew. Once a process.
///
/// # Errors
/// The file cannot be made, or there is a log already.
pub fn start(folder: &Path) -> io::Result<()> {
    let file = Capped {
        file: File::create(folder.join("chat.log"))?,
        left: MAX_LOG_BYTES,
    };
    let filter = std::env::var(VARIABLE).unwrap_or_else(|_| "info".to_owned());
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .try_init()
        .map_err(io::Error::other)
}

/// A file that takes no more than its limit, and then says so.
struct Capped<W> {
    file: W,
    left: usize,
}

impl<W: Write> Write for Capped<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Ok(bytes.len());
        }
        if bytes.len() > self.left {
            self.left = 0;
            self.file.write_all(b"the log is full, the rest is left out\n")?;
            return Ok(bytes.len());
        }
        self.left -= bytes.len();
        self.file.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_log_says_so_once_and_takes_no_more() {
        let mut log = Capped {
            file: Vec::new(),
            left: 8,
        };
        for line in ["first\n", "second\n", "x\n"] {
            log.write_all(line.as_bytes()).unwrap();
        }
        let text = String::from_utf8(log.file).unwrap();
        assert_eq!(text, "first\nthe log is full, the rest is left out\n");
    }
}
