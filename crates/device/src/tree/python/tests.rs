use super::*;
use crate::tree::{Cause, Difference, DifferenceKind, PackageTree, Standing};
use customs_ecosystem::lockfile::Source;
use customs_model::{Answer, PackageName, ReleaseId, Version};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

const SITE: &str = "lib/python3.11/site-packages";
const CORE: &str = "import os\n\ndef run():\n    return os.getcwd()\n";
const TIME: u64 = 1_700_000_000;

/// The files of the package that the tests install.
const FILES: [(&str, &str); 7] = [
    ("alpha/__init__.py", ""),
    ("alpha/core.py", CORE),
    (
        "alpha-1.0.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: alpha\nVersion: 1.0\n",
    ),
    (
        "alpha-1.0.dist-info/WHEEL",
        "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    ),
    (
        "alpha-1.0.dist-info/entry_points.txt",
        "[console_scripts]\nalpha = alpha.core:run\n",
    ),
    ("alpha-1.0.data/scripts/tool", "#!python\nprint('tool')\n"),
    ("alpha-1.0.data/data/share/alpha.txt", "data\n"),
];

/// A project with an environment in which one wheel is installed, as pip does it.
struct Lab {
    folder: tempfile::TempDir,
    locked: Vec<Locked>,
    at_hand: bool,
}

impl Lab {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut lab = Self {
            folder,
            locked: Vec::new(),
            at_hand: true,
        };
        lab.write("bin/.keep", "");
        fs::remove_file(lab.path("bin/.keep")).unwrap();
        lab.write(
            "pyvenv.cfg",
            "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11.7\n",
        );
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/usr/bin/python3.11", lab.path("bin/python")).unwrap();
            std::os::unix::fs::symlink("python", lab.path("bin/python3")).unwrap();
            std::os::unix::fs::symlink("lib", lab.path("lib64")).unwrap();
        }
        lab.install("alpha", &FILES);
        lab
    }

    fn environment(&self) -> PathBuf {
        self.folder.path().join(".venv")
    }

    fn path(&self, place: &str) -> PathBuf {
        self.environment().join(place)
    }

    fn site(&self, place: &str) -> PathBuf {
        self.environment().join(SITE).join(place)
    }

    fn write(&self, place: &str, text: impl AsRef<[u8]>) {
        write(&self.path(place), text.as_ref());
    }

    /// Writes into `site-packages`, with the time that the file had.
    fn edit(&self, place: &str, text: impl AsRef<[u8]>) {
        write(&self.site(place), text.as_ref());
    }

    fn install(&mut self, name: &str, files: &[(&str, &str)]) {
        let bytes = wheel(name, files);
        let digest = Digest::sha256(&bytes);
        write(&self.folder.path().join("fetched").join(name), &bytes);
        self.locked.push(locked(name, digest));
        let environment = self
            .environment()
            .canonicalize()
            .unwrap_or(self.environment());
        let mut rows = Vec::new();
        for (path, text) in files {
            let (place, text) = match path.split_once(".data/") {
                Some((_, rest)) if rest.starts_with("scripts/") => (
                    rest.replace("scripts/", "../../../bin/"),
                    text.replace(
                        "#!python",
                        &format!("#!{}/bin/python", environment.display()),
                    ),
                ),
                Some((_, rest)) => (rest.replace("data/", "../../../"), (*text).to_owned()),
                None => ((*path).to_owned(), (*text).to_owned()),
            };
            self.edit(&place, &text);
            rows.push((place, text));
        }
        if files
            .iter()
            .any(|(path, _)| path.ends_with("entry_points.txt"))
        {
            let script = self.launcher("");
            self.edit(&format!("../../../bin/{name}"), &script);
            rows.push((format!("../../../bin/{name}"), script));
        }
        let info = format!("{name}-1.0.dist-info");
        self.edit(&format!("{info}/INSTALLER"), "pip\n");
        rows.push((format!("{info}/INSTALLER"), "pip\n".into()));
        self.record(name, &rows);
    }

    fn launcher(&self, more: &str) -> String {
        format!(
            "#!{}/bin/python\nimport sys\nfrom alpha.core import run\nif __name__ == '__main__':\n    sys.argv[0] = sys.argv[0].removesuffix('.exe')\n    sys.exit(run())\n{more}",
            self.environment().canonicalize().unwrap().display()
        )
    }

    fn record(&self, name: &str, rows: &[(String, String)]) {
        let info = format!("{name}-1.0.dist-info/RECORD");
        let mut text = String::new();
        for (path, content) in rows {
            text += &row(path, content);
        }
        text += &format!("{info},,\n");
        self.edit(&info, text);
    }

    /// Writes the row of a file anew, as somebody would who hides an edit.
    fn fix_record(&self, path: &str) {
        let list = self.site("alpha-1.0.dist-info/RECORD");
        let content = fs::read_to_string(self.site(path)).unwrap();
        let mut text: String = fs::read_to_string(&list)
            .unwrap()
            .lines()
            .filter(|line| !line.starts_with(&format!("{path},")))
            .map(|line| format!("{line}\n"))
            .collect();
        text += &row(path, &content);
        write(&list, text.as_bytes());
    }

    fn check(&self) -> TreeReport {
        let places = match self.at_hand {
            true => vec![Place::Any {
                folder: self.folder.path().join("fetched"),
                from: "the fetch folder".into(),
            }],
            false => Vec::new(),
        };
        check(&self.environment(), &self.locked, &Options { places })
    }

    /// The answer about the package, and what is unexplained, anywhere.
    fn told(&self) -> (Answer, Vec<String>) {
        let report = self.check();
        let answer = one(&report, "alpha").answer.clone();
        (answer, unexplained(&report))
    }

    /// What is unexplained where the package's own files are at stake.
    fn refused(&self) -> Vec<String> {
        let (answer, unexplained) = self.told();
        assert_eq!(answer, Answer::No, "{unexplained:?}");
        unexplained
    }

    /// What is unexplained where the package itself is as it should be.
    fn stray(&self) -> Vec<String> {
        let (answer, unexplained) = self.told();
        assert_eq!(answer, Answer::Yes, "{unexplained:?}");
        unexplained
    }
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = File::create(path).unwrap();
    file.write_all(bytes).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(TIME))
        .unwrap();
}

