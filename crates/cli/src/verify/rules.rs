//! What can be wrong with a tree or an origin, in the words that every output uses and that
//! `customs explain` shows.

use customs_device::tree::{Difference, DifferenceKind, Standing};
use customs_origin::lockfile::LockRuleDoc;

pub(super) static MODIFIED: LockRuleDoc = LockRuleDoc {
    id: "tree-modified",
    title: "An installed file has other bytes than the artifact.",
    what: "Compares each installed file with the artifact whose digest the lockfile names. Speaks where nothing \
           explains the difference: no patch file of the project, no habit of the package manager, no copy of \
           another verified file, no build by an install script.",
    why: "No package manager looks at a file again once it is installed, so whoever changed it changed what your \
          program runs.",
    effect: "fails",
    to_do: "Look at the difference, remove the package's folder and install again from the lockfile. If the \
            change is yours, keep it as a patch file of your package manager, which is then verified.",
    fires: &["node_modules/lodash/lodash.js has one more line than lodash-4.17.21.tgz."],
    silent: &["A change that `patches/lodash@4.17.21.patch` makes, byte by byte."],
    learnt_from: "Every manager reports success on an edited tree; bun, uv and pnpm carry the edit into the next \
                  project (measured, November 2026).",
};

pub(super) static MISSING: LockRuleDoc = LockRuleDoc {
    id: "tree-missing",
    title: "A file of the artifact is not installed.",
    what: "Speaks where a file or a whole package that the lockfile names is not there, and neither the platform \
           nor the lockfile allows that.",
    why: "Droppers delete themselves after they ran. What is missing is a trace of that, or a broken installation.",
    effect: "fails",
    to_do: "Find out who removed it, then install again from the lockfile.",
    fires: &["plain-crypto-js has no setup.js, which its artifact has."],
    silent: &["A package for another platform, with `os` and `cpu` in the lockfile."],
    learnt_from: "axios (March 2026): the second package deleted its own setup script.",
};

pub(super) static EXTRA: LockRuleDoc = LockRuleDoc {
    id: "tree-extra",
    title: "A file lies in the tree that no artifact has.",
    what: "Speaks where a file, link or folder is in an installed package, or loose among them, that neither an \
           artifact nor the package manager put there. What a used tree grows (caches, build outputs) is listed \
           as made here instead.",
    why: "Files beside others are found and run: a `.pth` at every start of Python, a `build.rs` at every build, an \
          `index.js` in a folder without one.",
    effect: "fails",
    to_do: "Read the file. If you do not know who made it, treat the machine as one on which it ran; otherwise \
            remove it and install again.",
    fires: &["lib/python3.13/site-packages/extra.pth, which no RECORD and no wheel has."],
    silent: &["`node_modules/.cache/…`, which is made here."],
    learnt_from: "litellm (2026): a `.pth` file that ran with every start of Python.",
};

pub(super) static TYPE: LockRuleDoc = LockRuleDoc {
    id: "tree-type",
    title: "A file became something else, or can be executed now.",
    what: "Speaks where a link or a folder lies in the place of a file (or the other way round), and where a file \
           can be executed that could not be, or cannot any more.",
    why: "A link out of the tree is a file that somebody else can change.",
    effect: "fails",
    to_do: "Remove the package's folder and install again from the lockfile.",
    fires: &["node_modules/a/index.js is a link to /tmp/index.js."],
    silent: &["A link to a member of the workspace."],
    learnt_from: "Tampering with installed trees, as the tests of this program do it.",
};

pub(super) static DECOY: LockRuleDoc = LockRuleDoc {
    id: "tree-decoy",
    title: "A manifest on disk names another version than the lockfile.",
    what: "Compares name and version in the installed manifest with those of the lockfile.",
    why: "Commands that list what is installed read that manifest. Who changes it makes a bad version look like a \
          good one.",
    effect: "fails",
    to_do: "Do not trust what `npm ls` or `pip list` say here. Look at the package with customs inspect, find out \
            what ran, and install again from the lockfile.",
    fires: &["The lockfile has plain-crypto-js 4.2.1, its package.json says 4.2.0."],
    silent: &["`v1.0.0` and `1.0.0`, which are the same version."],
    learnt_from: "axios (March 2026): the dropper replaced its package.json with that of a clean version.",
};

pub(super) static MADE_CHANGED: LockRuleDoc = LockRuleDoc {
    id: "made-here-changed",
    title: "A file that was made here is not what was pinned.",
    what: "Compares files that a used tree grows with the digests that customs.lock has for them.",
    why: "Such files are no part of any artifact, so the pin is all that says what they were.",
    effect: "fails",
    to_do: "If you built or generated it again, look at it and pin it anew with customs verify --pin. Otherwise \
            find out who changed it.",
    fires: &["node_modules/.prisma/client/index.js has another digest than in customs.lock."],
    silent: &["Files that were never pinned: they are listed as not checked."],
    learnt_from: "Generated clients and native builds in trees that are in use.",
};

