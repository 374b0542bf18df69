//! Dossiers for tests.

use customs_model::{
    Dossier, Ecosystem, History, Known, Manifest, PackageName, Predecessor, ReleaseId, Route,
    RunsCode, Timestamp, Version,
};

/// An instant.
pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A version.
pub(crate) fn version(text: &str) -> Version {
    Version::new(text).unwrap()
}

/// A release of an old public package about which nothing else is remarkable.
pub(crate) fn dossier(ecosystem: &str, name: &str, number: &str, published: &str) -> Dossier {
    let ecosystem: Ecosystem = ecosystem.parse().unwrap();
    let release = ReleaseId::new(PackageName::new(ecosystem, name).unwrap(), version(number));
    Dossier {
        history: History {
            earliest: Some(at("2015-01-01T00:00:00Z")),
            lines_within_hour: 1,
            ..History::default()
        },
        manifest: Manifest {
            runs: nothing_runs(),
            ..Manifest::default()
        },
        ..Dossier::bare(release, Known::Is(at(published)), Route::Public)
    }
}

/// Everything was looked at, and nothing runs.
pub(crate) fn nothing_runs() -> RunsCode {
    RunsCode {
        binding_gyp: Some(false),
        build_script: Some(false),
        proc_macro: Some(false),
        build_backend: Some(false),
        startup_hook: Some(false),
        ..RunsCode::default()
    }
}

/// The same release as its own predecessor, under another number.
pub(crate) fn predecessor(of: &Dossier, number: &str) -> Predecessor {
    Predecessor {
        version: version(number),
        published: None,
        manifest: of.manifest.clone(),
        origin: of.origin.clone(),
        unread: None,
        code: None,
        read: None,
        settled: None,
    }
}
