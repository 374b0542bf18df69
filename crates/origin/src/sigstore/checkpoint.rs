//! Whose signature stands under a log's state.
//!
//! A line of signature in a signed note names a key by its name and by four bytes that follow from name and key.
//! The library goes by the bytes alone. A line with the log's bytes under another name is none of the log's keys.
//! Source: <https://c2sp.org/signed-note>.

use super::Bundle;
use crate::why::{Refusal, Why};
use sigstore_verify::types::TransparencyLogEntry;

/// Whether each state that is signed with a log's key is signed in the log's name.
pub(super) fn check(bundle: &Bundle) -> Result<(), Refusal> {
    bundle.entries().iter().try_for_each(named)
}

fn named(entry: &TransparencyLogEntry) -> Result<(), Refusal> {
    let proof = entry.inclusion_proof.as_ref();
    let Some(state) = proof.and_then(|proof| proof.checkpoint.checkpoint()) else {
        return Ok(());
    };
    let id = entry.log_id.key_id.as_bytes();
    let lines = state.signatures().iter();
    let mut own = lines
        .filter(|line| id.starts_with(line.key_id.as_bytes()))
        .peekable();
    // A log may sign its states with another key than the one that it is called by.
    if own.peek().is_none() || own.any(|line| is_of(&line.name, state.origin())) {
        return Ok(());
    }
    let detail = format!("no line of signature has the name of {:?}", state.origin());
    Err(Refusal::new(Why::LogCheckpoint, detail))
}

/// Rekor v1 writes the number of its tree behind its name.
fn is_of(name: &str, origin: &str) -> bool {
    let rest = origin.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" - "))
}
