//! Files that the system sends: from its memory of files to the connection, without a copy of them in
//! this process (`sendfile`).
//!
//! hyper writes what bodies give it and knows of no files. So a body gives it a *stand-in*: a piece as
//! long as the part of the file, in memory that nothing else uses and nobody reads. hyper hands pieces
//! of bodies on as they are, without a copy, where a stream takes several at once, and the stream below
//! it knows a stand-in by its address and has the system send the part of the file in its place. A
//! stand-in that comes when no part is due, or whose length is not that of the part that is, ends the
//! connection: bytes of stand-ins never leave.

use bytes::Bytes;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use rustix::fs::sendfile;
use rustix::net::{SendFlags, send};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use crate::answer::Body;

/// What stands in for parts of files. Only its addresses are used: as it is never written or read, no
/// memory stands behind them.
static STAND_IN: LazyLock<Box<[u8]>> = LazyLock::new(|| vec![0; LONGEST].into_boxed_slice());

/// Bytes of a part: so long that a connection is filled at once, and so short that none has to wait long
/// for another one's.
const LONGEST: usize = 512 << 10;

/// Files that are on their way on one connection, in the order in which they are written.
#[derive(Clone, Default)]
pub(crate) struct Parts(Arc<Mutex<VecDeque<Part>>>);

/// A part of a file that was given out.
struct Part {
    file: Arc<File>,
    from: u64,
    left: usize,
}

tokio::task_local! {
    /// The files of the connection that is being answered; none where it cannot send any.
    static CONNECTION: Parts;
}

/// Answers a request of a connection that sends files itself.
pub(crate) async fn answering<T>(parts: Parts, answer: impl Future<Output = T>) -> T {
    CONNECTION.scope(parts, answer).await
}

/// A part of a file as a body that the connection sends, where it can. None where it cannot.
pub(crate) fn sent_by_the_system(file: File, from: u64, length: u64) -> Result<Body, File> {
    let Ok(parts) = CONNECTION.try_with(Clone::clone) else {
        return Err(file);
    };
    let begin = (Arc::new(file), from, length);
    let pieces = futures_util::stream::unfold(begin, move |(file, from, left)| {
        let parts = parts.clone();
        async move {
            let most = left.min(LONGEST as u64) as usize;
            if most == 0 {
                return None;
            }
            let stands_in = parts.give(&file, from, most);
            let rest = (file, from + most as u64, left - most as u64);
            Some((Ok(Frame::data(stands_in)), rest))
        }
    });
    Ok(StreamBody::new(pieces).boxed_unsync())
}

impl Parts {
    /// Gives out a part of a file; what stands in for it.
    fn give(&self, file: &Arc<File>, from: u64, length: usize) -> Bytes {
        let length = length.min(LONGEST);
        self.all().push_back(Part {
            file: Arc::clone(file),
            from,
            left: length,
        });
        Bytes::from_static(&STAND_IN[..length])
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<Part>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether bytes stand in for a part of a file.
fn stands_in(bytes: &[u8]) -> bool {
    let all = STAND_IN.as_ptr_range();
    !bytes.is_empty() && all.contains(&bytes.as_ptr())
}

/// A connection that sends files.
pub(crate) struct Wire {
    stream: TcpStream,
    parts: Parts,
}

impl Wire {
    pub fn new(stream: TcpStream) -> Self {
        let parts = Parts::default();
        Self { stream, parts }
    }

    /// The files that it sends.
    pub fn parts(&self) -> Parts {
        self.parts.clone()
    }

    /// Has the system write, as soon as it takes something.
    fn poll_system(
        &self,
        context: &mut Context<'_>,
        mut write: impl FnMut(&TcpStream) -> rustix::io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_write_ready(context))?;
            let wrote = self
                .stream
                .try_io(Interest::WRITABLE, || Ok(write(&self.stream)?));
            match wrote {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                wrote => return Poll::Ready(wrote),
            }
        }
    }

