mod asked;
mod link;

use super::super::doc::LockRuleDoc;
use super::super::finding::{Findings, Said};
use super::super::view::LockfileView;
use super::super::words::{shown, spoken};
use super::LockRule;
use asked::{Asked, Whom};
use customs_ecosystem::lockfile::{Kind, Package, Source};
use customs_model::Severity;

/// A dependency that no registry delivers.
pub(super) struct OutsideRegistry;

static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-outside-registry",
    title: "Something comes from a repository, an address or a file.",
    what: "Names each package that is taken from a git repository, from an address that is asked for as such, or \
           from a packed file of this machine, with who asks for it and in which words: what is asked for by a \
           version or range is a registry's, and what is asked for from one repository is not another one's. \
           Folders and members of the workspace are the project's own and not named, but for a folder that \
           stands where a version or range is asked for, and for pnpm's link to another folder than the one \
           that is asked for.",
    why: "What passes no registry has no publish time, nobody can withdraw it, and no advisory names it. A \
          branch or tag can be moved. Package managers take what the lockfile says, and it needs no digest there.",
    effect: "fails where only a version or range is asked for, or another repository (a warning where overrides \
             cannot be known); a note where the project asks for it itself; warns where a package asks for it, \
             where nobody does, and where a repository is not pinned to a commit",
    to_do: "Ask whether a release of a registry does as well. Where it must be, pin it to a commit.",
    fires: &[
        "package.json asks for `is-number ^7.0.0`, and the entry is `git+ssh://git@code.example/x/y.git#<commit>`.",
        "`tool@git+ssh://git@code.example/a/tool.git#<commit>`, which package `a` asks for.",
        "A repository with a branch instead of a commit behind `#`.",
    ],
    silent: &[
        "`workspace:`, `link:`, a folder, a patch of a registry's release.",
        "An override, resolution or `[patch]` that sends the name to a fork: a note.",
    ],
    learnt_from: "TanStack's worm (May 2026) arrived as a commit of a fork; pnpm's `blockExoticSubdeps`.",
};

impl LockRule for OutsideRegistry {
    fn doc(&self) -> &'static LockRuleDoc {
        &DOC
    }

    fn judge(&self, view: &LockfileView<'_>, findings: &mut Findings<'_>) {
        let asked = Asked::of(view);
        for (number, package) in view.graph.packages.iter().enumerate() {
            let what = match package.source {
                Source::Git => "a repository",
                Source::Url => "an address",
                Source::Path if is_packed(package) => "a packed file",
                // Nothing but what is asked tells a folder of this project from another one.
                Source::Path if may_be_told(view, package) => {
                    match asked.whom(view, number) {
                        Whom::ForRelease { .. } | Whom::ForAnother { .. } => {}
                        Whom::Project
                        | Whom::Package(_)
                        | Whom::Nobody
                        | Whom::NotTold
                        | Whom::PackageAgainstProject { .. } => continue,
                    }
                    match is_index(view, package) {
                        true => "a folder of files",
                        false => "a folder",
                    }
                }
                Source::Path | Source::Registry | Source::Bundled => continue,
            };
            let whom = asked.whom(view, number);
            let pinned = package.source != Source::Git || is_pinned(view.graph.kind(), package);
            let open = if pinned {
                ""
            } else {
                "; it is not pinned to a commit"
            };
            let who = who(&whom);
            let severity = match severity(&whom, pinned, package.source) {
                // Settings beside the manifest may name the folder.
                severity if is_index(view, package) => severity.min(Severity::Medium),
                severity => severity,
            };
            findings.add(Said {
                severity,
                message: format!("{} comes from {what}: {who}{open}", named(package)),
                file: view.path,
                line: Some(package.line),
                release: view.graph.release(package),
                evidence: package
                    .resolved
                    .iter()
                    .map(|from| format!("from: {}", shown(from)))
                    .collect(),
            });
        }
        link::judge(view, findings);
    }
}

