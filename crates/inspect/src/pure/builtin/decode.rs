//! Encodings and compressions.

use crate::limit::evaluating;
use crate::pure::value::{Value, to_u32};
use crate::unpack::{Codec, unpacked};
use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::io::Read;

pub(super) const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);

pub(super) const BASE64_URL: GeneralPurpose =
    GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);

pub(super) fn char_codes(args: &[Value], units: bool) -> Option<Value> {
    let codes: Option<Vec<u32>> = args.iter().map(|arg| arg.number().map(to_u32)).collect();
    let codes = codes?;
    let text: String = if units {
        char::decode_utf16(codes.iter().map(|code| *code as u16))
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    } else {
        codes
            .iter()
            .map(|code| char::from_u32(*code).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    Some(Value::Text(text.into()))
}

pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if compact.len() > evaluating::STRING {
        return None;
    }
    BASE64
        .decode(&compact)
        .or_else(|_| BASE64_URL.decode(&compact))
        .ok()
}

pub(super) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

pub(super) fn buffer_from(args: &[Value]) -> Option<Value> {
    match args.first()? {
        Value::Text(_) => {
            let text = args[0].known_text()?;
            let bytes = match args
                .get(1)
                .map_or(Some("utf8"), Value::known_text)?
                .to_ascii_lowercase()
                .as_str()
            {
                "base64" | "base64url" => from_base64(text)?,
                "hex" => hex(text.as_bytes())?,
                "binary" | "latin1" | "ascii" => text.chars().map(|c| u32::from(c) as u8).collect(),
                "utf16le" | "ucs2" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                _ => text.as_bytes().to_vec(),
            };
            Some(Value::bytes(bytes))
        }
        other => other.to_bytes().map(Value::bytes),
    }
}

/// Bytes as a text in an encoding of Node's.
pub(in crate::pure) fn encode_bytes(bytes: &[u8], encoding: &str) -> Value {
    match encoding.to_ascii_lowercase().as_str() {
        "base64" => Value::text(&BASE64.encode(bytes)),
        "hex" => Value::text(&bytes.iter().map(|b| format!("{b:02x}")).collect::<String>()),
        "binary" | "latin1" => Value::text(&latin1(bytes)),
        "ascii" => Value::text(
            &bytes
                .iter()
                .map(|b| char::from(b & 0x7f))
                .collect::<String>(),
        ),
        "utf16le" | "ucs2" => Value::text(&String::from_utf16_lossy(
            &bytes
                .chunks_exact(2)
                .map(|p| u16::from_le_bytes([p[0], p[1]]))
                .collect::<Vec<_>>(),
        )),
        _ => Value::text(&String::from_utf8_lossy(bytes)),
    }
}

pub(super) fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .iter()
        .filter(|b| !b.is_ascii_whitespace())
        .map(|b| char::from(*b).to_digit(16).map(|d| d as u8))
        .collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| {
        digits
            .chunks_exact(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect()
    })
}

pub(super) fn base32(text: &[u8]) -> Option<Vec<u8>> {
    let mut bits = 0_u64;
    let mut count = 0;
    let mut out = Vec::new();
    for byte in text.iter().filter(|b| **b != b'=') {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 | u64::from(digit);
        count += 5;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Some(out)
}

/// Base 85 in Python's two alphabets.
pub(super) fn base85(text: &[u8], ascii: bool) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] =
        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
    let mut out = Vec::new();
    let clean: Vec<u8> = text
        .iter()
        .copied()
        .filter(|b| !b.is_ascii_whitespace())
        .collect();
    for chunk in clean.chunks(5) {
        let mut value = 0_u64;
        for at in 0..5 {
            let digit = match (chunk.get(at), ascii) {
                (None, _) => 84,
                (Some(byte), true) => u64::from(byte.checked_sub(b'!')?),
                (Some(byte), false) => ALPHABET.iter().position(|b| b == byte)? as u64,
            };
            value = value * 85 + digit;
        }
        let bytes = u32::try_from(value).ok()?.to_be_bytes();
        out.extend_from_slice(&bytes[..chunk.len() - 1]);
    }
    Some(out)
}

