//! The ends of a stream of encoded items.

use crate::client::CallError;
use crate::host::{HostHandle, ReplyFuture};
use backplane_plugin_api::{
    Buf, CallContext, Reply, STREAM_SERVICE, STREAM_VERSION, Slice, StreamTable, status,
};
use std::sync::{Mutex, PoisonError};

/// How many bytes of items are read at a time.
const CREDIT: u64 = 64 * 1024;

/// Why a stream takes no more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {message}", name = status::name(*status))]
pub struct Closed {
    /// One of [`status`]: [`CANCELLED`](status::CANCELLED) when nobody reads it any more.
    pub status: i32,
    /// What happened, for people.
    pub message: String,
}

impl From<Reply> for Closed {
    fn from(reply: Reply) -> Self {
        Self {
            status: reply.status,
            message: reply.message(),
        }
    }
}

/// The functions of a host that has streams.
#[derive(Debug)]
struct Functions {
    host: HostHandle,
    table: *const StreamTable,
}

// SAFETY: table and host may be used from any thread (rule of the ABI).
unsafe impl Send for Functions {}
// SAFETY: as above.
unsafe impl Sync for Functions {}

/// Calls a function of the table, or answers that the host has it not; gives the reply.
macro_rules! table_call {
    ($functions:expr, $name:ident ( $($arg:expr),* )) => {{
        let mut reply = Reply::EMPTY;
        // SAFETY: the table is of the version that was asked for, and valid as long as the host's own.
        match unsafe { (*$functions.table).$name } {
            Some(function) => {
                // SAFETY: the arguments are as the table's documentation demands.
                unsafe { function($functions.host.raw().ctx $(, $arg)*, &raw mut reply) };
            }
            None => reply = no_streams(),
        }
        reply
    }};
}

fn no_streams() -> Reply {
    Reply::error(status::UNSUPPORTED, "the host has no streams")
}

impl Functions {
    fn of(host: HostHandle) -> Result<Self, Reply> {
        let table: *const StreamTable = host.query_service(STREAM_SERVICE, STREAM_VERSION).cast();
        if table.is_null() {
            return Err(no_streams());
        }
        Ok(Self { host, table })
    }
}

/// Makes a stream in `host`.
///
/// # Errors
/// [`BUSY`](status::BUSY) when too many are open.
pub fn open(host: HostHandle) -> Result<(WriteEnd, ReadEnd), Reply> {
    let functions = Functions::of(host)?;
    let (mut number, mut name) = (0, Buf::EMPTY);
    let reply = table_call!(functions, open(0, &raw mut number, &raw mut name));
    if reply.status != status::OK {
        return Err(reply);
    }
    let writer = WriteEnd {
        functions: Functions {
            host: functions.host.clone(),
            ..functions
        },
        number,
        over: false,
    };
    Ok((writer, ReadEnd::new(functions, name)))
}

/// Where encoded items go in. Dropped before it was finished, the stream ends with
/// [`CANCELLED`](status::CANCELLED).
#[derive(Debug)]
pub struct WriteEnd {
    functions: Functions,
    number: u64,
    over: bool,
}

impl WriteEnd {
    /// Writes an item: `Ok(None)` when it was taken; else what to wait for, and then write it again.
    ///
    /// # Errors
    /// The reader is gone, the item is too large, or the stream was ended.
    fn try_write(&self, item: &[u8], context: &CallContext) -> Result<Option<ReplyFuture>, Closed> {
        let item = Slice::new(item);
        let reply = table_call!(self.functions, write(self.number, item, context));
        match reply.status {
            status::OK => Ok(None),
            status::PENDING => Ok(Some(self.functions.host.wait(reply))),
            _ => Err(reply.into()),
        }
    }

