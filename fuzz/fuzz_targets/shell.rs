//! Shell: scripts, hooks, texts that a program hands to a shell.
#![no_main]

use customs_fuzz::artifacts;

libfuzzer_sys::fuzz_target!(|data: &[u8]| artifacts::run(artifacts::shell, data));
