//! What the tests of flows share: a package of a few files, and when it runs what it downloads.

use super::{Found, analyse};
use crate::package::Package;
use crate::unpack::{Entry, Tree, text_file};
use customs_model::{Flow, SinkKind, SourceKind, Zone};

/// The manifest of a package of npm whose `i.js` runs when it is installed.
pub(crate) const MANIFEST: &str =
    r#"{"name": "a", "version": "1.0.0", "scripts": {"postinstall": "node i.js"}}"#;

/// What is found in a package of these files.
pub(crate) fn found(entries: Vec<Entry>) -> Found {
    analyse(&Package::new(&Tree {
        entries,
        ..Tree::default()
    }))
}

/// When code runs that comes over the network, at the earliest; none where it never does.
pub(crate) fn remote_code(entries: Vec<Entry>) -> Option<Zone> {
    let flows = found(entries).flows;
    let runs = flows.iter().filter(|flow| is_remote_code(flow));
    runs.map(|flow| flow.zone).max()
}

/// Whether what comes over the network is run as code.
pub(crate) fn is_remote_code(flow: &Flow) -> bool {
    flow.source == SourceKind::Remote && flow.sink == SinkKind::DynamicCode
}

/// A package of npm whose script `i.js` runs when it is installed.
pub(crate) fn script(code: &str) -> Vec<Entry> {
    vec![
        text_file("package/package.json", MANIFEST),
        text_file("package/i.js", code),
    ]
}

/// A wheel whose module `a` has this code.
pub(crate) fn wheel(code: &str) -> Vec<Entry> {
    vec![
        text_file("a/__init__.py", code),
        text_file("a-1.0.dist-info/METADATA", "Name: a\nVersion: 1.0\n"),
    ]
}
