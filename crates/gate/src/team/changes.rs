//! What changed with the settings in force, for the ledger: policies, tokens and their roles,
//! advisories, internal names. An auditor finds there since when a token might do what it did.

use super::TeamSettings;
use customs_model::{Known, printable};
use customs_store::{LedgerRecord, Note};
use std::collections::BTreeMap;

/// Bounds of what one change is told in.
mod limit {
    /// Changes that one record names; a file of tokens may have thousands.
    pub const IN_ONE: usize = 10;
    /// Records of one change of settings.
    pub const RECORDS: usize = 100;
    /// Characters of one change: ten of them fit into a record.
    pub const CHANGE: usize = 180;
}

/// The settings in force, each in words, by what they are about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct InForce(BTreeMap<String, String>);

impl InForce {
    /// What these settings amount to. No secret and no digest of one is in it, but the beginning
    /// of a token's digest, by which one secret is told from another.
    pub fn of(settings: &TeamSettings) -> Self {
        let mut all = BTreeMap::new();
        all.insert("policy".to_owned(), settings.policy.digest().to_string());
        for (name, policy) in &settings.policies {
            all.insert(format!("policy {name:?}"), policy.digest().to_string());
        }
        for token in &settings.tokens {
            let mut said = format!("role {}", token.role.word());
            if let Some(policy) = &token.policy {
                said.push_str(&format!(", policy {policy:?}"));
            }
            if let Some(expires) = token.expires {
                said.push_str(&format!(", until {expires}"));
            }
            if token.revoked {
                said.push_str(", revoked");
            }
            let digest: String = token.digest.to_string().chars().take(15).collect();
            said.push_str(&format!(", secret {digest}…"));
            all.insert(format!("token {:?}", token.name), said);
        }
        let advisories = match &settings.advisories {
            Known::Is(snapshot) => snapshot.name().to_owned(),
            Known::NotApplicable => "none configured".to_owned(),
            Known::NotKnown(because) => format!("not known: {because}"),
        };
        all.insert("advisories".to_owned(), advisories);
        let internal = settings.upstreams.internal.join(" ");
        all.insert("internal names".to_owned(), internal);
        Self(all)
    }

    /// What is different from before, a sentence each, in the order of what it is about.
    fn since(&self, before: &Self) -> Vec<String> {
        let subjects = self.0.keys().chain(before.0.keys());
        let subjects: std::collections::BTreeSet<&String> = subjects.collect();
        let told = subjects.into_iter().filter_map(|subject| {
            let told = match (before.0.get(subject), self.0.get(subject)) {
                (None, Some(now)) => format!("{subject} is new: {now}"),
                (Some(was), None) => format!("{subject} is gone, was: {was}"),
                (Some(was), Some(now)) if was != now => format!("{subject}: {now}; was: {was}"),
                (Some(_), Some(_)) | (None, None) => return None,
            };
            Some(printable(&told, limit::CHANGE))
        });
        told.collect()
    }

    /// The records of a change; none where nothing changed.
    pub fn records(&self, before: &Self) -> Vec<LedgerRecord> {
        let changes = self.since(before);
        let mut records: Vec<LedgerRecord> = changes
            .chunks(limit::IN_ONE)
            .take(limit::RECORDS)
            .map(|changes| note(format!("settings in force: {}", changes.join(" · "))))
            .collect();
        let left = changes.len().saturating_sub(limit::IN_ONE * limit::RECORDS);
        if left > 0 {
            records.push(note(format!("settings in force: {left} changes more")));
        }
        records
    }
}

fn note(text: String) -> LedgerRecord {
    LedgerRecord::Note(Note { text })
}

#[cfg(test)]
mod tests {
    use super::super::{Role, Token, TokenDigest};
    use super::*;
    use customs_model::SignedDuration;
    use customs_registry::Upstreams;
    use customs_rules::Policy;

    fn token(name: &str) -> Token {
        Token {
            name: name.to_owned(),
            digest: TokenDigest::of(name),
            role: Role::Install,
            policy: None,
            expires: None,
            revoked: false,
        }
    }

    fn settings(tokens: Vec<Token>) -> TeamSettings {
        TeamSettings {
            upstreams: Upstreams::default(),
            policy: Policy::default(),
            policies: BTreeMap::new(),
            advisories: Known::NotApplicable,
            stale_for: SignedDuration::from_hours(1),
            tokens,
        }
    }

    fn texts(records: Vec<LedgerRecord>) -> Vec<String> {
        let text = |record| match record {
            LedgerRecord::Note(note) => note.text,
            other => panic!("{other:?}"),
        };
        records.into_iter().map(text).collect()
    }

    #[test]
    fn a_change_of_roles_and_tokens_is_told_with_what_was_before() {
        let before = InForce::of(&settings(vec![token("ci"), token("old")]));
        let mut ci = token("ci");
        ci.role = Role::Publish;
        ci.revoked = true;
        let mut new = settings(vec![ci, token("new")]);
        new.upstreams.internal = vec!["pkg:npm/@acme/*".to_owned()];
        let told = texts(InForce::of(&new).records(&before));
        insta::assert_snapshot!(told.join("\n"), @r#"settings in force: internal names: pkg:npm/@acme/*; was:  · token "ci": role publish, revoked, secret sha256:1b158839…; was: role install, secret sha256:1b158839… · token "new" is new: role install, secret sha256:11507a0e… · token "old" is gone, was: role install, secret sha256:cba06b57…"#);
        assert!(InForce::of(&new).records(&InForce::of(&new)).is_empty());
    }

    #[test]
    fn a_change_of_thousands_of_tokens_is_told_within_bounds() {
        let many = (0..8_000)
            .map(|n| token(&format!("t\u{202e}{n}")))
            .collect();
        let told = texts(InForce::of(&settings(many)).records(&InForce::default()));
        assert_eq!(told.len(), limit::RECORDS + 1);
        assert!(told.iter().all(|text| text.chars().count() <= 2_000));
        assert!(!told.concat().contains('\u{202e}'));
        assert!(told.last().unwrap().contains("changes more"));
    }
}
