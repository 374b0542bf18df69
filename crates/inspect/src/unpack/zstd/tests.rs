use super::*;
use base64::Engine as _;
use proptest::prelude::*;

// The lines of `lines`, by `zstd -1` and `zstd -19`.
const FAST: &str = "KLUv/QRItQwAlhw9FpAnaQNicXXD2u6OlFBLSTuNPNeXAhw6ADMANQCllmf8+/KM9bQ8o0g9RkWFeMkwjFdVDRGR//OM1ZnhGYdtnvFtecYSCkaCAwoFDAIIILyBAitQeEYJtS/EFkPZHsge6naNPZBtU21xsf+yTy3P2Jq3POM90/KMQ9gtz1jktjwjWVqesUa1POOoZ6yo0s8zilQ/wzPW1JnhGf/XMzzjqGlneMYarszwjGS3ZnjGopZmeMYhpJ/hGW/pzNTwzAiEgpHggEMkPiaqmRLdI0TTKaIhog6fSISHSAabSMolIssvd/0ypl/s/63nF/uf0f9C/hrqZ4DTqCG4V0ma+x2go5QOEBBlWB9x30kru0V7l6ac7FXam3RS18u82HVUfXPeVf/wyHVyBE0CnSlyLM26ksCRFOlIteNIoBtFjqJZJxJ/PV+1LkfP6Tk7P2tdxs7Tc3p+GFJdSAJK4ifrwcyz6MycU9zU3GZPg83MO2Y2mKOlCpYsS0EDKOuS0UgO0TKwaGBRwSIDiwYGArdmS9wuon79KvAepLQ=";
const SMALL: &str = "KLUv/QRo9QsAZlw6E7AZOrwhxfCHWe29pUwp+eLscCA6ADQAMQDUznlWYZlmKVJZ/jzJ0hw3bCkkJOQ1Y5RXVZmIqP+Ltkvbk5zCMAIWhhUSmw0QggVmCsLBsNhMYdgEpTwZUtKTUaOjpYOq1Rp1KpVaft8aVNctJbbtyYdl+dd0OnMqLGT5hISvPThYSFssFpVEYvX3ab/Phfy+E8731WB9L9L3YnEx0cTEZ4eHTZbL5Xhm3TdJtj2s66FpmlU6Hs8UlgaA0Wjk7mi0sjka7fWMRjNdo9FMNBpLT6MNqWm0GS2NNlXSiDrfN29937j0fdP++8iA6agRYNXe/w6woxTSARA4AfLtaj38d4mGnmK3EySiNqxE6biBGogHZRAeZbADdWENaNpY4M2MqdniYrrvSnHfEtp9R4Z/HQr5bAT2qQAuA+K8TxWoNsVOemuVqDLlTnorVawyZU1+K1WUmmZNPqtWlJpiZ1412k5+VLIj2Rvp9Q1I/Zw83NuYCkCdVpfrBvplq/AepLQ=";

fn lines() -> String {
    (0..60)
        .map(|n| format!("{} is {n} times {n}, and {} of it\n", n * n, n % 7))
        .collect()
}

fn bytes(text: &str) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap()
}

fn read(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    Frame::new(packed)?.read_to_end(&mut out)?;
    Ok(out)
}

/// A frame with a window of 1 KiB: the kind of each block, its length, and what it holds.
fn frame(blocks: &[(u32, usize, &[u8])]) -> Vec<u8> {
    let mut out = [&MAGIC[..], &[0, 0]].concat();
    for (at, (kind, length, content)) in blocks.iter().enumerate() {
        let is_last = u32::from(at + 1 == blocks.len());
        let head = u32::try_from(*length).unwrap() << 3 | kind << 1 | is_last;
        out.extend_from_slice(&head.to_le_bytes()[..3]);
        out.extend_from_slice(content);
    }
    out
}

#[test]
fn what_the_tool_packs_is_read() {
    for packed in [FAST, SMALL].map(bytes) {
        assert_eq!(String::from_utf8(read(&packed).unwrap()).unwrap(), lines());
    }
}

