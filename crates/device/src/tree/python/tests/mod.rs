use super::*;
use crate::tree::testing::keep;
use crate::tree::{Cause, Difference, DifferenceKind, PackageTree, Standing};
use customs_ecosystem::lockfile::{Locked, Source};
use customs_ecosystem::pypi::Requirement;
use customs_model::{Answer, Digest, Ecosystem, PackageName, ReleaseId, Version};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

mod built;
mod clones;
mod compiled;
mod environment;
mod evidence;
mod folders;
mod hostile;
mod lists;
mod required;
mod strangers;
mod tampering;
mod wheels;

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
    is_complete: bool,
    is_synced: bool,
    needs: Option<BTreeMap<PackageName, Vec<Requirement>>>,
    asked: Vec<Requirement>,
}

impl Lab {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut lab = Self {
            folder,
            locked: Vec::new(),
            at_hand: true,
            is_complete: false,
            is_synced: true,
            needs: None,
            asked: Vec::new(),
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
        self.fetch(&bytes);
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

    /// Keeps an artifact where what is fetched lies.
    fn fetch(&self, bytes: &[u8]) -> Digest {
        keep(&self.folder.path().join("fetched"), bytes, bytes)
    }

    fn options(&self) -> Options {
        Options {
            fetched: self.at_hand.then(|| self.folder.path().join("fetched")),
            ..Options::default()
        }
    }

    fn belongs(&self) -> Belongs<'_> {
        Belongs {
            locked: &self.locked,
            is_complete: self.is_complete,
            is_synced: self.is_synced,
            needs: self.needs.as_ref(),
            asked: &self.asked,
            project: Some(self.folder.path()),
        }
    }

    fn check(&self) -> TreeReport {
        check(&self.environment(), &self.belongs(), &self.options())
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
