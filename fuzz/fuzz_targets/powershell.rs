//! PowerShell: scripts, hooks, encoded commands.
#![no_main]

use customs_fuzz::artifacts;

libfuzzer_sys::fuzz_target!(|data: &[u8]| artifacts::run(artifacts::powershell, data));
