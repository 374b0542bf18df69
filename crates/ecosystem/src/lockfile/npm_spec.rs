use super::Source;

/// The name and what follows its `@`: `@scope/name@rest`.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let at = text.get(1..)?.find('@')? + 1;
    Some((&text[..at], &text[at + 1..]))
}

/// Where a dependency's specifier sends the client. The clients agree on the forms.
pub(super) fn source_of(spec: &str) -> Source {
    let spec = spec.trim();
    // The clients read a protocol in any case.
    let starts_with = |start: &str| {
        let head = spec.as_bytes().get(..start.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
    };
    let starts = |all: &[&str]| all.iter().any(|start| starts_with(start));
    if starts(&["npm:", "jsr:", "catalog:"]) {
        Source::Registry
    } else if starts(&[
        "git+",
        "git:",
        "git@",
        "ssh:",
        "github:",
        "gitlab:",
        "bitbucket:",
        "gist:",
    ]) {
        Source::Git
    } else if starts(&["http:", "https:"]) {
        // npm and Yarn clone an address that ends so.
        let path = spec.split(['#', '?']).next().unwrap_or(spec);
        match path.ends_with(".git") {
            true => Source::Git,
            false => Source::Url,
        }
    } else if starts(&[
        "file:",
        "link:",
        "portal:",
        "workspace:",
        "root:",
        "exec:",
        "./",
        "../",
        "/",
        "~/",
    ]) || spec == "."
    {
        Source::Path
    } else if is_shorthand(spec) {
        Source::Git
    } else {
        Source::Registry
    }
}

/// Where the words that a package is asked for by send a client of npm's family. None where they
/// only point at other words (`catalog:`, `$name`), which are not known here.
///
/// ```
/// use customs_ecosystem::lockfile::{Source, asked_source};
/// assert_eq!(asked_source("^7.0.0"), Some(Source::Registry));
/// assert_eq!(asked_source("github:a/tool"), Some(Source::Git));
/// assert_eq!(asked_source("patch:a@npm%3A^1#a.patch"), Some(Source::Registry));
/// assert_eq!(asked_source("catalog:"), None);
/// ```
pub fn asked_source(spec: &str) -> Option<Source> {
    let spec = spec.trim();
    if spec.starts_with("catalog:") || spec.starts_with('$') {
        return None;
    }
    let Some(patched) = spec.strip_prefix("patch:") else {
        return Some(source_of(spec));
    };
    // A patch is of what its own words name: `patch:a@<words>#<file>`.
    let whole = patched.split('#').next().unwrap_or(patched);
    let whole = super::urls::decode(whole, 1)?;
    split(&whole).map(|(_, words)| source_of(words))
}

/// `owner/repository#commit`.
fn is_shorthand(spec: &str) -> bool {
    let path = spec.split('#').next().unwrap_or(spec);
    path.split_once('/').is_some_and(|(owner, name)| {
        let part = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        part(owner) && part(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_part_of_the_name() {
        assert_eq!(split("@a/b@npm:c@1"), Some(("@a/b", "npm:c@1")));
        assert_eq!(split("b@1"), Some(("b", "1")));
        for no in ["b", "@a/b", "", "@", "ü"] {
            assert_eq!(split(no), None, "{no}");
        }
    }

    #[test]
    fn specifiers_name_their_source() {
        use Source::*;
        for (spec, source) in [
            ("^1.0.0", Registry),
            ("latest", Registry),
            (">=1 <2 || 3.x", Registry),
            ("npm:@s/x@^1", Registry),
            ("git+ssh://git@git.example/a/b.git#c0ffee", Git),
            ("https://git.example/a/b.git#main", Git),
            ("owner/repository#semver:^1", Git),
            ("github:owner/repository", Git),
            ("https://files.example/a-1.0.0.tgz", Url),
            ("file:vendor/a.tgz", Path),
            ("workspace:^", Path),
            ("../a", Path),
            ("HTTPS://files.example/a-1.0.0.tgz", Url),
            ("Git+SSH://git@git.example/a/b.git", Git),
            ("\u{e9}", Registry),
        ] {
            assert_eq!(source_of(spec), source, "{spec}");
        }
    }
}
