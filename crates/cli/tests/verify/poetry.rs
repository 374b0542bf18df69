//! Poetry, which is installed by pip into an environment of its own.

use crate::ground::Ground;
use crate::table::{Case, each};
use crate::tamper::{add, delete_folder, edit, edit_at, replace, write};
use crate::world::World;
use std::path::Path;
use std::process::Command;

const POETRY: &str = "poetry==2.2.1";

const MANIFEST: &str = "[project]
name = \"demo\"
version = \"0.1.0\"
requires-python = \">=3.9,<4\"
dependencies = [\"six==1.16.0\", \"charset-normalizer==3.3.2\"]

[tool.poetry]
package-mode = false
";

/// `site-packages`, relative to the home.
fn site(ground: &Ground) -> String {
    let six = ground.find("project/.venv", &["site-packages/six.py"]);
    let site = six.parent().unwrap().strip_prefix(ground.home());
    site.unwrap().to_str().unwrap().to_owned()
}

/// A project that Poetry locked and installed, whose own cache then holds the wheels. The program lies
/// beside the project, and is installed as this machine's pip does it.
fn ground() -> Ground {
    let world = World::new("pip");
    let home = world.dir().parent().unwrap().to_owned();
    started(&home, "python3", &["-m", "venv", "tool"]);
    let python = home.join("tool/bin/python");
    let install = ["-m", "pip", "install", "--quiet", POETRY];
    started(&home, python.to_str().unwrap(), &install);
    // Poetry reads no configuration of pip's.
    let source = format!(
        "\n[[tool.poetry.source]]\nname = \"configured\"\nurl = \"{}\"\npriority = \"primary\"\n",
        world.python_index()
    );
    world.write("pyproject.toml", &(MANIFEST.to_owned() + &source));
    world.write(
        "poetry.toml",
        "[virtualenvs]\nin-project = true\n[keyring]\nenabled = false\n",
    );
    let poetry = home.join("tool/bin/poetry");
    for word in ["lock", "install"] {
        let words = ["--no-interaction", word];
        started(&world.dir(), poetry.to_str().unwrap(), &words);
    }
    Ground::keep(world)
}

/// Starts a program with this machine's settings, in a home of its own.
fn started(folder: &Path, program: &str, words: &[&str]) {
    let home = folder.ancestors().find(|above| above.ends_with("home"));
    let home = home.unwrap();
    let mut command = Command::new(program);
    command
        .args(words)
        .current_dir(folder)
        .env("HOME", home)
        .env("XDG_CACHE_HOME", home.join("cache"));
    if let Some(roots) = std::env::var_os("PIP_CERT") {
        command.env("REQUESTS_CA_BUNDLE", roots);
    }
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{program} {words:?}: {ran:?}");
}

#[test]
fn an_environment_of_poetry_is_what_its_lockfile_names_and_every_change_is_told() {
    let ground = ground();
    let untouched = ground.verify();
    assert_eq!(untouched.wrong(), [""; 0]);
    assert!(untouched.verified >= 2, "{untouched:?}");
    each(&ground, CASES);
}

pub const CASES: &[Case] = &[
    Case {
        way: "a module is edited, its size and time are put back",
        tamper: |ground| edit(ground, &format!("{}/six.py", site(ground))),
        told: &["no: modified .venv/lib/python3/site-packages/six.py"],
    },
    Case {
        way: "a library for this machine is another one of the same size",
        tamper: |ground| edit_at(&ground.find("project/.venv", &["charset_normalizer/md.", ".so"])),
        told: &["no: modified .venv/lib/python3/site-packages/charset_normalizer/md.cpython.so"],
    },
    Case {
        way: "a file is added that every start of the interpreter runs",
        tamper: |ground| {
            let path = format!("{}/extra.pth", site(ground));
            write(ground, &path, b"import six\n");
        },
        told: &["no: extra .venv/lib/python3/site-packages/extra.pth"],
    },
    Case {
        way: "sitecustomize.py is added",
        tamper: |ground| add(ground, &format!("{}/sitecustomize.py", site(ground))),
        told: &["no: extra .venv/lib/python3/site-packages/sitecustomize.py"],
    },
    Case {
        way: "a package that the project asks for is deleted with all that says so",
        tamper: |ground| {
            let site = site(ground);
            std::fs::remove_file(ground.at(&format!("{site}/six.py"))).unwrap();
            delete_folder(ground, &format!("{site}/six-1.16.0.dist-info"));
        },
        told: &["no: missing .venv/lib/python3/site-packages"],
    },
    Case {
        way: "the metadata names another release",
        tamper: |ground| {
            let metadata = format!("{}/six-1.16.0.dist-info/METADATA", site(ground));
            replace(ground, &metadata, "Version: 1.16.0", "Version: 1.17.0");
        },
        told: &[
            "no: decoy .venv/lib/python3/site-packages",
            "no: modified .venv/lib/python3/site-packages/six-1.16.0.dist-info/METADATA",
        ],
    },
];
