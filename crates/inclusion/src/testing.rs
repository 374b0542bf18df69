//! Records for tests: a small honest one, its parts in another order, and any at all.

use crate::record::{Included, IncludedFile, Origin, Record};
use customs_model::{
    Answer, Digest, DigestAlgorithm, Ecosystem, Hasher, Known, PackageName, ReleaseId, Standing,
    Timestamp, Version,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What attacks a terminal, a table, a page, a log or a document.
pub(crate) const HOSTILE: &str = "a\u{1b}[2J\u{9b}31m\u{202e}b|c`d\n::error::e\r##[add-mask]f\
    </td><script>g</script>[h](https://evil.example)@somebody\u{200b}&amp;\"'\\|*_$x$\u{7f}#<!--";

pub(crate) fn digest(algorithm: DigestAlgorithm, text: &str) -> Digest {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(text.as_bytes());
    hasher.finish()
}

pub(crate) fn file(path: &str, content: &str, standing: &str) -> IncludedFile {
    IncludedFile {
        path: path.to_owned(),
        size: content.len() as u64,
        sha1: digest(DigestAlgorithm::Sha1, content),
        sha256: digest(DigestAlgorithm::Sha256, content),
        standing: standing.to_owned(),
    }
}

pub(crate) fn package(purl: &str, places: &[&str]) -> Included {
    let release: ReleaseId = purl.parse().unwrap();
    Included {
        artifact: vec![digest(DigestAlgorithm::Sha512, purl)],
        release,
        places: places.iter().map(|place| (*place).to_owned()).collect(),
        artifact_from: None,
        files: Vec::new(),
        depends_on: Vec::new(),
        tree: Answer::Yes,
        origin: Origin {
            signature: Answer::Yes,
            attestation: Answer::Yes,
            identity: Some("acme/tool, release.yml, by GitHub".to_owned()),
            repository: Some("https://github.com/acme/tool".to_owned()),
            commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
        },
        verdict: Known::Is(Standing::Clean),
        exemptions: Vec::new(),
    }
}

/// Five packages of three ecosystems: a good one, one with a changed file, one without
/// evidence, one that is not installed, one that is malicious and exempted.
pub(crate) fn record() -> Record {
    let mut good = package("pkg:npm/%40acme/tool@1.2.3", &["node_modules/@acme/tool"]);
    good.artifact_from = Some("the gate's store".to_owned());
    good.files = vec![
        file("index.js", "module.exports = 1\n", "same"),
        file("package.json", "{}\n", "same"),
    ];
    good.depends_on = vec!["pkg:npm/left-pad@1.3.0".parse().unwrap()];
    let mut changed = package(
        "pkg:npm/left-pad@1.3.0",
        &["node_modules/left-pad", "packages/a/node_modules/left-pad"],
    );
    changed.tree = Answer::No;
    changed.files = vec![
        file("index.js", "changed", "unexplained"),
        file("node_modules/.cache/x", "cached", "made here"),
    ];
    changed.depends_on = vec!["pkg:npm/gone@0.0.1".parse().unwrap()];
    let mut bare = package("pkg:pypi/zope-interface@6.0%2Blocal", &["lib/zope"]);
    bare.artifact = vec![
        digest(DigestAlgorithm::Sha256, "wheel one"),
        digest(DigestAlgorithm::Sha256, "wheel two"),
    ];
    bare.origin = Origin {
        signature: Answer::No,
        attestation: Answer::not_checked("the evidence is not here; run customs verify --fetch"),
        identity: None,
        repository: None,
        commit: None,
    };
    bare.verdict = Known::Is(Standing::NotJudged);
    let mut absent = package("pkg:cargo/serde@1.0.0", &[]);
    absent.artifact = vec![digest(DigestAlgorithm::Sha256, "crate")];
    absent.tree = Answer::not_checked("it is not installed");
    absent.verdict = Known::not_known("its bytes are not here");
    let mut bad = package(
        "pkg:npm/plain-crypto-js@4.2.1",
        &["node_modules/plain-crypto-js"],
    );
    bad.verdict = Known::Is(Standing::Malicious);
    bad.exemptions = vec!["studied in a sandbox, by ann, until 2026-09-01".to_owned()];
    Record {
        schema: Record::SCHEMA,
        project: "shop".to_owned(),
        commit: Some("89abcdef0123456789abcdef0123456789abcdef".to_owned()),
        made: "2026-08-26T10:00:00.5Z".parse().unwrap(),
        lockfiles: vec![
            (
                "package-lock.json".to_owned(),
                digest(DigestAlgorithm::Sha256, "lock"),
            ),
            (
                "Cargo.lock".to_owned(),
                digest(DigestAlgorithm::Sha256, "other lock"),
            ),
        ],
        packages: vec![good, changed, bare, absent, bad],
        loose: Vec::new(),
        not_checked: vec!["web/: no lockfile".to_owned()],
        touches: BTreeMap::new(),
    }
}

/// A record whose every package is all right.
pub(crate) fn good_record() -> Record {
    let mut record = record();
    record.packages.truncate(1);
    record.packages[0].depends_on.clear();
    record.not_checked.clear();
    record
}

/// A record in which every text that a stranger chooses is hostile.
pub(crate) fn hostile_record() -> Record {
    let mut record = record();
    let hostile = || HOSTILE.to_owned();
    record.project = hostile();
    record.commit = Some(hostile());
    record.not_checked.push(hostile());
    record.loose.push(file(HOSTILE, "z", HOSTILE));
    record.lockfiles[0].0 = hostile();
    for package in &mut record.packages {
        package.places.push(hostile());
        package.exemptions.push(hostile());
        package.artifact_from = Some(hostile());
        package.tree = Answer::No;
        package.origin = Origin {
            signature: Answer::not_checked(hostile()),
            attestation: Answer::Yes,
            identity: Some(hostile()),
            repository: Some(format!("https://{HOSTILE}")),
            commit: Some(hostile()),
        };
        package.files.push(file(HOSTILE, "x", "unexplained"));
        package
            .files
            .push(file(&format!("{HOSTILE}/y"), "y", HOSTILE));
    }
    record
}

/// The same, as another walk might have found it.
pub(crate) fn shuffled(record: &Record) -> Record {
    let mut record = record.clone();
    record.packages.reverse();
    record.lockfiles.reverse();
    record.not_checked.reverse();
    for package in &mut record.packages {
        package.files.reverse();
        package.places.reverse();
        package.artifact.reverse();
        package.depends_on.reverse();
        package.exemptions.reverse();
    }
    record
}

fn any_answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        Just(Answer::Yes),
        Just(Answer::No),
        any::<String>().prop_map(Answer::NotChecked),
    ]
}

