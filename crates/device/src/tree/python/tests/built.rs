//! Packages that were built here from a commit, and what uv keeps of its repository.

use super::*;
use crate::clone::testing::{Repo, git};
use customs_origin::source::ObjectId;

const NOTE: &str = "alpha-1.0.dist-info/direct_url.json";

/// An environment whose package was built from a repository that uv's cache has.
struct Built {
    lab: Lab,
    cache: tempfile::TempDir,
    id: ObjectId,
}

impl Built {
    fn new() -> Self {
        let repo = Repo::new();
        let id = repo.commit(&[
            ("src/alpha/__init__.py", ""),
            ("src/alpha/core.py", CORE),
            ("src/alpha/_version.py", "__version__ = '0.0.0'\n"),
            ("pyproject.toml", "[project]\nname = \"alpha\"\n"),
        ]);
        let mut lab = Lab::new();
        lab.at_hand = false;
        lab.locked[0].source = Source::Git;
        lab.locked[0].digests.clear();
        lab.locked[0].resolved = Some(format!("https://git.example/alpha#{id}"));
        lab.edit("alpha/_version.py", "__version__ = '1.0'\n");
        lab.fix_record("alpha/_version.py");
        let built = Self {
            lab,
            cache: tempfile::tempdir().unwrap(),
            id,
        };
        built.note(&id.to_string());
        let from = repo.path().to_str().unwrap();
        let checkout = built.checkout("");
        let db = built.cache.path().join("git-v2/db/0011223344556677");
        for at in [&db, &checkout] {
            fs::create_dir_all(at.parent().unwrap()).unwrap();
            let at = at.to_str().unwrap();
            git(
                built.cache.path(),
                &["clone", "--quiet", "--no-hardlinks", from, at],
            );
        }
        built
    }

    fn note(&self, commit: &str) {
        let text = format!(
            r#"{{"url":"https://git.example/alpha","vcs_info":{{"vcs":"git","commit_id":"{commit}"}}}}"#
        );
        self.lab.edit(NOTE, text);
        self.lab.fix_record(NOTE);
    }

    fn checkout(&self, path: &str) -> PathBuf {
        let short = &self.id.to_string()[..7];
        let place = format!("git-v2/checkouts/8899aabbccddeeff/{short}");
        self.cache.path().join(place).join(path)
    }

    fn check(&self) -> PackageTree {
        let options = Options {
            caches: crate::tree::Caches {
                uv: Some(self.cache.path().to_owned()),
                ..Default::default()
            },
            ..Options::default()
        };
        let belongs = Belongs {
            locked: &self.lab.locked,
            is_complete: false,
            is_synced: true,
            needs: None,
            asked: &[],
            project: None,
        };
        let report = check(&self.lab.environment(), &belongs, &options);
        let mut packages = report.packages.into_iter();
        packages
            .find(|one| one.release.package.as_str() == "alpha")
            .unwrap()
    }

    /// What is unexplained, with why.
    fn wrong(&self) -> Vec<String> {
        let tree = self.check();
        let differences = tree.differences.iter();
        differences
            .filter(|one| one.standing == Standing::Unexplained)
            .map(|one| format!("{:?} {}: {}", one.kind, one.path, one.why.join("; ")))
            .collect()
    }
}

#[test]
fn what_was_built_from_a_commit_is_told_file_by_file() {
    let built = Built::new();
    assert_eq!(built.wrong(), [""; 0]);
    let Answer::NotChecked(why) = built.check().answer else {
        panic!();
    };
    let why = why.replace(&built.id.short().to_string(), "ID");
    assert!(
        why.contains("commit ID, which has 2 of its 3 files as they lie here; 1 in which only the version differs: alpha/_version.py"),
        "{why}"
    );
}

#[test]
fn a_module_that_is_not_the_commit_s_is_wrong_whatever_its_record_says() {
    let built = Built::new();
    built.lab.edit("alpha/core.py", "import evil\n");
    built.lab.fix_record("alpha/core.py");
    built
        .lab
        .edit("alpha/_version.py", "__version__ = evil()\n");
    built.lab.fix_record("alpha/_version.py");
    let why = format!("commit {} has other bytes there", built.id.short());
    assert_eq!(
        built.wrong(),
        [
            format!("Modified alpha/_version.py: {why}"),
            format!("Modified alpha/core.py: {why}")
        ]
    );
}

#[test]
fn a_package_that_says_it_was_built_from_another_commit_is_wrong() {
    let built = Built::new();
    built.note("ffffffffffffffffffffffffffffffffffffffff");
    assert_eq!(
        built.wrong(),
        [format!(
            "Extra {NOTE}: it says that it was built here from commit ffffffffffff of https://git.example/alpha, \
             which the lockfile does not name"
        )]
    );
}

#[test]
fn without_a_clone_it_is_said_that_the_sources_were_not_compared() {
    let built = Built::new();
    fs::remove_dir_all(built.cache.path().join("git-v2")).unwrap();
    let Answer::NotChecked(why) = built.check().answer else {
        panic!();
    };
    assert!(
        why.contains("its sources were not compared: there is no clone"),
        "{why}"
    );
}

#[test]
fn what_uv_builds_from_again_is_held_against_the_commit() {
    let built = Built::new();
    let wrong = || {
        let locked = &built.lab.locked;
        let report = check_uv_cache(built.cache.path(), locked, &Options::default());
        let wrong = report.differences().map(|(_, one)| one.clone());
        let mut told: Vec<String> = wrong
            .map(|one| match one.standing {
                Standing::Unexplained => format!("{:?} {}", one.kind, one.path),
                Standing::MadeHere { .. } => format!("made here: {}", one.path),
                Standing::Explained(_) => "explained".to_owned(),
            })
            .collect();
        told.sort();
        told
    };
    assert_eq!(wrong(), [""; 0]);
    write(&built.checkout("src/alpha/core.py"), b"import evil\n");
    write(&built.checkout("src/alpha/more.py"), b"\n");
    write(&built.checkout("build/lib/alpha/core.py"), b"\n");
    assert_eq!(
        wrong(),
        [
            "Extra src/alpha/more.py",
            "Modified src/alpha/core.py",
            "made here: build/lib/alpha/core.py",
        ]
    );
}
