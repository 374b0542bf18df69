//! Source maps: what a generated file says it was made from.
//!
//! A map is a signal, not a proof. Its sources can be those of the commit while the file beside it
//! holds more. It explains why a file is in no tree; it does not vouch for the file.
//! Source: ECMA-426.

use super::object::{ObjectFormat, ObjectId, ObjectKind};
use super::path;
use super::tree::SourceTree;
use serde::Deserialize;
use std::borrow::Cow;

/// Bounds on a map.
pub mod limit {
    /// Bytes.
    pub const MAP: usize = super::super::artifact::limit::KEPT_MAP;
    /// Sources of one map.
    pub const SOURCES: usize = 20_000;
}

/// What a map says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceMap {
    sources: Vec<Source>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    /// As written, with the map's `sourceRoot` before it.
    path: String,
    content: Option<String>,
}

/// How far a map's sources are those of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapMatch {
    /// Every source is in the map and equals a file of the commit.
    Contents {
        /// How many.
        sources: usize,
    },
    /// The map names sources without content, and every one is a file of the commit.
    Names {
        /// How many.
        sources: usize,
    },
    /// At least one is not.
    None,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    version: u32,
    #[serde(borrow, default)]
    source_root: Option<Cow<'a, str>>,
    #[serde(default)]
    sources: Vec<Option<String>>,
    #[serde(default)]
    sources_content: Option<Vec<Option<String>>>,
}

impl SourceMap {
    /// Reads a map of version 3. None where it is none, is larger than `limit` allows, or is one
    /// of sections, which no tool publishes.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > limit::MAP {
            return None;
        }
        // `)]}'` keeps browsers from running a map; the specification has readers skip it.
        let bytes = match bytes.strip_prefix(b")]}'") {
            Some(rest) => rest
                .iter()
                .position(|b| *b == b'\n')
                .and_then(|at| rest.get(at..))?,
            None => bytes,
        };
        // What is no map explains nothing, whatever is wrong with it.
        let written: Written<'_> = serde_json::from_slice(bytes).ok()?;
        if written.version != 3 || written.sources.len() > limit::SOURCES {
            return None;
        }
        let root = written.source_root.as_deref().unwrap_or_default();
        let mut contents = written.sources_content.unwrap_or_default().into_iter();
        let sources = written
            .sources
            .into_iter()
            .map(|source| Source {
                path: path::join(root.trim_end_matches('/'), &source.unwrap_or_default()),
                content: contents.next().flatten(),
            })
            .collect();
        Some(Self { sources })
    }

    /// Compares its sources with a commit. `folder` is where the map would lie in the tree.
    pub fn compare(&self, folder: &str, tree: &SourceTree) -> MapMatch {
        let sources = self.sources.len();
        if sources == 0 {
            return MapMatch::None;
        }
        let all = |is: &dyn Fn(&Source) -> bool| self.sources.iter().all(is);
        if all(&|source| source.has_blob(tree)) {
            return MapMatch::Contents { sources };
        }
        if all(&|source| source.content.is_none() && source.is_named(folder, tree)) {
            return MapMatch::Names { sources };
        }
        MapMatch::None
    }
}

impl Source {
    fn has_blob(&self, tree: &SourceTree) -> bool {
        let Some(content) = &self.content else {
            return false;
        };
        let is_there = |bytes: &[u8]| !tree.places_of(&blob(tree.format(), bytes)).is_empty();
        is_there(content.as_bytes())
            || super::artifact::unix_lines(content.as_bytes()).is_some_and(|text| is_there(&text))
    }

    fn is_named(&self, folder: &str, tree: &SourceTree) -> bool {
        path::resolve(folder, &self.path).is_some_and(|path| tree.file(&path).is_some())
    }
}

fn blob(format: ObjectFormat, bytes: &[u8]) -> ObjectId {
    ObjectId::of(format, ObjectKind::Blob, bytes)
}

#[cfg(test)]
mod tests {
    use super::super::testing::tree;
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> SourceMap {
        SourceMap::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn sources_that_equal_files_of_the_commit_explain() {
        let (tree, _) = tree(&[("src/a.ts", "export const a: number = 1\n")]);
        let equal = read(
            r#"{"version":3,"sources":["../src/a.ts"],"sourcesContent":["export const a: number = 1\n"],"mappings":""}"#,
        );
        assert_eq!(
            equal.compare("dist", &tree),
            MapMatch::Contents { sources: 1 }
        );
        let other = read(r#"{"version":3,"sources":["../src/a.ts"],"sourcesContent":["evil()"]}"#);
        assert_eq!(other.compare("dist", &tree), MapMatch::None);
    }

    #[test]
    fn names_alone_are_told_apart_from_contents() {
        let (tree, _) = tree(&[("src/a.ts", "a")]);
        let named = read(
            r#"{"version":3,"sourceRoot":"../src/","sources":["a.ts"],"sourcesContent":[null]}"#,
        );
        assert_eq!(named.compare("dist", &tree), MapMatch::Names { sources: 1 });
        let empty = read(r#"{"version":3,"sources":[]}"#);
        assert_eq!(empty.compare("dist", &tree), MapMatch::None);
    }

    #[test]
    fn what_is_no_map_is_none() {
        for text in [
            "",
            "{}",
            "[]",
            r#"{"version":2,"sources":["a"]}"#,
            r#"{"version":3,"sources":5}"#,
        ] {
            assert_eq!(SourceMap::read(text.as_bytes()), None, "{text}");
        }
        assert!(SourceMap::read(b")]}'\n{\"version\":3,\"sources\":[]}").is_some());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_map_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let (tree, _) = tree(&[("a", "a")]);
            if let Some(map) = SourceMap::read(&bytes) {
                map.compare("dist", &tree);
            }
        }

        #[test]
        fn one_source_that_is_not_of_the_commit_is_enough(good in 0_usize..5, at in 0_usize..5) {
            let (tree, _) = tree(&[("a", "good")]);
            let mut contents = vec!["good"; good + 1];
            let whole = serde_json::json!({"version": 3, "sources": contents, "sourcesContent": contents});
            prop_assert_eq!(read(&whole.to_string()).compare("", &tree), MapMatch::Contents { sources: good + 1 });
            contents[at.min(good)] = "bad";
            let bad = serde_json::json!({"version": 3, "sources": contents, "sourcesContent": contents});
            prop_assert_eq!(read(&bad.to_string()).compare("", &tree), MapMatch::None);
        }
    }
}
