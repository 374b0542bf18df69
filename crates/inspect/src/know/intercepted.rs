//! Functions of libraries that passwords and keys go through: what stands in for one sees them.

use crate::ir::Language;

/// What a function sees that stands in for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// What somebody types: what was there before gives it.
    Typed,
    /// Requests of others, with the keys in their headers.
    Requests,
    /// What others send, in the argument at a position.
    Sent(u16),
}

/// Parts of somebody else's request or answer that say where it goes and how it went: who measures
/// requests tells them, and they hold no secret.
pub fn is_outside_of_request(key: &str) -> bool {
    const PARTS: [&str; 18] = [
        "method",
        "url",
        "href",
        "host",
        "hostname",
        "path",
        "pathname",
        "port",
        "protocol",
        "origin",
        "status",
        "statusCode",
        "statusText",
        "signal",
        "mode",
        "credentials",
        "timeout",
        "ok",
    ];
    PARTS.contains(&key)
}

/// The names under which such functions stand in what has them, and what others are put on by.
pub fn intercepted_names(language: Language) -> &'static [&'static str] {
    match language {
        Language::JavaScript => &[
            "interceptors",
            "fetch",
            "request",
            "send",
            "sendBeacon",
            "setRequestHeader",
        ],
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
        (
            Language::JavaScript,
            "http.request" | "https.request" | "XMLHttpRequest.prototype.send",
        ) => Some(Seen::Sent(0)),
        (Language::JavaScript, "WebSocket.prototype.send") => Some(Seen::Sent(0)),
        (
            Language::JavaScript,
            "fetch" | "XMLHttpRequest.prototype.setRequestHeader" | "navigator.sendBeacon",
        ) => Some(Seen::Sent(1)),
        _ => None,
    }
}
