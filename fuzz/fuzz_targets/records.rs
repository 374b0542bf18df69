//! Inclusion records, and every format of them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| customs_fuzz::inclusion::records(data));
