//! Many values, one after another, as the reader asks for them.

mod end;
mod sender;

pub use end::{Chunk, Closed, ReadEnd, WriteEnd, open};
pub use sender::Sender;

use crate::attachment::{self, Attachment};
use crate::client::CallError;
use crate::current::{self, InContext};
use crate::host::{HostHandle, ReplyFuture};
use crate::trace;
use crate::value::{Value, not_unit};
use backplane_descriptor::fixed::Ty;
use backplane_plugin_api::{CallContext, Reply, status};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// Many values of one type, one after another, as the reader asks for them.
///
/// A method answers one, alone or as a field of a record, or takes one as a parameter. Its items are written
/// by a [`Sender`], in any task and for as long as somebody reads them: the host holds a bounded number of
/// them, and then the sender waits. Dropping the stream tells the sender.
///
/// ```
/// # use backplane_sdk::prelude::*;
/// /// Keeps rows.
/// #[interface(id = "demo.rows", version = "1.0.0")]
/// pub trait Rows {
///     /// All rows.
///     fn scan(&self) -> Stream<u64>;
///     /// Adds rows, and answers their sum.
///     async fn put(&self, rows: Stream<u64>) -> Result<u64, Torn>;
/// }
///
/// /// The rows broke off.
/// #[record]
/// pub struct Torn {}
///
/// struct Store;
///
/// impl Rows for Store {
///     fn scan(&self) -> Stream<u64> {
///         Stream::from_iter(0..1000)
///     }
///
///     async fn put(&self, mut rows: Stream<u64>) -> Result<u64, Torn> {
///         let mut sum = 0;
///         while let Some(row) = rows.next().await {
///             sum += row.map_err(|_| Torn {})?;
///         }
///         Ok(sum)
///     }
/// }
/// ```
///
/// An item holds no blob and no stream:
///
/// ```compile_fail,E0080
/// # use backplane_sdk::prelude::*;
/// #[interface(id = "demo.pictures", version = "1.0.0")]
/// pub trait Pictures {
///     /// All pictures.
///     fn all(&self) -> Stream<Option<Blob>>;
/// }
/// ```
#[derive(Debug)]
pub struct Stream<T> {
    source: Source,
    /// Items that were read and not yet given out, from `at` on.
    items: Vec<u8>,
    at: usize,
    waiting: Option<ReplyFuture>,
    item: PhantomData<fn() -> T>,
}

#[derive(Debug)]
enum Source {
    Open(Arc<ReadEnd>),
    /// It could not be made.
    Failed(CallError),
    Over,
}

impl<T: Value> Value for Stream<T> {
    const TY: Ty = {
        not_unit(&T::TY, "a stream of () says nothing: use a number or a bool");
        assert!(
            stands_alone(&T::TY),
            "an item of a stream holds no blob and no stream"
        );
        Ty::Of("stream", &T::TY)
    };
}

/// Whether a value of the type has no attachments.
const fn stands_alone(ty: &Ty) -> bool {
    match ty {
        Ty::Plain(name) => !matches!(name.as_bytes(), b"blob"),
        Ty::Of(name, inner) => !matches!(name.as_bytes(), b"stream") && stands_alone(inner),
        Ty::Record(named) | Ty::Union(named) => {
            let mut index = 0;
            while index < named.parts.len() {
                if !stands_alone(named.parts[index].ty) {
                    return false;
                }
                index += 1;
            }
            true
        }
        Ty::Fixed(_) | Ty::Enum(_) => true,
    }
}

impl<T: Value> Stream<T> {
    /// A stream and where its items are written, in the host of the module that this thread works for.
    ///
    /// Where there is no host, or too many streams are open, the sender and whoever the stream goes to get an error
    /// that says so.
    pub fn channel() -> (Sender<T>, Self) {
        match trace::current_host() {
            Some(host) => Self::channel_in(host),
            None => Self::failed(Reply::error(
                status::UNAVAILABLE,
                "this thread works for no module: there is no host to make a stream in",
            )),
        }
    }

    /// The same for embedders, whose threads work for no module.
    pub fn channel_in(host: HostHandle) -> (Sender<T>, Self) {
        match open(host) {
            Ok((writer, reader)) => {
                let sender = Sender {
                    end: Ok(writer),
                    item: PhantomData,
                };
                (sender, Self::new(Source::Open(Arc::new(reader))))
            }
            Err(refusal) => Self::failed(refusal),
        }
    }

    fn failed(refusal: Reply) -> (Sender<T>, Self) {
        let closed = Closed::from(refusal);
        let error = CallError::Host {
            status: closed.status,
            message: closed.message.clone(),
        };
        let sender = Sender {
            end: Err(closed),
            item: PhantomData,
        };
        (sender, Self::new(Source::Failed(error)))
    }

