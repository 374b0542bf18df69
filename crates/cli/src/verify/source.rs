//! `--source`: an artifact compared with the commit that its provenance or VCS info names, in a
//! clone that the user has. A clone stands for the packages whose repository it is; where that is
//! not known, for those whose commit it has.

use super::origin::Subject;
use super::origin::at_hand::AtHand;
use customs_device::clone::{CloneError, GitClone, compare_with_clone};
use customs_model::{Digest, printable};
use customs_origin::source::{Context, NamedBy, ObjectId, SourceReport};
use customs_origin::vcs::TrustedPublisher;
use customs_registry::evidence::{ArtifactEvidence, EvidenceStore, Offer};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Bounds on what is read of a clone's own settings, and on how often it is opened.
mod limit {
    /// Bytes of its `config`.
    pub const CONFIG: u64 = 1 << 20;
    /// Times that a clone is asked for a commit whose repository is not known.
    pub const TRIES: usize = 200;
}

/// What comparing gave.
pub(super) struct Compared {
    /// In the order of the subjects.
    pub reports: Vec<Option<SourceReport>>,
    /// What was not compared, a sentence each. Safe to print.
    pub not_checked: Vec<String>,
}

/// Compares what can be compared.
pub(super) fn compare(
    subjects: &[Subject<'_>],
    clones: &[PathBuf],
    at_hand: &AtHand<'_>,
    store: &EvidenceStore,
) -> Compared {
    let mut out = Compared {
        reports: Vec::with_capacity(subjects.len()),
        not_checked: Vec::new(),
    };
    if clones.is_empty() {
        out.reports.resize_with(subjects.len(), || None);
        return out;
    }
    let mut clones: Vec<Clone> = clones.iter().map(|path| Clone::of(path)).collect();
    for subject in subjects {
        let report = of_subject(subject, &mut clones, at_hand, store, &mut out.not_checked);
        out.reports.push(report);
    }
    for clone in &clones {
        if !clone.used {
            out.not_checked.push(format!(
                "{} is the source of no package here: none names its address or a commit of it.",
                shown(&clone.path)
            ));
        }
    }
    out
}

fn of_subject(
    subject: &Subject<'_>,
    clones: &mut [Clone],
    at_hand: &AtHand<'_>,
    store: &EvidenceStore,
    not_checked: &mut Vec<String>,
) -> Option<SourceReport> {
    let spoken = subject.entry.release.spoken();
    let repositories = repositories(subject);
    let named = commit(subject);
    let clone = clones.iter_mut().find_map(|clone| {
        // What is known of both decides; otherwise the commit does.
        let unknown = repositories.is_empty() || clone.remotes.is_empty();
        let commit = named.as_ref().filter(|_| unknown).map(|named| named.commit);
        let is = clone.is_of(&repositories) || commit.is_some_and(|commit| clone.holds(commit));
        is.then_some(clone)
    })?;
    clone.used = true;
    let Some(named) = named else {
        not_checked.push(format!(
            "{spoken} belongs to {}, but nothing names the commit that it was made from.",
            shown(&clone.path)
        ));
        return None;
    };
    let artifact = match at_hand.bytes(subject.entry, &artifact_digests(subject)) {
        Ok(artifact) => artifact,
        Err(why) => {
            not_checked.push(why);
            return None;
        }
    };
    let context = Context {
        release: subject.entry.release.clone(),
        kind: artifact.kind,
        commit: named.commit,
        named_by: named.by,
        directory: named.directory,
    };
    let (package, version) = (&context.release.package, &context.release.version);
    let before = match store.phantoms(package, version) {
        Ok(before) => before,
        Err(error) => {
            not_checked.push(format!("{error}."));
            Vec::new()
        }
    };
    let report = compare_with_clone(&clone.path, &artifact.bytes, &context, &before);
    // Only where files were compared there are phantoms to keep.
    if report.base.is_some()
        && let Err(error) = store.keep_phantoms(package, version, &report.phantoms)
    {
        not_checked.push(format!("{error}."));
    }
    Some(report)
}

/// The artifacts that evidence speaks of, else all that the lockfile promises.
fn artifact_digests(subject: &Subject<'_>) -> Vec<Digest> {
    let of_evidence: Vec<Digest> = subject
        .gathered
        .evidence
        .iter()
        .map(|evidence| evidence.artifact.clone())
        .collect();
    if of_evidence.is_empty() {
        subject.entry.digests.clone()
    } else {
        of_evidence
    }
}

struct Named {
    commit: ObjectId,
    by: NamedBy,
    directory: Option<String>,
}

/// The commit that a package names, by the strongest word.
fn commit(subject: &Subject<'_>) -> Option<Named> {
    let directory = subject.vcs.as_ref().map(|vcs| vcs.path.clone());
    let proven = subject.origin.identity.as_ref();
    let proven = proven.and_then(|identity| identity.commit.clone());
    let registry = publisher(subject).map(|publisher| publisher.commit);
    let own = subject.vcs.as_ref().map(|vcs| vcs.commit.clone());
    let document = first(subject).and_then(|evidence| evidence.commit.clone());
    [
        (proven, NamedBy::Provenance),
        (registry, NamedBy::Registry),
        (own, NamedBy::VcsInfo),
        (document, NamedBy::GitHead),
    ]
    .into_iter()
    .find_map(|(text, by)| {
        // What is no full id names no commit for certain.
        let commit = ObjectId::parse(&text?).ok()?;
        Some(Named {
            commit,
            by,
            directory: directory.clone(),
        })
    })
}

fn first<'a>(subject: &'a Subject<'_>) -> Option<&'a ArtifactEvidence> {
    subject.gathered.evidence.first()
}

fn publisher(subject: &Subject<'_>) -> Option<TrustedPublisher> {
    match &first(subject)?.offer {
        // One that cannot be read was told with the answer about it.
        Offer::Cargo { publisher } => TrustedPublisher::read(publisher.here()?.as_bytes()).ok(),
        Offer::Npm { .. } | Offer::Pypi { .. } => None,
    }
}

/// The repositories that a package names, as host and path.
fn repositories(subject: &Subject<'_>) -> BTreeSet<String> {
    let proven = subject.origin.identity.as_ref();
    let proven = proven.and_then(|identity| identity.repository.as_ref());
    let registry = publisher(subject).map(|publisher| {
        let host = match publisher.provider.as_str() {
            "gitlab" => "gitlab.com",
            _ => "github.com",
        };
        format!("https://{host}/{}", publisher.repository)
    });
    let document = first(subject).and_then(|evidence| evidence.repository.clone());
    [
        proven.map(|repository| repository.uri.clone()),
        registry,
        document,
    ]
    .into_iter()
    .flatten()
    .filter_map(|text| place(&text))
    .collect()
}

/// One clone, and what it is a clone of.
struct Clone {
    path: PathBuf,
    /// The addresses of its remotes, as host and path; empty where none is known.
    remotes: BTreeSet<String>,
    tries: usize,
    used: bool,
}

impl Clone {
    fn of(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            remotes: remotes(path),
            tries: 0,
            used: false,
        }
    }

    fn is_of(&self, repositories: &BTreeSet<String>) -> bool {
        !self.remotes.is_disjoint(repositories)
    }

    fn holds(&mut self, commit: ObjectId) -> bool {
        if self.tries >= limit::TRIES {
            return false;
        }
        self.tries += 1;
        match GitClone::open(&self.path, commit) {
            Ok(_) => true,
            Err(CloneError::Missing { .. }) => false,
            // What is wrong with the clone is told when it is compared with.
            Err(_) => true,
        }
    }
}

