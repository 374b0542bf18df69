//! Who built an artifact, as an authority has confirmed it: the claims that stand in the signing
//! certificate, and nothing that the workflow wrote itself.
//!
//! Source: the extensions of Fulcio's certificates, arc `1.3.6.1.4.1.57264.1`
//! (<https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md>).

use serde::{Deserialize, Serialize};

/// A repository or its owner: what it is called, and the number that stays when it is renamed and
/// that a resurrected one of the same name does not have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Numbered {
    /// Where it is, as the certificate writes it (`https://github.com/owner/repo`).
    pub uri: String,
    /// Its number at its host; old certificates and some hosts do not tell it.
    pub id: Option<String>,
}

/// What a ref is. A release from a tag and one from a branch differ in who could start them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefClass {
    /// `refs/tags/…`.
    Tag,
    /// `refs/heads/main` or `refs/heads/master`.
    MainBranch,
    /// Any other branch, a pull request, a commit without a name.
    Other,
}

/// Whose machine built it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuilderClass {
    /// The host's own runners.
    Hosted,
    /// Somebody's own machine.
    SelfHosted,
}

/// Who built an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// Who confirmed it (`https://token.actions.githubusercontent.com`).
    pub issuer: String,
    /// The certificate's subject: a workflow at a ref, or an e-mail address.
    pub subject: String,
    /// Whose source it was. None for people and service accounts.
    pub repository: Option<Numbered>,
    /// Whose repository it was.
    pub owner: Option<Numbered>,
    /// Path of the workflow that was started, without its ref (`.github/workflows/release.yml`).
    pub workflow: Option<String>,
    /// The reusable workflow that signed, without its ref, where it is not that of the repository.
    pub signer: Option<String>,
    /// The ref, as written.
    pub git_ref: Option<String>,
    /// The commit.
    pub commit: Option<String>,
    /// Whose machine.
    pub builder: Option<BuilderClass>,
    /// What started it (`push`, `release`, `pull_request_target` …).
    pub trigger: Option<String>,
    /// The environment that a person may have had to release.
    pub environment: Option<String>,
    /// The run, for people.
    pub run: Option<String>,
}

impl Identity {
    /// What its ref is; none where it has no ref.
    pub fn ref_class(&self) -> Option<RefClass> {
        self.git_ref.as_deref().map(RefClass::of)
    }
}

impl RefClass {
    /// Of a ref as git writes it in full.
    pub fn of(git_ref: &str) -> Self {
        match git_ref {
            "refs/heads/main" | "refs/heads/master" => Self::MainBranch,
            tag if tag.starts_with("refs/tags/") => Self::Tag,
            _ => Self::Other,
        }
    }
}

/// Below this stands one issuer for each organisation of CircleCI, named by its number, a UUID.
/// Source: CircleCI's page on OpenID Connect tokens; `https://oidc.circleci.com/org/*` in Fulcio's
/// configuration. Certificates that Fulcio really issued name the address without the organisation.
pub(crate) const CIRCLECI: &str = "https://oidc.circleci.com/org/";
/// The part of it that names no organisation.
const OF_ORGANISATIONS: &str = "/org/";

/// Whether an issuer is one that is allowed: that very text, or, where what is allowed stands for an
/// issuer of each organisation, one of these, or what they have in common.
pub(crate) fn is_issuer(allowed: &str, issuer: &str) -> bool {
    let Some(common) = allowed.strip_suffix(OF_ORGANISATIONS) else {
        return issuer == allowed;
    };
    if issuer == common {
        return true;
    }
    let of_uuid = |(at, b): (usize, u8)| match at {
        8 | 13 | 18 | 23 => b == b'-',
        _ => b.is_ascii_hexdigit(),
    };
    issuer.strip_prefix(allowed).is_some_and(|organisation| {
        organisation.len() == 36 && organisation.bytes().enumerate().all(of_uuid)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_the_very_text_or_one_organisation_below_it() {
        let number = "5c3b1a3e-07d0-4a2a-9d5b-3f0c2b9a7e11";
        assert!(is_issuer(CIRCLECI, &format!("{CIRCLECI}{number}")));
        // As in the certificates of the public attestations that are held against the answers.
        assert!(is_issuer(CIRCLECI, "https://oidc.circleci.com"));
        for other in [
            "https://oidc.circleci.com/".to_owned(),
            "https://oidc.circleci.com/org".to_owned(),
            CIRCLECI.to_owned(),
            format!("https://oidc.circleci.com/{number}"),
            format!("https://oidc.circleci.com.evil.example/org/{number}"),
            format!("https://oidc.circleci.com/organisation/{number}"),
            format!("{CIRCLECI}{number}/"),
            format!("{CIRCLECI}../{number}"),
            format!("{CIRCLECI}{number}?a"),
        ] {
            assert!(!is_issuer(CIRCLECI, &other), "{other}");
        }
        assert!(is_issuer("https://gitlab.com", "https://gitlab.com"));
        for other in [
            "https://gitlab.com/",
            "https://gitlab.com.evil.example",
            "https://Gitlab.com",
            "",
        ] {
            assert!(!is_issuer("https://gitlab.com", other), "{other}");
        }
    }
}
