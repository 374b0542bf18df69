//! Small projects in folders of their own, with reports as the tree check makes them.

mod cargo;

use super::record::{Look, of};
use super::*;
use crate::verify::report::{PackageOrigin, Report, SCHEMA, Subject};
use customs_device::tree::{
    Against, Cause, Difference, DifferenceKind, PackageTree, Standing, TreeReport,
};
use customs_inclusion::question::Question;
use customs_model::{Answer, Digest, Known, ReleaseId, Standing as Verdict};
use customs_origin::OriginAnswer;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Later than any file of a test.
const LATE: i128 = i128::MAX;
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn tree(release: &str, place: &str, against: Option<Against>) -> PackageTree {
    PackageTree {
        release: release.parse().unwrap(),
        place: place.to_owned(),
        answer: match against {
            Some(Against::Artifact { .. }) => Answer::Yes,
            _ => Answer::not_checked("its artifact is not here"),
        },
        against,
        files: 0,
        differences: Vec::new(),
        decoy: None,
        open: Vec::new(),
    }
}

fn artifact(text: &str) -> Option<Against> {
    Some(Against::Artifact {
        digest: Digest::sha256(text.as_bytes()),
        from: "npm's cache".to_owned(),
    })
}

fn differs(path: &str, kind: DifferenceKind, standing: Standing) -> Difference {
    Difference {
        path: path.to_owned(),
        kind,
        expected: None,
        found: None,
        standing,
        why: Vec::new(),
    }
}

fn subject(folder: &str, lockfile: Option<&str>, installed: Option<TreeReport>) -> Subject {
    Subject {
        folder: folder.to_owned(),
        lockfile: lockfile.map(str::to_owned),
        in_repository: folder.to_owned(),
        lines: Default::default(),
        members: Vec::new(),
        kind: "npm".to_owned(),
        tree: Answer::Yes,
        installed,
        lock: Answer::Yes,
        locked: Default::default(),
        change: None,
        origin: Answer::Yes,
        packages: Vec::new(),
        policy: None,
    }
}

fn report(subjects: Vec<Subject>) -> Report {
    Report {
        schema: SCHEMA,
        made: "2026-11-01T00:00:00Z".parse().unwrap(),
        subjects,
        base: None,
        settings: Vec::new(),
        trust: Vec::new(),
        together: Default::default(),
        roots: Vec::new(),
        not_checked: Vec::new(),
        only: Default::default(),
    }
}

fn recorded(root: &Path, report: &Report, policy: &Policy, began: i128) -> Record {
    let home = root.join("home");
    let look = Look {
        root,
        project: None,
        made: "2026-11-29T12:00:00Z".parse().unwrap(),
        began,
        policy,
        cargo: Some(&home),
    };
    of(report, &look)
}

