//! Length-prefixed protobufs on a stream: the framing of every Waku request protocol.
//!
//! Streams may be opened long before they are used, so the wait for the first byte is left to the caller;
//! from then on the frame must be complete within [`EXCHANGE_TIMEOUT`].

use std::{io, time::Duration};

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use prost::{Message, length_delimiter_len};
use tokio::time::timeout;

use crate::limits::EXCHANGE_TIMEOUT;

/// Longest length prefix: lengths are far below 2^28.
const MAX_PREFIX: usize = 4;

/// Reads one frame of at most `max` bytes; waits for its first byte as long as the caller lets it.
pub(crate) async fn read_bytes(io: &mut (impl AsyncRead + Unpin), max: usize) -> io::Result<Vec<u8>> {
    let mut first = [0];
    io.read_exact(&mut first).await?;
    let rest = read_rest(io, first[0], max);
    in_time(EXCHANGE_TIMEOUT, "frame was not completed in time", rest).await
}

/// Reads one frame of at most `max` bytes, all of it within a time.
pub(crate) async fn read_bytes_within(
    io: &mut (impl AsyncRead + Unpin),
    max: usize,
    time: Duration,
) -> io::Result<Vec<u8>> {
    in_time(time, "no answer in time", read_whole(io, max)).await
}

/// Reads one frame of at most `max` bytes, however long that takes.
pub(crate) async fn read_whole(io: &mut (impl AsyncRead + Unpin), max: usize) -> io::Result<Vec<u8>> {
    let mut first = [0];
    io.read_exact(&mut first).await?;
    read_rest(io, first[0], max).await
}

/// As [`read_bytes`], for a frame that is a protobuf.
pub(crate) async fn read<M: Message + Default>(
    io: &mut (impl AsyncRead + Unpin),
    max: usize,
) -> io::Result<M> {
    decoded(&read_bytes(io, max).await?)
}

/// As [`read`], with a limit on the wait for the first byte too.
pub(crate) async fn read_soon<M: Message + Default>(
    io: &mut (impl AsyncRead + Unpin),
    max: usize,
) -> io::Result<M> {
    decoded(&read_bytes_within(io, max, EXCHANGE_TIMEOUT).await?)
}

/// Writes one frame.
pub(crate) async fn write<M: Message>(io: &mut (impl AsyncWrite + Unpin), message: &M) -> io::Result<()> {
    write_framed(io, &message.encode_length_delimited_to_vec()).await
}

/// The frame of these bytes: their length, and they.
pub(crate) fn framed(bytes: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(length_delimiter_len(bytes.len()) + bytes.len());
    let mut length = bytes.len();
    while length > 0x7f {
        frame.push(length as u8 | 0x80);
        length >>= 7;
    }
    frame.push(length as u8);
    frame.extend_from_slice(bytes);
    frame
}

/// Writes bytes that are framed already.
pub(crate) async fn write_framed(io: &mut (impl AsyncWrite + Unpin), frame: &[u8]) -> io::Result<()> {
    write_framed_within(io, frame, EXCHANGE_TIMEOUT).await
}

/// As [`write_framed`], within another time.
pub(crate) async fn write_framed_within(
    io: &mut (impl AsyncWrite + Unpin),
    frame: &[u8],
    time: Duration,
) -> io::Result<()> {
    in_time(time, "frame was not taken in time", async {
        io.write_all(frame).await?;
        io.flush().await
    })
    .await
}

async fn in_time<T>(
    time: Duration,
    text: &'static str,
    work: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    timeout(time, work)
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, text))?
}

fn decoded<M: Message + Default>(bytes: &[u8]) -> io::Result<M> {
    M::decode(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

async fn read_rest(io: &mut (impl AsyncRead + Unpin), first: u8, max: usize) -> io::Result<Vec<u8>> {
    let mut length = usize::from(first & 0x7f);
    let mut last = first;
    let mut read = 1;
    while last & 0x80 != 0 {
        if read == MAX_PREFIX {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "length prefix is too long",
            ));
        }
        let mut byte = [0];
        io.read_exact(&mut byte).await?;
        last = byte[0];
        length |= usize::from(last & 0x7f) << (7 * read);
        read += 1;
    }
    if length > max {
        let text = format!("frame of {length} bytes exceeds the maximum of {max} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    let mut bytes = vec![0; length];
    io.read_exact(&mut bytes).await?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use futures::io::Cursor;
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, PartialEq, Message)]
    struct Text {
        #[prost(string, tag = "1")]
        text: String,
    }

    async fn decode(bytes: &[u8], max: usize) -> io::Result<Text> {
        read(&mut Cursor::new(bytes), max).await
    }

    #[tokio::test]
    async fn frames_are_read_back_up_to_the_limit() {
        let message = Text {
            text: "x".repeat(300),
        };
        let mut bytes = Vec::new();
        write(&mut bytes, &message).await.unwrap();
        assert_eq!(bytes.len(), 2 + 3 + 300);
        assert_eq!(decode(&bytes, 303).await.unwrap(), message);
        let error = decode(&bytes, 302).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "frame of 303 bytes exceeds the maximum of 302 bytes"
        );
    }

    #[tokio::test]
    async fn an_endless_prefix_and_an_early_end_are_errors() {
        let endless = decode(&[0xff; 9], 1000).await.unwrap_err();
        assert_eq!(endless.to_string(), "length prefix is too long");
        assert_eq!(
            decode(&[5, 1], 1000).await.unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
        assert_eq!(
            decode(&[], 1000).await.unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
    }

    #[test]
    fn bytes_are_framed_as_a_protobuf_is() {
        for length in [0, 1, 127, 128, 16_383, 16_384] {
            let text = Text {
                text: "x".repeat(length),
            };
            assert_eq!(
                framed(&text.encode_to_vec()),
                text.encode_length_delimited_to_vec(),
                "{length}"
            );
        }
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let _ = runtime.block_on(decode(&bytes, 1000));
        }
    }
}
