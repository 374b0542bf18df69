//! Reading and rendering of one index file, together.

use super::*;
use proptest::prelude::*;

const SUM: &str = "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea";

fn line(vers: &str, rest: &str) -> String {
    format!(r#"{{"name":"demo","vers":"{vers}","cksum":"{SUM}"{rest}}}"#)
}

fn parsed(text: &str) -> Index {
    Index::parse(text.as_bytes()).unwrap()
}

/// Everything but where it stands.
fn facts(index: &Index) -> Vec<Line> {
    let at_zero = |line: &Line| Line {
        range: 0..0,
        ..line.clone()
    };
    index.lines.iter().map(at_zero).collect()
}

#[test]
fn both_fields_of_features_are_one() {
    let line = br#"{"features":{"default":["std"],"std":[]},"features2":{"default":["dep:b"],"x":["b?/y"]}}"#;
    let features = Line::features_of(line).unwrap();
    let of = |name: &str| -> Vec<String> { features[name].iter().cloned().collect() };
    assert_eq!(of("default"), ["dep:b", "std"]);
    assert_eq!(of("x"), ["b?/y"]);
    assert_eq!(
        Line::features_of(b"{}"),
        Some(customs_model::Features::new())
    );
    assert_eq!(Line::features_of(b"no"), None);
}

#[test]
fn a_line_is_read_with_its_dependencies_and_time() {
    let text = line(
        "1.0.0",
        r#","deps":[
        {"name":"a","req":"^1","features":[],"optional":false,"default_features":true,"target":null,"kind":"normal"},
        {"name":"b","package":"real-b","req":"^2","kind":"build","target":"cfg(unix)"},
        {"name":"c","req":"^3","optional":true},
        {"name":"d","req":"^4","kind":"dev"},
        {"name":"e","req":"^5","registry":"https://index.example/other"}],
        "features":{},"links":"z","yanked":true,"v":2,"pubtime":"2026-03-31T00:21:00Z","rust_version":"1.85""#,
    )
    .replace('\n', " ");
    let index = parsed(&text);
    let line = &index.lines[0];
    assert_eq!(line.pubtime.unwrap().to_string(), "2026-03-31T00:21:00Z");
    assert_eq!((line.v, line.links.as_deref()), (2, Some("z")));
    assert!(line.features && line.yanked);
    let manifest = line.manifest();
    insta::assert_debug_snapshot!(
        (&manifest.dependencies, &manifest.optional_dependencies, &manifest.exotic),
        @r#"
    (
        {
            "a": "^1",
            "e": "^5",
            "real-b": "^2",
        },
        {
            "c": "^3",
        },
        [],
    )
    "#
    );
    assert!(manifest.withdrawn);
}

