//! `customs.lock`: what is read is written as the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| customs_fuzz::evidence::trust_file(data));
