//! Programs and libraries of machines, and WebAssembly.
#![no_main]

use customs_fuzz::artifacts;

libfuzzer_sys::fuzz_target!(|data: &[u8]| artifacts::run(artifacts::native, data));
