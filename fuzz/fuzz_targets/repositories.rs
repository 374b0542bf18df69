//! What a clone says is checked out, and objects of git.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| customs_fuzz::installed::repositories(data));