#[test]
fn blocks_that_are_not_packed_are_read() {
    let packed = frame(&[(0, 3, b"abc"), (0, 0, b""), (1, 5, b"x"), (0, 1, b"!")]);
    assert_eq!(read(&packed).unwrap(), b"abcxxxxx!");
    assert_eq!(read(&frame(&[(0, 0, b"")])).unwrap(), b"");
    // The kind that is kept for later, and a block that is too long.
    assert!(read(&frame(&[(3, 1, b"x")])).is_err());
    assert!(read(&frame(&[(1, BLOCK + 1, b"x")])).is_err());
}

#[test]
fn what_stands_in_front_of_the_window_is_let_go() {
    let mut blocks = vec![(1, BLOCK, &b"x"[..]); 40];
    blocks.push((0, 1, b"!"));
    let packed = frame(&blocks);
    let mut frame = Frame::new(packed.as_slice()).unwrap();
    let mut out = Vec::new();
    frame.read_to_end(&mut out).unwrap();
    assert_eq!(out.len(), 40 * BLOCK + 1);
    assert_eq!(out.last(), Some(&b'!'));
    assert!(frame.out.len() <= SLACK + 2 * BLOCK);
}

/// A block without literals, whose sequences each copy the 65,539 bytes that begin four back.
fn copies(count: u8) -> Vec<u8> {
    // One symbol for each field: no literals, the second of the last distances, the longest
    // copy with 16 bits to add, which are 0.
    let head = [0, count, 0x54, 0, 0, 52];
    [&head[..], &vec![0; 2 * usize::from(count)], &[1]].concat()
}

#[test]
fn a_block_that_says_more_than_a_block_may_hold_is_broken() {
    let with = |count| {
        let block = copies(count);
        read(&frame(&[(0, 8, b"abcdefgh"), (2, block.len(), &block)]))
    };
    let one = with(1).unwrap();
    assert_eq!(one.len(), 8 + 65_539);
    assert!(one.starts_with(b"abcdefghefghefgh"));
    assert_eq!(with(2).unwrap_err().kind(), io::ErrorKind::InvalidData);
}

#[test]
fn a_window_is_bounded() {
    let kind = |packed: &[u8]| Frame::new(packed).err().map(|error| error.kind());
    let mut packed = frame(&[(0, 1, b"x")]);
    packed[5] = 17 << 3;
    assert_eq!(kind(&packed), None);
    packed[5] += 1;
    assert_eq!(kind(&packed), Some(io::ErrorKind::OutOfMemory));
    // The length of the content is that of the window: 4 GiB less a byte.
    let single = [&MAGIC[..], b"\xa0\xff\xff\xff\xff\x01\0\0"].concat();
    assert_eq!(kind(&single), Some(io::ErrorKind::OutOfMemory));
}

#[test]
fn a_dictionary_that_is_not_there_is_said() {
    let packed = [&MAGIC[..], b"\x01\0\x07\x01\0\0"].concat();
    let error = read(&packed).unwrap_err().to_string();
    assert_eq!(error, "it needs a dictionary that is not there");
}

#[test]
fn a_checksum_is_passed_over_and_has_to_be_there() {
    let packed = [&MAGIC[..], b"\x04\0\x09\0\0xsums"].concat();
    assert_eq!(read(&packed).unwrap(), b"x");
    assert!(read(&packed[..packed.len() - 1]).is_err());
}

#[test]
fn what_stands_behind_a_frame_is_left() {
    let mut packed = frame(&[(0, 1, b"x")]);
    packed.extend_from_slice(b"more");
    let mut frame = Frame::new(packed.as_slice()).unwrap();
    frame.read_to_end(&mut Vec::new()).unwrap();
    assert_eq!(frame.into_inner(), b"more");
}

proptest! {
    #[test]
    fn any_bytes_in_a_frame_have_an_answer(
        fast in any::<bool>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut packed = bytes(if fast { FAST } else { SMALL });
        for (at, byte) in changes {
            // Behind the header: one with a large window has nothing else to say.
            let at = 6 + at.index(packed.len() - 6);
            packed[at] = byte;
        }
        packed.truncate(cut.index(packed.len()) + 1);
        if let Ok(out) = read(&packed) {
            prop_assert!(out.len() <= packed.len() * BLOCK);
        }
    }
}