const LOCK: &str = r#"{"name": "shop", "lockfileVersion": 3, "packages": {
  "": {"name": "shop", "dependencies": {"left": "^1"}},
  "node_modules/left": {"version": "1.0.0", "integrity": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==", "dependencies": {"pad": "2"}},
  "node_modules/pad": {"version": "2.0.0", "integrity": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="},
  "node_modules/left/node_modules/pad": {"version": "2.0.0", "integrity": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="},
  "node_modules/gone": {"version": "3.0.0", "optional": true}
}}"#;

/// A project of npm: one package with a file that nothing explains and one that its build made,
/// one that lies at two places, one that is not installed, a cache and a stray file.
fn npm(root: &Path) -> Report {
    write(
        root,
        &[
            ("package-lock.json", LOCK),
            (".git/HEAD", "ref: refs/heads/main\n"),
            (".git/refs/heads/main", COMMIT),
            (".git/objects/x", ""),
            ("node_modules/left/index.js", "left"),
            ("node_modules/left/evil.js", "evil"),
            ("node_modules/left/build/left.node", "native"),
            ("node_modules/left/node_modules/pad/index.js", "pad"),
            ("node_modules/pad/index.js", "pad"),
            ("node_modules/.cache/x", "cached"),
            ("node_modules/stray.js", "stray"),
        ],
    );
    let mut left = tree("pkg:npm/left@1.0.0", "node_modules/left", artifact("left"));
    let native = Standing::Explained(Cause::Installer {
        what: "native build".to_owned(),
    });
    left.differences = vec![
        differs("build/left.node", DifferenceKind::Extra, native),
        differs("evil.js", DifferenceKind::Extra, Standing::Unexplained),
    ];
    left.judge();
    let made = Standing::MadeHere {
        maker: "the bundler's cache".to_owned(),
        pinned: None,
    };
    let installed = TreeReport {
        packages: vec![
            left,
            tree(
                "pkg:npm/pad@2.0.0",
                "node_modules/left/node_modules/pad",
                artifact("pad"),
            ),
            tree("pkg:npm/pad@2.0.0", "node_modules/pad", artifact("pad")),
        ],
        loose: vec![
            differs("node_modules/.cache/x", DifferenceKind::Extra, made),
            differs(
                "node_modules/stray.js",
                DifferenceKind::Extra,
                Standing::Unexplained,
            ),
        ],
        ..TreeReport::default()
    };
    let mut subject = subject(".", Some("package-lock.json"), Some(installed));
    subject.packages = vec![PackageOrigin {
        release: "pkg:npm/pad@2.0.0".parse().unwrap(),
        artifact: None,
        origin: OriginAnswer {
            signature: Answer::Yes,
            ..OriginAnswer::unseen()
        },
        history: None,
        source: None,
        verdict: Known::Is(Verdict::Clean),
    }];
    report(vec![subject])
}

#[test]
fn a_project_of_npm_is_told_file_by_file() {
    let folder = tempfile::tempdir().unwrap();
    let report = npm(folder.path());
    let record = recorded(folder.path(), &report, &Policy::default(), LATE);
    insta::assert_snapshot!(table::files(&record), @r"
    What shop contains, seen at 2026-11-29T12:00:00Z, commit 0123456789abcdef0123456789abcdef01234567
      from  package-lock.json  sha256:3fd95345df76c37ae3ac581ff85bfda2045effab53c8aceda1d0e872d4c81883

    npm gone@3.0.0
      at           (locked, not installed)
      tree         not checked: it is not installed here
      signature    not checked: nobody asked where it comes from
      attestation  not checked: nobody asked where it comes from
      verdict      not checked: nobody has read its code here; customs inspect does

    npm left@1.0.0
      at           node_modules/left
      artifact     sha256:360f84035942243c6a36537ae2f8673485e6c04455a0a85a0db19690f2541480
      artifact     sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e
      bytes from   npm's cache
      tree         no
      signature    not checked: nobody asked where it comes from
      attestation  not checked: nobody asked where it comes from
      verdict      not checked: nobody has read its code here; customs inspect does
        file explained    6  sha256:bef32d2c315a289576f2a6828d27edb16bb316a4d85c271f2d794045f3ea668d  build/left.node
        file unexplained  4  sha256:b5c1fb2efc6d6b4674c2fdcc48ce01b43a3b7c03763c0c3355de0099ee0f8c73  evil.js
        file same         4  sha256:360f84035942243c6a36537ae2f8673485e6c04455a0a85a0db19690f2541480  index.js

    npm pad@2.0.0
      at           node_modules/left/node_modules/pad
      at           node_modules/pad
      artifact     sha256:f563fcd3fb8578799b80b370673b693ec2a72ea5fdff9aa08e633d4e90f448eb
      artifact     sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e
      bytes from   npm's cache
      tree         yes
      signature    yes
      attestation  not checked: nobody asked for attestations
      verdict      yes
        file same  3  sha256:f563fcd3fb8578799b80b370673b693ec2a72ea5fdff9aa08e633d4e90f448eb  index.js

    of no package
        file made here    6  sha256:3673014e72b67383be302485694555a57ad393afdebaed6ded110a775bd0556d  node_modules/.cache/x
        file unexplained  5  sha256:e224ddc6b55af8b2a88404a0b6cb2617db0dfc25b3584a4dd7c4358d911e91f5  node_modules/stray.js

    Not so:
      npm left@1.0.0: what lies there is not what the artifact holds
        file unexplained  4  sha256:b5c1fb2efc6d6b4674c2fdcc48ce01b43a3b7c03763c0c3355de0099ee0f8c73  evil.js
      of no package: nothing explains these files
        file unexplained  5  sha256:e224ddc6b55af8b2a88404a0b6cb2617db0dfc25b3584a4dd7c4358d911e91f5  node_modules/stray.js

    Not checked:
      tree of npm gone@3.0.0, because it is not installed here
      signature of 2 packages, because nobody asked where it comes from
      attestation of npm pad@2.0.0, because nobody asked for attestations
      attestation of 2 packages, because nobody asked where it comes from
      verdict of 2 packages, because nobody has read its code here; customs inspect does
      of the project: files that were made here and that nobody has pinned (1): node_modules/.cache/x

                 yes  no  not checked
    tree         1    1   1
    signature    1    0   2
    attestation  0    0   3
    verdict      1    0   2
    3 packages (1 not installed), 4 files and 2 of no package, 0 exempted; 1 part of the project not looked at
    ");
}

#[test]
fn the_same_project_gives_the_same_bytes_in_every_format_but_for_the_time() {
    let folder = tempfile::tempdir().unwrap();
    let report = npm(folder.path());
    let make = || recorded(folder.path(), &report, &Policy::default(), LATE);
    for shape in [
        Shape::Text,
        Shape::Json,
        Shape::Markdown,
        Shape::Cyclonedx,
        Shape::Spdx,
    ] {
        let (one, two) = (written(&make(), shape, true), written(&make(), shape, true));
        assert_eq!(one.unwrap(), two.unwrap(), "{shape:?}");
    }
    let later = instant(Some("2027-01-01T00:00:00Z".parse().unwrap()), None).unwrap();
    let mut other = make();
    other.made = later;
    let text = |record: &Record| json::text(record).unwrap();
    assert_eq!(
        text(&other).replace("2027-01-01T00:00:00Z", "2026-11-29T12:00:00Z"),
        text(&make())
    );
}

#[test]
fn a_file_that_changed_while_it_was_looked_at_is_not_called_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let report = npm(folder.path());
    let record = recorded(folder.path(), &report, &Policy::default(), 0);
    let pad = record
        .packages
        .iter()
        .find(|one| one.release.spoken() == "pad@2.0.0")
        .unwrap();
    assert_eq!(pad.files[0].standing, "not compared");
    assert_eq!(
        pad.tree,
        Answer::not_checked("1 of its files changed while it was looked at")
    );
}

#[test]
fn what_is_written_reads_back_and_compares_quietly_with_itself() {
    let folder = tempfile::tempdir().unwrap();
    let report = npm(folder.path());
    let old = recorded(folder.path(), &report, &Policy::default(), LATE);
    let back = json::read(json::text(&old).unwrap().as_bytes()).unwrap();
    assert!(!compare::compare(&back, &old).is_loud());
    fs::write(folder.path().join("node_modules/pad/index.js"), "poison").unwrap();
    let new = recorded(folder.path(), &report, &Policy::default(), LATE);
    let newly = compare::compare(&back, &new);
    assert!(newly.is_loud());
    assert_eq!(newly.files[0].release.spoken(), "pad@2.0.0");
}

#[test]
fn exemptions_that_have_not_ended_stand_beside_their_package() {
    let folder = tempfile::tempdir().unwrap();
    let report = npm(folder.path());
    let text = |until: &str| {
        format!(
            "version = 1\n[[exemption]]\nmatch = \"pkg:npm/pad\"\nrules = [\"version-age\"]\n\
             reason = \"reviewed\"\nowner = \"ann@shop.example\"\nexpires = {until}\n"
        )
    };
    let exempted = |until: &str| {
        let policy = Policy::parse(&text(until), "customs.toml").unwrap();
        let record = recorded(folder.path(), &report, &policy, LATE);
        let pad = record
            .packages
            .iter()
            .find(|one| one.release.spoken() == "pad@2.0.0")
            .cloned();
        pad.unwrap().exemptions
    };
    insta::assert_snapshot!(exempted("2027-01-15").join("\n"), @"version-age waived by ann@shop.example until 2027-01-15 00:00 UTC: reviewed");
    assert!(exempted("2026-11-28").is_empty());
}

fn environment(root: &Path) -> Report {
    let site = ".venv/lib/python3.12/site-packages";
    let at = |path: &str| format!("{site}/{path}");
    let record = "six.py,,\n__pycache__/six.cpython-312.pyc,,\nsix-1.16.0.dist-info/METADATA,,\n\
                  six-1.16.0.dist-info/RECORD,,\n../../../bin/six,,\n../../../../secret,,\n/etc/passwd,,\n";
    write(
        root,
        &[
            ("secret", "not of the environment"),
            (
                "requirements.txt",
                "six==1.16.0 --hash=sha256:1e61c37477a1626458e36f7b1d82aa5c9b094fa4802892072e49de9c60c4c926 \
                 --hash=sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254\n",
            ),
            (".venv/pyvenv.cfg", "home = /usr/bin\nversion = 3.12.1\n"),
            (".venv/bin/six", "#!python"),
            (&at("six.py"), "six"),
            (&at("__pycache__/six.cpython-312.pyc"), "compiled"),
            (
                &at("six-1.16.0.dist-info/METADATA"),
                "Name: six\nVersion: 1.16.0\n",
            ),
            (&at("six-1.16.0.dist-info/RECORD"), record),
            (&at("six-1.16.0.dist-info/INSTALLER"), "pip"),
            (&at("stray.pth"), "import stray"),
        ],
    );
    let wheel = Against::Artifact {
        digest: "sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254"
            .parse()
            .unwrap(),
        from: "pip's cache".to_owned(),
    };
    let mut six = tree(
        "pkg:pypi/six@1.16",
        "lib/python3.12/site-packages",
        Some(wheel),
    );
    six.release = ReleaseId::new(
        six.release.package,
        customs_model::Version::new("1.16.0").unwrap(),
    );
    six.differences = vec![differs(
        "__pycache__/six.cpython-312.pyc",
        DifferenceKind::Extra,
        Standing::Explained(Cause::Bytecode {
            source: "six.py".to_owned(),
        }),
    )];
    let stray = differs(
        "lib/python3.12/site-packages/stray.pth",
        DifferenceKind::Extra,
        Standing::Unexplained,
    );
    let installed = TreeReport {
        packages: vec![six],
        loose: vec![stray],
        ..TreeReport::default()
    };
    report(vec![subject(
        ".venv",
        Some("requirements.txt"),
        Some(installed),
    )])
}

#[test]
fn an_environment_of_python_is_told_and_a_list_that_leads_out_of_it_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let report = environment(folder.path());
    let mut record = recorded(folder.path(), &report, &Policy::default(), LATE);
    record.project = "shop".to_owned();
    insta::assert_snapshot!(table::files(&record), @r"
    What shop contains, seen at 2026-11-29T12:00:00Z
      from  requirements.txt  sha256:72e3b78b615b7345e57d0a261fc4e5a6df20e64e1e5e919d224f5d3f01bdf073

    PyPI six@1.16.0
      at           .venv/lib/python3.12/site-packages
      artifact     sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254
      bytes from   pip's cache
      tree         yes
      signature    not checked: nobody asked where it comes from
      attestation  not checked: nobody asked where it comes from
      verdict      not checked: nobody has read its code here; customs inspect does
        file same       8    sha256:db7cf5c652d7b424381b7d94bf52f6e58b5984d7119c27f20d78bc39fb4cc401  ../../../bin/six
        file explained  8    sha256:64ebd267717810f9524a58c6d7715bd9502b3c9235b291a7104389b372aeec4b  __pycache__/six.cpython-312.pyc
        file same       3    sha256:fed5038bf2f427ab2ec84f85881f103c0e946e8d6252b8731f99ab0cb57729d9  six-1.16.0.dist-info/INSTALLER
        file same       26   sha256:e1d1e56d4dcaf185088070dd84bfdb379605cc48d495a63a9fa3cbda2eb3d4ef  six-1.16.0.dist-info/METADATA
        file same       159  sha256:07c2c2097f33c302c9f0a1283ac5f10468bb3d651859ee7d7e1487c12d31e10f  six-1.16.0.dist-info/RECORD
        file same       3    sha256:44778d82365e4af681c40d5f0eef5cf6f5899d3f0ac335050a7ed6779cf3f674  six.py

    of no package
        file unexplained  12  sha256:12702b3b110e1b2509d45a0525e19b9ed89e06c87284d8765bcd3b85e1a4e6ef  .venv/lib/python3.12/site-packages/stray.pth

    Not so:
      of no package: nothing explains these files
        file unexplained  12  sha256:12702b3b110e1b2509d45a0525e19b9ed89e06c87284d8765bcd3b85e1a4e6ef  .venv/lib/python3.12/site-packages/stray.pth

    Not checked:
      signature of PyPI six@1.16.0, because nobody asked where it comes from
      attestation of PyPI six@1.16.0, because nobody asked where it comes from
      verdict of PyPI six@1.16.0, because nobody has read its code here; customs inspect does

                 yes  no  not checked
    tree         1    0   0
    signature    0    0   1
    attestation  0    0   1
    verdict      0    0   1
    1 package (0 not installed), 6 files and 1 of no package, 0 exempted; 0 parts of the project not looked at
    ");
    // The report may name the project around the environment.
    let mut around = environment(folder.path());
    around.subjects[0].folder = ".".to_owned();
    let mut other = recorded(folder.path(), &around, &Policy::default(), LATE);
    other.project = "shop".to_owned();
    assert_eq!(other, record);
}

#[test]
fn a_link_among_files_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let report = npm(folder.path());
    let left = folder.path().join("node_modules/left");
    std::os::unix::fs::symlink("/etc", left.join("etc")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", left.join("passwd")).unwrap();
    let record = recorded(folder.path(), &report, &Policy::default(), LATE);
    let left = record
        .packages
        .iter()
        .find(|one| one.release.spoken() == "left@1.0.0")
        .unwrap();
    let paths: Vec<&str> = left.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["build/left.node", "evil.js", "index.js"]);
}

