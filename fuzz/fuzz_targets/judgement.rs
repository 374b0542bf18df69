//! The rules over any inspection: what they say is safe to print.
#![no_main]

use customs_fuzz::{artifacts, judgement};

libfuzzer_sys::fuzz_target!(|data: &[u8]| artifacts::run(judgement::judgement, data));
