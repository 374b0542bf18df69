//! The policy: what people decided about the rules.

use crate::doc::{Amount, Setting};
use crate::rule;
use customs_model::{Digest, Dossier, Route, SignedDuration, Timestamp, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

mod exemption;
mod file;
mod grant;
mod kept;
mod matching;
mod range;
mod roles;
mod tighten;

pub use exemption::Exemption;
pub use file::{PolicyError, Problem};
pub use grant::{GUARDED, Grant};
pub use tighten::Ignored;
pub(crate) use tighten::is_looser_in;

use matching::Denials;
pub use matching::NamePattern;
use roles::Roles;

/// Whether a rule's word has effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// It is not asked.
    Off,
    /// It speaks without effect.
    Warn,
    /// It decides.
    Enforce,
}

impl Mode {
    const ALL: [(&'static str, Self); 3] = [
        ("enforce", Self::Enforce),
        ("warn", Self::Warn),
        ("off", Self::Off),
    ];

    /// As a policy file writes it.
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, mode)| *mode == self)
            .map_or("off", |(word, _)| word)
    }
}

/// What happens to an artifact that is asked for although the present document does
/// not offer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockedMode {
    /// Held only for its age: delivered and reported. Anything else: refused.
    CheckContent,
    /// Refused.
    Enforce,
}

impl LockedMode {
    const ALL: [(&'static str, Self); 2] = [
        ("check-content", Self::CheckContent),
        ("enforce", Self::Enforce),
    ];

    /// As a policy file writes it.
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, mode)| *mode == self)
            .map_or("enforce", |(word, _)| word)
    }
}

/// What people decided. `Policy::default()` is the policy without a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Every rule speaks without effect.
    pub observe: bool,
    /// What happens to locked artifacts.
    pub locked: LockedMode,
    /// Whether a reviewed advisory admits its fix early.
    pub urgent_fix: bool,
    /// Rules about change judge releases younger than this. It is also what "young"
    /// means when an artifact is read because a document lacks a fact.
    pub change_window: SignedDuration,
    pub(crate) denied: Denials,
    private: Vec<NamePattern>,
    /// Only what somebody stated; the rest is the rules' default.
    modes: BTreeMap<&'static str, Mode>,
    settings: BTreeMap<(&'static str, &'static str), Amount>,
    exemptions: Vec<Exemption>,
    roles: Roles,
    problems: Vec<Problem>,
    /// Top-level keys that somebody stated.
    stated: BTreeSet<&'static str>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            observe: false,
            locked: LockedMode::CheckContent,
            urgent_fix: true,
            change_window: SignedDuration::from_hours(30 * 24),
            denied: Denials::default(),
            private: Vec::new(),
            modes: BTreeMap::new(),
            settings: BTreeMap::new(),
            exemptions: Vec::new(),
            roles: Roles::default(),
            problems: Vec::new(),
            stated: BTreeSet::new(),
        }
    }
}

impl Policy {
    /// The mode of a rule.
    pub fn mode(&self, rule: &str) -> Mode {
        self.modes.get(rule).copied().unwrap_or(Mode::Enforce)
    }

    /// Sets the mode of one rule.
    ///
    /// # Errors
    /// There is no such rule; the error names the one that was most likely meant.
    pub fn set_mode(&mut self, rule: &str, mode: Mode) -> Result<(), PolicyError> {
        let doc = rule::find(rule)
            .ok_or_else(|| file::unknown_rule(rule))?
            .doc();
        self.modes.insert(doc.id, mode);
        Ok(())
    }

    /// Denies a package, a version, a range or a digest, as a policy file writes it.
    ///
    /// # Errors
    /// The text is none of these.
    pub fn deny(&mut self, text: &str) -> Result<(), PolicyError> {
        let what = matching::Match::parse(text).map_err(file::one_problem)?;
        self.denied.insert(what);
        Ok(())
    }

    /// Whether a release of a package could be denied: who gathers need not look at old
    /// releases otherwise.
    pub fn may_deny(&self, package: &customs_model::PackageName) -> bool {
        self.denied.may_find(package)
    }

    /// A setting that is a span of time.
    pub fn duration(&self, setting: &Setting) -> SignedDuration {
        match self.amount(setting) {
            Amount::Time(of) => of,
            Amount::Count(_) => SignedDuration::ZERO,
        }
    }

    /// A setting that is a number.
    pub fn count(&self, setting: &Setting) -> usize {
        match self.amount(setting) {
            Amount::Count(of) => of as usize,
            Amount::Time(_) => usize::MAX,
        }
    }

    pub(crate) fn amount(&self, setting: &Setting) -> Amount {
        self.settings
            .get(&(setting.rule, setting.key))
            .copied()
            .unwrap_or(setting.default)
    }

