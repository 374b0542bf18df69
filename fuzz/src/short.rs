//! A short run of a body without a fuzzer: seeds, and mutations of them. The same inputs come
//! every time, so that a number names one.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes of an input. Longer ones are for the fuzzer.
const LONGEST: usize = 16 << 10;

/// Gives a body the seeds, and so many mutations of them. `CUSTOMS_FUZZ=NAME:NUMBER` runs one
/// input alone.
///
/// # Panics
/// Where the body does; the message names the input. What ends the process leaves the number
/// in `customs-fuzz-NAME` in the folder for temporary files.
pub fn run(name: &str, seeds: &[Vec<u8>], tokens: &[&str], count: usize, body: &dyn Fn(&[u8])) {
    assert!(!seeds.is_empty(), "{name} has no seeds");
    let only = std::env::var("CUSTOMS_FUZZ").ok();
    let only = only
        .as_deref()
        .and_then(|text| text.split_once(':'))
        .filter(|(target, _)| *target == name)
        .and_then(|(_, number)| number.parse::<usize>().ok());
    let mark = std::env::temp_dir().join(format!("customs-fuzz-{name}"));
    for number in 0..seeds.len() + count {
        if only.is_some_and(|only| only != number) {
            continue;
        }
        let data = match seeds.get(number) {
            Some(seed) => seed.clone(),
            None => mutated(name, seeds, tokens, number),
        };
        // Without it, only the report is poorer.
        let _ = std::fs::write(&mark, number.to_string());
        if let Err(cause) = catch_unwind(AssertUnwindSafe(|| body(&data))) {
            let shown = data[..data.len().min(300)].escape_ascii();
            panic!(
                "CUSTOMS_FUZZ={name}:{number} ({} bytes, beginning with {shown}): {}",
                data.len(),
                words(&*cause)
            );
        }
    }
    let _ = std::fs::remove_file(&mark);
}

fn words(cause: &(dyn Any + Send)) -> &str {
    cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words")
}

/// Numbers that look like chance and are always the same.
struct Numbers(u64);

impl Numbers {
    fn of(name: &str, number: usize) -> Self {
        // FNV-1a; the state must not be zero.
        let mut state = 0xcbf2_9ce4_8422_2325_u64 ^ number as u64;
        for byte in name.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let mut numbers = Self(state | 1);
        for _ in 0..8 {
            numbers.next();
        }
        numbers
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below a bound, which is not zero.
    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

fn mutated(name: &str, seeds: &[Vec<u8>], tokens: &[&str], number: usize) -> Vec<u8> {
    let mut chance = Numbers::of(name, number);
    let mut data = seeds[chance.below(seeds.len())].clone();
    for _ in 0..1 + chance.below(4) {
        mutate(&mut data, seeds, tokens, &mut chance);
        data.truncate(LONGEST);
    }
    data
}

fn mutate(data: &mut Vec<u8>, seeds: &[Vec<u8>], tokens: &[&str], chance: &mut Numbers) {
    const ODD: [&[u8]; 8] = [
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xf0\x9f\x98",
        "\u{202e}".as_bytes(),
        b"\r",
        "\u{fdd0}?\u{fdd1}".as_bytes(),
        b"\x1b[2J",
    ];
    let at = chance.below(data.len() + 1);
    match chance.below(9) {
        // Bits.
        0 => {
            if let Some(byte) = data.get_mut(at) {
                *byte ^= 1 << chance.below(8);
            }
        }
        1 => {
            if let Some(byte) = data.get_mut(at) {
                *byte = chance.next() as u8;
            }
        }
        2 => data.truncate(at),
        // The end of another one.
        3 => {
            let other = &seeds[chance.below(seeds.len())];
            let from = chance.below(other.len() + 1);
            data.truncate(at);
            data.extend_from_slice(&other[from..]);
        }
        // A block, several times.
        4 => {
            let end = (at + 1 + chance.below(40)).min(data.len());
            let block = data[at..end].repeat(1 + chance.below(60));
            drop(data.splice(at..at, block));
        }
        5 => {
            let end = (at + 1 + chance.below(60)).min(data.len());
            data.drain(at..end);
        }
        // A token, several times: that nests.
        6 | 7 => {
            if !tokens.is_empty() {
                let times = if chance.below(8) == 0 { 400 } else { 1 };
                let token = tokens[chance.below(tokens.len())];
                drop(data.splice(at..at, token.repeat(times).into_bytes()));
            }
        }
        _ => {
            let odd = ODD[chance.below(ODD.len())];
            drop(data.splice(at..at, odd.iter().copied()));
        }
    }
}
