//! Lines of bounded length.

use std::io;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

/// Reads lines. One that is too long is skipped to its end, and the next one is read as if nothing had been.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: BufReader<R>,
    limit: usize,
}

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line without its end.
    Text(Vec<u8>),
    /// A line that is longer than the limit.
    TooLong,
    /// There is nothing more.
    End,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(reader: R, limit: usize) -> Self {
        Self {
            reader: BufReader::new(reader),
            limit,
        }
    }

    /// The next line. The last one need not have an end.
    pub(super) async fn next(&mut self) -> io::Result<Line> {
        let mut line = Vec::new();
        let mut too_long = false;
        loop {
            let chunk = self.reader.fill_buf().await?;
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = &chunk[..end.unwrap_or(chunk.len())];
            let (read, at_end) = (chunk.len(), chunk.is_empty());
            if line.len() + part.len() > self.limit {
                (too_long, line) = (true, Vec::new());
            } else if !too_long {
                line.extend_from_slice(part);
            }
            self.reader.consume(end.map_or(read, |end| end + 1));
            match (end.is_some() || at_end, too_long) {
                (false, _) => {}
                (true, true) => return Ok(Line::TooLong),
                (true, false) if at_end && line.is_empty() => return Ok(Line::End),
                (true, false) => return Ok(Line::Text(line)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_that_is_too_long_is_skipped_and_the_next_one_read() {
        let text = |text: &str| Line::Text(text.as_bytes().to_vec());
        let bytes = b"one\n\nlonger than eight\neightlet\nlast".as_slice();
        let mut lines = Lines::new(bytes, 8);
        for expected in [
            text("one"),
            text(""),
            Line::TooLong,
            text("eightlet"),
            text("last"),
            Line::End,
            Line::End,
        ] {
            assert_eq!(lines.next().await.unwrap(), expected);
        }
        let mut lines = Lines::new(b"never ending text".as_slice(), 8);
        assert_eq!(lines.next().await.unwrap(), Line::TooLong);
        assert_eq!(lines.next().await.unwrap(), Line::End);
    }
}
