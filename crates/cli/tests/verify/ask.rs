//! How customs is asked: the only place that knows. It gives the report's JSON.

use crate::ground::Ground;
use customs_device::tree::{Place, TreeReport, cargo, npm, python};
use customs_ecosystem::lockfile::{self, Graph, Kind, Manifest, ManifestKind};
use customs_origin::lockfile::{LockfileView, Options, judge};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Whose copies of artifacts may be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The gate's store, and what managers keep.
    All,
    /// What managers keep.
    Managers,
    /// Nothing.
    None,
}

/// The report about the project.
pub fn report(ground: &Ground, evidence: Evidence) -> Value {
    let project = ground.project();
    let mut subjects = Vec::new();
    let lockfiles = [
        "package-lock.json",
        "pnpm-lock.yaml",
        "yarn.lock",
        "bun.lock",
        "uv.lock",
        "requirements.txt",
        "Cargo.lock",
    ];
    for name in lockfiles {
        let path = project.join(name);
        let Ok(bytes) = std::fs::read(&path) else {
            continue;
        };
        let kind = Kind::of_file_name(name, &bytes[..bytes.len().min(400)]).unwrap();
        for installed in trees(ground, evidence, kind, &path, &bytes) {
            subjects.push(json!({
                "lockfile": name,
                "installed": installed,
                "locked": locked(&project, name, kind, &bytes),
            }));
        }
    }
    assert!(!subjects.is_empty(), "there is no lockfile");
    json!({ "subjects": subjects })
}

fn trees(
    ground: &Ground,
    evidence: Evidence,
    kind: Kind,
    path: &Path,
    bytes: &[u8],
) -> Vec<TreeReport> {
    let project = ground.project();
    let locked = || lockfile::read(kind, bytes).unwrap().entries;
    match kind {
        Kind::UvLock | Kind::RequirementsTxt | Kind::PoetryLock | Kind::PylockToml => {
            let mut places = Vec::new();
            if evidence == Evidence::All {
                places.push(gate(ground));
            }
            if evidence != Evidence::None {
                places.push(Place::Any {
                    folder: ground.home().join("cache/pip/http-v2"),
                    from: "pip's cache".into(),
                });
            }
            let options = python::Options { places };
            let environments = python::environments(&project);
            let checked = environments
                .iter()
                .map(|e| python::check(e, &locked(), &options));
            checked.collect()
        }
        Kind::CargoLock => {
            let places = match evidence {
                Evidence::All => vec![gate(ground)],
                Evidence::Managers | Evidence::None => Vec::new(),
            };
            let options = cargo::Options { places };
            match project.join("vendor").is_dir() {
                true => vec![cargo::check_vendor(&project, &locked(), &options)],
                false => {
                    let home = ground.home().join(".cargo");
                    vec![cargo::check_registry(&home, &locked(), &options)]
                }
            }
        }
        Kind::PackageLock
        | Kind::PnpmLock
        | Kind::YarnClassic
        | Kind::YarnBerry
        | Kind::BunLock => {
            let managers = evidence != Evidence::None;
            let there = |folder: &str| managers.then(|| ground.home().join(folder));
            let options = npm::Options {
                gate_store: (evidence == Evidence::All).then(|| store(ground)),
                npm_cache: there(".npm"),
                yarn_classic_cache: there("cache/yarn/v6"),
                yarn_berry_caches: there("data/yarn/berry/cache").into_iter().collect(),
                ..npm::Options::default()
            };
            vec![npm::check(&project, path, &options).unwrap()]
        }
    }
}

fn locked(project: &Path, name: &str, kind: Kind, bytes: &[u8]) -> Value {
    let graph = Graph::read(kind, bytes).unwrap();
    let manifests: Vec<Manifest> = [
        ("package.json", ManifestKind::PackageJson),
        ("pyproject.toml", ManifestKind::Pyproject),
        ("Cargo.toml", ManifestKind::CargoToml),
    ]
    .into_iter()
    .filter_map(|(file, kind)| {
        let bytes = std::fs::read(project.join(file)).ok()?;
        Some(Manifest::read(kind, &bytes).unwrap())
    })
    .collect();
    let options = Options::default();
    let view = LockfileView::new(name, &graph, &manifests, &options);
    serde_json::to_value(judge(&view)).unwrap()
}

fn store(ground: &Ground) -> PathBuf {
    ground.home().join("gate/cache/artifacts")
}

fn gate(ground: &Ground) -> Place {
    Place::ByDigest {
        folder: store(ground),
        from: "the gate's store".into(),
    }
}
