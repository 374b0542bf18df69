//! Files that are in a release and not in its source, compared with those of releases before.
//!
//! A package of TypeScript always has some fifty; a fifty-first at the root is news. So only what
//! is new speaks, which is what removed every false alarm of LastPyMile (2021).

use super::path;
use customs_model::Version;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bounds on a set.
pub mod limit {
    /// Paths of one set. What is beyond is not remembered, and the set says so.
    pub const PATHS: usize = 20_000;
}

/// The files of one release that its source does not have, by their path without the parts that
/// change with every build: hashes become `*`, the release's own version `{version}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhantomSet {
    /// How many files stand behind each path.
    pub paths: BTreeMap<String, u32>,
    /// Some did not fit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

impl PhantomSet {
    /// Of these paths of a release of this version.
    pub fn of<'a>(version: &Version, files: impl IntoIterator<Item = &'a str>) -> Self {
        let mut set = Self::default();
        for file in files {
            let key = general(version, file);
            if set.paths.len() < limit::PATHS || set.paths.contains_key(&key) {
                *set.paths.entry(key).or_default() += 1;
            } else {
                set.cut = true;
            }
        }
        set
    }
}

/// What a release has that none before it had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewPhantom {
    /// A path that is new.
    Path(String),
    /// More files behind one path with a hash in it than ever before. A payload can call itself
    /// `chunk-1a2b3c.js`.
    More {
        /// The path, with `*`.
        path: String,
        /// Files now.
        now: u32,
        /// The most before.
        before: u32,
    },
}

/// Only what is new. With no release before, nothing can be called new: an empty answer then
/// means that nothing was compared.
pub fn phantoms(now: &PhantomSet, before: &[PhantomSet]) -> Vec<NewPhantom> {
    if before.is_empty() {
        return Vec::new();
    }
    now.paths
        .iter()
        .filter_map(|(path, count)| {
            let most = before.iter().filter_map(|set| set.paths.get(path)).max();
            match most {
                None => Some(NewPhantom::Path(path.clone())),
                Some(most) if count > most => Some(NewPhantom::More {
                    path: path.clone(),
                    now: *count,
                    before: *most,
                }),
                Some(_) => None,
            }
        })
        .collect()
}

/// A path without what changes with every build. Only the file's name is looked at for hashes:
/// a folder is a place, and places must not blur.
pub fn general(version: &Version, file: &str) -> String {
    let file = if version.as_str().len() >= 3 {
        file.replace(version.as_str(), "{version}")
    } else {
        file.to_owned()
    };
    let name = path::name(&file);
    let mut out = String::new();
    let mut part = String::new();
    let mut parts = 0;
    for letter in name.chars() {
        if matches!(letter, '.' | '-' | '_') {
            push_part(&mut out, &part, parts);
            parts += 1;
            part.clear();
            out.push(letter);
        } else {
            part.push(letter);
        }
    }
    // What stands last is the ending (`.mp3`), which is no hash; a name without one may be.
    if parts == 0 {
        push_part(&mut out, &part, parts);
    } else {
        out.push_str(&part);
    }
    path::join(path::folder(&file), &out)
}

fn push_part(out: &mut String, part: &str, before: usize) {
    // A name that begins with what looks like a hash must look very much so.
    let least = if before == 0 { 16 } else { 4 };
    if part.len() >= least && looks_hashed(part) {
        out.push('*');
    } else {
        out.push_str(part);
    }
}