#[test]
fn a_publish_time_is_read_as_leniently_as_cargo_does_it() {
    for (text, expected) in [
        (
            r#","pubtime":"2026-03-31T02:21:00.5+02:00""#,
            Some("2026-03-31T00:21:00.5Z"),
        ),
        (r#","pubtime":"yesterday""#, None),
        (r#","pubtime":17"#, None),
        (r#","pubtime":null"#, None),
        ("", None),
    ] {
        let index = parsed(&line("1.0.0", text));
        let time = index.lines[0].pubtime.map(|t| t.to_string());
        assert_eq!(time.as_deref(), expected, "{text}");
    }
}

#[test]
fn lines_that_cannot_be_read_are_counted_and_never_served() {
    let good = line("1.0.0", "");
    let text = [
        "<html>",
        "{}",
        "[]",
        &line("1.0", ""),
        &line("1.0.0", r#","yanked":false,"yanked":true"#),
        &line("1.0.0", r#","deps":[{"name":"a"}]"#),
        &line("1.0.0", "").replace(SUM, &SUM[1..]),
        &line("1.0.0", "").replace("demo", "../demo"),
        &good,
        "",
        "  ",
    ]
    .join("\n");
    let index = parsed(&text);
    assert_eq!((index.lines.len(), index.malformed), (1, 8));
    let out = render(&index, text.as_bytes(), |_| Show::AsIs);
    assert_eq!(String::from_utf8(out).unwrap(), format!("{good}\n"));
}

#[test]
fn only_the_value_of_yanked_changes() {
    let render_one = |text: &str| {
        let out = render(&parsed(text), text.as_bytes(), |_| Show::Yanked);
        String::from_utf8(out).unwrap()
    };
    // A key of that name elsewhere, and in a string, must not be taken for it.
    let rest = r#", "features":{"yanked":["\"yanked\":false"]}, "yanked" : false , "v":2"#;
    assert_eq!(
        render_one(&line("1.0.0", rest)),
        format!(
            "{}\n",
            line("1.0.0", &rest.replace(" : false ", " : true "))
        )
    );
    assert_eq!(
        render_one(&line("1.0.0", r#","yank\u0065d":null"#)),
        format!("{}\n", line("1.0.0", r#","yank\u0065d":true"#))
    );
    assert_eq!(
        render_one(&line("1.0.0", "")),
        format!(
            "{}\n",
            line("1.0.0", "").replacen('{', r#"{"yanked":true,"#, 1)
        )
    );
    let yanked = line("1.0.0", r#","yanked":true"#);
    assert_eq!(render_one(&yanked), format!("{yanked}\n"));
}

#[test]
fn hidden_lines_are_gone_and_the_rest_keeps_its_order() {
    let text = ["1.0.0", "1.1.0", "1.2.0"]
        .map(|v| line(v, ""))
        .join("\r\n");
    let index = parsed(&text);
    let out = render(&index, text.as_bytes(), |l| {
        if l.version.as_str() == "1.1.0" {
            Show::Hide
        } else {
            Show::AsIs
        }
    });
    let expected = format!("{}\n{}\n", line("1.0.0", ""), line("1.2.0", ""));
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn a_body_that_is_not_the_indexed_one_yields_no_broken_line() {
    let text = line("1.0.0", "");
    let index = parsed(&text);
    assert!(render(&index, b"{}", |_| Show::AsIs).is_empty());
    let other = "x".repeat(text.len());
    assert!(render(&index, other.as_bytes(), |_| Show::Yanked).is_empty());
}

#[test]
fn a_hundred_thousand_versions_are_read_and_more_than_the_bound_are_not() {
    let many = |n: usize| -> String {
        (0..n)
            .map(|i| line(&format!("1.0.{i}"), "") + "\n")
            .collect()
    };
    assert_eq!(parsed(&many(100_000)).lines.len(), 100_000);
    let error = Index::parse("x\n".repeat(250_001).as_bytes()).unwrap_err();
    insta::assert_snapshot!(error, @"the index file has more than 250000 lines, which are not read");
}

fn any_line() -> impl Strategy<Value = String> {
    (
        "[0-9]\\.[1-9]?[0-9]\\.[0-9](-rc\\.[0-9])?",
        proptest::option::of(any::<bool>()),
        proptest::collection::vec(("[a-z]{1,5}", "\\^[0-9]", any::<bool>()), 0..4),
        proptest::option::of("\\PC{0,10}"),
        any::<bool>(),
    )
        .prop_map(|(vers, yanked, deps, links, first)| {
            let deps: Vec<_> = deps
                .into_iter()
                .map(|(n, r, o)| serde_json::json!({"name": n, "req": r, "optional": o}))
                .collect();
            let mut rest = format!(r#","deps":{}"#, serde_json::json!(deps));
            if let Some(links) = links {
                rest += &format!(r#", "links": {}"#, serde_json::json!(links));
            }
            let yanked = yanked.map_or(String::new(), |y| format!(r#","yanked":{y}"#));
            let rest = if first {
                yanked + &rest
            } else {
                rest + &yanked
            };
            line(&vers, &rest)
        })
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let index = Index::parse(&bytes).unwrap();
        render(&index, &bytes, |_| Show::Yanked);
        let _ = Config::parse(&bytes);
    }

    #[test]
    fn what_is_rendered_reads_back_as_what_was_parsed(
        lines in proptest::collection::vec(any_line(), 0..6),
    ) {
        let text = lines.join("\n");
        let index = parsed(&text);
        prop_assert_eq!(index.lines.len(), lines.len());
        let out = render(&index, text.as_bytes(), |_| Show::AsIs);
        let again = Index::parse(&out).unwrap();
        prop_assert_eq!(facts(&again), facts(&index));
    }

    #[test]
    fn a_flipped_line_is_yanked_and_equal_elsewhere(text in any_line()) {
        let index = parsed(&text);
        let out = render(&index, text.as_bytes(), |_| Show::Yanked);
        let again = Index::parse(&out).unwrap();
        let mut expected = facts(&index);
        for line in &mut expected {
            line.yanked = true;
        }
        prop_assert_eq!(facts(&again), expected);
        prop_assert_eq!(again.malformed, 0);
    }
}