fn any_verdict() -> impl Strategy<Value = Known<Standing>> {
    prop_oneof![
        Just(Known::Is(Standing::Clean)),
        Just(Known::Is(Standing::Suspicious)),
        Just(Known::Is(Standing::Malicious)),
        Just(Known::Is(Standing::NotJudged)),
        any::<String>().prop_map(Known::NotKnown),
        Just(Known::NotApplicable),
    ]
}

fn any_release() -> impl Strategy<Value = ReleaseId> {
    ("(@[ab]/)?[ab](-|_|~)?[a1]", 0..3_u8, 0..3_u8).prop_map(|(name, kind, version)| {
        let ecosystem = Ecosystem::ALL[usize::from(kind)];
        let name = match ecosystem {
            Ecosystem::Npm => name,
            Ecosystem::PyPi | Ecosystem::Cargo => {
                name.replace(['@', '/', '~'], "-").replace("--", "-")
            }
        };
        let name = name.trim_start_matches('-').to_owned();
        let name = if ecosystem == Ecosystem::Npm {
            name
        } else {
            format!("x{name}")
        };
        ReleaseId::new(
            PackageName::new(ecosystem, &name).unwrap(),
            Version::new(&format!("{version}.0.0+x")).unwrap(),
        )
    })
}

fn any_file() -> impl Strategy<Value = IncludedFile> {
    (any::<String>(), "[ab]", any::<String>())
        .prop_map(|(path, content, standing)| file(&path, &content, &standing))
}

fn any_digest() -> impl Strategy<Value = Digest> {
    ("[ab]", any::<bool>()).prop_map(|(text, is_long)| {
        let algorithm = if is_long {
            DigestAlgorithm::Sha512
        } else {
            DigestAlgorithm::Sha256
        };
        digest(algorithm, &text)
    })
}

fn any_package() -> impl Strategy<Value = Included> {
    let few = 0..3_usize;
    let lists = (
        prop::collection::vec(any::<String>(), few.clone()),
        prop::collection::vec(any_digest(), few.clone()),
        prop::collection::vec(any_file(), few.clone()),
        prop::collection::vec(any_release(), few.clone()),
        prop::collection::vec(any::<String>(), few),
    );
    let text = || proptest::option::of(any::<String>());
    let origin = (any_answer(), any_answer(), text(), text(), text());
    (
        any_release(),
        lists,
        any_answer(),
        origin,
        any_verdict(),
        text(),
    )
        .prop_map(
            |(
                release,
                (places, artifact, files, depends_on, exemptions),
                tree,
                o,
                verdict,
                from,
            )| {
                Included {
                    release,
                    places,
                    artifact,
                    artifact_from: from,
                    files,
                    depends_on,
                    tree,
                    origin: Origin {
                        signature: o.0,
                        attestation: o.1,
                        identity: o.2,
                        repository: o.3,
                        commit: o.4,
                    },
                    verdict,
                    exemptions,
                }
            },
        )
}

/// Any record: names that collide, texts of every kind.
pub(crate) fn any_record() -> impl Strategy<Value = Record> {
    (
        any::<String>(),
        prop::collection::vec(any_package(), 0..6),
        prop::collection::vec(any_file(), 0..3),
        prop::collection::vec(any::<String>(), 0..3),
        0..4_000_000_000_i64,
    )
        .prop_map(|(project, packages, loose, not_checked, second)| Record {
            touches: BTreeMap::new(),
            schema: Record::SCHEMA,
            project,
            commit: None,
            made: Timestamp::from_second(second).unwrap(),
            lockfiles: Vec::new(),
            packages,
            loose,
            not_checked,
        })
}