pub(super) static CACHE: LockRuleDoc = LockRuleDoc {
    id: "cache-poisoned",
    title: "A copy in a shared cache is not what the lockfile promises.",
    what: "Hashes the copies that are used for the comparison; with --caches every copy, in every cache and \
           store, of what the lockfile names.",
    why: "The next project on this machine takes its files from there, and the package manager does not hash them \
          again.",
    effect: "fails",
    to_do: "Remove that file (or clean the cache), and check the other projects on this machine.",
    fires: &["A tarball in npm's cache, whose path is a digest that its bytes do not have."],
    silent: &["Copies that the lockfile does not name."],
    learnt_from: "pnpm, bun and uv share inodes between cache and tree (measured, November 2026).",
};

pub(super) static ORIGIN: LockRuleDoc = LockRuleDoc {
    id: "origin-refused",
    title: "Evidence of where a package comes from does not hold.",
    what: "Verifies the registry's signature and the attestations of a release against the digest that the \
           lockfile names, and holds the identity against what customs.lock recorded for the release line.",
    why: "Evidence that is offered and does not hold is worse than none: the bytes, or who stands behind them, are \
          others than they claim.",
    effect: "fails",
    to_do: "Do not install the release. Compare it with the one before (customs diff) and ask its maintainers.",
    fires: &[
        "The registry's signature is of another digest.",
        "axios 1.14.1 was built by nobody; 1.14.0 by its repository.",
    ],
    silent: &["A release that never had evidence."],
    learnt_from: "axios (March 2026), which lost its provenance with the bad release.",
};

pub(super) static SOURCE: LockRuleDoc = LockRuleDoc {
    id: "source-differs",
    title: "An artifact is not what its commit holds.",
    what: "With --source: compares each file of an artifact with the commit that its provenance or its own \
           statement names. Speaks where a file that runs has other bytes, is in no commit and explained by nothing, \
           or is new among such files since the release before.",
    why: "Who reviews a repository reviews something else then than what is installed.",
    effect: "fails",
    to_do: "Read the files that are named. Ask the maintainers how they were made before you install the release.",
    fires: &["lib/index.js has other bytes than commit 0123abcd."],
    silent: &["A bundle whose source map holds the commit's sources."],
    learnt_from: "xz (March 2024), whose archive had a build script that its repository did not have.",
};

pub(super) static REFUSED: LockRuleDoc = LockRuleDoc {
    id: "policy-refused",
    title: "The gate would not deliver a release that the lockfile names.",
    what: "Asks, for each locked release, what the gate asks before it delivers an artifact: age, changes since \
           the release before, known malware, denials, exemptions, and what its code does where somebody has read \
           it. Speaks as a failure where it would be refused although it is locked, as a note where only its age \
           speaks against it or the policy lets a rule speak without effect.",
    why: "A lockfile is obeyed by every machine that installs from it. What policy refuses today is installed by \
          all of them as long as it stands there.",
    effect: "fails",
    to_do: "Take another version: customs check --fix shows the newest one that is admitted. Where you know \
            better, exempt the release in the policy, with a reason and an end.",
    fires: &[
        "axios 1.14.1 is locked, four hours old, and brings a new dependency that runs a script at install.",
    ],
    silent: &[
        "A young release that runs nothing at install and against which nothing but its age speaks.",
    ],
    learnt_from: "axios (March 2026): lockfiles that were renewed in the three hours kept the bad release.",
};

pub(super) static WITHDRAWN: LockRuleDoc = LockRuleDoc {
    id: "release-withdrawn",
    title: "The registry took back a release that the lockfile names.",
    what: "Asks the registry that the lockfile takes a release from whether it still shows it. Fails where it is \
           not there any more, warns where it is yanked (PyPI, cargo).",
    why: "Malware is taken away, and whoever has it locked learns nothing of that: caches and mirrors go on to \
          deliver it.",
    effect: "fails; a warning where it is yanked",
    to_do: "Find out why it was taken back, and whether it was ever installed (customs ledger). Then take another \
            version: customs check --fix.",
    fires: &[
        "plain-crypto-js 4.2.1 is locked; the registry removed it hours after its publication.",
    ],
    silent: &["A private registry that shows strangers no package at all: that is not checked."],
    learnt_from: "Registries remove malicious releases within hours; lockfiles stay.",
};

