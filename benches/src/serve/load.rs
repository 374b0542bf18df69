//! A load generator: threads with one keep-alive connection each, that send the same request
//! again when the answer is there. It is to be cheaper than any server: a body is thrown away by
//! the kernel (`MSG_TRUNC`), not copied.

use crate::error::{Doing as _, Error};
use std::io::{Read as _, Write as _};
#[cfg(target_os = "linux")]
use std::mem::MaybeUninit;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Bytes of the head of an answer.
const HEAD: usize = 16 << 10;
/// Bytes that are thrown away at a time, at most.
const PIECE: usize = 1 << 20;
/// `MSG_TRUNC`: of a stream, bytes are taken and given to nobody.
#[cfg(target_os = "linux")]
const TRUNCATE: i32 = 0x20;
/// How long a server may be silent.
const SILENCE: Duration = Duration::from_secs(60);

/// What a server did under load.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done {
    /// Whole answers.
    pub answers: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// From the first request to the last answer.
    pub seconds: f64,
}

impl Done {
    /// Answers in a second.
    pub fn rate(&self) -> f64 {
        self.answers as f64 / self.seconds
    }

    /// Bytes in a second.
    pub fn byte_rate(&self) -> f64 {
        self.bytes as f64 / self.seconds
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, with small letters.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// A `GET` on a loopback port.
pub fn get(port: u16, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut text = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    (text + "\r\n").into_bytes()
}

/// Has a request answered, and throws away whatever comes: what is asked for the first time may flow
/// while it arrives, and has no length then.
pub fn first(port: u16, request: &[u8]) -> Result<(), Error> {
    let mut connection = Connection::open(port)?;
    let head = request.strip_suffix(b"\r\n").unwrap_or(request);
    connection.send(&[head, b"Connection: close\r\n\r\n"].concat())?;
    let copied = std::io::copy(&mut connection.stream, &mut std::io::sink());
    copied.map(drop).doing("read an answer")
}

/// One answer, whole.
pub fn once(port: u16, request: &[u8]) -> Result<Answer, Error> {
    let mut connection = Connection::open(port)?;
    connection.send(request)?;
    let (head, over) = connection.head()?;
    let mut body = over;
    let begun = body.len();
    body.resize(
        usize::try_from(head.length)
            .unwrap_or(usize::MAX)
            .max(begun),
        0,
    );
    let rest = body.get_mut(begun..).unwrap_or_default();
    connection.stream.read_exact(rest).doing("read an answer")?;
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        body,
    })
}

/// Sends `requests` in turn over `connections` connections for so long. Each answer must have
/// the status.
pub fn run(
    port: u16,
    requests: &[Vec<u8>],
    status: u16,
    connections: usize,
    time: Duration,
) -> Result<Done, Error> {
    let requests: Arc<[Vec<u8>]> = requests.into();
    let begun = Instant::now();
    let end = begun + time;
    let all: Vec<_> = (0..connections)
        .map(|at| {
            let requests = requests.clone();
            std::thread::spawn(move || one(port, &requests, at, status, end))
        })
        .collect();
    sum(all, begun)
}

/// Sends each of `requests` once, over `connections` connections. Each answer must have the status.
pub fn each(
    port: u16,
    requests: &Arc<[Vec<u8>]>,
    status: u16,
    connections: usize,
) -> Result<Done, Error> {
    let begun = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let all: Vec<_> = (0..connections)
        .map(|_| {
            let (requests, next) = (requests.clone(), next.clone());
            std::thread::spawn(move || -> Result<Done, Error> {
                let mut connection = Connection::open(port)?;
                let mut done = Done::default();
                while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    done.bytes += connection.ask(request, status)?;
                    done.answers += 1;
                }
                Ok(done)
            })
        })
        .collect();
    sum(all, begun)
}

/// Sends each of `requests` once, and gives the validator of each answer, in their order.
pub fn validators(
    port: u16,
    requests: &Arc<[Vec<u8>]>,
    connections: usize,
) -> Result<Vec<String>, Error> {
    let next = Arc::new(AtomicUsize::new(0));
    let all: Vec<_> = (0..connections)
        .map(|_| {
            let (requests, next) = (requests.clone(), next.clone());
            std::thread::spawn(move || -> Result<Vec<(usize, String)>, Error> {
                let mut connection = Connection::open(port)?;
                let mut found = Vec::new();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(request) = requests.get(at) else {
                        return Ok(found);
                    };
                    connection.send(request)?;
                    let (head, over) = connection.head()?;
                    connection.discard(head.length.saturating_sub(over.len() as u64))?;
                    let etag = head.headers.into_iter().find(|(name, _)| name == "etag");
                    let (_, etag) = etag.ok_or_else(|| Error::said("an answer has no ETag"))?;
                    found.push((at, etag));
                }
            })
        })
        .collect();
    let mut found = Vec::with_capacity(requests.len());
    for thread in all {
        let part = thread.join();
        found.extend(part.map_err(|_| Error::said("a thread of the load ended early"))??);
    }
    found.sort();
    Ok(found.into_iter().map(|(_, etag)| etag).collect())
}

fn sum(
    threads: Vec<std::thread::JoinHandle<Result<Done, Error>>>,
    begun: Instant,
) -> Result<Done, Error> {
    let mut done = Done::default();
    for thread in threads {
        let part = thread.join();
        let part = part.map_err(|_| Error::said("a thread of the load ended early"))??;
        done.answers += part.answers;
        done.bytes += part.bytes;
    }
    done.seconds = begun.elapsed().as_secs_f64();
    Ok(done)
}