    /// Sends some of the part that is due, for which these bytes stand in.
    fn poll_send(&self, context: &mut Context<'_>, stands_in: usize) -> Poll<io::Result<usize>> {
        let mut parts = self.parts.all();
        let due = parts.front_mut().filter(|part| part.left == stands_in);
        let Some(part) = due else {
            let why = "a part of a file is not the one that is due";
            return Poll::Ready(Err(io::Error::other(why)));
        };
        let sent = ready!(self.poll_system(context, |stream| {
            let mut from = part.from;
            sendfile(stream, &part.file, Some(&mut from), part.left)
        }));
        let sent = sent?;
        if sent == 0 {
            let why = "a file became shorter while it was sent";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, why)));
        }
        part.from += sent as u64;
        part.left = part.left.saturating_sub(sent);
        if part.left == 0 {
            parts.pop_front();
        }
        Poll::Ready(Ok(sent))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match stands_in(bytes) {
            true => self.poll_send(context, bytes.len()),
            false => Pin::new(&mut self.stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut filled = pieces.iter().filter(|piece| !piece.is_empty());
        match filled.next() {
            Some(first) if stands_in(first) => return self.poll_send(context, first.len()),
            // The head of an answer travels with the first bytes of its file.
            Some(first) if filled.next().is_some_and(|next| stands_in(next)) => {
                return self.poll_system(context, |stream| send(stream, first, SendFlags::MORE));
            }
            Some(_) | None => {}
        }
        let before = pieces.iter().take_while(|piece| !stands_in(piece)).count();
        Pin::new(&mut self.stream).poll_write_vectored(context, &pieces[..before])
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::body::Incoming;
    use hyper::header::CONTENT_LENGTH;
    use hyper::service::service_fn;
    use hyper::{Request, Response};
    use hyper_util::rt::TokioIo;
    use std::io::Write as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// Two ends of a connection.
    async fn both() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let there = TcpStream::connect(listener.local_addr().unwrap());
        let (there, here) = tokio::join!(there, listener.accept());
        (there.unwrap(), here.unwrap().0)
    }

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    /// Bytes that differ everywhere.
    fn many(length: usize) -> Vec<u8> {
        let word = |at: u64| at.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
        (0..length as u64).flat_map(word).take(length).collect()
    }

    #[tokio::test]
    async fn parts_of_files_arrive_between_other_bytes_whole_and_in_order() {
        let (mut there, here) = both().await;
        let all = many(3 << 20);
        let bytes = all.clone();
        let served = tokio::spawn(async move {
            let wire = Wire::new(here);
            let parts = wire.parts();
            let service = service_fn(move |request: Request<Incoming>| {
                let bytes = bytes.clone();
                answering(parts.clone(), async move {
                    let from: usize = request.uri().path()[1..].parse().unwrap();
                    let length = (bytes.len() - from) as u64;
                    let body = sent_by_the_system(file(&bytes), from as u64, length).unwrap();
                    let mut response = Response::new(body);
                    let headers = response.headers_mut();
                    headers.insert(CONTENT_LENGTH, length.into());
                    Ok::<_, io::Error>(response)
                })
            });
            let connection = hyper::server::conn::http1::Builder::new();
            let served = connection.serve_connection(TokioIo::new(wire), service);
            served.await.unwrap();
        });
        let from = [0, all.len() - 10, 1_234_567];
        // Asked for at once, so that one answer follows the other.
        let asked: String = from
            .iter()
            .map(|at| format!("GET /{at} HTTP/1.1\r\nhost: x\r\n\r\n"))
            .collect();
        there.write_all(asked.as_bytes()).await.unwrap();
        for at in from {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(there.read_u8().await.unwrap());
            }
            assert!(head.starts_with(b"HTTP/1.1 200"), "{head:?}");
            let mut body = vec![0; all.len() - at];
            there.read_exact(&mut body).await.unwrap();
            assert!(body == all[at..], "{at}");
        }
        drop(there);
        served.await.unwrap();
    }

    #[tokio::test]
    async fn what_stands_in_never_leaves() {
        let (mut there, here) = both().await;
        let mut wire = Wire::new(here);
        let parts = wire.parts();
        // Nothing is due.
        assert!(wire.write_all(&STAND_IN[..10]).await.is_err());
        // Another part is.
        let stands_in = parts.give(&Arc::new(file(&many(100))), 0, 100);
        assert!(wire.write_all(&stands_in[..10]).await.is_err());
        wire.write_all(&stands_in).await.unwrap();
        // The file became shorter.
        let stands_in = parts.give(&Arc::new(file(&many(100))), 90, 20);
        let error = wire.write_all(&stands_in).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        drop(wire);
        let mut got = Vec::new();
        there.read_to_end(&mut got).await.unwrap();
        let expected = many(100);
        assert!(got == [&expected[..], &expected[90..]].concat());
    }

    #[tokio::test]
    async fn a_connection_that_sends_no_files_is_given_bytes() {
        assert!(sent_by_the_system(file(b"x"), 0, 1).is_err());
    }
}
