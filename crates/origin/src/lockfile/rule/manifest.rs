mod cargo;
mod npm;
mod optional;
mod overrides;
mod python;
mod yarn;

use super::super::doc::LockRuleDoc;
use super::super::finding::{Findings, Said};
use super::super::view::LockfileView;
use super::super::words::{list, shown};
use super::LockRule;
use customs_ecosystem::lockfile::Kind;
use customs_model::Severity;

/// The manifest asks for something else than the lockfile says.
pub(super) struct ManifestDiffers;

static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-manifest",
    title: "Manifest and lockfile do not agree on what the project asks for.",
    what: "Compares what the manifests ask for (package.json, Cargo.toml, pyproject.toml, of the project and of \
           each member) with what the lockfile says they asked for: names, and specifiers where the lockfile \
           repeats them, and (npm, pnpm, bun) whether it may be absent. Compares also what pnpm-lock.yaml and bun.lock \
           say to take instead (`overrides`) with what the project says: package.json and pnpm-workspace.yaml. \
           Silent where the manifests were not read.",
    why: "A frozen installation of some managers goes by the lockfile alone. A dependency that only the lockfile \
          has is installed though no manifest shows it, and an override that only the lockfile has puts anything in \
          the place of a package.",
    effect: "warns; fails where the lockfile calls something optional that the project requires",
    to_do: "Let the package manager write the lockfile again, and review what that adds.",
    fires: &[
        "package-lock.json lists `left-pad` among the project's dependencies, package.json does not.",
        "An entry with `\"optional\": true` that package.json has among its `dependencies`: if it is absent, \
         nobody notices.",
        "Cargo.toml asks for serde 1.0.200, and 1.0.150 is locked.",
        "pyproject.toml asks for `left>=9`, and poetry.lock has 1.0.0.",
        "bun.lock has `\"overrides\": { \"ms\": \"npm:other@1\" }`, package.json has none.",
    ],
    silent: &[
        "Members of the workspace, what overrides and resolutions of the project are about, `catalog:`, hooks that \
         change manifests (.pnpmfile.cjs), dynamic dependencies of Python.",
    ],
    learnt_from: "`npm ci` and `--frozen-lockfile` refuse most of these; not all, and not for all managers.",
};

impl LockRule for ManifestDiffers {
    fn doc(&self) -> &'static LockRuleDoc {
        &DOC
    }

    fn judge(&self, view: &LockfileView<'_>, findings: &mut Findings<'_>) {
        if view.manifests.is_empty() {
            return;
        }
        match view.graph.kind() {
            Kind::PackageLock if !view.graph.roots_known => npm::names(view, findings),
            Kind::PackageLock => {
                npm::importers(view, findings);
                optional::judge(view, findings);
            }
            Kind::PnpmLock | Kind::BunLock => {
                npm::importers(view, findings);
                optional::judge(view, findings);
                overrides::judge(view, findings);
            }
            Kind::YarnBerry => npm::importers(view, findings),
            Kind::YarnClassic => yarn::patterns(view, findings),
            Kind::UvLock => python::importers(view, findings),
            Kind::PoetryLock => python::names(view, findings),
            Kind::CargoLock => cargo::members(view, findings),
            // Written from something else, which is not known here.
            Kind::RequirementsTxt | Kind::PylockToml => {}
        }
    }
}

/// How manifest and lockfile of one project differ.
#[derive(Default)]
struct Differences {
    /// Only the lockfile asks for it.
    only_locked: Vec<String>,
    /// Only the manifest asks for it.
    only_asked: Vec<String>,
    /// Both ask, in other words: name, manifest's, lockfile's.
    otherwise: Vec<(String, String, String)>,
}

impl Differences {
    fn say(
        mut self,
        view: &LockfileView<'_>,
        folder: &str,
        line: Option<u32>,
        findings: &mut Findings<'_>,
    ) {
        for list in [&mut self.only_locked, &mut self.only_asked] {
            list.sort();
            list.dedup();
        }
        self.otherwise.sort();
        let project = match folder {
            "" => "the project".to_owned(),
            folder => shown(folder),
        };
        let mut say = |message: String, evidence: Vec<String>| {
            findings.add(Said {
                severity: Severity::Medium,
                message,
                file: view.path,
                line,
                release: None,
                evidence,
            });
        };
        if !self.only_locked.is_empty() {
            let names = list(&self.only_locked);
            say(
                format!(
                    "the lockfile says that {project} asks for {names}, and its manifest does not"
                ),
                Vec::new(),
            );
        }
        if !self.only_asked.is_empty() {
            let names = list(&self.only_asked);
            say(
                format!(
                    "the manifest of {project} asks for {names}, and the lockfile does not know it"
                ),
                Vec::new(),
            );
        }
        if !self.otherwise.is_empty() {
            let lines = self.otherwise.iter().map(|(name, manifest, locked)| {
                format!(
                    "{}: {} in the manifest, {} in the lockfile",
                    shown(name),
                    shown(manifest),
                    shown(locked)
                )
            });
            let what = match self.otherwise.len() {
                1 => format!("1 dependency of {project} stands"),
                many => format!("{many} dependencies of {project} stand"),
            };
            say(
                format!("{what} otherwise in the lockfile than in the manifest"),
                lines.collect(),
            );
        }
    }
}
