//! `--own-rules PATH`: the user's own YARA rules. Without the feature `yara` the option is
//! there and says how to have it.

#[cfg(feature = "yara")]
mod files;

use crate::error::Failure;
use customs_inspect::Tree;
use customs_model::Verdict;
use std::path::PathBuf;

/// The rules that the user named, if any.
pub(super) struct Own {
    #[cfg(feature = "yara")]
    rules: Option<customs_inspect::OwnRules>,
}

#[cfg(feature = "yara")]
impl Own {
    /// Reads and compiles the rules of files and folders.
    pub fn load(paths: &[PathBuf]) -> Result<Self, Failure> {
        if paths.is_empty() {
            return Ok(Self { rules: None });
        }
        let sources = files::read(paths)?;
        let texts = sources
            .iter()
            .map(|source| (source.name.as_str(), source.text.as_str()));
        let rules = customs_inspect::OwnRules::compile(texts).map_err(|error| {
            Failure::usage(format!("a rule of --own-rules cannot be used: {error}"))
        })?;
        Ok(Self { rules: Some(rules) })
    }

    /// Whether there are rules to be asked.
    pub const fn is_any(&self) -> bool {
        self.rules.is_some()
    }

    /// Adds to a verdict what the rules say of the files.
    pub fn judge(&self, tree: &Tree, verdict: &mut Verdict) {
        if let Some(rules) = &self.rules {
            customs_rules::add_own_rules(verdict, &rules.scan(tree));
        }
    }
}

#[cfg(not(feature = "yara"))]
impl Own {
    /// No rules, or the way to a build that takes some.
    pub fn load(paths: &[PathBuf]) -> Result<Self, Failure> {
        if paths.is_empty() {
            return Ok(Self {});
        }
        Err(Failure::usage(
            "--own-rules needs YARA, which this build of customs does not have; in a checkout of its source: \
             cargo install --locked --path crates/cli --features yara",
        ))
    }

    /// Whether there are rules to be asked.
    pub const fn is_any(&self) -> bool {
        false
    }

    /// Says nothing: there are no rules.
    pub const fn judge(&self, _tree: &Tree, _verdict: &mut Verdict) {}
}

#[cfg(test)]
#[cfg(feature = "yara")]
mod tests;

#[cfg(test)]
#[cfg(not(feature = "yara"))]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_yara_says_how_to_get_one_that_has_it() {
        let failure = Own::load(&[PathBuf::from("rules")]).err().unwrap();
        assert_eq!(failure.code, 2);
        let text = failure.to_string();
        assert!(text.contains("--features yara"), "{text}");
    }

    #[test]
    fn a_build_without_yara_inspects_as_before() {
        assert!(!Own::load(&[]).ok().unwrap().is_any());
    }
}
