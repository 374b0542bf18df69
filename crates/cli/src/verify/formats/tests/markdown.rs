//! The comment.

use super::made::{finding, hostile, many, release, report, subject};
use crate::verify::markdown;
use crate::verify::report::Report;
use customs_model::{Answer, Severity};
use customs_origin::lockfile::{Added, Installed, LockChange};

fn added(name: &str) -> LockChange {
    LockChange {
        file: "package-lock.json".into(),
        added: vec![Added {
            installed: Installed {
                name: name.into(),
                version: "1.0.0".into(),
                release: Some(release(name)),
                line: 7,
                from: None,
                way: Vec::new(),
                direct: true,
                install_script: false,
                install_script_known: true,
                bundled: false,
                commands: Vec::new(),
                publisher: None,
                published: None,
                days: None,
            },
        }],
        ..LockChange::default()
    }
}

#[test]
fn the_comment_shows_what_changed_and_counts_what_did_not() {
    let mut one = subject(vec![
        finding("new", "new@1.0.0 is odd".into(), Severity::High),
        finding("old", "old@1.0.0 is odd".into(), Severity::High),
    ]);
    one.change = Some(added("new"));
    let report = Report {
        base: Some("0123abcd".into()),
        ..report(vec![one])
    };
    insta::assert_snapshot!(markdown::text(&report), @r##"
    <!-- customs:verify -->
    **customs verify: NO.** tree 1 yes; lockfile 1 no; origin 1 not checked

    <!-- customs:lockfile:package-lock.json -->
    **`package-lock.json`**: 1 added. Nothing in the change itself speaks against it.

    | Newly included | Version | From | Brought in by | |
    |---|---|---|---|---|
    | `new` | `1.0.0` |  | the project |  |

    - **failed** lock-address: new@&#8203;1.0.0 is odd

    1 finding fails in what this change does not touch; the full report has them.

    <details><summary>1 not checked</summary>

    - package-lock.json&#58; origin not checked&#58; evidence of origin was not asked for

    </details>
    "##);
}

#[test]
fn without_a_base_the_comment_shows_all_that_is_wrong() {
    let mut report = many(2, Severity::High);
    report.together.findings = vec![finding(
        "b",
        "two lockfiles differ".into(),
        Severity::Medium,
    )];
    let text = markdown::text(&report);
    for part in ["finding 0", "finding 1", "two lockfiles differ"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn the_comments_headline_is_the_answer() {
    let mut report = report(vec![subject(Vec::new())]);
    assert!(markdown::text(&report).contains("**customs verify: not checked.**"));
    report.subjects[0].origin = Answer::Yes;
    assert!(markdown::text(&report).contains("**customs verify: yes.**"));
    // What several lockfiles show is no answer of a single one.
    report.together.findings = vec![finding("b", "they differ".into(), Severity::High)];
    let text = markdown::text(&report);
    assert!(text.contains("**customs verify: NO.**"), "{text}");
    assert!(text.contains("lockfiles together no"), "{text}");
}

#[test]
fn a_base_without_a_change_says_so() {
    let mut one = subject(Vec::new());
    one.change = Some(LockChange::default());
    let report = Report {
        base: Some("0123abcd".into()),
        ..report(vec![one])
    };
    assert!(markdown::text(&report).contains("Nothing that is locked changed since `0123abcd`."));
}

#[test]
fn a_comment_fits_where_it_is_put_and_folds_that_are_opened_are_closed() {
    let subjects = (0..200).map(|_| {
        let mut one = subject(Vec::new());
        let mut change = added("a");
        change.added = vec![change.added[0].clone(); 60];
        one.change = Some(change);
        one
    });
    let report = Report {
        base: Some("0123abcd".into()),
        ..report(subjects.collect())
    };
    let text = markdown::text(&report);
    assert!(text.len() < 65_536, "{}", text.len());
    assert!(text.contains("is too long for a comment"));
    assert_eq!(
        text.matches("<details>").count(),
        text.matches("</details>").count()
    );
}

#[test]
fn what_strangers_write_is_nothing_in_a_comment() {
    let text = markdown::text(&hostile());
    for part in ["@someone", "www.a", "<\"", "\u{1b}", "##["] {
        assert!(!text.contains(part), "{part:?} is in {text}");
    }
}
