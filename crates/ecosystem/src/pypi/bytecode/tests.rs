use super::*;
use proptest::prelude::*;

const SOURCE: &str = r#"# -*- coding: utf-8 -*-
"""What it is for."""
import os.path  # namen
from . import other

class _Box:
    """Holds
    things."""
    def __hidden(self, *, size=0x10):
        return "a\x41\n" "more" + "0" * 64, b"\x89PNG", "%sname" % size, f"of {size}!"

def outer():
    def inner():
        return os.path.isdir
    return inner
"#;

/// Writes what `marshal` of Python writes.
struct Marshal(Vec<u8>);

impl Marshal {
    fn text(&mut self, text: &str) {
        self.0.push(b'u');
        self.0
            .extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        self.0.extend(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.push(b's');
        self.0
            .extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        self.0.extend(bytes);
    }

    fn many(&mut self, texts: &[&str]) {
        self.0.extend([b')', u8::try_from(texts.len()).unwrap()]);
        texts.iter().for_each(|text| self.text(text));
    }

    /// A code object: as 3.8 to 3.10 lay it out, or later ones.
    fn code(&mut self, magic: u16, names: &[&str], texts: &[&str]) {
        let old = magic < 3495;
        self.0.push(b'c');
        self.0.extend(vec![0; if old { 24 } else { 20 }]);
        self.bytes(&[100, 0]);
        self.many(texts);
        self.many(names);
        self.many(&[]);
        if old {
            self.many(&[]);
            self.many(&[]);
        } else {
            self.bytes(&[]);
        }
        self.text("/build/lib/a.py");
        self.text("<module>");
        if !old {
            self.text("<module>");
        }
        self.0.extend(1_i32.to_le_bytes());
        self.bytes(&[]);
        if !old {
            self.bytes(&[]);
        }
    }
}

fn compiled(magic: u16, names: &[&str], texts: &[&str]) -> Vec<u8> {
    let mut out = Marshal(Vec::new());
    out.0.extend(magic.to_le_bytes());
    out.0.extend(*b"\r\n");
    out.0.extend([0; 4]);
    out.0.extend(1000_u32.to_le_bytes());
    out.0
        .extend(u32::try_from(SOURCE.len()).unwrap().to_le_bytes());
    out.code(magic, names, texts);
    out.0
}

const ORIGIN: Origin<'static> = Origin {
    file: "a.py",
    bytes: SOURCE.as_bytes(),
    modified: Some(1000),
    compiled: "a.cpython-311.pyc",
};