    /// A stream whose items are written by a task of the current tokio runtime; `work` makes the task of its sender.
    pub fn produce<W>(work: impl FnOnce(Sender<T>) -> W) -> Self
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let (sender, stream) = Self::channel();
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(InContext {
                context: CallContext::ROOT,
                caller: None,
                future: Box::pin(work(sender)),
            })),
            Err(_) => sender.fail("there is no tokio runtime here to write the stream"),
        }
        stream
    }

    /// A stream of the items of `items`.
    #[expect(
        clippy::should_implement_trait,
        reason = "collecting must not spawn a task unseen"
    )]
    pub fn from_iter<I>(items: I) -> Self
    where
        I: IntoIterator<Item = T, IntoIter: Send + 'static>,
    {
        let mut items = items.into_iter();
        Self::produce(|mut sender| async move {
            while let Some(item) = items.next()
                && sender.send(&item).await.is_ok()
            {}
        })
    }

    /// A stream of the items of another one.
    pub fn from_stream(items: impl futures_core::Stream<Item = T> + Send + 'static) -> Self {
        let mut items = Box::pin(items);
        Self::produce(|mut sender| async move {
            while let Some(item) = std::future::poll_fn(|cx| items.as_mut().poll_next(cx)).await
                && sender.send(&item).await.is_ok()
            {}
        })
    }

    /// The next item; `None` after the last. An error is the last: what the stream was ended with, or
    /// [`TIMEOUT`](status::TIMEOUT) when nothing came until the deadline of the call that is being served, or else
    /// for as long as the host waits. Cancel safe.
    pub async fn next(&mut self) -> Option<Result<T, CallError>> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    /// The same for a thread that may block. Not for use within async code.
    pub fn wait_next(&mut self) -> Option<Result<T, CallError>> {
        loop {
            match self.take() {
                Taken::Later(waiting) => {
                    if let Some(error) = self.waited(waiting.wait()) {
                        return Some(Err(error));
                    }
                }
                Taken::Item(item) => return item,
            }
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, CallError>>> {
        loop {
            if let Some(waiting) = &mut self.waiting {
                let reply = ready!(Pin::new(waiting).poll(cx));
                self.waiting = None;
                if let Some(error) = self.waited(reply) {
                    return Poll::Ready(Some(Err(error)));
                }
            }
            match self.take() {
                Taken::Later(waiting) => self.waiting = Some(waiting),
                Taken::Item(item) => return Poll::Ready(item),
            }
        }
    }

    /// A wait is over: the error that it ended with.
    fn waited(&mut self, reply: Reply) -> Option<CallError> {
        if reply.status == status::OK {
            return None;
        }
        self.close();
        Some(CallError::Host {
            status: reply.status,
            message: reply.message(),
        })
    }

    fn take(&mut self) -> Taken<T> {
        loop {
            if self.at < self.items.len() {
                return Taken::Item(Some(self.decode()));
            }
            let end = match &self.source {
                Source::Open(end) => end,
                Source::Over => return Taken::Item(None),
                Source::Failed(error) => {
                    let error = error.clone();
                    self.close();
                    return Taken::Item(Some(Err(error)));
                }
            };
            if let Some(waiting) = self.waiting.take() {
                return Taken::Later(waiting);
            }
            match end.read(&current::context()) {
                Ok(Chunk::Items(items)) => (self.items, self.at) = (items, 0),
                Ok(Chunk::Later(waiting)) => return Taken::Later(waiting),
                Ok(Chunk::End) => {
                    self.close();
                    return Taken::Item(None);
                }
                Err(error) => {
                    self.close();
                    return Taken::Item(Some(Err(error)));
                }
            }
        }
    }

    fn decode(&mut self) -> Result<T, CallError> {
        let mut deserializer = minicbor_serde::Deserializer::new(&self.items[self.at..]);
        match T::deserialize(&mut deserializer) {
            Ok(item) => {
                self.at += deserializer.decoder().position();
                Ok(item)
            }
            Err(error) => {
                self.close();
                Err(CallError::Host {
                    status: status::INTERNAL,
                    message: format!("an item of the stream is not readable: {error}"),
                })
            }
        }
    }
}

enum Taken<T> {
    Item(Option<Result<T, CallError>>),
    Later(ReplyFuture),
}

impl<T> Stream<T> {
    const fn new(source: Source) -> Self {
        Self {
            source,
            items: Vec::new(),
            at: 0,
            waiting: None,
            item: PhantomData,
        }
    }

    fn close(&mut self) {
        *self = Self::new(Source::Over);
    }
}

impl<T: Value> futures_core::Stream for Stream<T> {
    type Item = Result<T, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(cx)
    }
}

impl<T> Serialize for Stream<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let attachment = match &self.source {
            Source::Open(end) if self.items.is_empty() && self.waiting.is_none() => {
                Attachment::Stream(Arc::clone(end))
            }
            Source::Failed(error) => Attachment::Failed(error.clone()),
            _ => return Err(S::Error::custom("a stream that was read from cannot travel")),
        };
        let number = attachment::add(attachment)
            .ok_or_else(|| S::Error::custom("a stream can only travel in a call"))?;
        serializer.serialize_u32(number)
    }
}

impl<'de, T> Deserialize<'de> for Stream<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        let Some((attachment, Some(host))) = attachment::get(number) else {
            return Err(D::Error::custom(format!("there is no attachment {number}")));
        };
        let end = ReadEnd::claim(host, attachment.bytes())
            .map_err(|refusal| D::Error::custom(refusal.message()))?;
        Ok(Self::new(Source::Open(Arc::new(end))))
    }
}
