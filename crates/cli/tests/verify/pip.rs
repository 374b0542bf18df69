//! pip, with hashes in its requirements.

use crate::ask::Evidence;
use crate::ground::Ground;
use crate::table::{Case, each};
use crate::tamper::{add, delete, edit, edit_at, link, move_out, replace, write};
use crate::world::World;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// Pure, with a command and code for machines, and two parts of one namespace.
const PACKAGES: [&str; 4] = [
    "six==1.16.0",
    "charset-normalizer==3.3.2",
    "sphinxcontrib-jsmath==1.0.1",
    "sphinxcontrib-qthelp==2.0.0",
];

/// `site-packages`, relative to the home.
fn site(ground: &Ground) -> String {
    let site: PathBuf = fs::read_dir(ground.at("project/.venv/lib"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("site-packages"))
        .find(|path| path.is_dir())
        .unwrap();
    let home = ground.home();
    let site = site.strip_prefix(home).unwrap();
    site.to_str().unwrap().to_owned()
}

fn ground() -> Ground {
    let world = World::new("pip");
    let environment = world.python_environment();
    let python = environment.to_str().unwrap();
    let install = ["pip", "--python", python, "install", "--no-deps"];
    let told = ["--report", "report.json"];
    world
        .run(&[&install[..], &told[..], &PACKAGES[..]].concat())
        .succeeded();
    // What pip-compile and pip's own lock write: the digests of what was installed.
    let told: serde_json::Value = serde_json::from_str(&world.read("report.json")).unwrap();
    let mut requirements = String::new();
    for one in told["install"].as_array().unwrap() {
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        writeln!(
            requirements,
            "{}=={} --hash=sha256:{}",
            text(&one["metadata"]["name"]),
            text(&one["metadata"]["version"]),
            text(&one["download_info"]["archive_info"]["hashes"]["sha256"]),
        )
        .unwrap();
    }
    world.write("requirements.txt", &requirements);
    Ground::keep(world)
}

#[test]
fn an_environment_of_pip_is_what_its_hashes_name_and_every_change_is_told() {
    let ground = ground();
    let untouched = ground.verify();
    assert_eq!(untouched.wrong(), [""; 0]);
    assert_eq!(untouched.verified, 4, "{untouched:?}");
    each(&ground, CASES);
    without_a_wheel(&ground);
}

pub const CASES: &[Case] = &[
    Case {
        way: "a module is edited, its size and time are put back",
        tamper: |ground| edit(ground, &format!("{}/six.py", site(ground))),
        told: &[
            "no: extra .venv/lib/python3/site-packages/__pycache__/six.cpython.pyc",
            "no: modified .venv/lib/python3/site-packages/six.py",
            "not checked: __pycache__/six.cpython.pyc: its source is not as it should be",
        ],
    },
    Case {
        way: "a module is edited, and RECORD says so",
        tamper: edit_with_record,
        told: &[
            "no: extra .venv/lib/python3/site-packages/__pycache__/six.cpython.pyc",
            "no: extra .venv/lib/python3/site-packages/six-1.16.0.dist-info/RECORD",
            "no: modified .venv/lib/python3/site-packages/six.py",
            "not checked: __pycache__/six.cpython.pyc: its source is not as it should be",
            "not checked: six-1.16.0.dist-info/RECORD: it lists six.py with another digest than the wheel has",
        ],
    },
    Case {
        way: "a file is added that every start of the interpreter runs",
        tamper: |ground| {
            write(
                ground,
                &format!("{}/extra.pth", site(ground)),
                b"import six\n",
            )
        },
        told: &["no: extra .venv/lib/python3/site-packages/extra.pth"],
    },
    Case {
        way: "sitecustomize.py is added",
        tamper: |ground| add(ground, &format!("{}/sitecustomize.py", site(ground))),
        told: &["no: extra .venv/lib/python3/site-packages/sitecustomize.py"],
    },
    Case {
        way: "a library for this machine is another one of the same size",
        tamper: |ground| edit_at(&ground.find("project/.venv", &["charset_normalizer/md.", ".so"])),
        told: &["no: modified .venv/lib/python3/site-packages/charset_normalizer/md.cpython.so"],
    },
    Case {
        way: "compiled code is not of its source",
        tamper: swap_compiled,
        told: &[
            "no: extra .venv/lib/python3/site-packages/__pycache__/six.cpython.pyc",
            "not checked: __pycache__/six.cpython.pyc: it was compiled",
        ],
    },
    Case {
        way: "compiled code holds another text than its source",
        tamper: |ground| {
            let six = ground.find("project/.venv", &["__pycache__/six."]);
            let mut bytes = fs::read(&six).unwrap();
            let text = b"Benjamin Peterson";
            let at = bytes.windows(text.len()).position(|there| there == text);
            bytes[at.unwrap()] = b'X';
            fs::write(&six, bytes).unwrap();
        },
        told: &[
            "no: extra .venv/lib/python3/site-packages/__pycache__/six.cpython.pyc",
            "not checked: __pycache__/six.cpython.pyc: it holds the text \"Xenjamin\", which its \
             source does not",
        ],
    },
    Case {
        // In its words, with another number: only who compiles the source again can tell.
        way: "compiled code has another number than its source",
        tamper: |ground| {
            let six = ground.find("project/.venv", &["__pycache__/six."]);
            let mut bytes = fs::read(&six).unwrap();
            // `MAXSIZE = int((1 << 31) - 1)`
            let number = 0x7fff_ffff_u32.to_le_bytes();
            let at = bytes
                .windows(number.len())
                .position(|there| there == number);
            bytes[at.unwrap()] = 0xfe;
            fs::write(&six, bytes).unwrap();
        },
        told: &[],
    },
    Case {
        way: "compiled code has no source",
        tamper: |ground| {
            let found = ground.find("project/.venv", &["__pycache__/six."]);
            fs::rename(found, ground.at(&site(ground)).join("six2.pyc")).unwrap();
        },
        told: &["no: extra .venv/lib/python3/site-packages/six2.pyc"],
    },
    Case {
        way: "a command runs something else",
        tamper: |ground| {
            let script = "project/.venv/bin/normalizer";
            replace(ground, script, "charset_normalizer", "six");
        },
        told: &["no: extra .venv/lib/python3/site-packages/../../../bin/normalizer"],
    },
    Case {
        way: "a module is deleted",
        tamper: |ground| {
            delete(
                ground,
                &format!("{}/charset_normalizer/cd.py", site(ground)),
            )
        },
        told: &[
            "no: extra .venv/lib/python3/site-packages/charset_normalizer/__pycache__/cd.cpython.pyc",
            "no: missing .venv/lib/python3/site-packages/charset_normalizer/cd.py",
            "not checked: charset_normalizer/__pycache__/cd.cpython.pyc: it has no source",
        ],
    },
    Case {
        way: "a module lies outside, and a link leads there",
        tamper: |ground| move_out(ground, &format!("{}/six.py", site(ground))),
        told: &[
            "no: extra .venv/lib/python3/site-packages/__pycache__/six.cpython.pyc",
            "no: other type .venv/lib/python3/site-packages/six.py",
            "not checked: __pycache__/six.cpython.pyc: its source is not as it should be",
        ],
    },
    Case {
        way: "a module is added to a namespace that two packages share",
        tamper: |ground| add(ground, &format!("{}/sphinxcontrib/extra.py", site(ground))),
        told: &["no: extra .venv/lib/python3/site-packages/sphinxcontrib/extra.py"],
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
    Case {
        way: "the interpreter is a script",
        tamper: |ground| {
            link(ground, "project/.venv/bin/python", "../../python.sh");
            add(ground, "project/python.sh");
        },
        told: &["no: extra .venv/bin/python"],
    },
];

fn edit_with_record(ground: &Ground) {
    let site = site(ground);
    edit(ground, &format!("{site}/six.py"));
    let digest = customs_model::Digest::sha256(&fs::read(ground.at(&site).join("six.py")).unwrap());
    let sri = digest.to_sri().replace("sha256-", "sha256=");
    let sri = sri
        .trim_end_matches('=')
        .replace('+', "-")
        .replace('/', "_");
    let record = format!("{site}/six-1.16.0.dist-info/RECORD");
    let text = fs::read_to_string(ground.at(&record)).unwrap();
    let lines: Vec<String> = text
        .lines()
        .map(|line| match line.strip_prefix("six.py,") {
            Some(rest) => format!("six.py,{sri},{}", rest.rsplit(',').next().unwrap()),
            None => line.to_owned(),
        })
        .collect();
    write(ground, &record, (lines.join("\n") + "\n").as_bytes());
}

/// The compiled code of one module in place of another's, with the head that binds it to its source.
fn swap_compiled(ground: &Ground) {
    let six = ground.find("project/.venv", &["__pycache__/six."]);
    let other = ground.find("project/.venv", &["charset_normalizer/__pycache__/cd."]);
    let mut bytes = fs::read(&other).unwrap();
    let head = fs::read(&six).unwrap();
    bytes[..16].copy_from_slice(&head[..16]);
    fs::write(&six, bytes).unwrap();
}

/// Without a wheel there is only RECORD: a difference from it is told, agreement proves nothing.
fn without_a_wheel(ground: &Ground) {
    ground.restore();
    let before = ground.verify_by(Evidence::None);
    assert_eq!(before.verified, 0, "{before:?}");
    assert_eq!(before.wrong(), [""; 0]);
    edit(ground, &format!("{}/six.py", site(ground)));
    assert_eq!(
        ground.verify_by(Evidence::None).since(&before),
        [
            "no: extra .venv/lib/python3/site-packages/__pycache__/six.cpython.pyc",
            "no: modified .venv/lib/python3/site-packages/six.py",
            "not checked: __pycache__/six.cpython.pyc: its source is not as it should be",
        ]
    );
    ground.restore();
    edit_with_record(ground);
    assert_eq!(ground.verify_by(Evidence::None), before);
}
