use super::*;
use crate::unpack::{Entry, kind_of};

const MARK: &str = r#"
rule marked {
    meta:
        description = "holds the word of the test"
        severity = "high"
    strings:
        $word = "inert-marker"
    condition:
        $word
}
"#;

fn entry(path: &str, content: Content) -> Entry {
    Entry {
        path: path.to_owned(),
        kind: kind_of(b"text"),
        length: 4,
        content,
        executable: false,
    }
}

fn file(path: &str, text: &str) -> Entry {
    entry(path, Content::Whole(text.as_bytes().into()))
}

fn tree(entries: Vec<Entry>) -> Tree {
    Tree {
        entries,
        ..Tree::default()
    }
}

fn scan(rules: &str, entries: Vec<Entry>) -> OwnMatches {
    let rules = OwnRules::compile([("own.yar", rules)]).unwrap();
    rules.scan(&tree(entries))
}

fn refused(rules: &str) -> OwnRulesError {
    OwnRules::compile([("good.yar", MARK), ("bad.yar", rules)]).unwrap_err()
}

#[test]
fn a_rule_that_matches_is_told_with_its_place_and_what_it_says_of_itself() {
    let said = scan(
        MARK,
        vec![
            file("package/a.js", "let a = 1;\nlet b = 'inert-marker';\n"),
            file("package/b.js", "nothing\n"),
        ],
    );
    assert_eq!(said.matches.len(), 1);
    let one = &said.matches[0];
    assert_eq!(
        (one.rule.as_str(), one.namespace.as_str()),
        ("marked", "own.yar")
    );
    assert_eq!(one.file, "package/a.js");
    assert_eq!(one.severity, Severity::High);
    assert_eq!(
        one.description.as_deref(),
        Some("holds the word of the test")
    );
    assert_eq!(one.places.len(), 1);
    let hop = &one.places[0];
    assert_eq!(hop.what, "$word");
    assert_eq!((hop.at.line, hop.at.column), (2, 10));
    assert_eq!(hop.at.bytes, (20, 32));
    assert!(said.unchecked.is_empty());
}

#[test]
fn a_rule_without_a_severity_is_medium_and_a_private_one_is_not_told() {
    let rules = "private rule small { condition: filesize < 100 }\n\
                 rule short { condition: small }\n";
    let said = scan(rules, vec![file("package/a.js", "x")]);
    assert_eq!(said.matches.len(), 1);
    assert_eq!(said.matches[0].rule, "short");
    assert_eq!(said.matches[0].severity, Severity::Medium);
    assert!(said.matches[0].places.is_empty());
}

#[test]
fn a_description_with_an_escape_in_it_is_a_text_as_well() {
    let rule = r#"rule r { meta: description = "say \"hi\"" condition: true }"#;
    let said = scan(rule, vec![file("package/a.js", "x")]);
    assert_eq!(said.matches[0].description.as_deref(), Some("say \"hi\""));
}

#[test]
fn rules_of_one_name_in_two_files_are_two_rules() {
    let rules = OwnRules::compile([("b.yar", MARK), ("a.yar", MARK)]).unwrap();
    let said = rules.scan(&tree(vec![file("package/a.js", "inert-marker")]));
    let namespaces: Vec<&str> = said
        .matches
        .iter()
        .map(|one| one.namespace.as_str())
        .collect();
    assert_eq!(namespaces, ["a.yar", "b.yar"]);
}

#[test]
fn a_broken_rule_is_told_with_its_file_and_line() {
    let error =
        refused("rule broken {\n    strings:\n        $a = \"x\"\n    condition:\n        $b\n}\n");
    assert_eq!((error.file.as_str(), error.line), ("bad.yar", 5));
    assert!(error.reason.contains("$b"), "{error}");
    assert!(error.to_string().starts_with("bad.yar:5: "), "{error}");
}

#[test]
fn an_unknown_severity_is_told_with_its_file_and_line() {
    for value in ["\"grave\"", "\"High\"", "3", "true"] {
        let rule = format!(
            "rule r {{\n    meta:\n        severity = {value}\n    condition:\n        true\n}}\n"
        );
        let error = refused(&rule);
        assert_eq!((error.file.as_str(), error.line), ("bad.yar", 3), "{value}");
        assert!(error.reason.contains("critical"), "{error}");
    }
}

#[test]
fn nothing_is_read_from_disk_and_modules_that_are_not_built_in_are_told() {
    let include = refused("include \"other.yar\"\n");
    assert_eq!((include.file.as_str(), include.line), ("bad.yar", 1));
    let module = refused("import \"pe\"\nrule r { condition: pe.is_dll() }\n");
    assert_eq!((module.file.as_str(), module.line), ("bad.yar", 1));
    assert!(module.reason.contains("pe"), "{module}");
}

#[test]
fn the_modules_that_are_built_in_work() {
    let rules = "import \"math\"\nimport \"hash\"\nimport \"string\"\n\
                 rule r { condition: math.entropy(0, filesize) < 1.0 \
                 and hash.sha256(0, filesize) == \"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\" \
                 and string.length(\"x\") == 1 }\n";
    let said = scan(rules, vec![file("package/a.js", "x")]);
    assert_eq!(said.matches.len(), 1);
}

#[test]
fn matches_are_bounded_and_a_flood_of_mild_ones_hides_no_worse_one() {
    let rules = "rule mild { meta: severity = \"note\" strings: $a = \"m\" condition: $a }\n\
                 rule grave { meta: severity = \"critical\" strings: $a = \"grave\" condition: $a }\n";
    let mut entries: Vec<Entry> = (0..limit::MATCHES + 5)
        .map(|number| file(&format!("package/{number}.js"), "m"))
        .collect();
    entries.push(file("package/last.js", "grave"));
    let said = scan(rules, entries);
    assert_eq!(said.matches.len(), limit::MATCHES);
    assert_eq!(said.left_out, 6);
    let last = said.matches.last().unwrap();
    assert_eq!(
        (last.rule.as_str(), last.file.as_str()),
        ("grave", "package/last.js")
    );
}

#[test]
fn places_of_a_match_are_the_first_ones() {
    let rules = "rule r { strings: $b = \"bb\" $a = \"aa\" condition: any of them }\n";
    let said = scan(rules, vec![file("package/a.js", "bb aa bb bb bb aa")]);
    let places: Vec<(&str, u32)> = said.matches[0]
        .places
        .iter()
        .map(|hop| (hop.what.as_str(), hop.at.bytes.0))
        .collect();
    assert_eq!(places, [("$b", 0), ("$a", 3), ("$b", 6)]);
}

#[test]
fn a_file_that_was_not_kept_is_told_as_not_checked() {
    let head = |number: usize| {
        let path = format!("package/{number}.bin");
        entry(&path, Content::Head(b"inert-marker".as_slice().into()))
    };
    let said = scan(MARK, (0..limit::UNCHECKED + 2).map(head).collect());
    assert!(said.matches.is_empty());
    assert_eq!(said.unchecked.len(), limit::UNCHECKED);
    assert_eq!(said.unchecked[0].path, "package/0.bin");
    assert_eq!(said.more_unchecked, 2);
}

#[test]
fn links_hold_nothing_to_check() {
    let link = entry("package/link", Content::Link("inert-marker".to_owned()));
    assert_eq!(scan(MARK, vec![link]), OwnMatches::default());
}
