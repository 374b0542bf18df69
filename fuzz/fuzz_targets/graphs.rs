//! Who asks for which release, and where packages lie. The first byte chooses the kind.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| customs_fuzz::lockfiles::graphs(data));
