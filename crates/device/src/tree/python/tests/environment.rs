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
