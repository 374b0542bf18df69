//! What exactly a project contains: the record, its formats, and what is new since another one.

pub mod compare;
pub mod cyclonedx;
pub mod dsse;
pub mod json;
pub mod key;
pub mod limit;
pub mod markdown;
pub mod question;
pub mod record;
mod shown;
pub mod spdx;
pub mod table;
#[cfg(test)]
mod testing;
pub mod vsa;
mod write;

pub use write::WriteError;
