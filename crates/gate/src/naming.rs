//! What a request says of packages where its path is none of the routes: which package of npm it is
//! about, and whether it has a name in it that no public registry may be told.

mod body;

pub(crate) use body::{body_may_be_told, may_go_along};

use crate::route::decode;
use customs_model::{Ecosystem, PackageName, Route};
use customs_registry::Upstreams;

/// Endpoints that are about nobody's package: the words in their paths are the protocol's.
const ABOUT_NOBODY: [&str; 10] = [
    "-/npm/v1/keys",
    "-/npm/v1/security/advisories/bulk",
    "-/npm/v1/security/audits",
    "-/npm/v1/security/audits/quick",
    "-/npm/v1/tokens",
    "-/npm/v1/user",
    "-/ping",
    "-/v1/login",
    "-/v1/search",
    "-/whoami",
];

/// How often escapes are undone: servers do it once, and what stands before them may do it again.
const DECODED: usize = 3;

/// The package that a path is about, if one. The path is decoded and begins with no slash.
pub(crate) fn package_of(path: &str) -> Option<PackageName> {
    let name = if let Some(rest) = path.strip_prefix("-/package/") {
        first(rest)?
    } else if let Some(rest) = path.strip_prefix("-/npm/v1/attestations/") {
        // `@scope/name@1.0.0`: the first `@` is the scope's.
        rest.rfind('@').and_then(|at| rest.get(..at))?
    } else if path.starts_with("-/") {
        return None;
    } else {
        match path.split_once("/-/") {
            Some((before, _)) => last(before)?,
            None => first(path)?,
        }
    };
    PackageName::new(Ecosystem::Npm, name).ok()
}

/// The name that a path begins with: one segment, with a scope two.
fn first(path: &str) -> Option<&str> {
    let mut slashes = path.match_indices('/').map(|(at, _)| at);
    match slashes.nth(usize::from(path.starts_with('@'))) {
        Some(end) => path.get(..end),
        None => Some(path),
    }
}

/// The name that a path ends with.
fn last(path: &str) -> Option<&str> {
    let mut slashes = path.rmatch_indices('/').map(|(at, _)| at + 1);
    let bare = slashes.next().unwrap_or(0);
    let scoped = path.get(slashes.next().unwrap_or(0)..)?;
    match scoped.starts_with('@') {
        true => Some(scoped),
        false => path.get(bare..),
    }
}

/// Whether there are names of npm that no public registry is told.
pub(crate) fn hides(upstreams: &Upstreams) -> bool {
    !hidden(upstreams, Ecosystem::Npm).is_empty()
}

/// Whether a request may be sent to a public registry: whether no hidden name or scope stands in its
/// path or query, in whatever case, and also escaped twice. Both are as they were sent.
///
/// # Errors
/// One does, or the request cannot be read: a sentence.
pub(crate) fn may_be_told(
    upstreams: &Upstreams,
    ecosystem: Ecosystem,
    path: &str,
    query: Option<&str>,
) -> Result<(), String> {
    let hidden = hidden(upstreams, ecosystem);
    if hidden.is_empty() {
        return Ok(());
    }
    let unreadable = || {
        "this request is not passed on: it is not valid UTF-8, so nobody can say which names it has \
         in it"
            .to_owned()
    };
    let path = decode(path).ok_or_else(unreadable)?;
    let path = path.trim_start_matches('/');
    let path = match ABOUT_NOBODY.contains(&path) {
        true => "",
        false => path,
    };
    let mut text = format!("{path}?{}", query.unwrap_or_default());
    for _ in 0..=DECODED {
        let lower = text.to_lowercase();
        if let Some(name) = hidden.iter().find(|name| name.stands_in(&lower)) {
            return Err(refused(&name.text));
        }
        text = decode(&text).ok_or_else(unreadable)?;
    }
    Ok(())
}

/// What is said of a request that has such a name in it.
fn refused(name: &str) -> String {
    format!(
        "{name:?} is a name of yours that no public registry is told, and this request has it in it; \
         it is not passed on"
    )
}

/// A name or scope, in small letters, or how such names begin.
#[derive(Debug)]
struct Hidden {
    text: String,
    goes_on: bool,
    /// A scope without its sign: also a word of sentences.
    is_bare: bool,
    /// `-` and `_` are one, as they are for cargo's registry.
    folds: bool,
}

impl Hidden {
    /// Whether a text of a body tells it.
    fn is_told_by(&self, text: &str) -> bool {
        match (self.is_bare, self.goes_on) {
            (false, _) => self.stands_in(text),
            (true, false) => text.trim() == self.text,
            (true, true) => text.trim().starts_with(&self.text),
        }
    }

    fn stands_in(&self, text: &str) -> bool {
        let folded;
        let text = match self.folds {
            true => {
                folded = text.replace('_', "-");
                folded.as_str()
            }
            false => text,
        };
        let ends = |c: Option<char>| !c.is_some_and(is_of_a_name);
        text.match_indices(self.text.as_str()).any(|(at, found)| {
            let before = text.get(..at).and_then(|text| text.chars().next_back());
            let behind = text.get(at + found.len()..);
            let behind = behind.and_then(|text| text.chars().next());
            let begins = self.text.starts_with('@') || ends(before);
            begins && (self.goes_on || ends(behind))
        })
    }
}

fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '_'
}

