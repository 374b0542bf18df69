//! Bodies that read inclusion records, signed summaries and keys.

use customs_inclusion::{compare, cyclonedx, dsse, json, key, markdown, spdx, table, vsa};
use customs_model::printable;

/// What a target does with its bytes.
pub type Body = fn(&[u8]);

/// The bodies, by the names of their targets.
pub const BODIES: [(&str, Body); 2] = [("records", records), ("envelopes", envelopes)];

/// The seed of the key that signs what may be opened.
pub const SEED: [u8; 32] = [7; 32];

/// A record: what is read is written as the same, and every format of it steers no terminal.
///
/// # Panics
/// Where it is not.
pub fn records(data: &[u8]) {
    let record = match json::read(data) {
        Ok(record) => record,
        Err(error) => return plain(&error.to_string()),
    };
    let text = json::text(&record).expect("JSON");
    assert_eq!(
        json::read(text.as_bytes()).expect("what was written can be read"),
        record
    );
    let newly = compare::compare(&record, &record);
    assert!(!newly.is_loud(), "a record differs from itself");
    for shown in [
        text,
        table::packages(&record),
        table::files(&record),
        markdown::summary(&record),
        compare::text(&newly),
        cyclonedx::text(&record).expect("CycloneDX"),
        spdx::text(&record).expect("SPDX"),
    ] {
        shown.lines().for_each(plain);
    }
}

/// Envelopes and keys. Only what the key's owner signed is opened; the first byte chooses.
///
/// # Panics
/// Where something else is.
pub fn envelopes(data: &[u8]) {
    let Some((way, bytes)) = data.split_first() else {
        return;
    };
    let own = key::of_seed(&SEED);
    match way % 4 {
        0 | 1 => {
            let opened = dsse::open(bytes, vsa::PAYLOAD_TYPE, &own.verifying_key());
            match opened {
                Ok(payload) => assert_eq!(payload, signed(), "nobody signed this"),
                Err(error) => plain(&error.to_string()),
            }
            if let Err(error) = vsa::verify(bytes, &own.verifying_key()) {
                plain(&error.to_string());
            }
        }
        2 => drop(key::private(bytes)),
        _ => drop(key::public(bytes)),
    }
}

/// The one payload that [`SEED`]'s key has signed.
pub fn signed() -> Vec<u8> {
    br#"{"_type": "https://in-toto.io/Statement/v1", "subject": []}"#.to_vec()
}

fn plain(text: &str) {
    assert_eq!(
        printable(text, usize::MAX),
        text,
        "what is said steers a terminal"
    );
}