/// Inflates what any of the three containers of deflate holds, under the bound.
pub(super) fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let read = |reader: &mut dyn Read| -> Option<Vec<u8>> {
        let mut out = Vec::new();
        reader
            .take(evaluating::STRING as u64)
            .read_to_end(&mut out)
            .ok()?;
        (!out.is_empty()).then_some(out)
    };
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return read(&mut flate2::read::GzDecoder::new(bytes));
    }
    read(&mut flate2::read::ZlibDecoder::new(bytes))
        .or_else(|| read(&mut flate2::read::DeflateDecoder::new(bytes)))
}

/// Unpacks what bzip2, xz or lzma packed, under the bound, and says how many bytes of
/// gzip's would have taken as long.
pub(super) fn expand(codec: Codec, bytes: &[u8]) -> (Option<Vec<u8>>, u64) {
    let out = unpacked(codec, bytes, evaluating::STRING as u64);
    // What fails may have been much work before it did.
    let work = match &out {
        Some(out) => out.len() as u64,
        None => codec.first(bytes).min(bytes.len() as u64 * 1000),
    };
    (out, work.saturating_mul(codec.cost()))
}

/// What Python's `lzma` takes bytes for when nobody says it.
pub(super) fn xz_or_lzma(bytes: &[u8]) -> Codec {
    if bytes.starts_with(b"\xfd7zXZ\0") {
        Codec::Xz
    } else {
        Codec::Lzma
    }
}

pub(super) fn codec(value: Option<&Value>, name: Option<&str>) -> Option<Value> {
    let value = value?;
    match name?.to_ascii_lowercase().replace(['-', '_'], "").as_str() {
        "rot13" => value.known_text().map(|text| {
            let turn = |c: char, base: u8| char::from((c as u8 - base + 13) % 26 + base);
            let text: String = text
                .chars()
                .map(|c| {
                    if c.is_ascii_lowercase() {
                        turn(c, b'a')
                    } else if c.is_ascii_uppercase() {
                        turn(c, b'A')
                    } else {
                        c
                    }
                })
                .collect();
            Value::text(&text)
        }),
        "hex" | "hexcodec" => hex(&value.to_bytes()?).map(Value::bytes),
        "base64" | "base64codec" => {
            from_base64(&String::from_utf8_lossy(&value.to_bytes()?)).map(Value::bytes)
        }
        "zlib" | "zlibcodec" | "zip" => inflate(&value.to_bytes()?).map(Value::bytes),
        "utf8" | "ascii" | "latin1" => value
            .to_bytes()
            .map(|bytes| Value::text(&String::from_utf8_lossy(&bytes))),
        _ => None,
    }
}

pub(in crate::pure) fn percent_decode(text: &str, latin: bool) -> String {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        if *byte == b'%' {
            if latin
                && tail.first() == Some(&b'u')
                && let Some(code) = tail.get(1..5).and_then(hex)
            {
                let c = char::from_u32(u32::from(code[0]) << 8 | u32::from(code[1])).unwrap_or('?');
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &tail[5..];
                continue;
            }
            if let Some(code) = tail.get(..2).and_then(hex) {
                if latin {
                    out.extend_from_slice(char::from(code[0]).encode_utf8(&mut [0; 4]).as_bytes());
                } else {
                    out.push(code[0]);
                }
                rest = &tail[2..];
                continue;
            }
        }
        out.push(*byte);
        rest = tail;
    }
    String::from_utf8_lossy(&out).into_owned()
}

pub(super) fn percent_encode(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || "-_.!~*'()/:?&=#".contains(c) || u32::from(c) > 0xfdcf {
            out.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    out
}
