use super::doc::LockRuleDoc;
use super::finding::{Findings, Judgement, Said};
use super::open::Open;
use super::words::short;
use customs_ecosystem::lockfile::Locked;
use customs_model::{Answer, Digest, Severity, printable};

pub(super) static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-registry",
    title: "The lockfile promises another digest than the registry.",
    what: "Compares each digest of an entry with those that the registry's document promises for the \
           same release. Digests of different algorithms are not comparable: such an entry is not \
           checked.",
    why: "A lockfile is a promise about what the registry offers. Where the two differ, one of them was \
          changed.",
    effect: "fails",
    to_do: "Restore the entry from the last commit that was reviewed, or let the package manager write \
            it again. If it writes the same digest, the registry has changed the artifact: tell its \
            maintainers, and do not install it.",
    fires: &["sha512-AAA… in the lockfile, sha512-BBB… in the document of the same version."],
    silent: &[
        "The lockfile has SHA-1 only and the document SHA-512 only: not checked.",
        "A git dependency: no registry promises anything.",
    ],
    learnt_from: "npm, Yarn and bun install what the lockfile promises, whatever the registry says \
                  (measured, November 2026).",
};

/// Whether a registry promises the same digests for an entry as the lockfile. `promised` are all
/// digests of the release in the registry's document, of all of its files.
///
/// Every digest of the entry that can be compared must be promised: one foreign digest in a list
/// admits one foreign file.
pub fn against_registry(entry: &Locked, promised: &[Digest]) -> Answer {
    if entry.digests.is_empty() {
        return Answer::not_checked("the lockfile promises no digest for it");
    }
    if promised.is_empty() {
        return Answer::not_checked("the registry promises no digest for it");
    }
    let comparable = |digest: &&Digest| {
        let same = |other: &Digest| other.algorithm() == digest.algorithm();
        promised.iter().any(same)
    };
    let mut compared = 0;
    for digest in entry.digests.iter().filter(comparable) {
        compared += 1;
        if !promised.contains(digest) {
            return Answer::No;
        }
    }
    match compared {
        0 => Answer::not_checked(
            "the lockfile and the registry promise digests of different algorithms",
        ),
        _ => Answer::Yes,
    }
}

/// What a registry's document promises for an entry, or why that is not known (one sentence).
pub type Promised = Result<Vec<Digest>, String>;

/// Holds the entries of one lockfile against what the registry's documents promise, those that
/// were asked: a finding for each that the registry contradicts, and one sentence for each reason
/// why others were not compared. `file` is the lockfile's path, for people.
///
/// ```
/// use customs_ecosystem::lockfile::{Kind, read};
/// use customs_origin::lockfile::judge_registry;
/// let text = format!("a==1 --hash=sha256:{}\n", "0a".repeat(32));
/// let lock = read(Kind::RequirementsTxt, text.as_bytes())?;
/// let others = vec![format!("sha256:{}", "0b".repeat(32)).parse()?];
/// let judgement = judge_registry("requirements.txt", [(&lock.entries[0], &Ok(others))]);
/// assert_eq!(judgement.findings[0].rule.as_str(), "lock-registry");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn judge_registry<'a>(
    file: &str,
    entries: impl IntoIterator<Item = (&'a Locked, &'a Promised)>,
) -> Judgement {
    let mut judgement = Judgement::default();
    let mut findings = Findings::of(DOC.id, &mut judgement);
    let mut open = Open::default();
    for (entry, promised) in entries {
        let spoken = printable(&entry.release.spoken(), 160);
        let answer = match promised {
            Ok(promised) => against_registry(entry, promised),
            Err(why) => Answer::not_checked(printable(why, 200)),
        };
        match answer {
            Answer::Yes => {}
            Answer::NotChecked(why) => open.add(why.to_string(), &entry.release),
            Answer::No => {
                let promised = promised.as_deref().unwrap_or_default();
                findings.add(differs(file, entry, &spoken, promised));
            }
        }
    }
    open.tell(
        &mut findings,
        file,
        (
            "release was not compared with the registry",
            "releases were not compared with the registry",
        ),
    );
    findings.finish();
    judgement
}

