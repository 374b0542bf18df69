//! Paths that are one file on some disk.

use super::*;

fn tricks_of(names: [&str; 2], bodies: [&str; 2]) -> Vec<Trick> {
    let of = |at: usize| entry(names[at], b'0', bodies[at].as_bytes(), "");
    tricks(&read(&gzip(&[of(0), of(1)].concat())))
}

#[test]
fn names_that_some_disk_takes_for_one_are_told() {
    for (one, other) in [
        ("package/a.js", "package/a.js."),
        ("package/a.js", "package/a.js "),
        ("package/a.js", "package/A.JS. ."),
        ("package/lib/a.js", "package/lib./a.js"),
        // One letter, and the same in two.
        ("package/caf\u{e9}.js", "package/cafe\u{301}.js"),
        ("package/CAF\u{c9}.js", "package/cafe\u{301}.js"),
    ] {
        let names = [one, other];
        assert_eq!(tricks_of(names, ["1", "2"]), [Trick::DiskTwin], "{names:?}");
        assert_eq!(tricks_of(names, ["1", "1"]), [], "{names:?}");
    }
}

#[test]
fn names_that_every_disk_tells_apart_are_no_twins() {
    for names in [
        ["package/a.js", "package/.a.js"],
        ["package/a.js", "package/ a.js"],
        ["package/...", "package/...."],
        ["package/cafe.js", "package/caf\u{e9}.js"],
    ] {
        assert_eq!(tricks_of(names, ["1", "2"]), [], "{names:?}");
    }
    let case = ["package/a.js", "package/A.js"];
    assert_eq!(tricks_of(case, ["1", "2"]), [Trick::CaseTwin]);
}
