//! Bodies that read what installers and lockfiles say. The first byte chooses the way in.

use customs_ecosystem::lockfile::{self, Graph, Kind, limit, places};
use customs_ecosystem::pypi::bytecode::{self, Agreement, Origin};
use customs_ecosystem::pypi::installed::{
    DirectUrl, RECORD_LIMIT, Record, VirtualEnvironment, scripts,
};
use customs_model::printable;

/// What a target does with its bytes.
pub type Body = fn(&[u8]);

/// The bodies, by the names of their targets.
pub const BODIES: [(&str, Body); 2] = [("graphs", graphs), ("environments", environments)];

/// Who asks for which release, and where the packages lie.
///
/// # Panics
/// Where what is said of one file differs, leads nowhere, or steers a terminal.
pub fn graphs(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else {
        return;
    };
    let kind = Kind::ALL[usize::from(*kind) % Kind::ALL.len()];
    match (Graph::read(kind, bytes), lockfile::read(kind, bytes)) {
        (Ok(graph), Ok(read)) => {
            assert_eq!(graph.lockfile, read);
            read.skipped.iter().for_each(|line| plain(line));
            assert_eq!(graph.ways().len(), graph.packages.len());
            for package in &graph.packages {
                assert!(package.entry.is_none_or(|at| at < read.entries.len()));
                let mut asks = package.asks.iter();
                assert!(asks.all(|ask| ask.to.is_none_or(|to| to < graph.packages.len())));
            }
        }
        (Err(error), Err(_)) => plain(&error.to_string()),
        // One of them looks more closely than the other.
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => plain(&error.to_string()),
    }
    match places::read(kind, bytes) {
        Ok(places) => {
            assert!(places.placed.len() <= limit::ENTRIES);
            places.skipped.iter().for_each(|line| plain(line));
        }
        Err(error) => plain(&error.to_string()),
    }
}

/// What an installer of Python leaves: lists, commands, settings, compiled files.
///
/// # Panics
/// Where a bound does not hold, or what is said steers a terminal.
pub fn environments(data: &[u8]) {
    let Some((way, bytes)) = data.split_first() else {
        return;
    };
    match way % 5 {
        0 => match Record::parse(bytes) {
            Ok(record) => assert!(record.rows.len() <= bytes.len() && bytes.len() <= RECORD_LIMIT),
            Err(error) => plain(&error.to_string()),
        },
        1 => {
            if let Err(error) = scripts(bytes) {
                plain(&error.to_string());
            }
        }
        2 => {
            if let Err(error) = DirectUrl::parse(bytes) {
                plain(&error.to_string());
            }
        }
        3 => drop(VirtualEnvironment::parse(bytes)),
        _ => compiled(bytes),
    }
}

/// The source stands behind the last NUL.
fn compiled(bytes: &[u8]) {
    let at = bytes.iter().rposition(|byte| *byte == 0);
    let (compiled, source) = bytes.split_at(at.map_or(bytes.len(), |at| at + 1));
    let origin = Origin {
        file: "a.py",
        bytes: source,
        modified: Some(0),
        compiled: "a.cpython-312.pyc",
    };
    match bytecode::agreement(compiled, &origin) {
        Agreement::Agrees => {}
        Agreement::Differs(why) | Agreement::Unreadable(why) => plain(&why),
    }
}

fn plain(text: &str) {
    assert_eq!(
        printable(text, usize::MAX),
        text,
        "what is said steers a terminal"
    );
}
