//! What the two ends of a wire say to each other, and how it is written.
//!
//! A frame is its length in 4 bytes (of what follows them), its kind in one, and its fields one after another: numbers
//! little-endian, bytes and texts behind their length in 4 bytes. A deadline is the time that is left, because the
//! clocks at the two ends differ.

use super::ask::{Answer, Ask, Parts};
use super::fields::{Fields, Put, numbered};
use super::kind;
use crate::limits;

/// Why bytes are no frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// It is longer than any frame.
    #[error("a frame of {0} bytes, more than are allowed here (at most {limit} anywhere)", limit = limits::FRAME)]
    TooLong(usize),
    /// It ends within a field.
    #[error("a frame that ends within a field")]
    Short,
    /// It goes on after its last field.
    #[error("a frame with {0} bytes too many")]
    Trailing(usize),
    /// There is no such kind.
    #[error("a frame of the unknown kind {0}")]
    Kind(u8),
    /// A text is not UTF-8.
    #[error("a frame with a text that is not UTF-8")]
    NotText,
    /// It has more attachments than a call may have.
    #[error("a frame with {0} attachments, at most {limit} are allowed", limit = limits::ATTACHMENTS)]
    Attachments(usize),
    /// A chain of calls is longer than any.
    #[error("a frame with a chain of {0} modules")]
    Chain(usize),
}

/// A frame, which borrows from the bytes that it was read from.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame<'a> {
    /// The first word of the side that wants a module: JSON.
    Hello(&'a [u8]),
    /// The first word of the side that has it: JSON.
    Welcome(&'a [u8]),
    /// Something is asked, under a number that the asking side has not in use.
    Ask(u64, Ask<'a>),
    /// The answer to what was asked under the number.
    Answer(u64, Answer<'a>),
    /// Nobody waits for the answer under the number any more.
    Cancel(u64),
    /// A line for the log.
    Log {
        /// Its level.
        level: u32,
        /// Where it comes from.
        target: &'a [u8],
        /// What happened.
        message: &'a [u8],
        /// Further fields as JSON.
        fields: &'a [u8],
    },
    /// Up to which level lines are wanted; asks for [`Frame::Alive`].
    Level(u32),
    /// The answer to [`Frame::Level`].
    Alive,
    /// Items of a stream whose reading end crossed from the sender.
    Items(u64, &'a [u8]),
    /// How such a stream ended.
    End(u64, i32, &'a [u8]),
    /// Room for so many more bytes of items of a stream whose reading end crossed to the sender.
    Room(u64, u32),
    /// Nobody reads such a stream any more.
    Close(u64),
    /// The module is not needed any more.
    Bye,
    /// A module that served it is gone for good: in its own codec.
    Lost(&'a [u8]),
}

impl<'a> Frame<'a> {
    /// Appends the frame, with its length.
    ///
    /// # Errors
    /// [`FrameError::TooLong`]; nothing is appended then.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), FrameError> {
        let start = out.len();
        out.u32(0);
        self.write_body(out);
        let len = out.len() - start - size_of::<u32>();
        match u32::try_from(len) {
            Ok(short) if len <= limits::FRAME => {
                out[start..start + size_of::<u32>()].copy_from_slice(&short.to_le_bytes());
                Ok(())
            }
            _ => {
                out.truncate(start);
                Err(FrameError::TooLong(len))
            }
        }
    }

    fn write_body(&self, out: &mut Vec<u8>) {
        match self {
            Self::Hello(json) => word(out, kind::HELLO, json),
            Self::Welcome(json) => word(out, kind::WELCOME, json),
            Self::Ask(number, ask) => ask.write(out, *number),
            Self::Answer(number, answer) => {
                numbered(out, kind::ANSWER, *number);
                out.i32(answer.status);
                answer.parts.write(out);
            }
            Self::Cancel(number) => numbered(out, kind::CANCEL, *number),
            Self::Log {
                level,
                target,
                message,
                fields,
            } => {
                out.u8(kind::LOG);
                out.u32(*level);
                for text in [target, message, fields] {
                    out.bytes(text);
                }
            }
            Self::Level(level) => {
                out.u8(kind::LEVEL);
                out.u32(*level);
            }
            Self::Alive => out.u8(kind::ALIVE),
            Self::Items(stream, items) => {
                numbered(out, kind::ITEMS, *stream);
                out.bytes(items);
            }
            Self::End(stream, status, message) => {
                numbered(out, kind::END, *stream);
                out.i32(*status);
                out.bytes(message);
            }
            Self::Room(stream, bytes) => {
                numbered(out, kind::ROOM, *stream);
                out.u32(*bytes);
            }
            Self::Close(stream) => numbered(out, kind::CLOSE, *stream),
            Self::Bye => out.u8(kind::BYE),
            Self::Lost(loss) => word(out, kind::LOST, loss),
        }
    }

    /// Reads a frame from its bytes, which come without their length.
    ///
    /// # Errors
    /// They are no frame.
    pub fn read(bytes: &'a [u8]) -> Result<Self, FrameError> {
        if bytes.len() > limits::FRAME {
            return Err(FrameError::TooLong(bytes.len()));
        }
        let mut fields = Fields::new(bytes);
        let frame = Self::read_fields(&mut fields)?;
        fields.end()?;
        Ok(frame)
    }

    fn read_fields(fields: &mut Fields<'a>) -> Result<Self, FrameError> {
        Ok(match fields.u8()? {
            kind::HELLO => Self::Hello(fields.bytes()?),
            kind::WELCOME => Self::Welcome(fields.bytes()?),
            kind::ANSWER => Self::Answer(
                fields.u64()?,
                Answer {
                    status: fields.i32()?,
                    parts: Parts::read(fields)?,
                },
            ),
            kind::CANCEL => Self::Cancel(fields.u64()?),
            kind::LOG => Self::Log {
                level: fields.u32()?,
                target: fields.bytes()?,
                message: fields.bytes()?,
                fields: fields.bytes()?,
            },
            kind::LEVEL => Self::Level(fields.u32()?),
            kind::ALIVE => Self::Alive,
            kind::ITEMS => Self::Items(fields.u64()?, fields.bytes()?),
            kind::END => Self::End(fields.u64()?, fields.i32()?, fields.bytes()?),
            kind::ROOM => Self::Room(fields.u64()?, fields.u32()?),
            kind::CLOSE => Self::Close(fields.u64()?),
            kind::BYE => Self::Bye,
            kind::LOST => Self::Lost(fields.bytes()?),
            other => Self::Ask(fields.u64()?, Ask::read(other, fields)?),
        })
    }
}

fn word(out: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    out.u8(kind);
    out.bytes(bytes);
}
