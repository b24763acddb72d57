//! Streams where JSON is spoken: a list in place of a stream of arguments is written to one, and a stream in an
//! answer is collected to a list.

use crate::limits;
use backplane_descriptor::Type;
use backplane_descriptor::transcode::{sequence, streams};
use backplane_plugin_api::{CallContext, Reply, status};
use backplane_sdk::{Attachment, CallError, Chunk, Closed, HostHandle, ReadEnd, WriteEnd, open_stream};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

fn error(status: i32, message: impl Into<String>) -> CallError {
    CallError::Host {
        status,
        message: message.into(),
    }
}

/// The attachments of arguments of type `ty`, and what writes those that are streams.
///
/// # Errors
/// Too many streams are open.
pub(super) fn outgoing<'a>(
    host: &HostHandle,
    ty: &Type,
    payload: &[u8],
    attachments: Vec<Vec<u8>>,
    context: CallContext,
) -> Result<(Vec<Attachment>, Boxed<'a, ()>), CallError> {
    let numbers = numbers(ty, payload)?;
    let (mut all, mut writing) = (Vec::new(), Vec::new());
    for (number, bytes) in attachments.into_iter().enumerate() {
        if !numbers.contains(&number) {
            all.push(Attachment::Blob(bytes.into()));
            continue;
        }
        let (writer, reader) =
            open_stream(host.clone()).map_err(|reply| error(reply.status, reply.message()))?;
        all.push(Attachment::Stream(Arc::new(reader)));
        // Whoever reads hears of what goes wrong.
        let write = async move { drop(write_all(writer, &bytes, &context).await) };
        writing.push(Box::pin(write) as Boxed<'_, ()>);
    }
    let writing = async move { drop(all_of(writing).await) };
    Ok((all, Box::pin(writing)))
}

async fn write_all(mut writer: WriteEnd, items: &[u8], context: &CallContext) -> Result<(), Closed> {
    for item in sequence(items).unwrap_or_default() {
        writer.write(item, context).await?;
    }
    writer.finish(status::OK, "");
    Ok(())
}

/// The attachments of an answer of type `ty`, in which a stream has become the sequence of its items.
///
/// # Errors
/// A stream broke off, or is longer than an answer in JSON may be.
pub(super) async fn incoming(
    host: &HostHandle,
    ty: &Type,
    reply: &Reply,
    context: CallContext,
) -> Result<Vec<Vec<u8>>, CallError> {
    let numbers = numbers(ty, reply.payload.as_bytes())?;
    let attachments = reply.attachments.as_slice().iter().enumerate();
    let read = attachments.map(|(number, buf)| {
        let (bytes, is_stream) = (buf.as_bytes(), numbers.contains(&number));
        let read = async move {
            if is_stream {
                collect(host, bytes, &context).await
            } else {
                Ok(bytes.to_vec())
            }
        };
        Box::pin(read) as Boxed<'_, _>
    });
    all_of(read.collect()).await.into_iter().collect()
}

async fn collect(host: &HostHandle, name: &[u8], context: &CallContext) -> Result<Vec<u8>, CallError> {
    let end = ReadEnd::claim(host.clone(), name).map_err(|reply| error(reply.status, reply.message()))?;
    let (mut all, mut count) = (Vec::new(), 0);
    loop {
        match end.read(context)? {
            Chunk::End => return Ok(all),
            Chunk::Later(more) => {
                let reply = more.await;
                if reply.status != status::OK {
                    return Err(error(reply.status, reply.message()));
                }
            }
            Chunk::Items(items) => {
                let unreadable =
                    |problem| error(status::INTERNAL, format!("an item of the stream: {problem}"));
                count += sequence(&items).map_err(unreadable)?.len();
                all.extend(items);
            }
        }
        check(count, "items", limits::JSON_STREAM_ITEMS)?;
        check(all.len(), "bytes", limits::JSON_STREAM_BYTES)?;
    }
}

fn check(count: usize, what: &str, limit: usize) -> Result<(), CallError> {
    if count <= limit {
        return Ok(());
    }
    let message = format!("the stream has more than {limit} {what}, the limit of an answer in JSON");
    Err(error(status::TOO_LARGE, message))
}

fn numbers(ty: &Type, payload: &[u8]) -> Result<Vec<usize>, CallError> {
    let numbers = streams(ty, payload).map_err(|problem| error(status::INTERNAL, problem.to_string()))?;
    // One that is no number of an attachment is found when the payload is read.
    Ok(numbers
        .into_iter()
        .filter_map(|it| usize::try_from(it).ok())
        .collect())
}

/// Runs all of them at the same time: whoever is at the other ends may use them in any order.
async fn all_of<T>(mut futures: Vec<Boxed<'_, T>>) -> Vec<T> {
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, done) in futures.iter_mut().zip(&mut done) {
            if done.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(cx)
            {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}
