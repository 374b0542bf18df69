//! Settings of package managers, manifests, and changes of them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| customs_fuzz::settings::settings(data));
