use crate::package::Package;
use crate::pure::{Machine, Surroundings, Value};
use crate::unpack::{Tree, text_file as file};

/// The value of the variable `x` at the top of a file.
fn x(source: &str) -> String {
    let package = Package::new(&Tree {
        entries: vec![
            file("package/i.js", source),
            file("package/package.json", r#"{"config": {"c": "of config"}}"#),
        ],
        ..Tree::default()
    });
    let id = package.find("i.js").expect("it is there");
    let program = package.program(id).expect(source);
    let (_, symbol) = program
        .declared
        .iter()
        .find(|((scope, atom), _)| scope.0 == 0 && program.name(*atom) == "x")
        .expect(source);
    let last = *program.symbol(*symbol).values.last().expect(source);
    match Machine::new(&package).fold_fully(id, last) {
        Value::Unknown => "?".to_owned(),
        other => other.as_text().unwrap_or_else(|| "?".to_owned()),
    }
}

#[test]
fn what_node_puts_together_is_known() {
    for (source, expected) in [
        (
            "const x = require('util').format('%s-%d%%', 'a', 1)",
            "a-1%",
        ),
        ("const x = require('util').format('a', 'b')", "a b"),
        (
            "const x = require('querystring').parse('a=b%20c&d=e').a",
            "b c",
        ),
        (
            "const x = new URL('http://h.example/?a=b').searchParams.get('a')",
            "b",
        ),
        ("const x = new URLSearchParams({ a: 'b' }).get('a')", "b"),
        ("const x = new Map([['a', 'b']]).get('a')", "b"),
        ("const x = Object.fromEntries([['a', 'b']]).a", "b"),
        ("const x = structuredClone({ a: 'b' }).a", "b"),
        ("const x = new Error('a').message", "a"),
        ("const x = ['a'] + ['b']", "ab"),
        ("const x = [3, 1, 2].sort((a, b) => a - b).join('')", "123"),
        ("const x = ['b', 'a'].sort().join('')", "ab"),
        ("const x = (function () { return arguments[0] })('a')", "a"),
        ("const f = () => 1; const x = `(${f})()`", "(() => 1)()"),
        (
            "const f = () => 1; const x = '(' + f.toString() + ')'",
            "(() => 1)",
        ),
        ("const x = process.env.npm_package_config_c", "of config"),
        ("const x = ({ a: 'b' })[Buffer.from('YQ==', 'base64')]", "b"),
        ("const x = `${process.execPath} a`", "node a"),
    ] {
        assert_eq!(x(source), expected, "{source}");
    }
}

#[test]
fn what_is_not_known_is_not_made_up() {
    for source in [
        "const x = require('util').format('%o', 'a')",
        "const x = [1, y, 2].sort((a, b) => a - b)",
        "const f = () => 1; const x = f.toString().search('(((.+)+)+)+$')",
    ] {
        assert!(matches!(&*x(source), "?" | "\u{fdd0}?\u{fdd1}"), "{source}");
    }
}
