//! The trust history of a project: `customs.lock` beside its lockfile, what releases show now, and
//! what they showed before.

use super::origin::Subject;
use crate::error::{Doing as _, Failure};
use customs_model::{Answer, Ecosystem, ReleaseId, Timestamp, printable};
use customs_origin::answer::Finding;
use customs_origin::history::{
    Case, Judged, Judgement, Past, Proof, Provenance, ReleaseLine, Seen, Shown, Stripping,
    TrustFile, Updated, accept, judge_all, limit, record,
};
use customs_registry::evidence::{ArtifactEvidence, Offer, Told, people};
use std::io::{self, Write as _};
use std::path::Path;

/// The file, beside the lockfile.
pub(crate) const FILE: &str = "customs.lock";

/// What is done with the trust history.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HistoryOptions<'a> {
    /// The folder of `customs.lock`, where it is not the project's.
    pub folder: Option<&'a Path>,
    /// The file as it was before a change (`--base`): whoever changes a dependency can change the
    /// file with it. Empty where it was not there: then nothing was accepted yet.
    pub base: Option<&'a [u8]>,
    /// Take over what was verified (`--update`).
    pub update: bool,
    /// A release whose losses are accepted, and why (`--accept`, `--reason`).
    pub accept: Option<(&'a ReleaseId, &'a str)>,
}

/// What the history says.
pub(super) struct Outcomes {
    /// In the order of the subjects; none where nothing was asked and nothing was known.
    pub judgements: Vec<Option<Judgement>>,
    /// Registries that strip evidence.
    pub stripping: Vec<Stripping>,
    /// What became of the file, a sentence each.
    pub recorded: Vec<String>,
}

/// One subject as the judgement takes it.
struct Prepared {
    shown: Shown,
    past: Past,
    registry: String,
    known: bool,
}