fn differs<'a>(file: &'a str, entry: &'a Locked, spoken: &str, promised: &[Digest]) -> Said<'a> {
    let foreign = entry.digests.iter().filter(|digest| {
        let comparable = |other: &&Digest| other.algorithm() == digest.algorithm();
        promised.iter().any(|other| comparable(&other)) && !promised.contains(digest)
    });
    let lines = foreign.map(|digest| format!("the lockfile: {}", short(digest)));
    let theirs = promised
        .iter()
        .map(|digest| format!("the registry: {}", short(digest)));
    Said {
        severity: Severity::High,
        message: format!("the registry promises other bytes for {spoken} than the lockfile"),
        file,
        line: entry.line,
        release: Some(&entry.release),
        evidence: lines.chain(theirs).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::limit;
    use super::*;
    use customs_ecosystem::lockfile::{Kind, read};
    use customs_model::DigestAlgorithm;

    fn entry() -> Locked {
        let text = format!(
            "a==1 --hash=sha256:{} --hash=sha256:{}\n",
            "0a".repeat(32),
            "0b".repeat(32)
        );
        let file = read(Kind::RequirementsTxt, text.as_bytes()).unwrap();
        file.entries[0].clone()
    }

    fn sha256(byte: &str) -> Digest {
        Digest::from_hex(DigestAlgorithm::Sha256, &byte.repeat(32)).unwrap()
    }

    #[test]
    fn each_digest_must_be_promised_and_what_cannot_be_compared_is_no_yes() {
        let all = [sha256("0a"), sha256("0b"), sha256("0c")];
        assert_eq!(against_registry(&entry(), &all), Answer::Yes);
        assert_eq!(against_registry(&entry(), &all[..1]), Answer::No);
        let sha1 = Digest::from_hex(DigestAlgorithm::Sha1, &"0a".repeat(20)).unwrap();
        for promised in [&[][..], &[sha1][..]] {
            let answer = against_registry(&entry(), promised);
            assert!(matches!(answer, Answer::NotChecked(_)), "{answer:?}");
        }
        let mut bare = entry();
        bare.digests.clear();
        assert!(matches!(
            against_registry(&bare, &all),
            Answer::NotChecked(_)
        ));
    }

    #[test]
    fn very_many_reasons_are_counted() {
        let open = |number: usize| (entry(), Err(format!("host {number} is not asked")));
        let all: Vec<(Locked, Promised)> = (0..limit::REASONS + 3).map(open).collect();
        let judgement = judge_registry("r.txt", all.iter().map(|(e, p)| (e, p)));
        assert_eq!(judgement.not_checked.len(), limit::REASONS + 1);
        insta::assert_snapshot!(judgement.not_checked.last().unwrap(), @"r.txt: 3 reasons more for which other releases were not compared with the registry");
    }

    #[test]
    fn what_the_registry_contradicts_is_a_finding_and_what_was_not_asked_is_said() {
        let good = vec![sha256("0a"), sha256("0b")];
        let all: [(Locked, Promised); 4] = [
            (entry(), Ok(good)),
            (entry(), Ok(vec![sha256("0a"), sha256("0c")])),
            (entry(), Err("the registry did not answer".to_owned())),
            (entry(), Ok(Vec::new())),
        ];
        let judgement = judge_registry("r.txt", all.iter().map(|(e, p)| (e, p)));
        insta::assert_snapshot!(super::super::testing::lines(&judgement), @r"
        failed lock-registry line 1: the registry promises other bytes for a@1 than the lockfile
            the lockfile: sha256:0b0b0b0b0b0b0b0b…
            the registry: sha256:0a0a0a0a0a0a0a0a…
            the registry: sha256:0c0c0c0c0c0c0c0c…
        not checked: r.txt: 1 release was not compared with the registry (a@1): the registry did not answer
        not checked: r.txt: 1 release was not compared with the registry (a@1): the registry promises no digest for it
        ");
        assert_eq!(judgement.answer(), Answer::No);
    }
}
