//! What content is, told by its first bytes. A name is a claim of whoever made the
//! package; here it is only compared.

use super::asar::is_asar;
use super::zstd::is_zstd;
use serde::{Deserialize, Serialize};

/// What a file is, by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// UTF-8 text without NUL (or nothing at all).
    Text,
    /// UTF-16 text with a byte order mark.
    Utf16,
    /// A gzip stream.
    Gzip,
    /// A bzip2 stream.
    Bzip2,
    /// An xz stream.
    Xz,
    /// A stream of lzma's own, older format.
    Lzma,
    /// A zstd stream.
    Zstd,
    /// A zip archive.
    Zip,
    /// A tar archive.
    Tar,
    /// An archive of Electron's.
    Asar,
    /// An executable or library of Linux, Windows or macOS.
    Native,
    /// WebAssembly.
    Wasm,
    /// Python bytecode.
    Bytecode,
    /// An image, font, sound, video or document.
    Media,
    /// Anything else.
    Other,
}

impl Kind {
    /// Whether a reader of text can read it.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Utf16)
    }

    /// Whether it is opened, should other files be in it.
    pub(super) const fn is_archive(self) -> bool {
        matches!(
            self,
            Self::Gzip
                | Self::Bzip2
                | Self::Xz
                | Self::Lzma
                | Self::Zstd
                | Self::Zip
                | Self::Tar
                | Self::Asar
        )
    }

    /// Whether a path's extension promises something else. Only promises that a
    /// machine acts upon count: what is called an image, font, sound or library, and is
    /// text; and what is called a script, and is a program.
    pub(super) fn differs_from(self, path: &str) -> bool {
        let Some((_, extension)) = path.rsplit('/').next().unwrap_or(path).rsplit_once('.') else {
            return false;
        };
        match extension.to_ascii_lowercase().as_str() {
            "png" | "jpg" | "jpeg" | "gif" | "webp" | "ico" | "bmp" | "woff" | "woff2" | "ttf"
            | "otf" | "eot" | "wav" | "mp3" | "ogg" | "mp4" | "webm" | "node" | "so" | "dll"
            | "dylib" | "exe" | "wasm" => {
                self.is_text()
                    || (self == Self::Native
                        && !matches!(extension, "node" | "so" | "dll" | "dylib" | "exe"))
            }
            "js" | "cjs" | "mjs" | "ts" | "json" | "md" | "txt" | "css" | "py" | "rs" | "sh" => {
                matches!(
                    self,
                    Self::Native
                        | Self::Wasm
                        | Self::Zip
                        | Self::Gzip
                        | Self::Bzip2
                        | Self::Xz
                        | Self::Zstd
                )
            }
            _ => false,
        }
    }
}

/// What bytes are. Four kilobytes of a beginning are enough.
pub fn kind_of(bytes: &[u8]) -> Kind {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    if starts(b"\x1f\x8b") {
        Kind::Gzip
    } else if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") {
        Kind::Zip
    } else if bytes.get(257..262) == Some(b"ustar") {
        Kind::Tar
    } else if starts(b"\x7fELF") || native_magic(bytes) {
        Kind::Native
    } else if starts(b"\0asm") {
        Kind::Wasm
    } else if starts(b"\xfd7zXZ\0") {
        Kind::Xz
    } else if bzip2(bytes) {
        Kind::Bzip2
    } else if is_zstd(bytes) {
        Kind::Zstd
    } else if bytes.len() > 16
        && bytes[2..4] == *b"\r\n"
        && bytes[1] >= 0x0c
        && bytes[1] <= 0x0f
        && bytes[4..8].iter().all(|b| *b < 4)
    {
        Kind::Bytecode
    } else if media(bytes) {
        Kind::Media
    } else if lzma(bytes) {
        Kind::Lzma
    } else if is_asar(bytes) {
        Kind::Asar
    } else if starts(b"\xff\xfe") || starts(b"\xfe\xff") {
        Kind::Utf16
    } else if text(&bytes[..bytes.len().min(4096)]) {
        Kind::Text
    } else {
        Kind::Other
    }
}

/// `BZh`, the size of a block, and the mark of a block or of the end.
fn bzip2(bytes: &[u8]) -> bool {
    bytes.starts_with(b"BZh")
        && matches!(bytes.get(3), Some(b'1'..=b'9'))
        && matches!(
            bytes.get(4..10),
            Some(b"\x31\x41\x59\x26\x53\x59" | b"\x17\x72\x45\x38\x50\x90")
        )
}

