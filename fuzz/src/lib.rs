//! What the fuzz targets do with their bytes. The bodies stand in files of their own, so that
//! tests of the workspace include and run them as well, on a stable compiler and without a
//! fuzzer: `crates/inspect/tests/fuzzed.rs`, `crates/rules/tests/fuzzed.rs`.

pub mod artifacts;
pub mod judgement;
pub mod short;
