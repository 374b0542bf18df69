//! Functions of libraries that passwords and keys go through: what stands in for one sees them.

use crate::ir::Language;

/// What a function sees that stands in for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// What somebody types: what was there before gives it.
    Typed,
    /// Requests of others, with the keys in their headers.
    Requests,
}

/// The names under which such functions stand in what has them, and what others are put on by.
pub fn intercepted_names(language: Language) -> &'static [&'static str] {
    match language {
        Language::JavaScript => &["interceptors"],
        Language::Python => &["getpass", "input", "unix_getpass", "send", "prompt"],
        Language::Rust => &[],
    }
}

/// What a function sees that stands in for the one at a path; none where it is no secret.
pub fn intercepted(language: Language, path: &str) -> Option<Seen> {
    match (language, path) {
        (
            Language::Python,
            "getpass.getpass" | "getpass.unix_getpass" | "builtins.input" | "click.prompt",
        ) => Some(Seen::Typed),
        (
            Language::Python,
            "requests.Session.send"
            | "requests.sessions.Session.send"
            | "requests.adapters.HTTPAdapter.send"
            | "httpx.Client.send"
            | "httpx.AsyncClient.send",
        ) => Some(Seen::Requests),
        _ => None,
    }
}