/// The older format of lzma has no mark of its own. What `xz` goes by: parameters, a window
/// that is a power of two or one and a half, and a length that is not known or below 256 GiB.
fn lzma(bytes: &[u8]) -> bool {
    let Some([parameters, header @ ..]) = bytes.first_chunk::<13>() else {
        return false;
    };
    let Some((window, length)) = header.split_first_chunk::<4>() else {
        return false;
    };
    let window = u32::from_le_bytes(*window);
    let power =
        window.is_power_of_two() || window.is_multiple_of(3) && (window / 3).is_power_of_two();
    let length = length
        .first_chunk::<8>()
        .map_or(0, |length| u64::from_le_bytes(*length));
    // Nearly all of them; any other first byte would find them in data of every kind.
    *parameters == 0x5d
        && power
        && window >= 4096
        && (length == u64::MAX || length < 1 << 38)
        // The first byte of the stream itself is 0.
        && bytes.get(13) == Some(&0)
}

fn native_magic(bytes: &[u8]) -> bool {
    const MACH_O: [[u8; 4]; 5] = [
        [0xfe, 0xed, 0xfa, 0xce],
        [0xfe, 0xed, 0xfa, 0xcf],
        [0xce, 0xfa, 0xed, 0xfe],
        [0xcf, 0xfa, 0xed, 0xfe],
        [0xca, 0xfe, 0xba, 0xbe],
    ];
    if bytes
        .first_chunk::<4>()
        .is_some_and(|head| MACH_O.contains(head))
    {
        return true;
    }
    // `MZ` is two letters; a program has its header's offset at 0x3c.
    bytes.starts_with(b"MZ")
        && bytes.get(0x3c..0x40).is_some_and(|at| {
            let at = u32::from_le_bytes([at[0], at[1], at[2], at[3]]) as usize;
            at < 4096 && bytes.get(at..at + 2).is_none_or(|pe| pe == b"PE")
        })
}

fn media(bytes: &[u8]) -> bool {
    const MAGIC: [&[u8]; 15] = [
        b"\x89PNG",
        b"\xff\xd8\xff",
        b"GIF8",
        b"RIFF",
        b"wOFF",
        b"wOF2",
        b"\0\x01\0\0\0",
        b"OTTO",
        b"%PDF",
        b"OggS",
        b"ID3",
        b"\0\0\x01\0",
        b"fLaC",
        b"BM",
        b"\x1aE\xdf\xa3",
    ];
    MAGIC.iter().any(|magic| bytes.starts_with(magic))
        && (!bytes.starts_with(b"BM") || bytes.get(6..10) == Some(&[0; 4]))
        || bytes.get(4..8) == Some(b"ftyp")
}

/// UTF-8 without NUL; a letter that is cut at the end counts.
fn text(head: &[u8]) -> bool {
    if memchr::memchr(0, head).is_some() {
        return false;
    }
    match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => {
            // One letter in a hundred may be of an older encoding.
            error.error_len().is_none() || head.len() > 64 && strangers(head) * 100 < head.len()
        }
    }
}

fn strangers(head: &[u8]) -> usize {
    head.utf8_chunks()
        .filter(|chunk| !chunk.invalid().is_empty())
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_told_by_its_bytes() {
        assert_eq!(kind_of(b"const a = 1"), Kind::Text);
        assert_eq!(kind_of(b""), Kind::Text);
        assert_eq!(kind_of(b"MZ is how this sentence begins"), Kind::Text);
        assert_eq!(kind_of(b"\x7fELF\x02\x01"), Kind::Native);
        assert_eq!(kind_of(b"\0asm\x01\0\0\0"), Kind::Wasm);
        assert_eq!(kind_of(b"\x89PNG\r\n"), Kind::Media);
        assert_eq!(kind_of(b"a\0b"), Kind::Other);
        assert_eq!(kind_of(b"BZh is how this sentence begins"), Kind::Text);
        assert_eq!(kind_of(b"BZh9\x31\x41\x59\x26\x53\x59"), Kind::Bzip2);
        assert_eq!(kind_of(b"\xfd7zXZ\0\0\x04"), Kind::Xz);
        assert_eq!(kind_of(b"\x28\xb5\x2f\xfd\0"), Kind::Zstd);
        let passed_over = b"\x50\x2a\x4d\x18\x01\0\0\0a\x28\xb5\x2f\xfd";
        assert_eq!(kind_of(passed_over), Kind::Zstd);
        assert_eq!(kind_of(&passed_over[..9]), Kind::Other);
        let lzma = b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0\x24";
        assert_eq!(kind_of(lzma), Kind::Lzma);
        assert_eq!(kind_of(&lzma[..13]), Kind::Other);
    }

    #[test]
    fn an_image_that_is_text_differs() {
        assert!(Kind::Text.differs_from("package/logo.png"));
        assert!(!Kind::Media.differs_from("package/logo.png"));
        assert!(Kind::Native.differs_from("package/index.js"));
        assert!(!Kind::Text.differs_from("package/README"));
    }
}
