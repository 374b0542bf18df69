//! Copies of artifacts: tarballs, and Yarn's zips.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| customs_fuzz::copies::copies(data));
