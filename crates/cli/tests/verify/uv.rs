//! uv, whose environments share inodes with its cache, which keeps no wheels.

use crate::ask::Evidence;
use crate::ground::Ground;
use crate::table::{Case, each};
use crate::tamper::{add, delete_folder, edit_shared, replace, write};
use crate::world::World;

const MANIFEST: &str = "[project]
name = \"demo\"
version = \"0.1.0\"
requires-python = \">=3.9\"
dependencies = [\"six==1.16.0\", \"charset-normalizer==3.3.2\"]

[tool.uv]
link-mode = \"hardlink\"
";

/// `site-packages`, relative to the home.
fn site(ground: &Ground) -> String {
    let six = ground.find("project/.venv", &["site-packages/six.py"]);
    let site = six.parent().unwrap().strip_prefix(ground.home());
    site.unwrap().to_str().unwrap().to_owned()
}

#[test]
fn an_environment_of_uv_is_what_its_lockfile_names_and_every_change_is_told() {
    let world = World::new("uv");
    world.write("pyproject.toml", MANIFEST);
    world.run(&["uv", "sync"]).succeeded();
    let ground = Ground::keep(world);
    let untouched = ground.verify();
    assert_eq!(untouched.wrong(), [""; 0]);
    assert_eq!(untouched.verified, 2, "{untouched:?}");
    each(&ground, CASES);
    ground.restore();
    assert_eq!(ground.verify_by(Evidence::Managers).verified, 0);
}

pub const CASES: &[Case] = &[
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
        way: "a line in the middle of the script that a shell sources is another one",
        tamper: |ground| {
            let script = "project/.venv/bin/activate";
            replace(ground, script, "unset -f pydoc", "unset -f pydoc ; id");
        },
        told: &["no: extra .venv/bin/activate"],
    },
    Case {
        way: "a distribution that nobody locked brings a line that every start runs, and lists it",
        tamper: |ground| {
            let site = site(ground);
            write(ground, &format!("{site}/evil.pth"), b"import evil\n");
            add(ground, &format!("{site}/evil.py"));
            let info = format!("{site}/evil-1.0.dist-info");
            let metadata = b"Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n";
            write(ground, &format!("{info}/METADATA"), metadata);
            let record = b"evil.pth,,\nevil.py,,\nevil-1.0.dist-info/METADATA,,\nevil-1.0.dist-info/RECORD,,\n";
            write(ground, &format!("{info}/RECORD"), record);
        },
        told: &[
            "no: extra .venv/lib/python3/site-packages/evil-1.0.dist-info",
            "no: extra .venv/lib/python3/site-packages/evil.pth",
            "not checked: evil@1.0: RECORD has no digest of 3 files",
        ],
    },
    Case {
        way: "a module is edited in the cache that it shares an inode with",
        tamper: |ground| edit_shared(&ground.find("project/.venv", &["site-packages/six.py"])),
        told: &["no: modified .venv/lib/python3/site-packages/six.py"],
    },
    Case {
        way: "a module is edited, its size and time are put back",
        tamper: |ground| {
            let path = ground.find("project/.venv", &["charset_normalizer/cd.py"]);
            crate::tamper::edit_at(&path);
        },
        told: &["no: modified .venv/lib/python3/site-packages/charset_normalizer/cd.py"],
    },
    Case {
        way: "the lockfile promises another wheel",
        tamper: |ground| {
            let lock = "project/uv.lock";
            replace(
                ground,
                lock,
                "sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254",
                "sha256:9abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254",
            );
        },
        told: &[
            "not checked: six@1.16.0: its artifact is not on this computer: fetch it, or install through the gate; it was compared with RECORD, which whoever changes a file can change too",
        ],
    },
];
