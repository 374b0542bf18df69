//! What a release hands to who uses it: commands, entry points, features. Facts that only
//! matter where an artifact and its document are compared.

use crate::{Contradiction, ContradictionKind, printable};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Features, each with what it turns on.
pub type Features = BTreeMap<String, BTreeSet<String>>;

/// What a release hands out. `None` is not said, or said in a way that cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Offers {
    /// Commands of an npm package, with the file that each runs; both as npm writes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commands: Option<BTreeMap<String, String>>,
    /// The file that an npm package is entered by (`main`), as npm writes paths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main: Option<String>,
    /// The beginning of a digest of an npm package's `exports`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exports: Option<String>,
    /// Features of a crate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Features>,
}

impl Offers {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Where an artifact hands out something else than its document says. What only the
    /// document has is not spoken of.
    pub(crate) fn contradictions(&self, document: &Self) -> Vec<Contradiction> {
        let mut found = Vec::new();
        self.commands_against(document, &mut found);
        self.entries_against(document, &mut found);
        self.features_against(document, &mut found);
        found
    }

    fn commands_against(&self, document: &Self, found: &mut Vec<Contradiction>) {
        let (Some(own), Some(told)) = (&self.commands, &document.commands) else {
            return;
        };
        for (name, file) in own {
            let command = format!("{name}: {file}");
            match told.get(name) {
                None => found.push(point(ContradictionKind::HiddenCommand, &command, "")),
                Some(told) if told != file => {
                    found.push(point(ContradictionKind::OtherCommand, &command, told));
                }
                Some(_) => {}
            }
        }
    }

    fn entries_against(&self, document: &Self, found: &mut Vec<Contradiction>) {
        let pairs = [
            ("main", &self.main, &document.main),
            ("exports", &self.exports, &document.exports),
        ];
        for (field, own, told) in pairs {
            if let (Some(own), Some(told)) = (own, told)
                && own != told
            {
                let (own, told) = (format!("{field} {own}"), format!("{field} {told}"));
                found.push(point(ContradictionKind::OtherEntry, &own, &told));
            }
        }
    }

    fn features_against(&self, document: &Self, found: &mut Vec<Contradiction>) {
        let (Some(own), Some(told)) = (&self.features, &document.features) else {
            return;
        };
        for (name, wanted) in own {
            let told = told.get(name);
            let is_told = |one: &&String| {
                told.is_some_and(|told| told.iter().any(|other| target(other) == target(one)))
            };
            // Where the document lacks the feature of a dependency, cargo makes one of its name.
            let is_own = |one: &&String| target(one) == name;
            let hidden: Vec<&str> = wanted
                .iter()
                .filter(|one| !is_told(one) && !is_own(one))
                .map(String::as_str)
                .collect();
            if !hidden.is_empty() {
                let feature = format!("{name}: {}", hidden.join(", "));
                found.push(point(ContradictionKind::HiddenFeature, &feature, ""));
            }
        }
    }
}

/// What an entry of a feature turns on: with `dep:` the same dependency, without a feature of
/// its name.
fn target(entry: &str) -> &str {
    entry.strip_prefix("dep:").unwrap_or(entry)
}

fn point(kind: ContradictionKind, artifact: &str, document: &str) -> Contradiction {
    Contradiction {
        kind,
        artifact: printable(artifact, 200),
        document: printable(document, 200),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(pairs: &[(&str, &str)]) -> Offers {
        let owned = |(name, file): &(&str, &str)| ((*name).to_owned(), (*file).to_owned());
        Offers {
            commands: Some(pairs.iter().map(owned).collect()),
            ..Offers::default()
        }
    }

    fn features(all: &[(&str, &[&str])]) -> Offers {
        let owned = |(name, wanted): &(&str, &[&str])| {
            let wanted = wanted.iter().map(|one| (*one).to_owned()).collect();
            ((*name).to_owned(), wanted)
        };
        Offers {
            features: Some(all.iter().map(owned).collect()),
            ..Offers::default()
        }
    }

    fn told(artifact: &Offers, document: &Offers) -> Vec<(ContradictionKind, String)> {
        let found = artifact.contradictions(document);
        found.into_iter().map(|c| (c.kind, c.artifact)).collect()
    }

    #[test]
    fn a_command_that_the_document_does_not_have_is_told() {
        let artifact = commands(&[("a", "a.js"), ("node", "b.js")]);
        assert_eq!(
            told(&artifact, &commands(&[("a", "c.js")])),
            [
                (ContradictionKind::OtherCommand, "a: a.js".to_owned()),
                (ContradictionKind::HiddenCommand, "node: b.js".to_owned()),
            ]
        );
        assert_eq!(told(&commands(&[]), &artifact), []);
        assert_eq!(told(&artifact, &Offers::default()), []);
    }

    #[test]
    fn entries_are_compared_where_both_have_them() {
        let main = |file: &str| Offers {
            main: Some(file.to_owned()),
            ..Offers::default()
        };
        assert_eq!(
            told(&main("a.js"), &main("b.js")),
            [(ContradictionKind::OtherEntry, "main a.js".to_owned())]
        );
        assert_eq!(told(&main("a.js"), &main("a.js")), []);
        assert_eq!(told(&main("a.js"), &Offers::default()), []);
    }

    #[test]
    fn a_feature_that_turns_on_what_the_document_does_not_say_is_told() {
        let artifact = features(&[("default", &["std", "net"]), ("net", &["dep:http"])]);
        let document = features(&[("default", &["std"]), ("net", &["http"])]);
        assert_eq!(
            told(&artifact, &document),
            [(ContradictionKind::HiddenFeature, "default: net".to_owned())]
        );
        assert_eq!(told(&document, &artifact), []);
    }

    #[test]
    fn the_feature_that_cargo_makes_of_a_dependency_may_be_left_out() {
        let artifact = features(&[("http", &["dep:http"]), ("nothing", &[])]);
        assert_eq!(told(&artifact, &features(&[])), []);
        let more = features(&[("http", &["dep:http", "dep:evil"])]);
        assert_eq!(
            told(&more, &features(&[])),
            [(
                ContradictionKind::HiddenFeature,
                "http: dep:evil".to_owned()
            )]
        );
    }
}
