//! Frames over a byte stream: a tag, a length that counts itself, and a body.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// One message of the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) tag: u8,
    pub(crate) body: Bytes,
}

/// A stream cut into frames.
pub(crate) struct Framed<S> {
    stream: S,
    unread: BytesMut,
    limit: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Framed<S> {
    /// Frames of at most `limit` bytes, over `stream`.
    pub(crate) fn new(stream: S, limit: usize) -> Framed<S> {
        Framed { stream, unread: BytesMut::with_capacity(8192), limit }
    }

    /// The next frame, or `None` when the peer closed the stream between two frames. Nothing is lost when the caller
    /// stops waiting.
    ///
    /// # Errors
    /// `InvalidData` for a frame over the limit, else what the stream says.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Frame>> {
        if !self.fill(5).await? {
            return Ok(None);
        }
        let tag = self.unread[0];
        let length = u32::from_be_bytes([self.unread[1], self.unread[2], self.unread[3], self.unread[4]]);
        let body = self.body_length(length)?;
        self.fill(5 + body).await?;
        self.unread.advance(5);
        Ok(Some(Frame { tag, body: self.unread.split_to(body).freeze() }))
    }

    /// Whether the next frame is here already, all of it.
    pub(crate) fn has_next(&self) -> bool {
        let length =
            self.unread.get(1..5).and_then(<[u8]>::first_chunk).map(|length| u32::from_be_bytes(*length));
        length.is_some_and(|length| self.unread.len() as u64 > u64::from(length))
    }

    /// The tags and bodies of the frames that are here already, all of each.
    pub(crate) fn here(&self) -> impl Iterator<Item = (u8, &[u8])> {
        let mut unread = &self.unread[..];
        std::iter::from_fn(move || {
            let (&[tag, a, b, c, d], _) = unread.split_first_chunk()?;
            let end = 1 + u32::from_be_bytes([a, b, c, d]) as usize;
            let body = unread.get(5..end)?;
            unread = &unread[end..];
            Some((tag, body))
        })
    }

    /// Waits until some of the next frame is here, or the end of the stream; nothing is lost when the caller stops waiting.
    pub(crate) async fn ready(&mut self) -> io::Result<()> {
        self.fill(1).await.map(drop)
    }

    /// The next packet without a tag: what a connection begins with.
    pub(crate) async fn packet(&mut self) -> io::Result<Option<Bytes>> {
        if !self.fill(4).await? {
            return Ok(None);
        }
        let length = u32::from_be_bytes([self.unread[0], self.unread[1], self.unread[2], self.unread[3]]);
        let body = self.body_length(length)?;
        self.unread.advance(4);
        if !self.fill(body).await? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some(self.unread.split_to(body).freeze()))
    }

    /// Sends bytes and flushes them.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Sends the first of `bytes`, as much as is taken at once.
    pub(crate) async fn send_some(&mut self, bytes: &mut Bytes) -> io::Result<()> {
        match self.stream.write_buf(bytes).await? {
            0 => Err(io::ErrorKind::WriteZero.into()),
            _ => Ok(()),
        }
    }

    /// Says goodbye to the peer.
    pub(crate) async fn close(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }

    /// The stream itself, refused when bytes behind it have been read already: they would be lost.
    pub(crate) fn into_stream(self) -> io::Result<S> {
        if self.unread.is_empty() { Ok(self.stream) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    fn body_length(&self, length: u32) -> io::Result<usize> {
        match (length as usize).checked_sub(4) {
            Some(body) if body <= self.limit => Ok(body),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "invalid message length")),
        }
    }

    /// Reads until `wanted` bytes are there; false when the stream ended before the first of them.
    async fn fill(&mut self, wanted: usize) -> io::Result<bool> {
        while self.unread.len() < wanted {
            self.unread.reserve(wanted - self.unread.len());
            if self.stream.read_buf(&mut self.unread).await? == 0 {
                return if self.unread.is_empty() {
                    Ok(false)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
    }

    fn read(bytes: &[u8], limit: usize) -> Vec<io::Result<Option<Frame>>> {
        block(async {
            let (mut near, far) = tokio::io::duplex(1 << 16);
            near.write_all(bytes).await.expect("the pipe is wide enough");
            drop(near);
            let mut framed = Framed::new(far, limit);
            let mut seen = Vec::new();
            loop {
                let next = framed.next().await;
                let last = !matches!(next, Ok(Some(_)));
                seen.push(next);
                if last {
                    return seen;
                }
            }
        })
    }

    #[test]
    fn frames_come_out_one_by_one_until_the_stream_ends() {
        let frames = read(b"Q\0\0\0\x06x\0S\0\0\0\x04", 10);
        assert_eq!(frames.len(), 3);
        let first = frames[0].as_ref().expect("readable").as_ref().expect("a frame");
        assert_eq!((first.tag, &first.body[..]), (b'Q', &b"x\0"[..]));
        assert!(matches!(frames[2], Ok(None)));
    }

    #[test]
    fn the_next_frame_is_here_when_its_last_byte_is() {
        for (bytes, here) in [(&b"S\0\0\0\x04Q\0\0\0\x06x\0"[..], true), (b"S\0\0\0\x04Q\0\0\0\x06x", false)]
        {
            let mut framed = Framed::new(std::io::Cursor::new(bytes.to_vec()), 10);
            assert!(!framed.has_next());
            block(framed.next()).expect("readable");
            assert_eq!(framed.has_next(), here, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_here_can_be_looked_at_before_it_is_taken() {
        let bytes = b"S\0\0\0\x04Q\0\0\0\x06x\0S\0\0\0\x04Q\0\0\0\x06x";
        let mut framed = Framed::new(std::io::Cursor::new(bytes.to_vec()), 10);
        block(framed.next()).expect("readable");
        let here: Vec<(u8, &[u8])> = framed.here().collect();
        assert_eq!(here, [(b'Q', &b"x\0"[..]), (b'S', b"")]);
        assert_eq!(block(framed.next()).expect("readable").map(|frame| frame.tag), Some(b'Q'));
    }

    #[test]
    fn a_frame_over_the_limit_or_shorter_than_its_length_is_refused() {
        assert_eq!(read(b"Q\0\0\x01\0x", 10)[0].as_ref().unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(read(b"Q\0\0\0\x03", 10)[0].as_ref().unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_stream_that_ends_inside_a_frame_is_an_error() {
        assert_eq!(read(b"Q\0\0\0\x08x", 10)[0].as_ref().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