/// Whether a folder that stands for a package can be told from a member of the workspace.
fn may_be_told(view: &LockfileView<'_>, package: &Package) -> bool {
    let at = package.resolved.as_deref().unwrap_or(&package.version);
    let is_member = at.contains("workspace:") || package.version.contains("workspace:");
    match view.graph.kind() {
        // A crate of a folder has no source, and is one of the project's own.
        Kind::CargoLock => false,
        // Its members are links, and no packages.
        Kind::PackageLock => true,
        Kind::UvLock if is_index(view, package) => {
            let mut read = view.manifests.iter().peekable();
            read.peek().is_some() && read.all(|manifest| !manifest.names_sources)
        }
        Kind::UvLock => true,
        _ => !is_member && !is_importer(view, at.trim_start_matches("file:")),
    }
}

/// Whether a folder of files stands in for an index, as uv allows it.
fn is_index(view: &LockfileView<'_>, package: &Package) -> bool {
    let is_folder = package.source == Source::Path && !is_packed(package);
    is_folder && view.graph.kind() == Kind::UvLock && !package.files.is_empty()
}

fn is_importer(view: &LockfileView<'_>, folder: &str) -> bool {
    let plain = |path: &str| path.trim_start_matches("./").trim_matches('/').to_owned();
    let mut importers = view.graph.importers.iter();
    importers.any(|importer| plain(&importer.path) == plain(folder))
}

fn severity(whom: &Whom, pinned: bool, source: Source) -> Severity {
    match whom {
        Whom::ForRelease { certain: true, .. } | Whom::ForAnother { .. } => Severity::High,
        Whom::ForRelease { certain: false, .. } | Whom::PackageAgainstProject { .. } => {
            Severity::Medium
        }
        Whom::Project | Whom::Package(_) | Whom::Nobody | Whom::NotTold if !pinned => {
            Severity::Medium
        }
        Whom::Project | Whom::NotTold => Severity::Note,
        Whom::Package(_) => Severity::Low,
        Whom::Nobody if source == Source::Path => Severity::Low,
        Whom::Nobody => Severity::Medium,
    }
}

fn who(whom: &Whom) -> String {
    match whom {
        Whom::Project => "the project asks for it".to_owned(),
        Whom::Package(by) => format!("{by} asks for it"),
        Whom::Nobody => "nobody in this file asks for it".to_owned(),
        Whom::NotTold => "the file does not say who asks for it".to_owned(),
        Whom::ForRelease { by, words, certain } => {
            let but = match certain {
                true => "",
                false => " (an override could send it there; they are not all known)",
            };
            format!("{by} asks for {words}, which is a registry's{but}")
        }
        Whom::ForAnother { by, words } => format!("{by} asks for {words}"),
        Whom::PackageAgainstProject { by, words } => {
            format!("{by} asks for it, and the project asks for {words}, which is a registry's")
        }
    }
}

/// Where the version is an address, the name alone is said.
fn named(package: &Package) -> String {
    match package.version.contains([':', '/']) {
        true => shown(&package.name),
        false => spoken(package),
    }
}

fn is_packed(package: &Package) -> bool {
    let from = package.resolved.as_deref().unwrap_or(&package.version);
    let from = from.split("::").next().unwrap_or(from);
    let from = from.split('#').next().unwrap_or(from);
    [".tgz", ".tar.gz", ".tar", ".whl", ".zip"]
        .iter()
        .any(|end| from.ends_with(end))
}

/// Whether a commit stands behind an address. Three formats keep it elsewhere, and always.
fn is_pinned(kind: Kind, package: &Package) -> bool {
    if matches!(kind, Kind::PnpmLock | Kind::PoetryLock | Kind::PylockToml) {
        return true;
    }
    let from = package.resolved.as_deref().unwrap_or(&package.version);
    from.split(['#', '@', '=', '/', '&', ':'])
        .any(|part| matches!(part.len(), 40 | 64) && part.bytes().all(|b| b.is_ascii_hexdigit()))
}
