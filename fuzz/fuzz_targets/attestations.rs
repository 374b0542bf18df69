//! Statements, bundles, roots and the documents around them: nothing holds that nobody signed.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| customs_fuzz::evidence::attestations(data));