/// Reads the addresses of the remotes as text: the file is a stranger's, and nothing in it is obeyed.
fn remotes(path: &Path) -> BTreeSet<String> {
    let candidates = [path.join(".git/config"), path.join("config")];
    let mut text = String::new();
    for candidate in candidates {
        let Ok(file) = File::open(candidate) else {
            continue;
        };
        let mut bytes = Vec::new();
        // One that cannot be read names no remote: the commit decides then.
        if file.take(limit::CONFIG).read_to_end(&mut bytes).is_ok() {
            text = String::from_utf8_lossy(&bytes).into_owned();
            break;
        }
    }
    let mut of_remote = false;
    let mut found = BTreeSet::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            of_remote = line.starts_with("[remote ");
        } else if let Some((name, value)) = line.split_once('=')
            && of_remote
            && name.trim() == "url"
        {
            found.extend(place(value.trim().trim_matches('"')));
        }
    }
    found
}

/// Host and path of a repository's address, in any of the forms that people write: with a scheme,
/// as `git@host:path`, as `github:owner/name`.
fn place(text: &str) -> Option<String> {
    let text = text.trim().strip_prefix("git+").unwrap_or(text.trim());
    let text = text.split(['#', '?']).next()?;
    let rest = match text.split_once("://") {
        Some((_, rest)) => rest.to_owned(),
        None => match text.split_once(':') {
            Some(("github", path)) => format!("github.com/{path}"),
            Some(("gitlab", path)) => format!("gitlab.com/{path}"),
            Some((host, path)) if host.contains('@') => format!("{host}/{path}"),
            Some(_) => return None,
            // npm: `owner/name` alone is one of GitHub.
            None if text.split('/').count() == 2 && !text.starts_with(['.', '/']) => {
                format!("github.com/{text}")
            }
            None => return None,
        },
    };
    let rest = rest
        .rsplit_once('@')
        .map_or(rest.as_str(), |(_, rest)| rest);
    let (host, path) = rest.split_once('/')?;
    let host = host.split(':').next()?;
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    // A page of the repository names it too.
    let mut parts: Vec<&str> = path.split('/').collect();
    if let Some(at) = parts
        .iter()
        .position(|p| matches!(*p, "tree" | "blob" | "-"))
    {
        parts.truncate(at);
    }
    let path = parts.join("/");
    (!host.is_empty() && !path.is_empty()).then(|| format!("{host}/{path}").to_ascii_lowercase())
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string(), 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_repository_is_one_place_however_it_is_written() {
        for text in [
            "https://github.com/Owner/name",
            "git+https://github.com/owner/name.git",
            "git+ssh://git@github.com/owner/name.git",
            "git@github.com:owner/name.git",
            "git://github.com/owner/name.git#main",
            "https://user:pass@github.com:443/owner/name/",
            "https://github.com/owner/name/tree/main/packages/a",
            "github:owner/name",
            "owner/name",
        ] {
            assert_eq!(
                place(text).as_deref(),
                Some("github.com/owner/name"),
                "{text}"
            );
        }
        for text in ["", "name", "./here", "/abs/olute", "file:///", "x:y"] {
            assert_eq!(place(text), None, "{text}");
        }
    }

    #[test]
    fn the_remotes_of_a_clone_are_read_as_text() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        let config = "[core]\n\turl = https://x.example/no/remote\n[remote \"origin\"]\n\turl = \
                      git@github.com:o/r.git\n\tfetch = x\n[branch \"main\"]\n\turl = https://y.example/a/b\n";
        std::fs::write(folder.path().join(".git/config"), config).unwrap();
        let found: Vec<String> = remotes(folder.path()).into_iter().collect();
        assert_eq!(found, ["github.com/o/r"]);
    }
}