fn differs(bytes: &[u8]) -> String {
    match agreement(bytes, &ORIGIN) {
        Agreement::Differs(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn whatever_the_compiler_carries_over_agrees() {
    let names = [
        "os.path",
        "os",
        "",
        "other",
        "_Box__hidden",
        "outer.<locals>.inner",
        "__qualname__",
        // Nowhere in the source.
        "join",
    ];
    let zeros = "0".repeat(64);
    // `"name" * 500`, which also starts with `namen`.
    let named = "name".repeat(500);
    let texts = [
        &named,
        "What it is for.",
        "Holds\nthings.",
        "aA\nmore",
        &zeros,
        "name",
        "of ",
        "outer.<locals>.inner",
        "return",
    ];
    for magic in [3413, 3425, 3439, 3495, 3531, 3571, 3627] {
        assert_eq!(
            agreement(&compiled(magic, &names, &texts), &ORIGIN),
            Agreement::Agrees,
            "{magic}"
        );
    }
}

#[test]
fn control_characters_may_be_written_by_their_names_and_what_stands_between_them_is_told() {
    let source = Source::read(r#"f"{line}\N{LINE FEED}" "\N{ESC}8" "\N{ESC}[B""#);
    assert_eq!(source.stranger_of("\n\u{1b}8\u{1b}[B", false), None);
    assert_eq!(
        source.stranger_of("\u{1b}evil\u{1b}", false),
        Some("\u{1b}evil\u{1b}")
    );
    let plain = Source::read(r#""8""#);
    assert_eq!(
        plain.stranger_of("\u{1b}8\u{1b}", false),
        Some("\u{1b}8\u{1b}")
    );
}

#[test]
fn a_name_or_text_that_the_source_lacks_gives_it_away() {
    insta::assert_snapshot!(differs(&compiled(3495, &["os", "system"], &[])), @r#"it uses the name "system", which its source does not hold"#);
    insta::assert_snapshot!(differs(&compiled(3495, &[], &["of https://evil.example"])), @r#"it holds the text "https", which its source does not"#);
    insta::assert_snapshot!(differs(&compiled(3413, &[], &["\u{e9}\u{80}\u{81}"])), @r#"it holds the text "é\\u{80}\\u{81}", which its source does not"#);
}

#[test]
fn a_header_must_name_this_source() {
    let good = compiled(3495, &[], &[]);
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    assert_eq!(
        differs(&with(8, 1)),
        "its header names another time of its source"
    );
    assert_eq!(
        differs(&with(12, 1)),
        "its header names another size of its source"
    );
    assert_eq!(
        differs(&with(4, 1)),
        "its header names another hash of its source"
    );
    assert_eq!(differs(&with(4, 9)), "it is no compiled file of Python");
    assert!(matches!(
        agreement(&with(0, 0), &ORIGIN),
        Agreement::Unreadable(_)
    ));
}

#[test]
fn a_hash_of_the_source_is_computed_as_python_does() {
    // `importlib.util.source_hash(b"x = 1\n")` of 3.10 and 3.11.
    let origin = Origin {
        file: "a.py",
        bytes: b"x = 1\n",
        modified: None,
        compiled: "a.pyc",
    };
    for (magic, hash) in [
        (3439, [217, 74, 173, 226, 140, 140, 190, 191]),
        (3495, [76, 3, 114, 170, 147, 247, 82, 82]),
    ] {
        let header = Header {
            magic,
            binding: Binding::Hash(u64::from_le_bytes(hash)),
        };
        assert_eq!(header.binds(&origin), Ok(()), "{magic}");
    }
}

#[test]
fn what_is_cut_off_or_goes_on_is_no_code() {
    let good = compiled(3495, &["os"], &["of "]);
    for length in 16..good.len() {
        assert!(
            matches!(agreement(&good[..length], &ORIGIN), Agreement::Differs(_)),
            "{length}"
        );
    }
    let more = [good, vec![b'N']].concat();
    assert_eq!(
        differs(&more),
        "its code cannot be read: something stands behind the code"
    );
}

#[test]
fn references_that_multiply_are_followed_once() {
    let mut out = Marshal(compiled(3495, &[], &[])[..16].to_vec());
    out.0.push(b'c');
    out.0.extend([0; 20]);
    out.bytes(&[]);
    // Each tuple holds the one before it ten times.
    out.0.extend([b')', 30, 0x80 | b')', 1]);
    out.text("of ");
    for at in 0..29_u8 {
        out.0.extend([0x80 | b')', 10]);
        for _ in 0..10 {
            out.0.extend([b'r', at, 0, 0, 0]);
        }
    }
    // Not the bound on objects: what stands behind the constants is missing.
    assert_eq!(
        agreement(&out.0, &ORIGIN),
        Agreement::Differs("its code cannot be read: it is cut off".into())
    );
}

#[test]
fn a_number_longer_than_all_in_the_source_is_a_payload() {
    let mut bytes = compiled(3495, &[], &[]);
    let mut number = vec![b')', 1, b'l'];
    number.extend(1000_u32.to_le_bytes());
    number.extend(vec![1; 2000]);
    // The constants stand behind the instructions.
    let at = 16 + 1 + 20 + 7;
    bytes.splice(at..at + 2, number);
    assert_eq!(
        differs(&bytes),
        "it holds a number far longer than any in its source"
    );
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..200), source in "\\PC{0,40}") {
        let mut bytes = compiled(3495, &[], &[])[..16].to_vec();
        bytes[8..16].fill(0);
        bytes.extend(body);
        let origin = Origin { bytes: source.as_bytes(), modified: None, ..ORIGIN };
        let _ = agreement(&bytes, &origin);
        let size = u32::try_from(source.len()).unwrap();
        bytes[12..16].copy_from_slice(&size.to_le_bytes());
        let _ = agreement(&bytes, &origin);
    }

    #[test]
    fn a_changed_byte_never_panics(at in 16_usize..200, byte in any::<u8>()) {
        let mut bytes = compiled(3571, &["os", "outer"], &["of ", "name"]);
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = agreement(&bytes, &ORIGIN);
    }
}

#[test]
fn short_words_are_not_put_together_of_single_letters() {
    for word in ["curl", "exec", "eval", "evil", "nc"] {
        assert!(
            differs(&compiled(3495, &[], &[word])).contains("it holds the text"),
            "{word}"
        );
    }
}