    /// Whether a release is exempt from the age rules as the user's own: it comes from
    /// a private upstream, or the policy calls its name private.
    pub fn is_private(&self, dossier: &Dossier) -> bool {
        let name = &dossier.release.package;
        dossier.route == Route::Private || self.private.iter().any(|pattern| pattern.matches(name))
    }

    /// All exemptions, in the order of the file, those of run time last; an index is its place
    /// here.
    pub fn exemptions(&self) -> &[Exemption] {
        &self.exemptions
    }

    /// The exemption that waives a rule for a release now.
    pub(crate) fn exemption_for(
        &self,
        dossier: &Dossier,
        verdict: &Verdict,
        rule: &str,
        now: Timestamp,
    ) -> Option<&Exemption> {
        let waives = |e: &&Exemption| e.waives(rule) && e.suffices(verdict, rule);
        let applies = |e: &&Exemption| e.matches(dossier) && e.applies(dossier, now);
        self.exemptions.iter().filter(waives).find(applies)
    }

    /// The exemptions that match a release, whether or not they waived anything:
    /// what to feed to [`Self::unmatched`].
    pub fn exemptions_matching(&self, dossier: &Dossier) -> impl Iterator<Item = usize> {
        self.exemptions
            .iter()
            .enumerate()
            .filter(|(_, e)| e.matches(dossier))
            .map(|(index, _)| index)
    }

    /// The exemptions of the file that matched nothing, for the report. What was granted at run
    /// time was granted for everybody, and need not match here.
    pub fn unmatched(&self, used: &BTreeSet<usize>) -> Vec<&Exemption> {
        let unused = |(index, exemption): (usize, _)| (!used.contains(&index)).then_some(exemption);
        self.exemptions
            .iter()
            .enumerate()
            .filter_map(unused)
            .filter(|exemption: &&Exemption| exemption.id().is_none())
            .collect()
    }

    /// What is wrong with exemptions: invalid ones, which are not applied, and expired ones.
    pub fn problems(&self, now: Timestamp) -> Vec<Problem> {
        let of_file = self.exemptions.iter().filter(|e| e.id().is_none());
        let expired = of_file.filter_map(|e| e.problem(now));
        self.problems.iter().cloned().chain(expired).collect()
    }

    /// The identity of what it says. Stating a default does not change it.
    pub fn digest(&self) -> Digest {
        Digest::sha256(self.canonical().as_bytes())
    }

    /// Everything that can change a decision, one line each, in a fixed order.
    fn canonical(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "observe {}", self.observe);
        let _ = writeln!(out, "locked {}", self.locked.word());
        let _ = writeln!(out, "urgent-fix {}", self.urgent_fix);
        let _ = writeln!(out, "change-window {}", self.change_window.as_secs());
        for doc in rule::ALL.iter().map(|rule| rule.doc()) {
            let _ = writeln!(out, "{} {}", doc.id, self.mode(doc.id).word());
            for setting in doc.settings {
                let _ = writeln!(out, "{}.{} {:?}", doc.id, setting.key, self.amount(setting));
            }
        }
        for denied in self.denied.lines() {
            let _ = writeln!(out, "deny {denied}");
        }
        let private: BTreeSet<String> = self.private.iter().map(ToString::to_string).collect();
        for pattern in private {
            let _ = writeln!(out, "private {pattern}");
        }
        for exemption in &self.exemptions {
            let _ = writeln!(out, "exemption {exemption:?}");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_about_what_is_said_and_not_about_how() {
        let digest = |text: &str| Policy::parse(text, "customs.toml").unwrap().digest();
        let default = Policy::default().digest();
        assert_eq!(digest("version = 1\n"), default);
        assert_eq!(
            digest("version = 1\n[rules.version-age]\nage = \"3d\"\n"),
            default
        );
        assert_ne!(
            digest("version = 1\n[rules.version-age]\nage = \"4d\"\n"),
            default
        );
        assert_ne!(digest("version = 1\nobserve = true\n"), default);
        assert_eq!(
            digest("version = 1\ndeny = [\"pkg:npm/a\", \"pkg:npm/b\"]\n"),
            digest("version = 1\ndeny = [\"pkg:npm/b\", \"pkg:npm/a\", \"pkg:npm/a\"]\n"),
        );
    }

    #[test]
    fn an_unknown_rule_is_answered_with_the_one_that_was_meant() {
        let error = Policy::default()
            .set_mode("version-aeg", Mode::Off)
            .unwrap_err();
        insta::assert_snapshot!(error, @r#"error: no rule "version-aeg"; did you mean "version-age"?"#);
    }
}
