//! What belongs to the environment and not to a package.

use super::*;

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
    assert_eq!(made_here(&lab.check()), [""; 0]);
}

#[test]
fn a_script_that_no_known_version_writes_is_unexplained_where_all_versions_are_known() {
    let lab = Lab::new();
    lab.write("bin/activate", "deactivate () {\n}\n");
    assert_eq!(lab.stray(), ["Extra bin/activate"]);
    let home = "home = /usr/bin\ninclude-system-site-packages = false\n";
    for known in ["uv = 0.13.9\n", "virtualenv = 20.30.0\n", ""] {
        lab.write("pyvenv.cfg", format!("{home}{known}version = 3.11.7\n"));
        assert_eq!(lab.stray(), ["Extra bin/activate"], "{known}");
    }
    // What a later one writes nobody knows as yet.
    for later in [
        "uv = 0.99.0\n",
        "virtualenv = 40.0.0\n",
        "uv = 0.13.9\nrelocatable = true\n",
    ] {
        lab.write("pyvenv.cfg", format!("{home}{later}version = 3.11.7\n"));
        assert_eq!(lab.stray(), [""; 0], "{later}");
        assert_eq!(made_here(&lab.check()), ["Extra bin/activate"]);
        // No maker writes this much.
        let long = format!("deactivate () {{\n}}\n{}text\n", "\n".repeat(700));
        lab.write("bin/activate", long);
        assert_eq!(lab.stray(), ["Extra bin/activate"], "{later}");
        lab.write("bin/activate", "deactivate () {\n}\n");
    }
    // A prompt that is more than a word cannot be taken out of it.
    lab.write(
        "pyvenv.cfg",
        format!("{home}prompt = my app\nversion = 3.11.7\n"),
    );
    let told = unexplained(&lab.check());
    assert!(!told.contains(&"Extra bin/activate".to_owned()), "{told:?}");
}

#[cfg(unix)]
#[test]
fn an_interpreter_that_leads_elsewhere_is_unexplained() {
    let lab = Lab::new();
    fs::remove_file(lab.path("bin/python")).unwrap();
    std::os::unix::fs::symlink("/tmp/python", lab.path("bin/python")).unwrap();
    assert_eq!(lab.stray(), ["Extra bin/python"]);
}

const LINE: &str = "include-system-site-packages = false\nversion = 3.11.7\n";

fn made_here(report: &TreeReport) -> Vec<String> {
    let packages = report.packages.iter().flat_map(|one| &one.differences);
    let all = packages.chain(&report.loose);
    all.filter(|one| matches!(one.standing, Standing::MadeHere { .. }))
        .map(shown)
        .collect()
}

#[cfg(unix)]
#[test]
fn settings_prove_nothing_about_themselves() {
    let lab = Lab::new();
    assert_eq!(made_here(&lab.check()), [""; 0]);
    // An interpreter that somebody keeps below a home, or brought along: nobody can tell.
    let away = lab.folder.path().join("away/bin");
    fs::create_dir_all(&away).unwrap();
    fs::remove_file(lab.path("bin/python")).unwrap();
    std::os::unix::fs::symlink(away.join("python3.11"), lab.path("bin/python")).unwrap();
    lab.write("pyvenv.cfg", format!("home = {}\n{LINE}", away.display()));
    let report = lab.check();
    assert_eq!(made_here(&report), ["Extra bin/python", "Extra pyvenv.cfg"]);
    assert!(matches!(report.answer(), Answer::NotChecked(_)));
    // One inside of the environment is nobody's.
    lab.write("own/bin/python3.11", "");
    let own = lab.path("own/bin").canonicalize().unwrap();
    lab.write("pyvenv.cfg", format!("home = {}\n{LINE}", own.display()));
    assert_eq!(
        lab.stray(),
        [
            "Extra bin/python",
            "Extra own/bin/python3.11",
            "Extra pyvenv.cfg"
        ]
    );
}

#[test]
fn settings_that_say_more_than_is_known_are_not_explained() {
    let lab = Lab::new();
    let made = |text: String| {
        lab.write("pyvenv.cfg", text);
        made_here(&lab.check())
    };
    let root = lab.environment().canonicalize().unwrap();
    let root = root.display();
    assert_eq!(
        made(format!(
            "home = /usr/bin\n{LINE}command = /usr/bin/python3 -m venv {root}\nprompt = 'app'\n"
        )),
        [""; 0]
    );
    for more in [
        "home = /tmp",
        "include-system-site-packages = true",
        "executable = /tmp/python",
        "prompt = $(x)",
        "extends-environment = /tmp",
        "base-prefix = /tmp",
        "command = /usr/bin/python3 -m venv /tmp/other",
        "no setting",
    ] {
        let text = format!("home = /usr/bin\n{LINE}{more}\n");
        assert_eq!(made(text), ["Extra pyvenv.cfg"], "{more}");
    }
}

