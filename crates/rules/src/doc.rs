//! What a rule says about itself. The pages of the book are made from it, so that
//! documentation and code cannot tell two stories.

use crate::altered;
use crate::own;
use crate::words;
use customs_model::SignedDuration;

/// A rule, for people.
#[derive(Debug)]
pub struct RuleDoc {
    /// The stable id, as written in configuration.
    pub id: &'static str,
    /// One line.
    pub title: &'static str,
    /// What it looks at and when it speaks.
    pub what: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// What the default policy does.
    pub effect: &'static str,
    /// When that ends by itself.
    pub ends: &'static str,
    /// What can be set, beside the mode.
    pub settings: &'static [&'static Setting],
    /// Where each ecosystem gets the fact from.
    pub facts: Facts,
    /// Examples on which it speaks.
    pub fires: &'static [&'static str],
    /// Examples on which it is silent.
    pub silent: &'static [&'static str],
    /// Where it was learnt.
    pub learnt_from: &'static str,
}

/// Where a fact comes from, by ecosystem.
#[derive(Debug)]
pub struct Facts {
    /// npm.
    pub npm: &'static str,
    /// PyPI.
    pub pypi: &'static str,
    /// cargo.
    pub cargo: &'static str,
}

/// A number that policy can change.
#[derive(Debug)]
pub struct Setting {
    /// The rule's id.
    pub rule: &'static str,
    /// The key in the rule's table.
    pub key: &'static str,
    /// What it means.
    pub what: &'static str,
    /// The value without a policy file.
    pub default: Amount,
    /// Which direction is the stricter one: a project may move it only that way.
    pub tighter: Tighter,
}

/// A value of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Amount {
    /// A span of time.
    Time(SignedDuration),
    /// A number of things.
    Count(u32),
}

impl Amount {
    /// `72h`, `7d`, `5`: the form that a policy file reads.
    pub fn written(self) -> String {
        match self {
            Self::Time(of) => words::duration(of).replace(' ', ""),
            Self::Count(of) => of.to_string(),
        }
    }
}

/// Which direction of a setting is the stricter one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tighter {
    /// Longer or more.
    More,
    /// Shorter or fewer.
    Less,
}

/// The page of one rule.
pub fn page(doc: &RuleDoc) -> String {
    let mut out = format!("# {}\n\n{}\n\n{}\n\n", doc.id, doc.title, doc.what);
    out += &format!(
        "**Default:** {}.\n\n**Ends:** {}.\n\n",
        doc.effect, doc.ends
    );
    out += &format!("## Why\n\n{}\n\n", doc.why);
    out += "## Speaks\n\n";
    for example in doc.fires {
        out += &format!("- {example}\n");
    }
    out += "\n## Is silent\n\n";
    for example in doc.silent {
        out += &format!("- {example}\n");
    }
    out += "\n## Where the fact comes from\n\n| Ecosystem | Source |\n|---|---|\n";
    out += &format!(
        "| npm | {} |\n| PyPI | {} |\n| cargo | {} |\n",
        doc.facts.npm, doc.facts.pypi, doc.facts.cargo
    );
    out += "\n## Settings\n\n";
    out += &settings(doc);
    out += "\n## Learnt from\n\n";
    out += &format!("{}\n\n", doc.learnt_from);
    out += "This page is made from the rule's source; edit it there.\n";
    out
}

/// What a policy can say of a rule.
fn settings(doc: &RuleDoc) -> String {
    if doc.id == own::DOC.id || doc.id == altered::DOC.id {
        return "None: no policy names it.\n".to_owned();
    }
    let mut out = format!(
        "```toml\n[rules.{}]\nmode = \"enforce\"   # or \"warn\", \"off\"\n",
        doc.id
    );
    for setting in doc.settings {
        let value = setting.default.written();
        let value = match setting.default {
            Amount::Time(_) => format!("\"{value}\""),
            Amount::Count(_) => value,
        };
        out += &format!("{} = {value}   # {}\n", setting.key, setting.what);
    }
    out + "```\n"
}

/// The table over all rules.
pub fn overview<'a>(docs: impl Iterator<Item = &'a RuleDoc>) -> String {
    let mut out = String::from(
        "# Rules\n\nWhat customs looks at before a release is offered or delivered. Each id links to its page.\n\
         Rules about change compare with the newest older release of the same line that is past its hold,\n\
         and judge releases younger than `change-window` (30 d) only. Older releases meet `known-malicious`,\n\
         `denied`, `false-origin` and the rules about code.\n\n\
         | Rule | npm reads it from | PyPI reads it from | cargo reads it from | Default | Ends | Settings |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for doc in docs {
        let settings: Vec<String> = doc
            .settings
            .iter()
            .map(|s| format!("`{} = {}`", s.key, s.default.written()))
            .collect();
        let settings = if settings.is_empty() {
            "`mode`".to_owned()
        } else {
            settings.join(", ")
        };
        out += &format!(
            "| [{id}]({id}.md) | {} | {} | {} | {} | {} | {settings} |\n",
            doc.facts.npm,
            doc.facts.pypi,
            doc.facts.cargo,
            doc.effect,
            doc.ends,
            id = doc.id,
        );
    }
    out += "\nEvery rule has `mode = \"enforce\" | \"warn\" | \"off\"`. \
            This table is made from the rules' sources; edit it there.\n";
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule;
    use std::path::PathBuf;

    /// Every rule that has a page.
    fn documented() -> impl Iterator<Item = &'static RuleDoc> {
        rule::ALL
            .iter()
            .map(|rule| rule.doc())
            .chain([&own::DOC, &altered::DOC])
    }

    /// With `CUSTOMS_BLESS=1` the pages are written instead of compared.
    fn same_as_book(file: &str, text: &str) {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules");
        let path = folder.join(file);
        if std::env::var_os("CUSTOMS_BLESS").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, text).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            found, text,
            "docs/rules/{file} is stale; run the test with CUSTOMS_BLESS=1"
        );
    }

    #[test]
    fn the_book_says_what_the_rules_say() {
        for doc in documented() {
            same_as_book(&format!("{}.md", doc.id), &page(doc));
        }
        same_as_book(
            "README.md",
            &overview(rule::ALL.iter().map(|rule| rule.doc())),
        );
    }

    #[test]
    fn no_page_is_left_of_a_rule_that_is_gone() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules");
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let id = name.trim_end_matches(".md");
            assert!(
                id == "README" || documented().any(|doc| doc.id == id),
                "{name} belongs to no rule"
            );
        }
    }

    #[test]
    fn every_rule_is_documented_in_full_and_has_an_id_of_its_own() {
        let mut ids = std::collections::BTreeSet::new();
        for doc in documented() {
            assert!(ids.insert(doc.id), "{} stands twice", doc.id);
            assert!(customs_model::RuleId::parse(doc.id).is_ok());
            for text in [
                doc.title,
                doc.what,
                doc.why,
                doc.effect,
                doc.ends,
                doc.learnt_from,
            ] {
                assert!(!text.is_empty() && !text.ends_with(' '), "{}", doc.id);
            }
            assert!(
                !doc.fires.is_empty() && !doc.silent.is_empty(),
                "{}",
                doc.id
            );
            for setting in doc.settings {
                assert_eq!(setting.rule, doc.id, "{}", setting.key);
            }
        }
    }
}
