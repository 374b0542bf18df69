//! Which files of a release are read, and one verdict for all of them.
//!
//! A project on `PyPI` offers a source distribution and a wheel for each platform, and each is
//! what somebody installs. They are read in the order of who gets them; what a bound leaves
//! out is named.

use super::report::lines;
use customs_model::{Digest, Inspection, Known, Standing, Verdict, Zone, printable};
use customs_registry::Located;
use customs_rules::{Phantom, compare, phantoms};

/// Packed bytes of one release that are read, as far as its document says how long they are.
const BYTES: u64 = 512 << 20;
/// What a file can do that the first one cannot, lines.
const DIFFERS: usize = 8;

/// The files of a release.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chosen<T> {
    /// Those that are read; the first one speaks for the release.
    pub read: Vec<T>,
    /// Those with the content of one that is read, by name, and which one that is.
    pub same: Vec<(String, String)>,
    /// Those that are not read, by name, and why.
    pub left_out: Vec<(String, String)>,
}

/// What counts of a file. Its name is printed only as it is safe to print.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    /// Its name.
    pub file: &'a str,
    /// What its bytes are.
    pub digest: Option<&'a Digest>,
    /// How long it is.
    pub size: Option<u64>,
}

/// What counts of a file of a registry.
pub(crate) fn of_registry(located: &Located) -> About<'_> {
    About {
        file: &located.file,
        digest: located.digest.as_ref(),
        size: located.size,
    }
}

/// Chooses the files of a release that are read, at most so many.
pub(crate) fn choose<T>(
    mut all: Vec<T>,
    most: usize,
    about: impl for<'a> Fn(&'a T) -> About<'a>,
) -> Chosen<T> {
    all.sort_by(|a, b| {
        let (a, b) = (about(a).file, about(b).file);
        rank(a).cmp(&rank(b)).then_with(|| a.cmp(b))
    });
    // Without a wheel for every machine another one speaks: it is what most installers take.
    if all.first().is_some_and(|one| !is_wheel(about(one).file))
        && let Some(at) = all.iter().position(|one| is_wheel(about(one).file))
    {
        all[..=at].rotate_right(1);
    }
    let mut chosen = Chosen {
        read: Vec::new(),
        same: Vec::new(),
        left_out: Vec::new(),
    };
    let mut bytes = 0_u64;
    for one in all {
        let this = about(&one);
        let file = printable(this.file, 160);
        let twin = this.digest.and_then(|digest| {
            let mut read = chosen.read.iter().map(&about);
            read.find(|other| other.digest == Some(digest))
        });
        if let Some(twin) = twin {
            let twin = printable(twin.file, 160);
            chosen.same.push((file, twin));
            continue;
        }
        let size = this.size.unwrap_or(0);
        if chosen.read.len() >= most {
            let because = format!("the release has more files than the {most} that are read");
            chosen.left_out.push((file, because));
        } else if bytes.saturating_add(size) > BYTES {
            let because = format!("the files of the release come to over {} MiB", BYTES >> 20);
            chosen.left_out.push((file, because));
        } else {
            bytes = bytes.saturating_add(size);
            chosen.read.push(one);
        }
    }
    chosen
}

fn is_wheel(file: &str) -> bool {
    file.ends_with(".whl")
}

/// What runs on every machine first, then what runs when it is built, then the others.
fn rank(file: &str) -> u8 {
    if file.ends_with("-none-any.whl") {
        0
    } else if is_wheel(file) {
        2
    } else {
        1
    }
}

/// What a file can do that the first one of its release cannot, one line each.
pub(crate) fn differs(first: &Inspection, other: &Inspection) -> Vec<String> {
    lines(&compare(&[first], other).novelties, DIFFERS)
}

/// What of a wheel the source distribution does not explain, where it runs: one line each.
pub(crate) fn phantoms_of(sdist: &Inspection, wheel: &Inspection) -> Vec<String> {
    let found = match phantoms(sdist, wheel) {
        Known::Is(found) => found,
        Known::NotKnown(because) => {
            return vec![format!("not compared with the sources: {because}")];
        }
        Known::NotApplicable => return Vec::new(),
    };
    let runs = found.files.iter().filter(|file| file.zone > Zone::Never);
    let mut told: Vec<String> = runs.clone().take(DIFFERS).map(Phantom::sentence).collect();
    let more = runs.count().saturating_sub(told.len()) + found.left_out;
    if more > 0 {
        told.push(format!("and {more} more that the sources do not explain"));
    }
    told
}

/// A verdict that there is none.
pub(crate) fn not_judged(because: String) -> Verdict {
    Verdict {
        standing: Standing::NotJudged,
        findings: Vec::new(),
        not_checked: vec![because],
    }
}

