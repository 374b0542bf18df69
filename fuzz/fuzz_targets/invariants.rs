//! The same bytes give the same answer, and what is printed of it steers no terminal.
#![no_main]

use customs_fuzz::artifacts;

libfuzzer_sys::fuzz_target!(|data: &[u8]| artifacts::run(artifacts::invariants, data));
