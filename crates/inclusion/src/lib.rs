//! What exactly a project contains: the record, its formats, and what is new since another one.

pub mod record;
