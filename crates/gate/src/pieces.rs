//! Files on their way to clients, in pieces. What all clients together have been given and have not
//! taken yet is bounded: while it is little, pieces are large; above that, each client gets the next
//! small piece when it has taken the one before. A thousand clients that take nothing hold a
//! thousand small pieces.

use crate::answer::{Body, full};
use bytes::Bytes;
use futures_util::task::AtomicWaker;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

/// Bytes of a piece while there is room, and when there is none.
const LARGE: usize = 128 << 10;
const SMALL: usize = 16 << 10;
/// Bytes of all pieces that were given out, above which they are small.
const ROOM: usize = 16 << 20;

/// How much of the memory of pieces that were taken is kept: 2 MB.
const SPARES: usize = 16;

/// What all clients together were given.
struct Pool {
    /// Bytes of all pieces that nobody has taken yet.
    out: AtomicUsize,
    /// Memory of large pieces that were taken, for the next ones: what is new to a process costs it a
    /// fault for every page, which is more than the bytes cost.
    spare: Mutex<Vec<Vec<u8>>>,
}

/// The pool of all connections of this process.
static POOL: Pool = Pool::new();

impl Pool {
    const fn new() -> Self {
        Self {
            out: AtomicUsize::new(0),
            spare: Mutex::new(Vec::new()),
        }
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pieces of one client.
#[derive(Clone)]
pub(crate) struct Pieces {
    given: Arc<Given>,
    pool: &'static Pool,
}

#[derive(Default)]
struct Given {
    bytes: AtomicUsize,
    taken: AtomicWaker,
}

impl Default for Pieces {
    fn default() -> Self {
        Self::of(&POOL)
    }
}

impl Pieces {
    fn of(pool: &'static Pool) -> Self {
        let given = Arc::default();
        Self { given, pool }
    }

    /// How many bytes the next piece may have; waits where the client has one that it did not take
    /// and there is little room.
    pub async fn room(&self) -> usize {
        std::future::poll_fn(|context| self.poll_room(context)).await
    }

    fn poll_room(&self, context: &Context<'_>) -> Poll<usize> {
        if self.pool.out.load(Ordering::Relaxed) < ROOM {
            return Poll::Ready(LARGE);
        }
        // Before the look: what is taken in between wakes it.
        self.given.taken.register(context.waker());
        match self.given.bytes.load(Ordering::Acquire) {
            0 => Poll::Ready(SMALL),
            _ => Poll::Pending,
        }
    }

    /// Gives a piece out.
    pub fn give(&self, read: Buffer) -> Bytes {
        let count = read.length;
        read.pool.out.fetch_add(read.takes(), Ordering::Relaxed);
        self.given.bytes.fetch_add(count, Ordering::AcqRel);
        let given = self.given.clone();
        Bytes::from_owner(Piece { read, given })
    }

    /// The next bytes of a file: exactly so many, and no more than [`Pieces::room`] said.
    pub fn read(&self, file: &mut File, count: usize) -> io::Result<Buffer> {
        let pool = self.pool;
        let bytes = match count > LARGE / 2 && count <= LARGE {
            true => {
                let spare = pool.spare().pop();
                spare.unwrap_or_else(|| vec![0; LARGE])
            }
            false => vec![0; count],
        };
        let mut read = Buffer {
            bytes,
            length: count,
            pool,
        };
        file.read_exact(&mut read.bytes[..count])?;
        Ok(read)
    }
}

/// A piece; taken when it is dropped.
struct Piece {
    read: Buffer,
    given: Arc<Given>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        self.read.as_ref()
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let count = self.read.length;
        let out = &self.read.pool.out;
        out.fetch_sub(self.read.takes(), Ordering::Relaxed);
        if self.given.bytes.fetch_sub(count, Ordering::AcqRel) == count {
            self.given.taken.wake();
        }
    }
}

/// Bytes that were read.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    length: usize,
    pool: &'static Pool,
}

impl Buffer {
    /// The memory that it takes: more than its bytes, where it is one of those that are used again.
    fn takes(&self) -> usize {
        self.bytes.len()
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.bytes.len() == LARGE {
            let mut spare = self.pool.spare();
            if spare.len() < SPARES {
                spare.push(std::mem::take(&mut self.bytes));
            }
        }
    }
}