/// Judges all packages, and writes the file where that was asked for.
///
/// # Errors
/// The file is there and cannot be read, or what should be accepted cannot be.
pub(super) fn judge(
    project: &Path,
    subjects: &[Subject<'_>],
    options: &HistoryOptions<'_>,
    now: Timestamp,
) -> Result<Outcomes, Failure> {
    let path = options.folder.unwrap_or(project).join(FILE);
    let mut file = read(&path)?;
    let base = of_base(options)?;
    let prepared: Vec<Prepared> = subjects.iter().map(prepare).collect();
    let mut judged = judge_with(&prepared, base.as_ref().unwrap_or(&file));
    let mut recorded = Vec::new();
    let before = file.clone();
    if let Some((release, reason)) = options.accept {
        let with_own = judge_with(&prepared, &file);
        accept_one(&mut file, &prepared, &with_own, release, reason, now)?;
        recorded.push(format!(
            "{}: what it lost or changed is accepted.",
            release.spoken()
        ));
    }
    if options.update {
        let with_own = judge_with(&prepared, &file);
        recorded.extend(update(&mut file, &prepared, &with_own, now));
    }
    if file != before {
        write(&path, &file)?;
        if base.is_none() {
            judged = judge_with(&prepared, &file);
        }
    }
    let judgements = judged.judgements.into_iter().zip(&prepared);
    let against = base.as_ref().unwrap_or(&file);
    Ok(Outcomes {
        judgements: judgements
            .map(|(judgement, one)| (one.known || has_record(one, against)).then_some(judgement))
            .collect(),
        stripping: judged.stripping,
        recorded,
    })
}

/// The file that decides: as it was before a change, else as it is.
///
/// # Errors
/// It is there and cannot be read.
pub(super) fn deciding(project: &Path, options: &HistoryOptions<'_>) -> Result<TrustFile, Failure> {
    match of_base(options)? {
        Some(base) => Ok(base),
        None => read(&options.folder.unwrap_or(project).join(FILE)),
    }
}

fn of_base(options: &HistoryOptions<'_>) -> Result<Option<TrustFile>, Failure> {
    Ok(match options.base {
        None => None,
        // There was none.
        Some([]) => Some(TrustFile::default()),
        Some(bytes) => Some(
            TrustFile::parse(bytes)
                .doing(format_args!("read {FILE} as it was before the change"))?,
        ),
    })
}

/// What a registry shows of the releases before one.
pub(super) fn past(evidence: &ArtifactEvidence) -> Past {
    Past {
        earlier: evidence.earlier.clone(),
        people: people(&evidence.people),
        added: None,
    }
}

fn judge_with(prepared: &[Prepared], file: &TrustFile) -> Judged {
    let cases: Vec<Case<'_>> = prepared
        .iter()
        .map(|one| Case {
            shown: &one.shown,
            registry: &one.registry,
            past: &one.past,
            file,
        })
        .collect();
    judge_all(&cases)
}

fn has_record(one: &Prepared, file: &TrustFile) -> bool {
    let release = &one.shown.release;
    ReleaseLine::of(release).is_some_and(|line| file.line(&release.package, line).is_some())
}

fn prepare(subject: &Subject<'_>) -> Prepared {
    let release = &subject.entry.release;
    let Some(first) = subject.gathered.evidence.first() else {
        let because = subject.gathered.because.as_deref();
        let because = because.unwrap_or("nothing is at hand");
        return Prepared {
            shown: nothing(release, because),
            past: Past::default(),
            registry: "no registry".to_owned(),
            known: false,
        };
    };
    let mut shown = first.shown.clone();
    if let Offer::Npm { signatures, .. } = &first.offer {
        shown.signature = signature(subject, signatures);
    }
    match release.package.ecosystem() {
        Ecosystem::Npm | Ecosystem::PyPi => shown.provenance = provenance(subject),
        Ecosystem::Cargo => {}
    }
    Prepared {
        shown,
        past: past(first),
        registry: first.registry.clone(),
        known: true,
    }
}

/// What an ecosystem does not carry is not applicable, whether somebody asked or not.
fn nothing(release: &ReleaseId, because: &str) -> Shown {
    let mut shown = Shown::nothing_asked(release.clone(), because);
    match release.package.ecosystem() {
        Ecosystem::Npm => {}
        Ecosystem::PyPi => {
            shown.signature = Seen::NotApplicable;
            shown.trusted_publisher = Seen::NotApplicable;
            shown.approval = Seen::NotApplicable;
            shown.publisher = Seen::NotApplicable;
        }
        Ecosystem::Cargo => {
            shown.signature = Seen::NotApplicable;
            shown.provenance = Seen::NotApplicable;
            shown.approval = Seen::NotApplicable;
            shown.publisher = Seen::NotApplicable;
        }
    }
    shown
}

fn signature<T>(subject: &Subject<'_>, told: &Told<T>) -> Seen<Proof> {
    match told {
        Told::Here(_) => Seen::Is(match &subject.origin.signature {
            Answer::Yes => Proof::Verified,
            Answer::No => Proof::Refuted(refused(subject, "the registry's signature is false")),
            Answer::NotChecked(_) => Proof::Offered,
        }),
        Told::Absent => Seen::Absent,
        Told::Stripped => Seen::Stripped,
        Told::Failed(why) => Seen::not_asked(why),
    }
}

/// Of all files together: what one of them lacks the release lacks.
fn provenance(subject: &Subject<'_>) -> Seen<Provenance> {
    let told: Vec<&Told<String>> = subject
        .gathered
        .evidence
        .iter()
        .filter_map(|evidence| match &evidence.offer {
            Offer::Npm { attestations, .. } => Some(attestations),
            Offer::Pypi { provenance } => Some(provenance),
            Offer::Cargo { .. } => None,
        })
        .collect();
    if subject.origin.attestation == Answer::No {
        return Seen::Is(Provenance::Refuted(refused(
            subject,
            "its attestation is false",
        )));
    }
    let failed = told.iter().find_map(|told| told.failed());
    if let Some(why) = failed {
        return Seen::not_asked(why);
    }
    if told.iter().any(|told| matches!(told, Told::Stripped)) {
        return Seen::Stripped;
    }
    if told.iter().any(|told| matches!(told, Told::Absent)) {
        return Seen::Absent;
    }
    Seen::Is(
        match (&subject.origin.attestation, &subject.origin.identity) {
            (Answer::Yes, Some(identity)) => Provenance::Verified(Box::new(identity.clone())),
            (_, _) => Provenance::Offered,
        },
    )
}

/// The first refusal in words.
fn refused(subject: &Subject<'_>, otherwise: &str) -> String {
    let refusal = |finding: &Finding| match finding {
        Finding::Refused { .. } => Some(finding.words()),
        Finding::PredicateDiffers { .. }
        | Finding::PublisherDiffers { .. }
        | Finding::SeveralIdentities { .. }
        | Finding::CommitDiffers { .. } => None,
    };
    let first = subject.origin.findings.iter().find_map(refusal);
    first.unwrap_or_else(|| otherwise.to_owned())
}

fn accept_one(
    file: &mut TrustFile,
    prepared: &[Prepared],
    judged: &Judged,
    release: &ReleaseId,
    reason: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    let found = prepared
        .iter()
        .zip(&judged.judgements)
        .find(|(one, _)| one.shown.release == *release);
    let Some((one, judgement)) = found else {
        return Err(Failure::usage(format!(
            "{} is not in the lockfile; name a release that is, as name@version",
            release.spoken()
        )));
    };
    accept(file, &one.shown, judgement, reason, now)
        .map_err(|error| Failure::usage(error.to_string()))
}

/// Takes over what was verified. What is kept as it was is told, each with its reason.
fn update(
    file: &mut TrustFile,
    prepared: &[Prepared],
    judged: &Judged,
    now: Timestamp,
) -> Vec<String> {
    let (mut first, mut newer, mut stronger) = (0_usize, 0_usize, 0_usize);
    let mut kept = Vec::new();
    for (one, judgement) in prepared.iter().zip(&judged.judgements) {
        match record(file, &one.shown, judgement, now) {
            Updated::FirstUse => first += 1,
            Updated::Newer { .. } => newer += 1,
            Updated::Stronger => stronger += 1,
            Updated::Unchanged => {}
            // What nobody asked about has no record to be kept, and is told elsewhere.
            Updated::Kept(_) if !one.known => {}
            Updated::Kept(because) => kept.push(because),
        }
    }
    let mut said = vec![format!(
        "{FILE}: {first} recorded for the first time, {newer} moved to a newer release, {stronger} with more evidence, {} left as they were.",
        kept.len()
    )];
    kept.sort();
    said.extend(kept);
    said
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string(), 300)
}

/// The file of a project; an empty one where there is none.
///
/// # Errors
/// It is there and cannot be read.
pub(super) fn read(path: &Path) -> Result<TrustFile, Failure> {
    // A link that leads nowhere is something that is there and cannot be read.
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(TrustFile::default()),
        Err(_) | Ok(_) => {}
    }
    let bytes = super::lock::bytes(path, limit::BYTES as u64)
        .doing(format_args!("read {}", shown(path)))?;
    TrustFile::parse(&bytes).doing(format_args!("read {}", shown(path)))
}

/// Whole or not at all, readable like any file of a project.
///
/// # Errors
/// It cannot be written.
pub(super) fn write(path: &Path, trust: &TrustFile) -> Result<(), Failure> {
    let doing = format!("write {}", shown(path));
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o644));
    }
    let mut file = builder.tempfile_in(folder).doing(&doing)?;
    file.write_all(trust.render().as_bytes()).doing(&doing)?;
    file.persist(path).map_err(|e| e.error).doing(&doing)?;
    Ok(())
}
