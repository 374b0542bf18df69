//! One package of a tree as an account: its files with what the tree check says of each, its
//! artifact, and where it comes from.

use super::hash::Hashed;
use super::list::Listed;
use super::locked::Promise;
use super::record::no_verdict;
use crate::verify::report::{PackageOrigin, Subject};
use customs_device::tree::{Against, Difference, PackageTree, Standing};
use customs_inclusion::record::{IncludedFile, Origin};
use customs_model::{Answer, Digest, Known, ReleaseId, Standing as Verdict, printable};
use customs_origin::{BuilderClass, Identity};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// The files of a package, and the answer about them.
#[derive(Debug, PartialEq, Eq)]
pub struct Account {
    /// Sorted by path.
    pub files: Vec<IncludedFile>,
    /// What the tree check said; less where a file changed meanwhile or could not be read.
    pub answer: Answer,
}

impl Account {
    /// Puts together what the tree check said and what was read. A file that was changed after
    /// `began` (nanoseconds since 1970) is not the one that was compared.
    pub fn of(
        tree: &PackageTree,
        listed: &Listed,
        hashed: Vec<io::Result<Hashed>>,
        began: i128,
    ) -> Self {
        let differences = by_path(&tree.differences);
        let is_compared = matches!(
            tree.against,
            Some(Against::Artifact { .. } | Against::Commit { .. })
        );
        let mut files = Vec::with_capacity(listed.files.len());
        let (mut unread, mut changed) = (0_usize, 0_usize);
        for (path, hashed) in listed.files.iter().zip(hashed) {
            let Ok(hashed) = hashed else {
                unread += 1;
                continue;
            };
            let difference = nearest(&differences, path);
            let is_other =
                difference.is_some_and(|one| one.path == *path && is_other(one, &hashed));
            let standing = if hashed.changed > began || is_other {
                changed += 1;
                "not compared"
            } else {
                standing(difference, is_compared)
            };
            files.push(IncludedFile {
                path: path.clone(),
                size: hashed.size,
                sha1: hashed.sha1,
                sha256: hashed.sha256,
                standing: standing.to_owned(),
            });
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut answer = tree.answer.clone();
        for (count, what) in [
            (changed, "changed while it was looked at"),
            (unread, "cannot be read"),
        ] {
            if count > 0 {
                answer = answer.and(Answer::not_checked(format!("{count} of its files {what}")));
            }
        }
        if let Some(because) = &listed.because {
            answer = answer.and(Answer::not_checked(because.clone()));
        }
        Self { files, answer }
    }
}

fn by_path(differences: &[Difference]) -> BTreeMap<&str, &Difference> {
    let mut all: BTreeMap<&str, &Difference> = BTreeMap::new();
    for difference in differences {
        let kept = all.entry(&difference.path).or_insert(difference);
        // Of two statements about one file the worse one counts.
        if difference.standing == Standing::Unexplained {
            *kept = difference;
        }
    }
    all
}

/// What is said of a file, or of a folder around it.
fn nearest<'a>(all: &BTreeMap<&str, &'a Difference>, path: &str) -> Option<&'a Difference> {
    let mut at = path;
    loop {
        if let Some(difference) = all.get(at) {
            return Some(difference);
        }
        at = at.rsplit_once('/')?.0;
    }
}

/// The tree check read other bytes.
fn is_other(difference: &Difference, hashed: &Hashed) -> bool {
    difference
        .found
        .as_ref()
        .is_some_and(|found| *found != hashed.sha256)
}

/// What a file is, in the record's words.
pub fn standing(difference: Option<&Difference>, is_compared: bool) -> &'static str {
    match difference.map(|one| &one.standing) {
        Some(Standing::Explained(_)) => "explained",
        Some(Standing::MadeHere {
            pinned: Some(false),
            ..
        }) => "unexplained",
        Some(Standing::MadeHere { .. }) => "made here",
        Some(Standing::Unexplained) => "unexplained",
        None if is_compared => "same",
        None => "not compared",
    }
}

/// The artifact that a package was compared with, and whose bytes it was.
pub fn compared(tree: &PackageTree) -> Option<(&Digest, &str)> {
    match tree.against.as_ref()? {
        Against::Artifact { digest, from } => Some((digest, from)),
        Against::Commit { .. } | Against::OwnList { .. } => None,
    }
}

/// The digests of the artifact. Of the wheels that a lockfile names for all platforms, only the
/// one that is installed is included, where it is known.
pub fn artifact(promise: Option<&Promise>, compared: Option<&Digest>) -> Vec<Digest> {
    let mut all: BTreeSet<Digest> = promise.map_or_else(BTreeSet::new, |one| one.digests.clone());
    if let Some(compared) = compared {
        let is_promised = all.contains(compared);
        all.retain(|digest| !is_promised || digest.algorithm() != compared.algorithm());
        all.insert(compared.clone());
    }
    all.into_iter().collect()
}

/// What a subject knows of where a release comes from: of this artifact, if there are several.
pub fn origin_of<'a>(
    subject: &'a Subject,
    release: &ReleaseId,
    artifact: &[Digest],
) -> Option<&'a PackageOrigin> {
    let release = super::locked::canonical(release);
    let same = || {
        let packages = subject.packages.iter();
        packages.filter(|one| super::locked::canonical(&one.release) == release)
    };
    let is_of = |one: &&PackageOrigin| {
        let digest = one.artifact.as_ref();
        digest.is_some_and(|digest| artifact.contains(digest))
    };
    same().find(is_of).or_else(|| same().next())
}

/// The same in the record's words.
pub fn origin(found: Option<&PackageOrigin>) -> Origin {
    let Some(found) = found else {
        let nobody = || Answer::not_checked("nobody asked where it comes from");
        return Origin {
            signature: nobody(),
            attestation: nobody(),
            identity: None,
            repository: None,
            commit: None,
        };
    };
    let identity = found.origin.identity.as_ref();
    Origin {
        signature: found.origin.signature.clone(),
        attestation: found.origin.attestation.clone(),
        identity: identity.map(line),
        repository: identity
            .and_then(|one| one.repository.as_ref())
            .map(|repository| repository.uri.clone()),
        commit: identity.and_then(|one| one.commit.clone()),
    }
}

/// What the code of a release was judged to be, where somebody has read it.
pub fn verdict(found: Option<&PackageOrigin>) -> Known<Verdict> {
    found.map_or_else(no_verdict, |found| found.verdict.clone())
}

/// Who built it, in one line: whose repository, which workflow, at which ref, on whose machine.
fn line(identity: &Identity) -> String {
    let Some(repository) = &identity.repository else {
        let (subject, issuer) = (&identity.subject, &identity.issuer);
        return printable(&format!("{subject}, confirmed by {issuer}"), 1_000);
    };
    let mut parts = vec![match &repository.id {
        Some(id) => format!("{} (number {id})", repository.uri),
        None => repository.uri.clone(),
    }];
    parts.extend(identity.workflow.clone());
    parts.extend(
        identity
            .signer
            .as_ref()
            .map(|signer| format!("signed by {signer}")),
    );
    parts.extend(identity.git_ref.as_ref().map(|at| format!("at {at}")));
    parts.extend(identity.builder.map(|builder| match builder {
        BuilderClass::Hosted => "on the host's machine".to_owned(),
        BuilderClass::SelfHosted => "on a machine of its own".to_owned(),
    }));
    printable(&parts.join(", "), 1_000)
}
