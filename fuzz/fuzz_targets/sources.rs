//! Source maps, attributes of git, and artifacts as source comparison reads them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| customs_fuzz::evidence::sources(data));