/// A file, or a part of it, as a body; memory stays bounded whatever its size. Where the connection can,
/// the system sends it.
///
/// # Errors
/// It cannot be opened.
pub fn file_body(path: &Path, from: u64, length: u64) -> io::Result<Body> {
    let file = File::open(path)?;
    if length <= SMALL as u64 {
        return body_of(Pieces::default(), file, from, length);
    }
    #[cfg(target_os = "linux")]
    let file = match crate::wire::sent_by_the_system(file, from, length) {
        Ok(body) => return Ok(body),
        Err(file) => file,
    };
    body_of(Pieces::default(), file, from, length)
}

fn body_of(pieces: Pieces, mut file: File, from: u64, length: u64) -> io::Result<Body> {
    if from > 0 {
        file.seek(io::SeekFrom::Start(from))?;
    }
    if length <= SMALL as u64 {
        let read = pieces.read(&mut file, length as usize)?;
        return Ok(full(pieces.give(read)));
    }
    let all = futures_util::stream::unfold((file, length), move |(mut file, left)| {
        let pieces = pieces.clone();
        async move {
            if left == 0 {
                return None;
            }
            let room = pieces.room().await as u64;
            // From the page cache as a rule. A slow disk holds up one of the threads that serve.
            match pieces.read(&mut file, left.min(room) as usize) {
                Ok(read) => {
                    let left = left - read.length as u64;
                    Some((Ok(Frame::data(pieces.give(read))), (file, left)))
                }
                Err(error) => Some((Err(error), (file, 0))),
            }
        }
    });
    Ok(StreamBody::new(all).boxed_unsync())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::time::Duration;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    /// A pool of a test's own: what is given out elsewhere in this process is not counted in it.
    fn pool() -> &'static Pool {
        Box::leak(Box::new(Pool::new()))
    }

    #[tokio::test]
    async fn many_who_take_nothing_get_little_and_who_takes_it_gets_all() {
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|at| at as u8).collect();
        let (file, pool) = (file(&bytes), pool());
        let open = || file.reopen().unwrap();
        let body = |from, length| body_of(Pieces::of(pool), open(), from, length).unwrap();
        let whole = body(0, 1_000_000).collect().await.unwrap().to_bytes();
        assert!(whole == bytes);
        let part = body(999_000, 1_000).collect().await.unwrap().to_bytes();
        assert!(part == bytes[999_000..]);
        assert!(body(500_000, 600_000).collect().await.is_err(), "too short");

        // Each takes a first piece from here, and keeps it.
        let mut held = Vec::new();
        for _ in 0..1_000 {
            let mut body = body(0, 1_000_000);
            let piece = body.frame().await.unwrap().unwrap().into_data().unwrap();
            held.push((body, piece));
        }
        let out = pool.out.load(Ordering::Relaxed);
        assert!(out < ROOM + LARGE + 1_000 * SMALL, "{out}");
        // The next one comes when the first is taken, and not before.
        let (mut body, piece) = held.pop().unwrap();
        assert_eq!(piece.len(), SMALL);
        let soon = Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, body.frame()).await.is_err());
        drop(piece);
        let next = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert!(next == bytes[SMALL..2 * SMALL]);
        drop((held, next));
        // What is counted is memory, and a small file takes no more than it is long.
        for (count, takes) in [(17_000, 17_000), (LARGE - 1, LARGE), (LARGE, LARGE)] {
            let pieces = Pieces::of(pool);
            let read = pieces.read(&mut file.reopen().unwrap(), count).unwrap();
            assert_eq!((read.as_ref().len(), read.takes()), (count, takes));
        }
        drop((body, part));
        assert_eq!(pool.out.load(Ordering::Relaxed), 0, "all is taken");
        // Memory that was used before has nothing of before in it.
        let again = body_of(Pieces::of(pool), open(), 1, 999_999).unwrap();
        let whole = again.collect().await.unwrap().to_bytes();
        assert!(whole == bytes[1..]);
        let spare = pool.spare();
        assert!((1..=SPARES).contains(&spare.len()), "{}", spare.len());
    }

    #[tokio::test]
    async fn what_is_given_out_of_one_pool_takes_no_room_of_another() {
        let file = file(&[7; 2 * LARGE]);
        let (full, other) = (pool(), pool());
        full.out.store(ROOM, Ordering::Relaxed);
        let first = |pool| {
            let open = file.reopen().unwrap();
            let mut body = body_of(Pieces::of(pool), open, 0, LARGE as u64).unwrap();
            async move { body.frame().await.unwrap().unwrap().into_data().unwrap() }
        };
        assert_eq!(first(full).await.len(), SMALL);
        assert_eq!(first(other).await.len(), LARGE);
        assert_eq!(full.out.load(Ordering::Relaxed), ROOM);
    }
}