    /// Writes an item, and waits for room. Cancel safe: an item is written only when this ends.
    ///
    /// # Errors
    /// As [`Closed`] says; the stream is over then, and its reader gets the same.
    pub async fn write(&mut self, item: &[u8], context: &CallContext) -> Result<(), Closed> {
        loop {
            let waited = match self.try_write(item, context) {
                Ok(None) => return Ok(()),
                Ok(Some(room)) => room.await,
                Err(closed) => return Err(self.end(closed)),
            };
            self.waited(waited)?;
        }
    }

    /// The same for a thread that may block.
    ///
    /// # Errors
    /// As [`WriteEnd::write`].
    pub fn write_blocking(&mut self, item: &[u8], context: &CallContext) -> Result<(), Closed> {
        loop {
            let waited = match self.try_write(item, context) {
                Ok(None) => return Ok(()),
                Ok(Some(room)) => room.wait(),
                Err(closed) => return Err(self.end(closed)),
            };
            self.waited(waited)?;
        }
    }

    fn waited(&mut self, reply: Reply) -> Result<(), Closed> {
        match reply.status {
            status::OK => Ok(()),
            _ => Err(self.end(reply.into())),
        }
    }

    /// Ends the stream with an error, so that its reader does not take it for complete.
    pub(super) fn end(&mut self, closed: Closed) -> Closed {
        self.finish(closed.status, &closed.message);
        closed
    }

    /// Ends the stream; the first end counts.
    pub fn finish(&mut self, code: i32, message: &str) {
        if !std::mem::replace(&mut self.over, true) {
            let message = Slice::new(message.as_bytes());
            // One that the host has ended already needs no end.
            drop(table_call!(self.functions, finish(self.number, code, message)));
        }
    }
}

impl Drop for WriteEnd {
    fn drop(&mut self) {
        self.finish(status::CANCELLED, "what wrote the stream was cancelled");
    }
}

/// Where encoded items come out. Dropping it closes the stream.
#[derive(Debug)]
pub struct ReadEnd {
    functions: Functions,
    name: Box<[u8]>,
    /// What closes the stream when it is freed; empty once it was given away.
    held: Mutex<Buf>,
}

/// What is at the reading end of a stream.
pub enum Chunk {
    /// Items, as a CBOR sequence (RFC 8742).
    Items(Vec<u8>),
    /// Nothing more.
    End,
    /// Nothing yet: wait for it, and read again.
    Later(ReplyFuture),
}

impl ReadEnd {
    fn new(functions: Functions, held: Buf) -> Self {
        Self {
            functions,
            name: held.as_bytes().into(),
            held: Mutex::new(held),
        }
    }

    /// Takes over the reading end that came as an attachment.
    ///
    /// # Errors
    /// It is no such end, it was closed, or somebody else took it over.
    pub fn claim(host: HostHandle, name: &[u8]) -> Result<Self, Reply> {
        let functions = Functions::of(host)?;
        let mut held = Buf::EMPTY;
        let reply = table_call!(functions, claim(Slice::new(name), &raw mut held));
        match reply.status {
            status::OK => Ok(Self::new(functions, held)),
            _ => Err(reply),
        }
    }

    /// What it is called: the bytes of its attachment.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// From now on whoever has the buffer closes the stream.
    pub fn give_away(&self) -> Buf {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut held, Buf::EMPTY)
    }

    /// Reads what is there.
    ///
    /// # Errors
    /// What the stream was ended with.
    pub fn read(&self, context: &CallContext) -> Result<Chunk, CallError> {
        let name = Slice::new(&self.name);
        let reply = table_call!(self.functions, read(name, CREDIT, context));
        match reply.status {
            status::OK if reply.payload.as_bytes().is_empty() => Ok(Chunk::End),
            status::OK => Ok(Chunk::Items(reply.payload.as_bytes().to_vec())),
            status::PENDING => Ok(Chunk::Later(self.functions.host.wait(reply))),
            status => Err(CallError::Host {
                status,
                message: reply.message(),
            }),
        }
    }
}
