//! The store of evidence, and reports that are checked.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| customs_fuzz::answers::answers(data));
