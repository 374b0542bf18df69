//! What installers of Python leave: lists, commands, settings, compiled files.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| customs_fuzz::lockfiles::environments(data));
