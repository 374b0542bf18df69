//! Archives: tar, gzip, zip, and archives in archives.
#![no_main]

use customs_fuzz::artifacts;

libfuzzer_sys::fuzz_target!(|data: &[u8]| artifacts::run(artifacts::unpack, data));