/// One verdict: the worst standing, and every finding once.
pub(crate) fn together(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    let mut out = Verdict {
        standing: Standing::Clean,
        findings: Vec::new(),
        not_checked: Vec::new(),
    };
    for verdict in verdicts {
        if badness(verdict.standing) > badness(out.standing) {
            out.standing = verdict.standing;
        }
        for finding in verdict.findings {
            if !out.findings.contains(&finding) {
                out.findings.push(finding);
            }
        }
        for what in verdict.not_checked {
            if !out.not_checked.contains(&what) {
                out.not_checked.push(what);
            }
        }
    }
    out
}

/// What could not be judged may be malicious, so it hides what is only suspicious.
const fn badness(standing: Standing) -> u8 {
    match standing {
        Standing::Clean => 0,
        Standing::Suspicious => 1,
        Standing::NotJudged => 2,
        Standing::Malicious => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::{Confidence, Finding, RuleId, Severity};

    /// Files by name, content and length.
    type Named = (&'static str, Digest, Option<u64>);

    fn file(name: &'static str, content: &str, size: Option<u64>) -> Named {
        (name, Digest::sha256(content.as_bytes()), size)
    }

    fn about(known: &Named) -> About<'_> {
        About {
            file: known.0,
            digest: Some(&known.1),
            size: known.2,
        }
    }

    fn names(read: &[Named]) -> Vec<&'static str> {
        read.iter().map(|known| known.0).collect()
    }

    fn verdict(standing: Standing) -> Verdict {
        Verdict {
            standing,
            findings: Vec::new(),
            not_checked: Vec::new(),
        }
    }

    #[test]
    fn the_wheel_for_every_machine_speaks_and_every_file_is_read() {
        let all = vec![
            file("a-1-cp314-win.whl", "w", None),
            file("a-1.tar.gz", "s", None),
            file("a-1-py3-none-any.whl", "a", None),
        ];
        let chosen = choose(all, 10, about);
        assert_eq!(
            names(&chosen.read),
            ["a-1-py3-none-any.whl", "a-1.tar.gz", "a-1-cp314-win.whl"]
        );
        assert!(chosen.left_out.is_empty());
    }

    #[test]
    fn without_one_for_every_machine_a_wheel_speaks_before_the_sources() {
        let all = vec![
            file("a-1.tar.gz", "s", None),
            file("a-1-cp314-win.whl", "w", None),
            file("a-1-cp314-linux.whl", "l", None),
        ];
        let chosen = choose(all, 10, about);
        assert_eq!(
            names(&chosen.read),
            ["a-1-cp314-linux.whl", "a-1.tar.gz", "a-1-cp314-win.whl"]
        );
    }

    #[test]
    fn the_same_content_is_read_once_and_named_twice() {
        let all = vec![
            file("a-1-cp313-linux.whl", "same", None),
            file("a-1-cp314-linux.whl", "same", None),
        ];
        let chosen = choose(all, 10, about);
        assert_eq!(names(&chosen.read), ["a-1-cp313-linux.whl"]);
        let same = ("a-1-cp314-linux.whl", "a-1-cp313-linux.whl");
        assert_eq!(chosen.same, [(same.0.to_owned(), same.1.to_owned())]);
    }

    #[test]
    fn what_a_bound_leaves_out_is_named() {
        let all = vec![
            file("a-1-py3-none-any.whl", "a", None),
            file("a-1.tar.gz", "s", Some(BYTES + 1)),
            file("a-1-cp313-linux.whl", "l", Some(1)),
            file("a-1-cp314-linux.whl", "m", Some(1)),
        ];
        let chosen = choose(all, 2, about);
        assert_eq!(
            names(&chosen.read),
            ["a-1-py3-none-any.whl", "a-1-cp313-linux.whl"]
        );
        let left_out: Vec<&str> = chosen.left_out.iter().map(|(f, _)| f.as_str()).collect();
        assert_eq!(left_out, ["a-1.tar.gz", "a-1-cp314-linux.whl"]);
        assert!(chosen.left_out[0].1.contains("512 MiB"));
        assert!(chosen.left_out[1].1.contains("more files"));
    }

    #[test]
    fn one_bad_wheel_makes_a_bad_release_and_says_it_once() {
        let bad = || Verdict {
            standing: Standing::Malicious,
            findings: vec![Finding {
                rule: RuleId::of("secret-to-network"),
                severity: Severity::Critical,
                confidence: Confidence::High,
                message: "the environment goes to collect.invalid".to_owned(),
                evidence: Vec::new(),
                path: Vec::new(),
            }],
            not_checked: Vec::new(),
        };
        let verdict = together([
            verdict(Standing::Clean),
            bad(),
            not_judged("cut off".to_owned()),
            bad(),
        ]);
        assert_eq!(verdict.standing, Standing::Malicious);
        assert_eq!(verdict.findings.len(), 1);
        assert_eq!(verdict.not_checked, ["cut off"]);
    }

    #[test]
    fn what_could_not_be_read_is_not_clean() {
        let clean = || verdict(Standing::Clean);
        let verdict = together([clean(), not_judged("cut off".to_owned())]);
        assert_eq!(verdict.standing, Standing::NotJudged);
        assert_eq!(together([clean()]).standing, Standing::Clean);
    }
}