#[test]
fn what_could_not_be_looked_at_is_never_a_yes() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("package-lock.json", LOCK)]);
    let mut unseen = subject(".", Some("package-lock.json"), None);
    unseen.tree = Answer::not_checked("nothing is installed here");
    let record = recorded(
        folder.path(),
        &report(vec![unseen]),
        &Policy::default(),
        LATE,
    );
    assert_eq!(record.packages.len(), 3);
    let answers: BTreeMap<_, _> = Counts::of(&record).answers;
    assert!(
        answers
            .values()
            .all(|tally| tally.yes == 0 && tally.no == 0)
    );
    assert!(!is_bad(&record, false));
    assert!(is_bad(&record, true));
}

#[test]
fn a_remark_about_origin_does_not_touch_what_the_tree_is_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let mut report = npm(folder.path());
    let notes = ["of all", "of origin", "of an artifact"].map(str::to_owned);
    report.not_checked.extend(notes.iter().cloned());
    report.only.origin.insert(notes[1].clone());
    report.only.tree.insert(notes[2].clone());
    let record = recorded(folder.path(), &report, &Policy::default(), LATE);
    let open = |question| record.open_for(&BTreeSet::from([question]));
    let tree = open(Question::Tree);
    assert_eq!(tree, record.not_checked.len() - 1, "{record:?}");
    assert_eq!(open(Question::Signature), 2);
    assert_eq!(open(Question::Verdict), 1);
}

