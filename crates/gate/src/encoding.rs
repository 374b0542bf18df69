//! In which coding a document is sent: what the client accepts, compressed once.
//!
//! Only documents: an artifact is compressed already, and its digest is that of its bytes.

use hyper::header::{ACCEPT_ENCODING, HeaderMap};
use std::io::{self, Write};

/// How hard brotli and zstd try: a document is compressed once and sent many times, but somebody
/// waits for the first time.
const BROTLI: u32 = 5;
const BROTLI_WINDOW: u32 = 22;
const ZSTD: i32 = 3;
/// Bytes that brotli gathers before it writes.
const GATHERED: usize = 64 << 10;

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Encoding {
    /// Its name in headers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// The one that a client accepts most; of equals the one that is soonest unpacked. None: it
    /// accepts none of these, or likes the plain bytes better.
    pub fn accepted(headers: &HeaderMap) -> Option<Self> {
        let all = headers.get_all(ACCEPT_ENCODING).iter();
        let all = all.filter_map(|value| value.to_str().ok());
        let mut best: Option<(u16, Self)> = None;
        let mut plain = 0;
        for part in all.flat_map(|text| text.split(',')) {
            let (name, weight) = weighed(part);
            if name.eq_ignore_ascii_case("identity") {
                plain = weight;
            }
            let Some(known) = Self::named(name) else {
                continue;
            };
            let better = |(most, one): (u16, Self)| (weight, known.rank()) > (most, one.rank());
            if weight > 0 && best.is_none_or(better) {
                best = Some((weight, known));
            }
        }
        best.filter(|(weight, _)| *weight >= plain)
            .map(|(_, one)| one)
    }

    fn named(name: &str) -> Option<Self> {
        let all = [Self::Gzip, Self::Brotli, Self::Zstd];
        all.into_iter()
            .find(|one| name.eq_ignore_ascii_case(one.word()))
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Gzip => 0,
            Self::Brotli => 1,
            Self::Zstd => 2,
        }
    }

    /// Writes what `write` writes, compressed.
    ///
    /// # Errors
    /// What `write` or `out` returns.
    pub fn write(
        self,
        out: &mut dyn Write,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        match self {
            Self::Gzip => {
                let level = flate2::Compression::default();
                let mut packed = flate2::write::GzEncoder::new(out, level);
                write(&mut packed)?;
                packed.finish().map(drop)
            }
            Self::Zstd => {
                let mut packed = zstd::stream::Encoder::new(out, ZSTD)?;
                write(&mut packed)?;
                packed.finish().map(drop)
            }
            Self::Brotli => {
                let out = Remembers { out, failed: None };
                let mut packed =
                    brotli::CompressorWriter::new(out, GATHERED, BROTLI, BROTLI_WINDOW);
                write(&mut packed)?;
                // Its last bytes are written here, and what goes wrong with them is not told.
                match packed.into_inner().failed {
                    None => Ok(()),
                    Some(error) => Err(error),
                }
            }
        }
    }
}

/// A coding and its weight in thousandths (RFC 9110, 12.4.2). A weight that cannot be read is none.
fn weighed(part: &str) -> (&str, u16) {
    let (name, parameters) = part.split_once(';').unwrap_or((part, ""));
    let weight = match parameters.trim() {
        "" => 1.0,
        text => {
            let text = text.strip_prefix("q=").or_else(|| text.strip_prefix("Q="));
            text.and_then(|text| text.trim().parse::<f32>().ok())
                .unwrap_or(0.0)
        }
    };
    // From 0 to 1000, whatever was sent.
    (name.trim(), (weight.clamp(0.0, 1.0) * 1000.0) as u16)
}

/// Remembers the first failure.
struct Remembers<'a> {
    out: &'a mut dyn Write,
    failed: Option<io::Error>,
}

impl Remembers<'_> {
    fn told<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        done.map_err(|error| {
            let kind = error.kind();
            self.failed.get_or_insert(error);
            kind.into()
        })
    }
}

impl Write for Remembers<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.out.write(bytes);
        self.told(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.out.flush();
        self.told(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;
    use std::io::Read as _;

    fn of(text: &str) -> Option<Encoding> {
        let value = HeaderValue::from_str(text).unwrap();
        Encoding::accepted(&HeaderMap::from_iter([(ACCEPT_ENCODING, value)]))
    }

    #[test]
    fn what_a_client_accepts_most_is_taken() {
        assert_eq!(of("gzip, deflate, br"), Some(Encoding::Brotli));
        assert_eq!(of("gzip, deflate, br, zstd"), Some(Encoding::Zstd));
        assert_eq!(of("GZip"), Some(Encoding::Gzip));
        assert_eq!(of("zstd;q=0.5, gzip;q=0.9"), Some(Encoding::Gzip));
        assert_eq!(of("br;q=0, gzip;q=0"), None);
        assert_eq!(of("identity, gzip;q=0.5"), None);
        assert_eq!(of("gzip;q=0.5, identity;q=0.5"), Some(Encoding::Gzip));
        assert_eq!(of("deflate, *"), None);
        assert_eq!(of("gzip;q=x"), None);
        assert_eq!(of("gzip;q=9"), Some(Encoding::Gzip));
        assert_eq!(Encoding::accepted(&HeaderMap::new()), None);
    }

    #[test]
    fn what_is_compressed_is_what_was_written() {
        let text = br#"{"name":"a","versions":{}}"#.repeat(10_000);
        for encoding in [Encoding::Gzip, Encoding::Brotli, Encoding::Zstd] {
            let mut packed = Vec::new();
            encoding
                .write(&mut packed, |out| out.write_all(&text))
                .unwrap();
            assert!(packed.len() < text.len() / 20, "{}", encoding.word());
            let mut plain = Vec::new();
            match encoding {
                Encoding::Gzip => flate2::read::GzDecoder::new(&packed[..])
                    .read_to_end(&mut plain)
                    .map(drop),
                Encoding::Brotli => brotli::Decompressor::new(&packed[..], 4096)
                    .read_to_end(&mut plain)
                    .map(drop),
                Encoding::Zstd => zstd::stream::copy_decode(&packed[..], &mut plain),
            }
            .unwrap();
            assert!(plain == text, "{}", encoding.word());
        }
    }

    /// Takes so many bytes and no more.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let some = bytes.len().min(self.0);
            self.0 -= some;
            match some {
                0 => Err(io::ErrorKind::StorageFull.into()),
                some => Ok(some),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_disk_that_is_full_at_the_last_byte_is_told() {
        for encoding in [Encoding::Gzip, Encoding::Brotli, Encoding::Zstd] {
            for room in [0, 10, 30] {
                let done = encoding.write(&mut Full(room), |out| {
                    out.write_all(b"a short text that compresses to some forty bytes, more or less")
                });
                let error = done.unwrap_err();
                assert_eq!(
                    error.kind(),
                    io::ErrorKind::StorageFull,
                    "{}",
                    encoding.word()
                );
            }
        }
    }
}
