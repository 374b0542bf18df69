//! What lies on one machine. Reads files, changes none.

pub mod clone;
pub mod tree;