#[test]
fn the_time_is_given_or_that_of_the_build_and_nonsense_is_refused() {
    let given = "2026-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(instant(Some(given), Some("nonsense")).unwrap(), given);
    assert_eq!(
        instant(None, Some("0")).unwrap().to_string(),
        "1970-01-01T00:00:00Z"
    );
    assert_eq!(instant(None, Some("yesterday")).unwrap_err().code, 2);
}

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

#[test]
fn an_option_without_effect_is_refused() {
    use clap::Parser as _;
    let refused = |words: &[&str]| {
        let line = ["included"].iter().chain(words).copied();
        match Line::try_parse_from(line) {
            Err(_) => true,
            Ok(line) => Way::of(&line.arguments).is_err_and(|failure| failure.code == 2),
        }
    };
    for words in [
        &["--verifier", "https://ci.example"] as &[&str],
        &["--resource", "pkg:generic/app", "--format", "spdx"],
        &["--public-key", "key.pub"],
        &["--files", "--json"],
        &["--files", "--format", "markdown"],
        &["--files", "--compare", "old.json"],
        &["--new-key", "key", "--verifier", "https://ci.example"],
    ] {
        assert!(refused(words), "{words:?}");
    }
    assert!(!refused(&["--files"]));
    assert!(!refused(&[]));
}
