//! Frames out of a byte stream.

use super::FrameError;
use std::io::{self, Read};

/// How much is read at a time.
const CHUNK: usize = 64 * 1024;
/// The bytes of a length.
const LENGTH: usize = size_of::<u32>();

/// Why there is no further frame.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// The other side is gone.
    #[error("the connection was closed")]
    Closed,
    /// The other side is gone in the middle of a frame.
    #[error("the connection was closed within a frame")]
    Cut,
    /// The system says so.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
    /// What came is no frame.
    #[error("the other side sent {0}")]
    Frame(#[from] FrameError),
}

/// Reads frames. What a length promises is not allocated before it is there.
pub(crate) struct Reader<R> {
    source: R,
    buffer: Box<[u8]>,
    /// What was read and not yet given out.
    ready: std::ops::Range<usize>,
}

impl<R: Read> Reader<R> {
    pub(crate) fn new(source: R) -> Self {
        Self {
            source,
            buffer: vec![0; CHUNK].into(),
            ready: 0..0,
        }
    }

    /// Puts the next frame, without its length and of at most `limit` bytes, in the place of what `frame` holds.
    pub(crate) fn next(&mut self, frame: &mut Vec<u8>, limit: usize) -> Result<(), Broken> {
        frame.clear();
        self.append(frame, LENGTH).map_err(|broken| match broken {
            Broken::Cut if frame.is_empty() => Broken::Closed,
            other => other,
        })?;
        let length = frame.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes)) as usize;
        if length > limit {
            return Err(FrameError::TooLong(length).into());
        }
        frame.clear();
        self.append(frame, length)
    }

    /// Appends `length` bytes.
    fn append(&mut self, frame: &mut Vec<u8>, length: usize) -> Result<(), Broken> {
        let mut missing = length;
        while missing > 0 {
            if self.ready.is_empty() {
                let read = self.fill()?;
                self.ready = 0..read;
            }
            let taken = missing.min(self.ready.len());
            let end = self.ready.start + taken;
            frame.extend_from_slice(&self.buffer[self.ready.start..end]);
            self.ready.start = end;
            missing -= taken;
        }
        Ok(())
    }

    fn fill(&mut self) -> Result<usize, Broken> {
        loop {
            match self.source.read(&mut self.buffer) {
                Ok(0) => return Err(Broken::Cut),
                Ok(read) => return Ok(read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Err(Broken::Cut),
                Err(error) => return Err(error.into()),
            }
        }
    }
}