pub(super) static VERDICT: LockRuleDoc = LockRuleDoc {
    id: "verdict",
    title: "The code of a locked release was read and judged bad.",
    what: "Looks up what the gate, customs inspect or an earlier check kept of reading this very artifact, by its \
           digest, and judges it with the rules of today. Nothing is read anew.",
    why: "What somebody on this machine has seen in an artifact counts wherever that artifact turns up.",
    effect: "fails where it is malicious, warns where it is suspicious",
    to_do: "Read what was found: customs inspect with the release's name. If it is an honest one, exempt it in the \
            policy, with a reason; otherwise take another version and treat machines that installed it as hit.",
    fires: &["The gate read a release that decodes a text and executes it at install."],
    silent: &["A release that nobody has read: customs inspect --all reads what a lockfile names."],
    learnt_from: "Artifacts that were delivered before a rule knew their shape.",
};

pub(super) static ADVISORY: LockRuleDoc = LockRuleDoc {
    id: "advisory",
    title: "An advisory speaks of a locked release.",
    what: "Matches each locked release with the advisories that --advisories names. Malware is refused by the \
           policy's rule known-malicious; it speaks here where its registry does not have the release any more, or \
           could not be asked.",
    why: "A weakness is no poison, but somebody should know of it before it is shipped.",
    effect: "warns; fails where it is malware",
    to_do: "Move to a version that the advisory names as fixed. Malware: treat machines that installed it as hit.",
    fires: &["An OSV record says that lodash before 4.17.21 is vulnerable; 4.17.20 is locked."],
    silent: &["No advisories were given: that is said once."],
    learnt_from: "OSV, the format in which ecosystems publish them.",
};

/// All of them, in the order in which they are told.
pub(super) static ALL: [&LockRuleDoc; 13] = [
    &MODIFIED,
    &MISSING,
    &EXTRA,
    &TYPE,
    &DECOY,
    &MADE_CHANGED,
    &CACHE,
    &ORIGIN,
    &SOURCE,
    &REFUSED,
    &WITHDRAWN,
    &VERDICT,
    &ADVISORY,
];

/// Which of them a difference falls under; none where it is as it should be, or where nobody
/// knows.
pub(super) fn of(difference: &Difference) -> Option<&'static LockRuleDoc> {
    match (&difference.standing, difference.kind) {
        (Standing::Explained(_), _)
        | (
            Standing::MadeHere {
                pinned: None | Some(true),
                ..
            },
            _,
        )
        | (Standing::Unexplained, DifferenceKind::Unreadable) => None,
        (
            Standing::MadeHere {
                pinned: Some(false),
                ..
            },
            _,
        ) => Some(&MADE_CHANGED),
        (Standing::Unexplained, DifferenceKind::Modified) => Some(&MODIFIED),
        (Standing::Unexplained, DifferenceKind::Missing) => Some(&MISSING),
        (Standing::Unexplained, DifferenceKind::Extra) => Some(&EXTRA),
        (Standing::Unexplained, DifferenceKind::OtherType | DifferenceKind::Mode) => Some(&TYPE),
    }
}

/// A difference in one word.
pub(super) const fn word(kind: DifferenceKind) -> &'static str {
    match kind {
        DifferenceKind::Modified => "modified",
        DifferenceKind::Missing => "missing",
        DifferenceKind::Extra => "extra",
        DifferenceKind::OtherType => "another type",
        DifferenceKind::Mode => "another mode",
        DifferenceKind::Unreadable => "unreadable",
    }
}

#[cfg(test)]
mod tests {
    use customs_origin::lockfile::page;
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    fn book() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/verify-rules")
    }

    #[test]
    fn the_page_about_verify_names_every_rule() {
        let page = include_str!("../../../../docs/verify.md");
        let missing: Vec<&str> = super::super::rules()
            .map(|doc| doc.id)
            .filter(|id| !page.contains(&format!("`{id}`")))
            .collect();
        assert!(
            missing.is_empty(),
            "not named in docs/verify.md: {missing:?}"
        );
    }

    /// With `CUSTOMS_BLESS=1` the pages are written instead of compared.
    #[test]
    fn each_rule_has_a_page_that_says_what_the_rule_says() {
        let bless = std::env::var_os("CUSTOMS_BLESS").is_some();
        for doc in super::super::rules() {
            let path = book().join(format!("{}.md", doc.id));
            let text = page(doc);
            if bless {
                std::fs::create_dir_all(book()).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
            let found = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(
                found, text,
                "the page of {} is stale; run the test with CUSTOMS_BLESS=1",
                doc.id
            );
        }
    }

    #[test]
    fn no_page_is_left_of_a_rule_that_is_gone() {
        let ids: BTreeSet<String> = super::super::rules()
            .map(|doc| format!("{}.md", doc.id))
            .collect();
        for entry in std::fs::read_dir(book()).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(ids.contains(&name), "{name} belongs to no rule");
        }
    }
}