#[test]
fn a_command_for_the_place_that_the_settings_name_is_not_proven() {
    let lab = Lab::new();
    lab.write(
        "pyvenv.cfg",
        format!("home = /usr/bin\n{LINE}command = python -m venv /tmp/other\n"),
    );
    let root = lab.environment().canonicalize().unwrap();
    let moved = lab
        .launcher("")
        .replace(&root.display().to_string(), "/tmp/other");
    lab.write("bin/alpha", moved);
    lab.fix_record("../../../bin/alpha");
    let report = lab.check();
    assert!(unexplained(&report).is_empty(), "{report:?}");
    assert_eq!(
        made_here(&report),
        ["Extra ../../../bin/alpha", "Extra pyvenv.cfg"]
    );
}

#[test]
fn what_makers_put_into_every_environment_is_known_by_its_bytes() {
    let lab = Lab::new();
    lab.edit("_virtualenv.pth", "import _virtualenv");
    assert_eq!(lab.stray(), [""; 0]);
    lab.edit("_virtualenv.py", "import os\n");
    lab.edit("deep/_virtualenv.pth", "import _virtualenv");
    assert_eq!(
        lab.stray(),
        [
            format!("Extra {SITE}/_virtualenv.py"),
            format!("Extra {SITE}/deep/_virtualenv.pth")
        ]
    );
}

const KERNEL: &str = "{\n \"argv\": [\n  \"python\",\n  \"-m\"\n ]\n}";

#[test]
fn a_kernel_is_the_wheel_s_with_this_interpreter_or_made_here() {
    let mut lab = Lab::new();
    let data = "ipykernel-1.0.data/data/share/jupyter/kernels/python3";
    lab.install(
        "ipykernel",
        &[
            (&format!("{data}/kernel.json"), KERNEL),
            (&format!("{data}/logo.png"), "logo"),
            (
                "ipykernel-1.0.dist-info/METADATA",
                "Metadata-Version: 2.1\nName: ipykernel\nVersion: 1.0\n",
            ),
            (
                "ipykernel-1.0.dist-info/WHEEL",
                "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            ),
        ],
    );
    let root = lab.environment().canonicalize().unwrap();
    let python = format!(
        "\"{}/bin/python\",\n  \"-Xfrozen_modules=off\"",
        root.display()
    );
    let own = KERNEL.replace("\"python\"", &python);
    lab.write("share/jupyter/kernels/python3/kernel.json", &own);
    let report = lab.check();
    assert_eq!(report.answer(), Answer::Yes, "{report:?}");
    // Another name of it, with the same picture.
    lab.write("share/jupyter/kernels/mine/kernel.json", &own);
    lab.write("share/jupyter/kernels/mine/logo.png", "logo");
    assert_eq!(
        made_here(&lab.check()),
        ["Extra share/jupyter/kernels/mine/kernel.json"]
    );
    lab.write("share/jupyter/kernels/mine/logo.png", "evil");
    lab.write(
        "share/jupyter/kernels/python3/kernel.json",
        own.replace("-m", "-c"),
    );
    let report = lab.check();
    assert_eq!(
        unexplained(&report),
        ["Extra share/jupyter/kernels/mine/logo.png"]
    );
    assert!(
        made_here(&report)
            .contains(&"Modified ../../../share/jupyter/kernels/python3/kernel.json".to_owned())
    );
    // Without the wheel there are no bytes to prove it with.
    lab.at_hand = false;
    lab.write("share/jupyter/kernels/python3/kernel.json", &own);
    assert!(
        made_here(&lab.check())
            .contains(&"Modified ../../../share/jupyter/kernels/python3/kernel.json".to_owned())
    );
}

#[test]
fn a_folder_that_pip_installed_into_is_what_its_wheel_lays_out() {
    let mut lab = Lab::new();
    let folder = lab.folder.path().join("target");
    let mut list = String::new();
    let script = "#!/opt/python/bin/python3\nimport sys\nfrom alpha.core import run\nif __name__ == '__main__':\n    sys.argv[0] = sys.argv[0].removesuffix('.exe')\n    sys.exit(run())\n";
    let ships: Vec<(&str, &str)> = FILES
        .into_iter()
        .filter(|(path, _)| !path.contains(".data/"))
        .collect();
    lab.locked.clear();
    lab.install("alpha", &ships);
    for (path, text) in &ships {
        write(&folder.join(path), text.as_bytes());
        list += &row(path, text);
    }
    write(&folder.join("bin/alpha"), script.as_bytes());
    list += &row("../../bin/alpha", script);
    write(&folder.join("alpha-1.0.dist-info/RECORD"), list.as_bytes());
    for options in [lab.options(), Options::default()] {
        let report = check(&folder, &lab.belongs(), &options);
        assert!(unexplained(&report).is_empty(), "{report:?}");
    }
    let report = check(&folder, &lab.belongs(), &lab.options());
    assert_eq!(made_here(&report), ["Extra bin/alpha"]);
    write(&folder.join("bin/alpha"), b"#!/bin/sh\n");
    let report = check(&folder, &lab.belongs(), &lab.options());
    assert_eq!(unexplained(&report), ["Extra bin/alpha"]);
}

#[test]
fn what_tools_note_in_their_environments_is_made_here() {
    let lab = Lab::new();
    lab.write("uv-receipt.toml", "[tool]\n");
    lab.write("deep/uv-receipt.toml", "[tool]\n");
    assert_eq!(made_here(&lab.check()), ["Extra uv-receipt.toml"]);
    assert_eq!(lab.stray(), ["Extra deep/uv-receipt.toml"]);
}