fn one(
    port: u16,
    requests: &[Vec<u8>],
    first: usize,
    status: u16,
    end: Instant,
) -> Result<Done, Error> {
    let mut connection = Connection::open(port)?;
    let mut done = Done::default();
    // Each connection begins elsewhere, so that they do not ask for the same at the same time.
    let turn = requests
        .iter()
        .cycle()
        .skip(first * 7 % requests.len().max(1));
    for request in turn {
        done.bytes += connection.ask(request, status)?;
        done.answers += 1;
        if Instant::now() >= end {
            break;
        }
    }
    Ok(done)
}

struct Head {
    status: u16,
    length: u64,
    headers: Vec<(String, String)>,
}

/// A connection that is kept.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Nothing is ever written there.
    #[cfg(target_os = "linux")]
    thrown: Vec<MaybeUninit<u8>>,
}

impl Connection {
    /// To a loopback port.
    pub fn open(port: u16) -> Result<Self, Error> {
        let stream = TcpStream::connect(("127.0.0.1", port)).doing("connect to a server")?;
        stream.set_nodelay(true).doing("set up a connection")?;
        stream
            .set_read_timeout(Some(SILENCE))
            .doing("set up a connection")?;
        Ok(Self {
            stream,
            buffer: vec![0; HEAD],
            #[cfg(target_os = "linux")]
            thrown: vec![MaybeUninit::uninit(); PIECE],
        })
    }

    /// Sends a request.
    pub fn send(&mut self, request: &[u8]) -> Result<(), Error> {
        self.stream.write_all(request).doing("send a request")
    }

    /// Sends a request and throws the answer away; gives the bytes of its body.
    pub fn ask(&mut self, request: &[u8], status: u16) -> Result<u64, Error> {
        self.send(request)?;
        let (head, over) = self.head()?;
        if head.status != status {
            return Err(Error::said(format!(
                "a server answered {} where {status} was expected",
                head.status
            )));
        }
        self.discard(head.length.saturating_sub(over.len() as u64))?;
        Ok(head.length)
    }

    /// Sends a request and throws the answer away; gives its status.
    pub fn status(&mut self, request: &[u8]) -> Result<u16, Error> {
        self.send(request)?;
        let (head, over) = self.head()?;
        self.discard(head.length.saturating_sub(over.len() as u64))?;
        Ok(head.status)
    }

    /// The head of an answer, and what came of its body with it.
    fn head(&mut self) -> Result<(Head, Vec<u8>), Error> {
        let mut have = 0;
        loop {
            let room = self.buffer.get_mut(have..HEAD).unwrap_or_default();
            if room.is_empty() {
                return Err(Error::said("the head of an answer is too long"));
            }
            let read = self.stream.read(room).doing("read an answer")?;
            if read == 0 {
                return Err(Error::said("a server closed a connection"));
            }
            have += read;
            let so_far = self.buffer.get(..have).unwrap_or_default();
            if let Some(end) = so_far.windows(4).position(|four| four == b"\r\n\r\n") {
                let (text, over) = so_far.split_at(end);
                let over = over.get(4..).unwrap_or_default().to_vec();
                return Ok((parse(text)?, over));
            }
        }
    }

    /// Throws bytes away.
    fn discard(&mut self, mut left: u64) -> Result<(), Error> {
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            #[cfg(target_os = "linux")]
            let room = self.thrown.get_mut(..most).unwrap_or_default();
            #[cfg(not(target_os = "linux"))]
            let room = self.buffer.get_mut(..most.min(HEAD)).unwrap_or_default();
            #[cfg(target_os = "linux")]
            let got = socket2::SockRef::from(&self.stream)
                .recv_with_flags(room, TRUNCATE)
                .doing("read a body")?;
            #[cfg(not(target_os = "linux"))]
            let got = self.stream.read(room).doing("read a body")?;
            if got == 0 {
                return Err(Error::said("a server closed a connection in an answer"));
            }
            left -= got as u64;
        }
        Ok(())
    }
}

fn parse(text: &[u8]) -> Result<Head, Error> {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let status: u16 = status
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| Error::said("an answer has no status"))?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse().ok());
    let length = match (status, length) {
        (304, _) => 0,
        (_, Some(length)) => length,
        // Nobody here reads chunks.
        (_, None) => return Err(Error::said(format!("an answer {status} has no length"))),
    };
    Ok(Head {
        status,
        length,
        headers,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn answers_are_counted_and_their_bodies_thrown_away() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                std::thread::spawn(move || {
                    let mut asked = [0; 512];
                    while stream.read(&mut asked).unwrap_or(0) > 0 {
                        let body = "x".repeat(300_000);
                        let text =
                            format!("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n{body}");
                        stream.write_all(text.as_bytes()).unwrap();
                    }
                });
            }
        });
        let request = get(port, "/", &[("Accept", "*/*")]);
        let answer = once(port, &request).unwrap();
        assert_eq!((answer.status, answer.body.len()), (200, 300_000));
        let time = Duration::from_millis(50);
        let done = run(port, std::slice::from_ref(&request), 200, 2, time).unwrap();
        assert!(done.answers >= 2);
        assert_eq!(done.bytes, done.answers * 300_000);
        assert!(run(port, &[request], 304, 1, time).is_err());
    }

    #[test]
    fn a_head_is_read_with_its_length() {
        let head = parse(b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"").unwrap();
        assert_eq!((head.status, head.length), (304, 0));
        assert!(parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked").is_err());
    }
}
