//! JavaScript and TypeScript that a hook runs.
#![no_main]

use customs_fuzz::artifacts;

libfuzzer_sys::fuzz_target!(|data: &[u8]| artifacts::run(artifacts::javascript, data));
