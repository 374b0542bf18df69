use super::doc::LockRuleDoc;
use customs_ecosystem::lockfile::Locked;
use customs_model::{Answer, Digest};

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

#[cfg(test)]
mod tests {
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
}
