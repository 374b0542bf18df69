//! Small questions to servers of this machine.

use crate::error::Error;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// More of an answer than this is not read.
const MAX_ANSWER: u64 = 4 << 20;

/// A port that nobody had a moment ago.
pub fn free_port() -> Result<u16, Error> {
    let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    let address = port.map_err(Error::io("find a port on", Path::new("loopback")))?;
    Ok(address.port())
}

/// Status and body of an answer.
///
/// # Errors
/// Nobody answers, or not with HTTP.
pub fn get(port: u16, path: &str) -> io::Result<(u16, String)> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut stream = TcpStream::connect_timeout(&address, ANSWER)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(ANSWER))?;
    // In the older form, so that the body comes as it is.
    write!(
        stream,
        "GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n"
    )?;
    let mut bytes = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let no_http = || io::Error::new(io::ErrorKind::InvalidData, "that is no HTTP");
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(no_http)?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Ok((status.ok_or_else(no_http)?, body.to_owned()))
}

/// The sum of all series of a number on a page of Prometheus' text format.
pub fn sum(page: &str, name: &str) -> f64 {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    let ours = lines.filter_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let bare = series.split('{').next()?;
        (bare == name).then(|| value.parse::<f64>().ok())?
    });
    ours.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead as _, BufReader};

    #[test]
    fn an_answer_is_read_to_its_end() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut line = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            reader.read_line(&mut line).unwrap();
            // What is not read to its end is answered by a reset.
            let mut head = String::new();
            while head != "\r\n" {
                head.clear();
                reader.read_line(&mut head).unwrap();
            }
            stream
                .write_all(b"HTTP/1.0 503 No\r\nx: y\r\n\r\nwhy\n")
                .unwrap();
            line
        });
        assert_eq!(get(port, "/readyz").unwrap(), (503, "why\n".to_owned()));
        assert_eq!(server.join().unwrap(), "GET /readyz HTTP/1.0\r\n");
    }

    #[test]
    fn the_series_of_a_number_are_added_up() {
        let page = "# HELP a x\na{served=\"cache\"} 3\na{served=\"upstream\"} 2\nab 7\n";
        assert_eq!(sum(page, "a"), 5.0);
        assert_eq!(sum(page, "c"), 0.0);
    }
}
