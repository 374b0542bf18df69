use super::*;

const MAP: &str = r#"{
  "__info": ["made"],
  "dependencyTreeRoots": [{"name": "demo", "reference": "workspace:."}],
  "enableTopLevelFallback": true,
  "ignorePatternData": "(^(?:\\.yarn)$)'",
  "pnpZipBackend": "libzip",
  "fallbackExclusionList": [["demo", ["workspace:."]]],
  "fallbackPool": [["a", "npm:1.0.0"]],
  "packageRegistryData": [
    [null, [[null, {"packageLocation": "./", "packageDependencies": [], "linkType": "SOFT"}]]],
    ["a", [["virtual:01#npm:1.0.0", {
      "packageLocation": "./.yarn/a.zip/node_modules/a/",
      "packageDependencies": [["a", "npm:1.0.0"], ["b", ["c", "npm:2.0.0"]], ["d", null]],
      "packagePeers": ["d"],
      "linkType": "HARD"}]]]
  ]
}"#;

/// As Yarn 4 writes it.
fn script(json: &str) -> String {
    let escaped = json
        .replace('\\', r"\\")
        .replace('\'', r"\'")
        .replace('\n', "\\\n");
    format!("#!/usr/bin/env node\nconst RAW =\n'{escaped}';\nrun(RAW);\n")
}

#[test]
fn a_script_is_its_program_and_the_map_in_it() {
    let text = script(MAP);
    let file = read(&text).unwrap();
    assert_eq!(
        file.program,
        ["#!/usr/bin/env node\nconst RAW =\n", ";\nrun(RAW);\n"]
    );
    let map = file.map.unwrap();
    assert_eq!(map, read_map(MAP).unwrap());
    assert_eq!(map.ignored.as_deref(), Some(r"(^(?:\.yarn)$)'"));
    let [_, a] = map.packages.as_slice() else {
        panic!("{map:?}");
    };
    assert_eq!(real_reference(a.reference.as_deref().unwrap()), "npm:1.0.0");
    let to = |at: usize| {
        a.asks[at]
            .to
            .as_ref()
            .map(|to| (to.name.as_str(), to.reference.as_str()))
    };
    assert_eq!(to(0), Some(("a", "npm:1.0.0")));
    assert_eq!(to(1), Some(("c", "npm:2.0.0")));
    assert_eq!(to(2), None);
}

#[test]
fn a_script_without_a_map_is_all_program() {
    let file = read("const a = require('./.pnp.data.json');\n").unwrap();
    assert_eq!((file.map, file.program[1]), (None, ""));
}

#[test]
fn what_yarn_does_not_write_is_refused() {
    for (from, to) in [
        ("\"__info\"", "\"__proto__\""),
        (
            "\"linkType\": \"HARD\"",
            "\"linkType\": \"HARD\", \"also\": 1",
        ),
        ("\"linkType\": \"HARD\"", "\"linkType\": \"OTHER\""),
        (
            "\"linkType\": \"SOFT\"",
            "\"linkType\": \"SOFT\", \"linkType\": \"HARD\"",
        ),
        ("[\"c\", \"npm:2.0.0\"]", "[\"c\", \"npm:2.0.0\", \"d\"]"),
        ("[\"d\", null]", "[\"d\", 1]"),
    ] {
        let json = MAP.replacen(from, to, 1);
        assert_ne!(json, MAP, "{from}");
        assert!(matches!(read_map(&json), Err(PnpError::Foreign(_))), "{to}");
        assert!(
            matches!(read(&script(&json)), Err(PnpError::Foreign(_))),
            "{to}"
        );
    }
    for text in [
        "'{\\\n}",
        "'{\\\n\\x41}'",
        "'{\\\n\n}'",
        "'{\\\n\\",
        "'{\\\n\\\r\n}'",
    ] {
        assert!(matches!(read(text), Err(PnpError::Foreign(_))), "{text:?}");
    }
}

#[test]
fn a_deep_map_ends_in_an_error() {
    let deep = format!("{{\"__info\": {}", "[".repeat(100_000));
    assert!(read_map(&deep).is_err());
}
