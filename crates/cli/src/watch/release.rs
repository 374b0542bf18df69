//! A new release, read: each of its new artifacts, and one verdict for all of them.

use super::fresh::Fresh;
use customs_model::{Standing, Unread, Verdict, printable};
use customs_registry::{Context, Located, Registry};
use customs_rules::{RuleSet, judge_code};

/// Artifacts of one release that are read. Projects with a wheel for each platform have
/// some hundred, and most hold the same code.
pub(super) const MOST: usize = 12;

/// What the new artifacts of a release can do.
///
/// # Errors
/// One could not be fetched, or is not listed yet: it may be there in a moment. What is
/// there and cannot be read is no error but a verdict.
pub(super) async fn inspect(
    registry: &Registry,
    context: &Context,
    fresh: &Fresh,
) -> Result<Verdict, String> {
    let located = registry
        .locate(context, &fresh.release)
        .await
        .map_err(|error| error.to_string())?;
    let files = fresh.files();
    let mut wanted: Vec<Located> = located
        .into_iter()
        .filter(|located| files.is_empty() || files.contains(&located.file))
        .collect();
    if wanted.is_empty() {
        return Err("its document names no artifact of it".to_owned());
    }
    wanted.sort_by_key(|located| rank(&located.file));
    let left_out = wanted.split_off(wanted.len().min(MOST));
    let mut verdicts = Vec::new();
    for located in wanted {
        let file = printable(&located.file, 160);
        let verdict = match registry.read_located(&located).await {
            Ok((_, facts)) => judge_code(&facts.code, &RuleSet::standard()),
            Err(Unread::NotFetched(why)) => return Err(format!("{file}: {why}")),
            Err(unread) => not_judged(format!("{file}: {}", unread.because())),
        };
        verdicts.push(verdict);
    }
    let mut verdict = together(verdicts);
    verdict.not_checked.extend(left_out.iter().map(|located| {
        let file = printable(&located.file, 160);
        format!("{file}: one of more artifacts than are read")
    }));
    Ok(verdict)
}

/// A verdict that there is none.
pub(super) fn not_judged(because: String) -> Verdict {
    Verdict {
        standing: Standing::NotJudged,
        findings: Vec::new(),
        not_checked: vec![because],
    }
}

/// What runs on every machine first, then what runs when it is built, then the others.
fn rank(file: &str) -> u8 {
    if file.ends_with("-none-any.whl") {
        0
    } else if file.ends_with(".whl") {
        2
    } else {
        1
    }
}

/// One verdict: the worst standing, and every finding once.
fn together(verdicts: Vec<Verdict>) -> Verdict {
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
    use super::super::news::testing::{clean, malicious};
    use super::*;

    #[test]
    fn one_bad_wheel_makes_a_bad_release_and_says_it_once() {
        let verdict = together(vec![
            clean(),
            malicious(),
            not_judged("cut off".to_owned()),
            malicious(),
        ]);
        assert_eq!(verdict.standing, Standing::Malicious);
        assert_eq!(verdict.findings.len(), 1);
        assert_eq!(verdict.not_checked, ["cut off"]);
    }

    #[test]
    fn what_could_not_be_read_is_not_clean() {
        let verdict = together(vec![clean(), not_judged("cut off".to_owned())]);
        assert_eq!(verdict.standing, Standing::NotJudged);
        assert_eq!(together(vec![clean()]).standing, Standing::Clean);
    }

    #[test]
    fn a_wheel_for_every_machine_is_read_first() {
        let mut files = ["a-1-cp314-win.whl", "a-1.tar.gz", "a-1-py3-none-any.whl"];
        files.sort_by_key(|file| rank(file));
        assert_eq!(
            files,
            ["a-1-py3-none-any.whl", "a-1.tar.gz", "a-1-cp314-win.whl"]
        );
    }
}
