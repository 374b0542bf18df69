//! What a page of a browser holds of its user, as a whole: all cookies, all that is stored.
//!
//! Code of pages reads cookies and entries of its own by their names all the time, and tells its
//! makers what happens there. Only what is taken whole, of everybody who uses the page, is a
//! secret of somebody else.

/// What is said of all cookies.
pub const COOKIES: &str = "all cookies of the page";
/// What is said of all that is stored.
pub const STORED: &str = "all that the page stores";
/// What ends what is said of keys that are pressed anywhere in the page.
pub const ANYWHERE: &str = "anywhere in the page";

/// What a path of a browser's library is, taken whole.
pub fn page_source(path: &str) -> Option<&'static str> {
    match path {
        "document.cookie" => Some(COOKIES),
        "localStorage" | "sessionStorage" | "localStorage.key" | "sessionStorage.key" => {
            Some(STORED)
        }
        _ => None,
    }
}

/// Whether an event says that somebody filled in a field or sent a form.
pub fn is_of_form(event: &str) -> bool {
    matches!(event, "input" | "change" | "submit")
}

/// Whether a property of such an event, or of what it happened to, is not what somebody filled in.
pub fn is_beside_form(name: &str, key: &str) -> bool {
    let mut events = ["input", "change", "submit"].into_iter();
    events.any(|event| name == format!("the event {event} {ANYWHERE}"))
        && !matches!(
            key,
            "target"
                | "currentTarget"
                | "srcElement"
                | "value"
                | "elements"
                | "files"
                | "data"
                | "form"
        )
}

/// Whether a path is of what the page stores.
pub fn is_of_storage(path: &str) -> bool {
    path.starts_with("localStorage.") || path.starts_with("sessionStorage.")
}

/// Whether what is known of a source says that it is all of it.
pub fn is_of_page(name: &str) -> bool {
    is_whole_page(name) || name.ends_with(ANYWHERE)
}

/// Whether it is all cookies or all that is stored.
pub fn is_whole_page(name: &str) -> bool {
    matches!(name, COOKIES | STORED)
}

/// Whether a function leaves all of a text or list in what it gives.
pub fn keeps_whole(function: &str) -> bool {
    matches!(
        function,
        "btoa"
            | "encodeURIComponent"
            | "encodeURI"
            | "escape"
            | "stringify"
            | "String"
            | "toString"
            | "from"
            | "Buffer"
            | "entries"
            | "keys"
            | "values"
            | "fromEntries"
            | "assign"
            | "Blob"
            | "FormData"
            | "URLSearchParams"
            | "Request"
            | "getItem"
            | "key"
            | "concat"
            | "join"
            | "push"
            | "splice"
    )
}
