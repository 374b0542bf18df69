use super::testing::FIXTURES;
use super::urls::{decode, encode};
use super::{Error, Kind, from_gate, mentions, read, toward_gate, url_positions};
use proptest::prelude::*;

const GATE: &str = "http://127.0.0.1:4873/-/by/";

/// A map that can be undone: the folder becomes one part of a path, as in the gate's
/// addresses of PyPI files.
fn toward(url: &str) -> Option<String> {
    let (folder, file) = url.strip_prefix("https://")?.rsplit_once('/')?;
    Some(format!("{GATE}{}/{file}", encode(folder, 1)))
}

fn back(url: &str) -> Option<String> {
    let (folder, file) = url.strip_prefix(GATE)?.split_once('/')?;
    Some(format!("https://{}/{file}", decode(folder, 1)?))
}

#[test]
fn what_is_rewritten_toward_the_gate_comes_back_to_the_byte() {
    for (kind, text) in FIXTURES {
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            let there = toward_gate(kind, &text, &toward).unwrap();
            let expected = url_positions(kind, &text).unwrap();
            let expected = expected.iter().filter(|at| toward(&at.url).is_some());
            assert_eq!(there.changed, expected.count(), "{kind}");
            assert_eq!(there.changed > 0, there.text != text, "{kind}");
            let home = from_gate(kind, &there.text, &back).unwrap();
            assert_eq!(home.text, text, "{kind}");
            assert_eq!(home.changed, there.changed, "{kind}");
            assert!(mentions(&home.text, "127.0.0.1:4873").is_empty());
        }
    }
}

#[test]
fn rewriting_changes_no_release_and_no_digest() {
    for (kind, text) in FIXTURES {
        let there = toward_gate(kind, text, &toward).unwrap().text;
        let names = |text: &str| {
            let file = read(kind, text.as_bytes()).unwrap();
            let entries = file.entries.into_iter();
            entries
                .map(|e| (e.release, e.digests, e.line))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(text), names(&there), "{kind}");
    }
}

#[test]
fn every_line_that_names_the_gate_after_rewriting_is_found() {
    for (kind, text) in FIXTURES {
        let there = toward_gate(kind, text, &toward).unwrap();
        let lines = mentions(&there.text, "127.0.0.1:4873");
        assert_eq!(lines.is_empty(), there.changed == 0, "{kind}");
        assert!(lines.len() <= there.changed);
    }
}

/// Text that comes near enough to a lockfile to reach deep into the readers.
fn near() -> impl Strategy<Value = (Kind, String)> {
    (
        0..FIXTURES.len(),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        "\\PC{0,6}|[\\[\\]{}\"':,#\\\\ \n-]{0,4}",
    )
        .prop_map(|(fixture, from, length, with)| {
            let (kind, text) = FIXTURES[fixture];
            let start = floor(text, from.index(text.len()));
            let end = floor(text, (start + length.index(40)).min(text.len()));
            (kind, format!("{}{with}{}", &text[..start], &text[end..]))
        })
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for kind in Kind::ALL {
            let _ = read(kind, &bytes);
            let _ = url_positions(kind, &String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn arbitrary_text_never_panics(text in "([a-z@/:.#&*!|>'\"{}\\[\\],?=\\\\ -]|\n|  |é|://|==|version: |resolved ){0,60}") {
        for kind in Kind::ALL {
            let _ = read(kind, text.as_bytes());
            let _ = url_positions(kind, &text);
        }
    }

    #[test]
    fn a_damaged_lockfile_is_read_or_refused_and_its_urls_stand_where_they_say((kind, text) in near()) {
        let _ = read(kind, text.as_bytes());
        if let Ok(urls) = url_positions(kind, &text) {
            let mut end = 0;
            for at in &urls {
                prop_assert!(at.span.start >= end && at.span.end <= text.len());
                prop_assert!(text.is_char_boundary(at.span.start) && text.is_char_boundary(at.span.end));
                end = at.span.end;
            }
            match toward_gate(kind, &text, &toward) {
                Ok(there) => {
                    let again = url_positions(kind, &there.text).unwrap();
                    prop_assert_eq!(again.len(), urls.len());
                }
                // The damage put a quote into an address.
                Err(Error::Replacement { .. }) => {}
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }
}
