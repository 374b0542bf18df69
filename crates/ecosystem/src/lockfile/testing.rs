//! Fixtures and their rendering for people.

use super::{Kind, Lockfile, read, url_positions};
use std::fmt::Write as _;

/// Every fixture with its kind.
pub(super) const FIXTURES: [(Kind, &str); 16] = [
    (
        Kind::PackageLock,
        include_str!("fixtures/package-lock.v1.json"),
    ),
    (
        Kind::PackageLock,
        include_str!("fixtures/package-lock.v3.json"),
    ),
    (Kind::PnpmLock, include_str!("fixtures/pnpm-lock.v5.yaml")),
    (Kind::PnpmLock, include_str!("fixtures/pnpm-lock.v6.yaml")),
    (Kind::PnpmLock, include_str!("fixtures/pnpm-lock.v9.yaml")),
    (
        Kind::YarnClassic,
        include_str!("fixtures/yarn-classic.lock"),
    ),
    (Kind::YarnBerry, include_str!("fixtures/yarn-berry.lock")),
    (Kind::BunLock, include_str!("fixtures/bun.lock")),
    (Kind::UvLock, include_str!("fixtures/uv.lock")),
    (
        Kind::RequirementsTxt,
        include_str!("fixtures/requirements.txt"),
    ),
    (Kind::PoetryLock, include_str!("fixtures/poetry.lock")),
    (Kind::PoetryLock, include_str!("fixtures/poetry.old.lock")),
    (Kind::PylockToml, include_str!("fixtures/pylock.toml")),
    (Kind::CargoLock, include_str!("fixtures/Cargo.v1.lock")),
    (Kind::CargoLock, include_str!("fixtures/Cargo.v3.lock")),
    (Kind::CargoLock, include_str!("fixtures/Cargo.v4.lock")),
];

/// One line for each entry, then what was skipped.
pub(super) fn entries(kind: Kind, text: &str) -> String {
    let Lockfile {
        entries, skipped, ..
    } = read(kind, text.as_bytes()).unwrap();
    let mut out = String::new();
    for entry in entries {
        let line = entry.line.unwrap();
        let source = format!("{:?}", entry.source).to_lowercase();
        write!(out, "{line}: {} {source}", entry.release.spoken()).unwrap();
        for digest in &entry.digests {
            let short = digest.to_string().chars().take(13).collect::<String>();
            write!(out, " {short}").unwrap();
        }
        if let Some(resolved) = &entry.resolved {
            write!(out, " <{resolved}>").unwrap();
        }
        if entry.has_install_script == Some(true) {
            out.push_str(" +script");
        }
        out.push('\n');
    }
    for line in skipped {
        writeln!(out, "skipped {line}").unwrap();
    }
    out
}

/// One line for each URL.
pub(super) fn urls(kind: Kind, text: &str) -> String {
    let mut out = String::new();
    for at in url_positions(kind, text).unwrap() {
        let line = text[..at.span.start].lines().count();
        writeln!(out, "{line}: {}", at.url).unwrap();
    }
    out
}

/// The message of a file that must be refused.
pub(super) fn refusal(kind: Kind, text: &str) -> String {
    let by_reading = read(kind, text.as_bytes()).unwrap_err().to_string();
    let by_rewriting = url_positions(kind, text).unwrap_err().to_string();
    assert_eq!(by_reading, by_rewriting);
    by_reading
}
