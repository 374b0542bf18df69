use crate::flow::testing::{found, script};
use customs_model::{SinkKind, SourceKind, Target};

/// What a hook loads whose module's name comes from a host.
fn loads(code: &str) -> Vec<Target> {
    let code = format!(
        "const path = require('path');
        fetch('https://a.invalid/b').then(r => r.text()).then(t => {{ {code} }})"
    );
    let flows = found(script(&code)).flows.into_iter();
    let loads =
        flows.filter(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::Module);
    loads.map(|flow| flow.target).collect()
}

#[test]
fn a_host_that_has_a_part_in_a_path_says_which_file_is_loaded() {
    let here = [Target::Constant("a file of this machine".to_owned())];
    for code in [
        "require(path.join(__dirname, 'builds', t, 'a.node'))",
        "const p = path.resolve(process.cwd(), t); require(p)",
    ] {
        assert_eq!(loads(code), here, "{code}");
    }
}

#[test]
fn a_path_that_begins_with_what_a_host_says_is_the_hosts() {
    for code in [
        "require(t)",
        "require(path.join(t, 'a.js'))",
        "require(path.normalize(t))",
        "import(path.join('data:text/javascript,', t))",
    ] {
        assert!(loads(code).contains(&Target::Opaque), "{code}");
    }
}
