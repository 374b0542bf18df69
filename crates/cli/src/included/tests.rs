//! Small projects in folders of their own, with reports as the tree check makes them.

use super::record::{Look, of};
use super::*;
use crate::verify::report::{PackageOrigin, Report, SCHEMA, Subject};
use customs_device::tree::{
    Against, Cause, Difference, DifferenceKind, PackageTree, Standing, TreeReport,
};
use customs_model::{Answer, Digest, Known, ReleaseId, Standing as Verdict};
use customs_origin::OriginAnswer;
use std::collections::BTreeMap;
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
    }
}

fn subject(folder: &str, lockfile: Option<&str>, installed: Option<TreeReport>) -> Subject {
    Subject {
        folder: folder.to_owned(),
        lockfile: lockfile.map(str::to_owned),
        kind: "npm".to_owned(),
        tree: Answer::Yes,
        installed,
        lock: Answer::Yes,
        locked: Default::default(),
        change: None,
        origin: Answer::Yes,
        packages: Vec::new(),
    }
}

fn report(subjects: Vec<Subject>) -> Report {
    Report {
        schema: SCHEMA,
        made: "2026-11-01T00:00:00Z".parse().unwrap(),
        subjects,
        settings: Vec::new(),
        together: Default::default(),
        roots: Vec::new(),
        not_checked: Vec::new(),
    }
}

fn recorded(root: &Path, report: &Report, policy: &Policy, began: i128) -> Record {
    let look = Look {
        root,
        project: None,
        made: "2026-11-29T12:00:00Z".parse().unwrap(),
        began,
        policy,
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
    let native = Standing::Explained(Cause::InstallScript {
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
            tree("pkg:npm/pad@2.0.0", "node_modules/left/node_modules/pad", artifact("pad")),
            tree("pkg:npm/pad@2.0.0", "node_modules/pad", artifact("pad")),
        ],
        loose: vec![
            differs("node_modules/.cache/x", DifferenceKind::Extra, made),
            differs("node_modules/stray.js", DifferenceKind::Extra, Standing::Unexplained),
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
    insta::assert_snapshot!(table::files(&record), @"");
}

#[test]
fn the_same_project_gives_the_same_bytes_in_every_format_but_for_the_time() {
    let folder = tempfile::tempdir().unwrap();
    let report = npm(folder.path());
    let make = || recorded(folder.path(), &report, &Policy::default(), LATE);
    for shape in [Shape::Text, Shape::Json, Shape::Markdown, Shape::Cyclonedx, Shape::Spdx] {
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
    let pad = record.packages.iter().find(|one| one.release.spoken() == "pad@2.0.0").unwrap();
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
            "[[exemption]]\nmatch = \"pkg:npm/pad\"\nrules = [\"version-age\"]\n\
             reason = \"reviewed\"\nowner = \"ann@shop.example\"\nexpires = {until}\n"
        )
    };
    let exempted = |until: &str| {
        let policy = Policy::parse(&text(until), "customs.toml").unwrap();
        let record = recorded(folder.path(), &report, &policy, LATE);
        let pad = record.packages.iter().find(|one| one.release.spoken() == "pad@2.0.0").cloned();
        pad.unwrap().exemptions
    };
    insta::assert_snapshot!(exempted("2027-01-15").join("\n"), @"");
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
            (&at("six-1.16.0.dist-info/METADATA"), "Name: six\nVersion: 1.16.0\n"),
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
    let mut six = tree("pkg:pypi/six@1.16", "lib/python3.12/site-packages", Some(wheel));
    six.release = ReleaseId::new(six.release.package, customs_model::Version::new("1.16.0").unwrap());
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
    report(vec![subject(".venv", Some("requirements.txt"), Some(installed))])
}

#[test]
fn an_environment_of_python_is_told_and_a_list_that_leads_out_of_it_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let report = environment(folder.path());
    let mut record = recorded(folder.path(), &report, &Policy::default(), LATE);
    record.project = "shop".to_owned();
    insta::assert_snapshot!(table::files(&record), @"");
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
    let left = record.packages.iter().find(|one| one.release.spoken() == "left@1.0.0").unwrap();
    let paths: Vec<&str> = left.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["build/left.node", "evil.js", "index.js"]);
}

#[test]
fn what_could_not_be_looked_at_is_never_a_yes() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("package-lock.json", LOCK)]);
    let mut unseen = subject(".", Some("package-lock.json"), None);
    unseen.tree = Answer::not_checked("nothing is installed here");
    let record = recorded(folder.path(), &report(vec![unseen]), &Policy::default(), LATE);
    assert_eq!(record.packages.len(), 3);
    let answers: BTreeMap<_, _> = Counts::of(&record).answers;
    assert!(answers.values().all(|tally| tally.yes == 0 && tally.no == 0));
    assert!(!is_bad(&record, false));
    assert!(is_bad(&record, true));
}

#[test]
fn the_time_is_given_or_that_of_the_build_and_nonsense_is_refused() {
    let given = "2026-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(instant(Some(given), Some("nonsense")).unwrap(), given);
    assert_eq!(instant(None, Some("0")).unwrap().to_string(), "1970-01-01T00:00:00Z");
    assert_eq!(instant(None, Some("yesterday")).unwrap_err().code, 2);
}
