//! What the fuzz targets do with their bytes. The bodies stand in files of their own, so that
//! tests of the workspace include and run them as well, on a stable compiler and without a
//! fuzzer: `tests/fuzzed.rs` of `device`, `ecosystem`, `inclusion`, `inspect`, `origin`, `registry`,
//! `rules`.

pub mod answers;
pub mod artifacts;
pub mod copies;
pub mod evidence;
pub mod inclusion;
pub mod installed;
pub mod judgement;
pub mod lockfiles;
pub mod settings;
pub mod short;