/// What no public registry is told: internal names, and the scopes of a team's private registries.
fn hidden(upstreams: &Upstreams, ecosystem: Ecosystem) -> Vec<Hidden> {
    let start = format!("pkg:{}/", ecosystem.purl_type());
    let mut all = Vec::new();
    let mut hide = |text: &str, goes_on: bool| {
        let mut text = text.to_lowercase();
        let folds = ecosystem == Ecosystem::Cargo;
        if folds {
            text = text.replace('_', "-");
        }
        // Organisations are called by their scope without its sign.
        let bare = text.strip_prefix('@').filter(|bare| !bare.contains('/'));
        if let Some(bare) = bare.filter(|bare| !bare.is_empty()) {
            all.push(Hidden {
                text: bare.to_owned(),
                goes_on,
                is_bare: true,
                folds,
            });
        }
        all.push(Hidden {
            text,
            goes_on,
            is_bare: false,
            folds,
        });
    };
    for pattern in &upstreams.internal {
        let Some(name) = pattern.strip_prefix(&start) else {
            continue;
        };
        match name.strip_suffix('*') {
            None => hide(name, false),
            Some(start) => match start.strip_suffix('/') {
                Some(scope) => hide(scope, false),
                None => hide(start, true),
            },
        }
    }
    if upstreams.keeps_origins && ecosystem == Ecosystem::Npm {
        let scopes = upstreams.npm_scopes.iter();
        for (scope, _) in scopes.filter(|(_, one)| one.route == Route::Private) {
            hide(scope, false);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_registry::Upstream;

    #[test]
    fn the_package_is_taken_out_of_each_path_that_is_about_one() {
        for (path, name) in [
            ("-/package/@acme/x/collaborators", Some("@acme/x")),
            ("-/package/left/dist-tags/latest", Some("left")),
            ("-/npm/v1/attestations/@acme/x@1.0.0", Some("@acme/x")),
            ("-/npm/v1/attestations/left@1.0.0", Some("left")),
            ("-/npm/v1/attestations/@acme/x", None),
            ("@acme/x/1.0.0/more", Some("@acme/x")),
            ("@acme/x/-rev/1-a", Some("@acme/x")),
            ("left/1.0.0/more", Some("left")),
            ("api/npm/@acme/x/-/x-1.0.0.tgz/-rev/1-a", Some("@acme/x")),
            ("api/npm/left/-/left-1.0.0.tgz/-rev/1-a", Some("left")),
            ("-/v1/search", None),
            ("-/npm/v1/keys", None),
            ("-/package/@acme%2fx/collaborators", None),
            ("", None),
        ] {
            let found = package_of(path);
            let found = found.as_ref().map(PackageName::as_str);
            assert_eq!(found, name, "{path}");
        }
    }

    fn upstreams() -> Upstreams {
        let own = Upstream::parse("https://own.example/", Route::Private).unwrap();
        let open = Upstream::parse("https://open.example/", Route::Public).unwrap();
        let internal = ["@acme/*", "secret-tool", "inner-*", "keys"];
        Upstreams {
            internal: internal
                .map(|name| format!("pkg:npm/{name}"))
                .into_iter()
                .chain(["pkg:cargo/ours-*".to_owned()])
                .collect(),
            npm_scopes: [("@own".to_owned(), own), ("@open".to_owned(), open)].into(),
            keeps_origins: true,
            ..Upstreams::default()
        }
    }

    #[test]
    fn a_hidden_name_is_found_in_any_case_and_however_it_is_escaped() {
        let upstreams = upstreams();
        let may = |path: &str, query: Option<&str>| {
            may_be_told(&upstreams, Ecosystem::Npm, path, query).is_ok()
        };
        for query in [
            "text=@acme/x",
            "text=%40acme%2fx",
            "text=%2540ACME%252fx",
            "text=@%61cme",
            "text=@%2561cme",
            "text=scope:acme",
            "text=a+Secret-Tool",
            "text=inner-thing",
            "text=@own/y",
            "text=%ff",
            "q=keys",
        ] {
            assert!(!may("/-/v1/search", Some(query)), "{query}");
        }
        for path in [
            "/-/org/acme/package",
            "/left/1.0.0/@acme%2fx",
            "/-/package/%2540acme%252fx/collaborators",
            "/-/team/own/dev/package",
        ] {
            assert!(!may(path, None), "{path}");
        }
        for (path, query) in [
            ("/-/v1/search", Some("text=left+pad&size=20")),
            ("/-/v1/search", Some("text=@acmes/x")),
            ("/-/v1/search", Some("text=my-secret-tool")),
            ("/-/v1/search", Some("text=@open/x")),
            ("/-/npm/v1/keys", None),
            ("/-/npm/v1/attestations/left@1.0.0", None),
        ] {
            assert!(may(path, query), "{path} {query:?}");
        }
        let nothing = Upstreams::default();
        let told = may_be_told(
            &nothing,
            Ecosystem::Npm,
            "/-/v1/search",
            Some("text=@acme/x"),
        );
        assert!(told.is_ok());
        // What is internal in one ecosystem is somebody's package in another one.
        let cargo =
            |query: &str| may_be_told(&upstreams, Ecosystem::Cargo, "api/v1/crates", Some(query));
        assert!(cargo("q=secret-tool").is_ok() && cargo("q=ours-x").is_err());
        // Which `cargo search` takes for the same.
        assert!(cargo("q=ours_x").is_err());
    }
}
