//! The messages on their way to one subscriber: a bounded queue, and the task that writes it to the stream.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use futures::{AsyncWrite, AsyncWriteExt};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    time::timeout,
};

use crate::limits::{PUSH_QUEUE, PUSH_QUEUE_BYTES, PUSH_TIMEOUT};

/// A framed message, shared by all subscribers of it.
pub(crate) type Frame = Arc<[u8]>;

/// The queue of one subscriber.
pub(crate) struct Feed {
    sender: mpsc::Sender<Frame>,
    bytes: Arc<AtomicUsize>,
    /// Until the stream is open.
    unwritten: Option<mpsc::Receiver<Frame>>,
}

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    Queued,
    /// The subscriber is too slow; the message is not for it.
    Full,
    /// The stream has failed: a new feed is needed.
    Ended,
}

impl Feed {
    /// A queue that waits for its stream.
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::channel(PUSH_QUEUE);
        Self {
            sender,
            bytes: Arc::default(),
            unwritten: Some(receiver),
        }
    }

    pub(crate) fn offer(&self, frame: &Frame) -> Offer {
        let size = frame.len();
        let has_room = self.bytes.fetch_add(size, Relaxed) + size <= PUSH_QUEUE_BYTES;
        let outcome = match self.sender.try_reserve() {
            Ok(place) if has_room => {
                place.send(frame.clone());
                return Offer::Queued;
            }
            Ok(_) | Err(TrySendError::Full(())) => Offer::Full,
            Err(TrySendError::Closed(())) => Offer::Ended,
        };
        self.bytes.fetch_sub(size, Relaxed);
        outcome
    }

    /// Writes the queue to a stream until the feed is dropped and the queue empty, or a write fails; `told`
    /// hears of each message whether it was written. `None` if there is a stream already.
    pub(crate) fn write_to(
        &mut self,
        stream: impl AsyncWrite + Unpin + Send + 'static,
        told: impl Fn(bool) + Send + 'static,
    ) -> Option<impl Future<Output = ()> + Send + 'static> {
        let receiver = self.unwritten.take()?;
        Some(write(receiver, self.bytes.clone(), stream, told))
    }

    /// How many messages wait for a stream.
    pub(crate) fn unwritten(&self) -> usize {
        self.unwritten.as_ref().map_or(0, mpsc::Receiver::len)
    }
}

async fn write(
    mut queue: mpsc::Receiver<Frame>,
    bytes: Arc<AtomicUsize>,
    mut stream: impl AsyncWrite + Unpin,
    told: impl Fn(bool),
) {
    while let Some(frame) = queue.recv().await {
        let sent = timeout(PUSH_TIMEOUT, async {
            stream.write_all(&frame).await?;
            stream.flush().await
        })
        .await;
        bytes.fetch_sub(frame.len(), Relaxed);
        let written = matches!(sent, Ok(Ok(())));
        told(written);
        if !written {
            queue.close();
            while queue.try_recv().is_ok() {
                told(false);
            }
            return;
        }
    }
    // Whether the subscriber hears of the end is its own affair.
    let _closed = timeout(PUSH_TIMEOUT, stream.close()).await;
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        pin::Pin,
        sync::Mutex,
        task::{Context, Poll},
    };

    use super::*;

    /// What is written; `None` if writing fails.
    #[derive(Clone)]
    struct Sink(Arc<Mutex<Option<Vec<u8>>>>);

    impl AsyncWrite for Sink {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(match &mut *self.0.lock().unwrap() {
                Some(all) => {
                    all.extend_from_slice(bytes);
                    Ok(bytes.len())
                }
                None => Err(io::ErrorKind::BrokenPipe.into()),
            })
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn frame(size: usize) -> Frame {
        vec![7; size].into()
    }

    #[tokio::test]
    async fn what_was_queued_before_the_stream_was_open_is_written_too() {
        let mut feed = Feed::new();
        assert_eq!(feed.offer(&frame(3)), Offer::Queued);
        assert_eq!(feed.unwritten(), 1);
        let sink = Sink(Arc::new(Mutex::new(Some(Vec::new()))));
        let writing = feed.write_to(sink.clone(), |written| assert!(written)).unwrap();
        assert_eq!(feed.offer(&frame(2)), Offer::Queued);
        assert!(feed.write_to(sink.clone(), |_| ()).is_none(), "it has a stream");
        drop(feed);
        writing.await;
        assert_eq!(sink.0.lock().unwrap().as_deref(), Some(&[7; 5][..]));
    }

    #[test]
    fn a_queue_is_bounded_in_messages_and_in_bytes() {
        let many = Feed::new();
        for _ in 0..PUSH_QUEUE {
            assert_eq!(many.offer(&frame(1)), Offer::Queued);
        }
        assert_eq!(many.offer(&frame(1)), Offer::Full);
        let large = Feed::new();
        assert_eq!(large.offer(&frame(PUSH_QUEUE_BYTES)), Offer::Queued);
        assert_eq!(large.offer(&frame(1)), Offer::Full);
    }

    #[tokio::test]
    async fn a_stream_that_fails_ends_the_feed_and_what_waits_counts_as_missed() {
        let mut feed = Feed::new();
        for _ in 0..3 {
            feed.offer(&frame(10));
        }
        let told = Arc::new(Mutex::new(Vec::new()));
        let telling = told.clone();
        let broken = Sink(Arc::new(Mutex::new(None)));
        let writing = feed.write_to(broken, move |written| telling.lock().unwrap().push(written));
        writing.unwrap().await;
        assert_eq!(*told.lock().unwrap(), [false; 3]);
        assert_eq!(feed.offer(&frame(1)), Offer::Ended);
    }
}
