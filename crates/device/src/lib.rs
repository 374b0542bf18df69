//! What lies on one machine. Reads files, changes none.

pub mod artifact;
pub mod caches;
pub mod clone;
pub mod tree;
