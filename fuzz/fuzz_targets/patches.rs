//! Patch files, applied.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| customs_fuzz::copies::patches(data));
