//! Distributions that no lockfile names.

use super::*;

/// A distribution with the list that whoever plants it writes along with it.
fn plant(lab: &Lab, name: &str, files: &[(&str, &str)]) {
    let info = format!("{name}-1.0.dist-info");
    let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n");
    let mut rows = vec![(format!("{info}/METADATA"), metadata)];
    let more = files.iter();
    rows.extend(more.map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    for (path, text) in &rows {
        lab.edit(path, text);
    }
    lab.record(name, &rows);
}

fn complete() -> Lab {
    Lab {
        is_complete: true,
        ..Lab::new()
    }
}

#[test]
fn where_all_is_locked_a_distribution_that_is_not_is_extra_whatever_its_list_says() {
    let lab = complete();
    assert_eq!(lab.stray(), [""; 0]);
    plant(&lab, "evil", &[("evil/__init__.py", "import os\n")]);
    assert_eq!(lab.stray(), ["Extra evil-1.0.dist-info"]);
    assert_eq!(one(&lab.check(), "evil").answer, Answer::No);
    // Requirements without hashes name only a part.
    let lab = Lab {
        is_complete: false,
        ..lab
    };
    assert_eq!(lab.stray(), [""; 0]);
}

#[test]
fn what_runs_at_every_start_fails_wherever_nobody_locked_it() {
    let lab = Lab::new();
    plant(
        &lab,
        "evil",
        &[
            ("evil.pth", "import os; os.getcwd()\n"),
            ("paths.pth", "/srv/else\n"),
            ("sitecustomize.py", "import os\n"),
        ],
    );
    assert_eq!(lab.stray(), ["Extra evil.pth", "Extra sitecustomize.py"]);
    assert_eq!(one(&lab.check(), "evil").answer, Answer::No);
}

#[test]
fn what_environments_are_born_with_is_not_checked_until_it_runs_something_else() {
    const HOOK: &str = "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') == 'local'; enabled and __import__('_distutils_hack').add_shim(); \n";
    let lab = complete();
    plant(&lab, "pip", &[("pip/__init__.py", "")]);
    let hook = "distutils-precedence.pth";
    plant(&lab, "setuptools", &[(hook, HOOK)]);
    assert_eq!(lab.stray(), [""; 0]);
    let report = lab.check();
    assert!(matches!(one(&report, "pip").answer, Answer::NotChecked(_)));
    plant(
        &lab,
        "setuptools",
        &[(hook, &HOOK.replace("add_shim", "run"))],
    );
    assert_eq!(
        lab.stray(),
        [
            "Extra distutils-precedence.pth",
            "Extra setuptools-1.0.dist-info"
        ]
    );
    // What is known of setuptools is nobody else's.
    let lab = Lab::new();
    plant(&lab, "evil", &[(hook, HOOK)]);
    assert_eq!(lab.stray(), ["Extra distutils-precedence.pth"]);
}

#[test]
fn a_package_of_the_project_s_own_is_one_that_its_folder_names() {
    let lab = complete();
    let folder = lab.folder.path().join("own space");
    let note = format!(
        r#"{{"url":"file://{}","dir_info":{{"editable":true}}}}"#,
        folder.display().to_string().replace(' ', "%20")
    );
    let place = folder.display().to_string();
    let files = |name: &str| format!("{name}-1.0.dist-info/direct_url.json");
    plant(
        &lab,
        "own",
        &[
            ("own.pth", place.as_str()),
            (files("own").as_str(), note.as_str()),
        ],
    );
    write(
        &folder.join("pyproject.toml"),
        b"[project]\nname = \"Own\"\n",
    );
    assert_eq!(lab.stray(), [""; 0]);
    // Another name, and a line that is executed.
    plant(&lab, "evil", &[(files("evil").as_str(), note.as_str())]);
    plant(
        &lab,
        "own",
        &[
            ("own.pth", "import evil"),
            (files("own").as_str(), note.as_str()),
        ],
    );
    assert_eq!(lab.stray(), ["Extra evil-1.0.dist-info", "Extra own.pth"]);
}

#[test]
fn a_namespace_is_made_of_known_words_only() {
    const LINE: &str = "import sys, types, os;has_mfs = sys.version_info > (3, 5);p = os.path.join(sys._getframe(1).f_locals['sitedir'], *('own',));importlib = has_mfs and __import__('importlib.util');m = sys.modules.setdefault('own', types.ModuleType('own'))\n";
    let lab = Lab::new();
    plant(&lab, "space", &[("space-nspkg.pth", LINE)]);
    assert_eq!(lab.stray(), [""; 0]);
    for evil in [
        LINE.replace("importlib.util", "evil"),
        LINE.replace("os.path.join", "os.system"),
        LINE.replace("*('own',)", "*('own /',)"),
        format!("{LINE}import evil\n"),
    ] {
        plant(&lab, "space", &[("space-nspkg.pth", &evil)]);
        assert_eq!(lab.stray(), ["Extra space-nspkg.pth"], "{evil}");
    }
}

#[test]
fn a_cache_keeps_the_versions_of_other_projects() {
    let mut lab = Lab::new();
    let cache = lab.folder.path().join("uv");
    for (path, text) in FILES {
        write(&cache.join("archive-v0/one").join(path), text.as_bytes());
        let other = path.replace("1.0", "2.0");
        let text = text.replace("Version: 1.0\n", "Version: 2.0\n");
        write(&cache.join("archive-v0/two").join(other), text.as_bytes());
    }
    for (folder, version) in [("one", "1.0"), ("two", "2.0")] {
        let rows: String = FILES
            .iter()
            .map(|(path, text)| {
                let text = text.replace("Version: 1.0\n", &format!("Version: {version}\n"));
                row(&path.replace("1.0", version), &text)
            })
            .collect();
        let list = format!("archive-v0/{folder}/alpha-{version}.dist-info/RECORD");
        write(&cache.join(list), rows.as_bytes());
    }
    for at_hand in [true, false] {
        lab.at_hand = at_hand;
        let report = check_uv_cache(&cache, &lab.locked, &lab.options());
        assert!(
            report.packages.iter().all(|one| one.decoy.is_none()),
            "{report:?}"
        );
        assert_eq!(unexplained(&report), [""; 0]);
    }
}

#[test]
fn what_an_installed_package_always_needs_is_missing_when_it_is_not_there() {
    let mut lab = Lab::new();
    for name in ["needed", "sometimes"] {
        lab.locked
            .push(locked(name, Digest::sha256(name.as_bytes())));
    }
    let ask = |asked: &str| {
        let metadata = format!(
            "Metadata-Version: 2.1\nName: beta\nVersion: 1.0\nRequires-Dist: {asked}\n\nRequires-Dist: x\n"
        );
        lab.edit("beta-1.0.dist-info/METADATA", &metadata);
        lab.record("beta", &[("beta-1.0.dist-info/METADATA".into(), metadata)]);
    };
    ask("sometimes>=1; extra == 'more'");
    assert_eq!(lab.stray(), [""; 0]);
    ask("needed>=1,<2");
    assert_eq!(lab.stray(), ["Missing "]);
    assert_eq!(one(&lab.check(), "needed").answer, Answer::No);
}
