//! Archives of Electron, and streams of bzip2, xz, lzma and zstd.
#![no_main]

use customs_fuzz::artifacts;

libfuzzer_sys::fuzz_target!(|data: &[u8]| artifacts::run(artifacts::compressed, data));
