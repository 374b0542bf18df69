//! Repositories of roots of trust that nobody signed.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| customs_fuzz::evidence::tuf(data));
