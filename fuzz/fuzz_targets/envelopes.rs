//! Signed summaries and keys: nothing opens that nobody signed.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| customs_fuzz::inclusion::envelopes(data));