fn row(path: &str, content: &str) -> String {
    let sri = Digest::sha256(content.as_bytes()).to_sri();
    let value = sri
        .trim_start_matches("sha256-")
        .trim_end_matches('=')
        .replace('+', "-")
        .replace('/', "_");
    format!("{path},sha256={value},{}\n", content.len())
}

fn wheel(name: &str, files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let mut record = String::new();
    for (path, text) in files {
        zip.start_file(*path, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
        record += &row(path, text);
    }
    zip.start_file(format!("{name}-1.0.dist-info/RECORD"), options)
        .unwrap();
    zip.write_all(record.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

fn locked(name: &str, digest: Digest) -> Locked {
    Locked {
        release: ReleaseId::new(
            PackageName::new(Ecosystem::PyPi, name).unwrap(),
            Version::new("1.0").unwrap(),
        ),
        source: Source::Registry,
        digests: vec![digest],
        resolved: None,
        has_install_script: None,
        line: None,
    }
}

fn one<'r>(report: &'r TreeReport, name: &str) -> &'r PackageTree {
    let mut found = report
        .packages
        .iter()
        .filter(|package| package.release.package.as_str() == name);
    let package = found.next().unwrap();
    assert!(found.next().is_none());
    package
}

fn shown(difference: &Difference) -> String {
    format!("{:?} {}", difference.kind, difference.path)
}

fn unexplained(report: &TreeReport) -> Vec<String> {
    report
        .packages
        .iter()
        .flat_map(|package| &package.differences)
        .chain(&report.loose)
        .filter(|difference| difference.standing == Standing::Unexplained)
        .map(shown)
        .collect()
}

/// A compiled file of Python 3.11: one function that uses these names and texts.
fn compiled(file: &str, names: &[&str], texts: &[&str], source: &str) -> Vec<u8> {
    let mut out = vec![0xa7, 0x0d, 0x0d, 0x0a, 0, 0, 0, 0];
    out.extend(u32::try_from(TIME).unwrap().to_le_bytes());
    out.extend(u32::try_from(source.len()).unwrap().to_le_bytes());
    let text = |out: &mut Vec<u8>, text: &str| {
        out.extend([b'z', u8::try_from(text.len()).unwrap()]);
        out.extend(text.as_bytes());
    };
    let many = |out: &mut Vec<u8>, all: &[&str]| {
        out.extend([b')', u8::try_from(all.len()).unwrap()]);
        all.iter().for_each(|one| text(out, one));
    };
    let bytes = |out: &mut Vec<u8>| out.extend([b's', 0, 0, 0, 0]);
    out.push(b'c');
    out.extend([0; 20]);
    bytes(&mut out);
    many(&mut out, texts);
    many(&mut out, names);
    many(&mut out, &[]);
    bytes(&mut out);
    text(&mut out, &format!("/build/{file}"));
    text(&mut out, "<module>");
    text(&mut out, "<module>");
    out.extend(1_i32.to_le_bytes());
    bytes(&mut out);
    bytes(&mut out);
    out
}

const PYC: &str = "alpha/__pycache__/core.cpython-311.pyc";

#[test]
fn an_untouched_environment_is_answered_with_yes() {
    let lab = Lab::new();
    lab.edit(
        PYC,
        compiled("core.py", &["os", "run", "getcwd"], &[], CORE),
    );
    let report = lab.check();
    let package = one(&report, "alpha");
    assert_eq!(package.answer, Answer::Yes);
    assert_eq!(package.place, SITE);
    assert!(unexplained(&report).is_empty(), "{report:?}");
    let explained: Vec<String> = package.differences.iter().map(shown).collect();
    assert_eq!(
        explained,
        [
            "Extra ../../../bin/alpha",
            "Extra ../../../bin/tool",
            "Extra alpha-1.0.dist-info/INSTALLER",
            "Extra alpha-1.0.dist-info/RECORD",
            "Extra alpha/__pycache__/core.cpython-311.pyc",
        ]
    );
    insta::assert_snapshot!(report.not_checked.join("\n"), @"1 compiled files are bound to their sources and hold no other names and texts; whether their instructions are the same was not checked, since nothing is executed");
}

#[test]
fn an_edit_with_its_time_restored_is_found() {
    let lab = Lab::new();
    lab.edit("alpha/core.py", CORE.replace("getcwd", "getpid"));
    assert_eq!(lab.refused(), ["Modified alpha/core.py"]);
}

#[test]
fn an_edit_hidden_in_record_is_found_by_the_wheel() {
    let lab = Lab::new();
    lab.edit("alpha/core.py", "import evil\n");
    lab.fix_record("alpha/core.py");
    assert_eq!(
        lab.refused(),
        ["Extra alpha-1.0.dist-info/RECORD", "Modified alpha/core.py"]
    );
}

#[test]
fn without_the_wheel_agreement_with_record_is_no_answer() {
    let mut lab = Lab::new();
    lab.at_hand = false;
    let (answer, unexplained) = lab.told();
    assert!(unexplained.is_empty());
    let Answer::NotChecked(why) = answer else {
        panic!("{answer:?}")
    };
    insta::assert_snapshot!(why, @"its artifact is not on this computer: fetch it, or install through the gate; it was compared with RECORD, which whoever changes a file can change too");
    // And so it stays where both were changed: nobody can tell.
    lab.edit("alpha/core.py", "import evil\n");
    lab.fix_record("alpha/core.py");
    assert!(matches!(lab.told(), (Answer::NotChecked(_), rest) if rest.is_empty()));
}

#[test]
fn without_the_wheel_a_difference_from_record_is_a_difference() {
    let mut lab = Lab::new();
    lab.at_hand = false;
    lab.edit("alpha/core.py", "import evil\n");
    fs::remove_file(lab.site("alpha/__init__.py")).unwrap();
    assert_eq!(
        lab.refused(),
        ["Missing alpha/__init__.py", "Modified alpha/core.py"]
    );
}

#[test]
fn what_python_runs_at_every_start_is_never_overlooked() {
    let lab = Lab::new();
    lab.edit("zz.pth", "import os\n");
    lab.edit("sitecustomize.py", "");
    lab.edit("usercustomize.py", "");
    lab.edit("_virtualenv.pth", "import evil");
    assert_eq!(
        lab.stray(),
        [
            "Extra lib/python3.11/site-packages/_virtualenv.pth",
            "Extra lib/python3.11/site-packages/sitecustomize.py",
            "Extra lib/python3.11/site-packages/usercustomize.py",
            "Extra lib/python3.11/site-packages/zz.pth",
        ]
    );
}

#[test]
fn a_module_that_was_added_is_the_packages() {
    let lab = Lab::new();
    lab.edit("alpha/more.py", "");
    lab.edit("alpha/deep/er.so", "");
    assert_eq!(
        lab.refused(),
        ["Extra alpha/deep/er.so", "Extra alpha/more.py"]
    );
}

#[test]
fn a_swapped_compiled_file_that_repeats_time_and_size_is_found_by_its_words() {
    for (names, texts) in [
        (&["os", "run", "system"][..], &[][..]),
        (&["os"][..], &["curl https://evil.example"][..]),
    ] {
        let lab = Lab::new();
        lab.edit(PYC, compiled("core.py", names, texts, CORE));
        assert_eq!(lab.refused(), [format!("Extra {PYC}")]);
    }
    let lab = Lab::new();
    lab.edit(PYC, compiled("core.py", &["os", "system"], &[], CORE));
    insta::assert_snapshot!(lab.check().not_checked.join("\n"), @r#"alpha/__pycache__/core.cpython-311.pyc: it uses the name "system", which its source does not hold"#);
}

#[test]
fn a_compiled_file_of_another_source_is_unexplained() {
    let good = || compiled("core.py", &["os"], &[], CORE);
    for (name, bytes) in [
        ("of another size", compiled("core.py", &["os"], &[], "")),
        ("of another file", compiled("other.py", &["os"], &[], CORE)),
        ("with something behind it", [good(), vec![1]].concat()),
        ("cut off", good().split_last().unwrap().1.to_vec()),
        ("no compiled file", b"import os".to_vec()),
    ] {
        let lab = Lab::new();
        lab.edit(PYC, bytes);
        assert_eq!(lab.refused(), [format!("Extra {PYC}")], "{name}");
    }
    let lab = Lab::new();
    lab.edit(PYC, good());
    File::options()
        .write(true)
        .open(lab.site("alpha/core.py"))
        .unwrap()
        .set_modified(UNIX_EPOCH)
        .unwrap();
    assert_eq!(lab.refused(), [format!("Extra {PYC}")]);
}

#[test]
fn a_compiled_file_without_a_source_is_unexplained() {
    let lab = Lab::new();
    lab.edit("alpha/gone.pyc", compiled("gone.py", &[], &[], ""));
    lab.edit(
        "alpha/__pycache__/gone.cpython-311.pyc",
        compiled("gone.py", &[], &[], ""),
    );
    assert_eq!(
        lab.refused(),
        [
            "Extra alpha/__pycache__/gone.cpython-311.pyc",
            "Extra alpha/gone.pyc"
        ]
    );
}

#[test]
fn a_compiled_file_of_an_unknown_interpreter_is_not_good_and_not_bad() {
    let lab = Lab::new();
    let mut bytes = compiled("core.py", &["os"], &[], CORE);
    bytes[0] = 0xff;
    lab.edit(PYC, bytes);
    let (answer, unexplained) = lab.told();
    assert_eq!(answer, Answer::not_checked("1 of its files cannot be read"));
    assert_eq!(unexplained, [format!("Unreadable {PYC}")]);
}

#[test]
fn a_file_that_was_deleted_is_missing() {
    let lab = Lab::new();
    fs::remove_file(lab.site("alpha/__init__.py")).unwrap();
    fs::remove_file(lab.path("bin/alpha")).unwrap();
    assert_eq!(
        lab.refused(),
        ["Missing ../../../bin/alpha", "Missing alpha/__init__.py"]
    );
}

#[cfg(unix)]
#[test]
fn a_link_or_folder_in_place_of_a_file_is_of_another_type() {
    let lab = Lab::new();
    let same = lab.folder.path().join("same.py");
    write(&same, CORE.as_bytes());
    fs::remove_file(lab.site("alpha/core.py")).unwrap();
    std::os::unix::fs::symlink(&same, lab.site("alpha/core.py")).unwrap();
    assert_eq!(lab.refused(), ["OtherType alpha/core.py"]);
    fs::remove_file(lab.site("alpha/core.py")).unwrap();
    lab.edit("alpha/core.py/__init__.py", CORE);
    assert_eq!(
        lab.refused(),
        ["OtherType alpha/core.py", "Extra alpha/core.py/__init__.py"]
    );
}

#[cfg(unix)]
#[test]
fn a_link_in_place_of_a_folder_hides_nothing() {
    let lab = Lab::new();
    let away = lab.folder.path().join("away");
    fs::rename(lab.site("alpha"), &away).unwrap();
    std::os::unix::fs::symlink(&away, lab.site("alpha")).unwrap();
    assert_eq!(
        lab.refused(),
        [
            "Missing alpha/__init__.py",
            "Missing alpha/core.py",
            "Extra lib/python3.11/site-packages/alpha",
        ]
    );
}

#[test]
fn a_twin_in_other_letters_is_another_file() {
    let lab = Lab::new();
    lab.edit("alpha/Core.py", CORE);
    lab.edit("ALPHA/core.py", CORE);
    assert_eq!(
        lab.refused(),
        [
            "Extra alpha/Core.py",
            "Extra lib/python3.11/site-packages/ALPHA/core.py"
        ]
    );
}

#[test]
fn a_command_must_be_what_an_installer_writes() {
    let lab = Lab::new();
    lab.write("bin/alpha", lab.launcher("import evil\n"));
    lab.fix_record("../../../bin/alpha");
    assert_eq!(lab.refused(), ["Extra ../../../bin/alpha"]);
    let lab = Lab::new();
    lab.write(
        "bin/alpha",
        lab.launcher("").replace("/bin/python", "/../bin/python"),
    );
    lab.write("bin/tool", "#!/tmp/python\nprint('tool')\n");
    assert_eq!(
        lab.refused(),
        ["Extra ../../../bin/alpha", "Extra ../../../bin/tool"]
    );
}

#[test]
fn what_lies_in_bin_and_belongs_to_nobody_is_unexplained() {
    let lab = Lab::new();
    lab.write("bin/pip9", "#!/bin/sh\n");
    lab.write("bin/activate", "deactivate () {\n}\n");
    lab.write("bin/python9", "");
    lab.write("lib/python3.11/evil.py", "");
    assert_eq!(
        lab.stray(),
        [
            "Extra bin/pip9",
            "Extra bin/python9",
            "Extra lib/python3.11/evil.py"
        ]
    );
    let report = lab.check();
    let made: Vec<String> = report
        .loose
        .iter()
        .filter(|d| matches!(d.standing, Standing::MadeHere { .. }))
        .map(shown)
        .collect();
    assert_eq!(made, ["Extra bin/activate"]);
}

#[cfg(unix)]
#[test]
fn an_interpreter_that_leads_elsewhere_is_unexplained() {
    let lab = Lab::new();
    fs::remove_file(lab.path("bin/python")).unwrap();
    std::os::unix::fs::symlink("/tmp/python", lab.path("bin/python")).unwrap();
    assert_eq!(lab.stray(), ["Extra bin/python"]);
}

#[test]
fn a_package_that_is_not_the_locked_version_is_a_decoy() {
    let mut lab = Lab::new();
    let other = Version::new("1.1").unwrap();
    lab.locked[0].release = ReleaseId::new(lab.locked[0].release.package.clone(), other);
    let report = lab.check();
    let package = one(&report, "alpha");
    assert_eq!(package.answer, Answer::No);
    assert_eq!(package.release.spoken(), "alpha@1.1");
    assert_eq!(package.decoy.as_deref(), Some("alpha@1.0"));
}

#[test]
fn metadata_that_disagrees_with_its_folder_is_a_decoy() {
    let mut lab = Lab::new();
    lab.at_hand = false;
    let path = "alpha-1.0.dist-info/METADATA";
    lab.edit(path, "Name: alpha\nVersion: 1.2\n");
    lab.fix_record(path);
    let report = lab.check();
    assert_eq!(one(&report, "alpha").answer, Answer::No);
    assert_eq!(one(&report, "alpha").decoy.as_deref(), Some("alpha 1.2"));
}

#[test]
fn a_list_that_leads_out_of_the_environment_is_never_followed() {
    for at_hand in [true, false] {
        let mut lab = Lab::new();
        lab.at_hand = at_hand;
        let list = lab.site("alpha-1.0.dist-info/RECORD");
        let text = fs::read_to_string(&list).unwrap();
        let outside = row("../../../../outside.txt", "");
        write(&list, format!("{outside}{text}").as_bytes());
        let found = lab.refused();
        assert_eq!(found.len(), 1, "{found:?}");
    }
}

#[test]
fn a_copy_with_other_bytes_is_not_used() {
    let mut lab = Lab::new();
    lab.at_hand = false;
    let digest = lab.locked[0].digests[0].clone();
    let store = lab.folder.path().join("store");
    let hex = digest.to_hex();
    write(
        &store.join("sha256").join(&hex[..2]).join(&hex[2..]),
        b"evil",
    );
    let places = vec![Place::ByDigest {
        folder: store,
        from: "the gate's store".into(),
    }];
    let report = check(&lab.environment(), &lab.locked, &Options { places });
    assert!(matches!(
        one(&report, "alpha").answer,
        Answer::NotChecked(_)
    ));
    assert!(
        report.not_checked[0]
            .starts_with("the gate's store has other bytes under the name of sha256:"),
        "{report:?}"
    );
}

#[test]
fn what_is_installed_editable_is_not_checked() {
    let lab = Lab::new();
    let path = "alpha-1.0.dist-info/direct_url.json";
    lab.edit(
        path,
        r#"{"url":"file:///srv/alpha","dir_info":{"editable":true}}"#,
    );
    lab.fix_record(path);
    let (answer, _) = lab.told();
    let Answer::NotChecked(why) = answer else {
        panic!("{answer:?}")
    };
    assert!(why.starts_with("it is installed editable"), "{why}");
}

#[test]
fn a_file_that_two_packages_own_may_be_either_ones() {
    let mut lab = Lab::new();
    let files = [
        ("alpha/__init__.py", "# of beta\n"),
        ("beta-1.0.dist-info/METADATA", "Name: beta\nVersion: 1.0\n"),
    ];
    lab.install("beta", &files);
    let report = lab.check();
    assert!(unexplained(&report).is_empty(), "{report:?}");
    let shared = &one(&report, "alpha").differences;
    assert!(shared.iter().any(|d| d.kind == DifferenceKind::Modified
        && matches!(&d.standing, Standing::Explained(Cause::CopyOf { release, .. }) if release.spoken() == "beta@1.0")));
    lab.edit("alpha/__init__.py", "# of nobody\n");
    assert_eq!(
        unexplained(&lab.check()),
        ["Modified alpha/__init__.py", "Modified alpha/__init__.py"]
    );
}

#[test]
fn what_no_lockfile_names_is_not_checked() {
    let mut lab = Lab::new();
    lab.locked.clear();
    assert!(
        matches!(lab.told(), (Answer::NotChecked(why), _) if why.starts_with("no lockfile names it"))
    );
    lab.edit("old.egg-info", "Name: old\n");
    let report = lab.check();
    assert!(
        report.not_checked[0].starts_with("old.egg-info: "),
        "{report:?}"
    );
}

#[test]
fn a_poisoned_wheel_in_the_cache_of_uv_is_found() {
    let lab = Lab::new();
    let cache = lab.folder.path().join("uv");
    let mut record = String::new();
    for (path, text) in FILES {
        write(&cache.join("archive-v0/abc").join(path), text.as_bytes());
        record += &row(path, text);
    }
    let list = cache.join("archive-v0/abc/alpha-1.0.dist-info/RECORD");
    write(&list, record.as_bytes());
    let places = vec![Place::Any {
        folder: lab.folder.path().join("fetched"),
        from: "the fetch folder".into(),
    }];
    let report = check_uv_cache(
        &cache,
        &lab.locked,
        &Options {
            places: places.clone(),
        },
    );
    assert_eq!(one(&report, "alpha").answer, Answer::Yes, "{report:?}");
    assert_eq!(one(&report, "alpha").place, "archive-v0/abc");
    write(
        &cache.join("archive-v0/abc/alpha/core.py"),
        b"import evil\n",
    );
    for options in [Options { places }, Options::default()] {
        let report = check_uv_cache(&cache, &lab.locked, &options);
        assert_eq!(one(&report, "alpha").answer, Answer::No);
        assert_eq!(unexplained(&report), ["Modified alpha/core.py"]);
    }
}

#[test]
fn a_source_archive_is_not_compared_with_what_was_built_from_it() {
    let mut lab = Lab::new();
    let sdist = [0x1f, 0x8b, 8, 0, 0, 0];
    write(&lab.folder.path().join("fetched/alpha-1.0.tar.gz"), &sdist);
    lab.locked[0].digests = vec![Digest::sha256(&sdist)];
    let (answer, _) = lab.told();
    let Answer::NotChecked(why) = answer else {
        panic!("{answer:?}")
    };
    assert!(
        why.starts_with("only its source archive is at hand"),
        "{why}"
    );
}
