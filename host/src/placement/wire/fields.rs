//! Numbers, bytes and texts as they stand in a frame.

use super::FrameError;
use crate::limits;
use backplane_plugin_api::{CHAIN_LIMIT, CallContext};

/// The fields of a frame that are still to be read.
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], FrameError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(FrameError::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, FrameError> {
        self.array().map(u8::from_le_bytes)
    }

    fn u16(&mut self) -> Result<u16, FrameError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, FrameError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, FrameError> {
        self.array().map(i32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, FrameError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], FrameError> {
        let len = self.u32()? as usize;
        self.take(len)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, FrameError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| FrameError::NotText)
    }

    /// A list of at most [`limits::ATTACHMENTS`].
    pub(super) fn list<T>(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<T, FrameError>,
    ) -> Result<Vec<T>, FrameError> {
        let count = self.u32()? as usize;
        if count > limits::ATTACHMENTS {
            return Err(FrameError::Attachments(count));
        }
        (0..count).map(|_| each(self)).collect()
    }

    pub(super) fn context(&mut self) -> Result<CallContext, FrameError> {
        let mut context = CallContext {
            deadline_ns: self.u64()?,
            trace_high: self.u64()?,
            trace_low: self.u64()?,
            span: self.u64()?,
            depth: self.u8()?.into(),
            chain: [0; CHAIN_LIMIT],
        };
        let depth = context.depth as usize;
        let chain = context.chain.get_mut(..depth).ok_or(FrameError::Chain(depth))?;
        for slot in chain {
            *slot = self.u16()?;
        }
        Ok(context)
    }

    /// There is nothing more.
    pub(super) const fn end(self) -> Result<(), FrameError> {
        match self.0.len() {
            0 => Ok(()),
            more => Err(FrameError::Trailing(more)),
        }
    }
}

/// Appends a kind and a number.
pub(super) fn numbered(out: &mut Vec<u8>, kind: u8, number: u64) {
    out.u8(kind);
    out.u64(number);
}

/// Appends what [`Fields`] reads.
pub(super) trait Put {
    fn put(&mut self, bytes: &[u8]);

    fn u8(&mut self, number: u8) {
        self.put(&[number]);
    }

    fn u32(&mut self, number: u32) {
        self.put(&number.to_le_bytes());
    }

    fn i32(&mut self, number: i32) {
        self.put(&number.to_le_bytes());
    }

    fn u64(&mut self, number: u64) {
        self.put(&number.to_le_bytes());
    }

    /// Longer ones do not get here: a frame that would be too long is refused before it is sent.
    fn bytes(&mut self, bytes: &[u8]) {
        self.u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.put(bytes);
    }

    fn context(&mut self, context: &CallContext) {
        for number in [
            context.deadline_ns,
            context.trace_high,
            context.trace_low,
            context.span,
        ] {
            self.u64(number);
        }
        let chain = context.chain();
        self.u8(chain.len() as u8);
        for slot in chain {
            self.put(&slot.to_le_bytes());
        }
    }
}

impl Put for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}
