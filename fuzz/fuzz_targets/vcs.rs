//! What a crate says of its commit: a claim, never a proof.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| customs_fuzz::evidence::vcs_info(data));
