//! Programs that print credentials, and agents that say whatever they find.

use super::agent::asks_nobody;
use super::{At, Piped};
use crate::flow::Analysis;
use customs_model::SourceKind;

impl Analysis<'_> {
    pub(super) fn credentials(&mut self, name: &str, at: &At) -> Piped {
        Piped {
            labels: vec![self.source(SourceKind::CredentialService, name, at)],
            ..Piped::default()
        }
    }
}

/// Whose credentials a program prints, if it does.
pub(super) fn gives_credentials(base: &str, texts: &[&str]) -> Option<&'static str> {
    match base {
        "gh" if texts.first() == Some(&"auth") => Some("gh auth token"),
        "gcloud"
            if texts.first() == Some(&"auth")
                && texts.iter().any(|text| text.starts_with("print-")) =>
        {
            Some("gcloud auth")
        }
        "aws"
            if texts.first() == Some(&"configure")
                || texts.contains(&"get-session-token")
                || texts.contains(&"export-credentials") =>
        {
            Some("aws")
        }
        "npm"
            if texts.first() == Some(&"config")
                && texts
                    .iter()
                    .any(|text| text.to_ascii_lowercase().contains("token"))
                || base == "npm" && texts.first() == Some(&"token") =>
        {
            Some("npm token")
        }
        "security"
            if texts
                .iter()
                .any(|text| text.starts_with("find-") || text.starts_with("dump-")) =>
        {
            Some("the key chain")
        }
        "vault" | "op" | "pass" | "bw"
            if texts
                .iter()
                .any(|text| matches!(*text, "read" | "get" | "show" | "list")) =>
        {
            Some("a password manager")
        }
        "kubectl"
            if texts.contains(&"--raw")
                || texts.contains(&"secrets")
                || texts.contains(&"secret") =>
        {
            Some("kubectl")
        }
        "git" if texts.first() == Some(&"credential") => Some("git credential"),
        "az" if texts.contains(&"get-access-token") => Some("az"),
        // It reads every file that its user can read, and what it prints is what it found there.
        _ => asks_nobody(base, texts).then_some("an agent that asks nobody"),
    }
}
