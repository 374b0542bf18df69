//! Records of package managers beside what they install, and cargo's lists.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| customs_fuzz::installed::installed(data));