/// Hexadecimal with a digit and a letter, or eight and more letters and digits that are mixed as
/// no word is: both cases and a digit, or digits in two places.
fn looks_hashed(part: &str) -> bool {
    let bytes = part.as_bytes();
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    let upper = bytes.iter().filter(|b| b.is_ascii_uppercase()).count();
    let lower = bytes.iter().filter(|b| b.is_ascii_lowercase()).count();
    if digits + upper + lower != bytes.len() {
        return false;
    }
    let hexadecimal = bytes.iter().all(u8::is_ascii_hexdigit);
    let one_case = upper == 0 || lower == 0;
    if hexadecimal && one_case && digits > 0 {
        // Only digits: a date, a year, a port.
        return digits < bytes.len();
    }
    let runs = part
        .split(|letter: char| !letter.is_ascii_digit())
        .filter(|run| !run.is_empty());
    let mixed = upper > 0 && lower > 0 && digits > 0;
    bytes.len() >= 8 && lower + upper > 0 && (mixed || runs.count() >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version() -> Version {
        Version::new("1.14.1").unwrap()
    }

    fn set(paths: &[&str]) -> PhantomSet {
        PhantomSet::of(&version(), paths.iter().copied())
    }

    #[test]
    fn parts_that_change_with_every_build_are_taken_out() {
        let general = |path| general(&version(), path);
        assert_eq!(general("dist/chunk-4f3a.js"), "dist/chunk-*.js");
        assert_eq!(general("dist/index-C5x9K2aQ.mjs"), "dist/index-*.mjs");
        assert_eq!(
            general("dist/axios-1.14.1.min.js"),
            "dist/axios-{version}.min.js"
        );
        for plain in [
            "dist/index.js",
            "dist/esm2020/a.js",
            "dist/cafe.js",
            "dist/face/deadbeef/a.js",
            "fonts/song.mp3",
            "dist/router_init.js",
            "dist/base64.js",
            "dist/2026.js",
            "dist/feature-detect.js",
            "dist/x-base64encode.js",
        ] {
            assert_eq!(general(plain), plain);
        }
    }

    #[test]
    fn only_the_new_one_speaks() {
        let before = [
            set(&["dist/a.js", "dist/chunk-1a2b.js"]),
            set(&["dist/b.js"]),
        ];
        let now = set(&["dist/a.js", "dist/b.js", "dist/chunk-9f8e.js", "bundle.js"]);
        assert_eq!(
            phantoms(&now, &before),
            [NewPhantom::Path("bundle.js".to_owned())]
        );
        assert_eq!(phantoms(&now, &[]), []);
    }

    #[test]
    fn a_payload_that_calls_itself_a_chunk_is_one_more_chunk() {
        let before = [set(&["dist/chunk-1a2b.js"])];
        let now = set(&["dist/chunk-3c4d.js", "dist/chunk-5e6f.js"]);
        assert_eq!(
            phantoms(&now, &before),
            [NewPhantom::More {
                path: "dist/chunk-*.js".to_owned(),
                now: 2,
                before: 1
            }]
        );
    }

    #[test]
    fn a_set_is_small_and_comes_back_as_it_was() {
        let set = set(&["dist/a.js", "dist/chunk-1a2b.js"]);
        let text = serde_json::to_string(&set).unwrap();
        insta::assert_snapshot!(text, @r#"{"paths":{"dist/a.js":1,"dist/chunk-*.js":1}}"#);
        assert_eq!(serde_json::from_str::<PhantomSet>(&text).unwrap(), set);
    }

    proptest! {
        #[test]
        fn a_path_keeps_its_folder_and_ending(folder in "[a-z0-9]{1,8}", stem in "[a-zA-Z0-9_.-]{1,20}", ending in "[a-z]{2,4}") {
            let out = general(&version(), &format!("{folder}/{stem}.{ending}"));
            prop_assert!(out.starts_with(&format!("{folder}/")), "{}", out);
            prop_assert!(out.ends_with(&format!(".{ending}")), "{}", out);
        }

        #[test]
        fn what_was_there_before_is_never_new(paths in prop::collection::vec("[a-z0-9/.-]{1,20}", 0..20)) {
            let set = PhantomSet::of(&version(), paths.iter().map(String::as_str));
            prop_assert_eq!(phantoms(&set, std::slice::from_ref(&set)), []);
        }
    }
}
