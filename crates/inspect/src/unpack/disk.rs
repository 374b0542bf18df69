//! A file whose own errors are told apart from those of what it holds.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

/// What is read, and the last error that it gave itself.
pub(super) struct Disk<F> {
    file: F,
    failed: Option<io::Error>,
}

impl<F> Disk<F> {
    pub const fn new(file: F) -> Self {
        Self { file, failed: None }
    }

    /// Why it could not be read, if so.
    pub fn failed(self) -> Option<io::Error> {
        self.failed
    }
}

impl<F: Read> Read for Disk<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.file.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let kind = error.kind();
                    self.failed = Some(error);
                    return Err(kind.into());
                }
                Ok(count) => return Ok(count),
            }
        }
    }
}

impl<F: Seek> Seek for Disk<F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;

    /// Gives some bytes, is interrupted once, and fails then.
    struct Broken(Vec<Result<Vec<u8>, ErrorKind>>);

    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let bytes = self.0.pop().unwrap_or_else(|| Ok(Vec::new()))?;
            buffer[..bytes.len()].copy_from_slice(&bytes);
            Ok(bytes.len())
        }
    }

    #[test]
    fn an_error_of_the_disk_is_known_behind_a_decoder() {
        let mut disk = Disk::new(Broken(vec![
            Err(ErrorKind::StorageFull),
            Ok(vec![0x1f, 0x8b, 8]),
            Err(ErrorKind::Interrupted),
        ]));
        assert!(GzDecoder::new(&mut disk).read(&mut [0; 8]).is_err());
        let failed = disk.failed().map(|error| error.kind());
        assert_eq!(failed, Some(ErrorKind::StorageFull));
    }

    #[test]
    fn broken_bytes_are_no_error_of_the_disk() {
        let mut disk = Disk::new(&b"no archive at all"[..]);
        assert!(GzDecoder::new(&mut disk).read(&mut [0; 8]).is_err());
        assert!(disk.failed().is_none());
    }
}
