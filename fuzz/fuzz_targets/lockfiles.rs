//! Lockfiles: reading, and leading addresses away and back to the byte. The first byte
//! chooses the kind.
#![no_main]

use customs_ecosystem::lockfile::{self, Kind};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((kind, bytes)) = data.split_first() else { return };
    let kind = Kind::ALL[usize::from(*kind) % Kind::ALL.len()];
    let _ = lockfile::read(kind, bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let there = |url: &str| url.strip_prefix("https://a.example/").map(|r| format!("http://127.0.0.1:1/{r}"));
    let back = |url: &str| url.strip_prefix("http://127.0.0.1:1/").map(|r| format!("https://a.example/{r}"));
    if text.contains("127.0.0.1") {
        return;
    }
    if let Ok(new) = lockfile::toward_gate(kind, text, &there)
        && new.changed > 0
    {
        let again = lockfile::from_gate(kind, &new.text, &back).expect("what was written can be read");
        assert_eq!(again.changed, new.changed);
    }
});
