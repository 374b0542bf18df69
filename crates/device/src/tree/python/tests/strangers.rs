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
fn what_runs_at_every_start_fails_where_all_is_locked_and_it_is_not() {
    let lab = complete();
    plant(
        &lab,
        "evil",
        &[
            ("evil.pth", "import os; os.getcwd()\n"),
            ("paths.pth", "/srv/else\n"),
            ("sitecustomize.py", "import os\n"),
            ("later.start", "evil:run\n"),
        ],
    );
    let files = [
        "Extra evil.pth",
        "Extra later.start",
        "Extra sitecustomize.py",
    ];
    let all = [files[0], "Extra evil-1.0.dist-info", files[1], files[2]];
    let mut found = lab.stray();
    found.sort();
    let mut all = all.map(str::to_owned);
    all.sort();
    assert_eq!(found, all);
    assert_eq!(one(&lab.check(), "evil").answer, Answer::No);
    // pip takes nothing away: what the list does not name may be rightly there, and not what runs by itself.
    let lab = Lab {
        is_synced: false,
        ..lab
    };
    plant(&lab, "tool", &[("tool/__init__.py", "")]);
    let mut found = lab.stray();
    found.sort();
    assert_eq!(found, all);
    // Where a part is named it is not known whose the rest is.
    let lab = Lab {
        is_complete: false,
        ..lab
    };
    assert_eq!(lab.stray(), ["Extra sitecustomize.py"]);
    plant(&lab, "evil", &[("evil.pth", "import os; os.getcwd()\n")]);
    let evil = one(&lab.check(), "evil").clone();
    assert!(matches!(evil.answer, Answer::NotChecked(_)), "{evil:?}");
    let is_told = |one: &Difference| {
        one.path == "evil.pth" && matches!(one.standing, Standing::MadeHere { .. })
    };
    assert!(evil.differences.iter().any(is_told), "{evil:?}");
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
    let lab = complete();
    plant(&lab, "evil", &[(hook, HOOK)]);
    assert_eq!(
        lab.stray(),
        ["Extra distutils-precedence.pth", "Extra evil-1.0.dist-info"]
    );
}

#[test]
fn a_seed_has_the_names_that_it_installs_under_and_no_others() {
    let lab = complete();
    let wheel = [("wheel/__init__.py", ""), ("../../../bin/wheel", "#!x\n")];
    plant(&lab, "wheel", &wheel);
    assert_eq!(lab.stray(), [""; 0]);
    for (path, text) in [
        ("brotli.py", ""),
        ("brotli/__init__.py", ""),
        ("../../../bin/git", "#!x\n"),
        ("wheelx.pth", "wheel\n"),
    ] {
        let lab = complete();
        plant(&lab, "wheel", &[wheel[0], (path, text)]);
        assert_eq!(lab.stray(), ["Extra wheel-1.0.dist-info"], "{path}");
    }
}

#[test]
fn a_line_ends_wherever_some_python_ends_it() {
    for end in ["\u{1c}", "\u{85}", "\u{2028}", "\r", "\x0c"] {
        let lab = complete();
        let text = format!("# x{end}import evil\n");
        plant(&lab, "pip", &[("pip/__init__.py", ""), ("pip.pth", &text)]);
        let told = ["Extra pip-1.0.dist-info", "Extra pip.pth"];
        assert_eq!(lab.stray(), told, "{end:?}");
    }
}

#[test]
fn a_path_that_leads_to_what_python_imports_at_every_start_fails() {
    let lab = Lab {
        is_synced: false,
        ..complete()
    };
    let tool = |more| {
        let files = [
            ("tool.pth", "tool/more\n"),
            ("tool/more/x.py", ""),
            (more, ""),
        ];
        plant(&lab, "tool", &files);
        lab.stray()
    };
    assert_eq!(tool("tool/more/y.py"), [""; 0]);
    fs::remove_file(lab.site("tool/more/y.py")).unwrap();
    let told = ["Extra tool-1.0.dist-info", "Extra tool.pth"];
    assert_eq!(tool("tool/more/sitecustomize.py"), told);
}

#[test]
fn an_editable_package_imports_a_module_that_its_installer_wrote_beside_it() {
    let lab = complete();
    let folder = lab.folder.path().join("own");
    write(
        &folder.join("pyproject.toml"),
        b"[project]\nname = \"own\"\n",
    );
    let note = format!(
        r#"{{"url":"file://{}","dir_info":{{"editable":true}}}}"#,
        folder.display()
    );
    let line = |text: &str, module: &str| {
        // Each file that it lists has a row.
        plant(
            &lab,
            "own",
            &[
                ("own-1.0.dist-info/direct_url.json", note.as_str()),
                ("_own_editable.pth", text),
                ("_own_loader.py", ""),
                (module, ""),
            ],
        );
        lab.stray()
    };
    assert_eq!(line("import _own_loader\n", "_own_loader.py"), [""; 0]);
    let answer = one(&lab.check(), "own").answer.clone();
    assert!(matches!(answer, Answer::NotChecked(_)), "{answer:?}");
    for (text, module) in [
        ("import os; os.getcwd()\n", "_own_loader.py"),
        ("import evil\n", "_own_loader.py"),
        ("own/more\n", "own/more/sitecustomize.py"),
    ] {
        assert_eq!(line(text, module), ["Extra _own_editable.pth"], "{text}");
    }
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
