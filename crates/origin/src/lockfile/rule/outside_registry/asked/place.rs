//! Whether what is locked is the repository or file that is asked for.

use super::super::super::super::address::Address;
use customs_ecosystem::lockfile::{Kind, Package, Source, asked_source};
use std::borrow::Cow;

/// Whether a package may come from where it is asked for from. Only what is surely another
/// repository, address or folder, or surely another sort of thing, does not fit.
pub(super) fn fits(words: &str, package: &Package, kind: Kind) -> bool {
    let words = &*of_npm(words);
    let is_known = !words.is_empty() && words != "another source";
    let asked = match asked_source(words).filter(|_| is_known) {
        Some(asked) if !words.starts_with("patch:") => asked,
        // Where to is not known.
        _ => return true,
    };
    let locked = package.resolved.as_deref().unwrap_or(&package.version);
    match (asked, package.source) {
        // pnpm writes where an address led to.
        (Source::Url, Source::Url) if kind == Kind::PnpmLock => true,
        (Source::Git | Source::Url, Source::Git | Source::Url) => {
            match (Place::of(words), Place::of(bare(locked))) {
                (Some(asked), Some(locked)) => asked.may_be(&locked),
                _ => true,
            }
        }
        (Source::Path, Source::Path) => match (Way::of(words), Way::of(locked)) {
            (Some(asked), Some(locked)) => asked.may_be(&locked, kind),
            _ => true,
        },
        (Source::Path, Source::Git | Source::Url) | (Source::Git | Source::Url, Source::Path) => {
            false
        }
        _ => true,
    }
}

/// The words of Python in those of npm's family: `@ address`, and uv's `git: address`.
fn of_npm(words: &str) -> Cow<'_, str> {
    let words = words.strip_prefix("@ ").unwrap_or(words).trim();
    let Some((key, address)) = words.split_once(": ") else {
        return words.into();
    };
    match key {
        "git" => format!("git+{address}").into(),
        "url" => address.into(),
        "path" | "directory" | "editable" | "virtual" => format!("file:{address}").into(),
        _ => words.into(),
    }
}

/// A path to a folder or file: how often it goes up, and the names that it then goes down by.
#[derive(Debug, PartialEq, Eq)]
struct Way<'t> {
    /// It begins at the root of a disk or at somebody's home.
    is_whole: bool,
    up: usize,
    down: Vec<&'t str>,
}

impl<'t> Way<'t> {
    /// None where it tells nothing.
    fn of(path: &'t str) -> Option<Self> {
        let forms = ["file:", "link:", "portal:"];
        let start = forms
            .iter()
            .filter_map(|form| path.find(form).map(|at| at + form.len()));
        let path = &path[start.min().unwrap_or(0)..];
        let end = [path.find("::"), path.find(['#', '?'])];
        let path = &path[..end.into_iter().flatten().min().unwrap_or(path.len())];
        let mut way = Self {
            is_whole: path.starts_with(['/', '~', '\\']),
            up: 0,
            down: Vec::new(),
        };
        for name in path.split('/') {
            match name {
                "" | "." | "~" => {}
                ".." => match way.down.pop() {
                    Some(_) => {}
                    None => way.up += 1,
                },
                name if name.contains(['@', ':', '%', '*', '\\']) => return None,
                name => way.down.push(name),
            }
        }
        (!way.down.is_empty()).then_some(way)
    }

    /// Whether both may lead to the same. A lockfile's begins at its own folder, and what is asked for at that of
    /// a manifest, which may lie deeper: then it is the end of the other. Poetry has one manifest, beside its file.
    fn may_be(&self, locked: &Self, kind: Kind) -> bool {
        if self.is_whole || locked.is_whole {
            return self.down.last() == locked.down.last();
        }
        match kind {
            Kind::PoetryLock => self == locked,
            _ => self.down.ends_with(&locked.down) || locked.down.ends_with(&self.down),
        }
    }
}

/// Yarn 4 writes the name before an address.
fn bare(locked: &str) -> &str {
    let start = locked.find("://").unwrap_or(0);
    match locked[..start].rfind('@') {
        Some(at) => &locked[at + 1..],
        None => locked,
    }
}

/// A repository: its host, and its path in lower case.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    host: String,
    path: String,
}

/// Hosts whose repositories have an owner and a name, whatever stands behind.
const OF_TWO_PARTS: [&str; 2] = ["github.com", "bitbucket.org"];

impl Place {
    fn of(text: &str) -> Option<Self> {
        let (host, path) = match Address::parse(text) {
            Some(address) => (address.host.to_string(), address.path.to_string()),
            // `owner/name` is GitHub's.
            None => {
                let short = text.split('#').next().unwrap_or(text);
                let is_short = short.matches('/').count() == 1 && !short.contains([':', '@']);
                if !is_short {
                    return None;
                }
                ("github.com".to_owned(), short.to_owned())
            }
        };
        let host = host.split(':').next().unwrap_or_default().to_owned();
        let path = path.to_ascii_lowercase().replace("%2f", "/");
        let mut path = path.trim_matches('/').to_owned();
        if OF_TWO_PARTS.contains(&host.as_str()) {
            path = path.split('/').take(2).collect::<Vec<_>>().join("/");
        }
        for ends in ["/-/tree/", "/tree/"] {
            path = path.split(ends).next().unwrap_or_default().to_owned();
        }
        // pip writes the tag or commit there.
        if let Some((before, _)) = path.rsplit_once('@').filter(|(_, tag)| !tag.contains('/'))
            && !before.ends_with('/')
            && !before.is_empty()
        {
            path = before.to_owned();
        }
        let path = path.strip_suffix(".git").unwrap_or(&path).to_owned();
        (!path.is_empty()).then_some(Self { host, path })
    }

    /// Whether the other, as a lockfile has it, is this one: itself, or an archive of it at a host
    /// below.
    fn may_be(&self, locked: &Self) -> bool {
        let below = locked
            .host
            .strip_suffix(&self.host)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        // A gist is its number; the name of its owner may stand before it.
        if self.host == "gist.github.com" {
            let number = self.path.rsplit('/').next();
            let of_hub = locked.host == "github.com" || locked.host.ends_with(".github.com");
            let mut parts = locked.path.split('/');
            return of_hub && parts.any(|part| Some(part) == number);
        }
        // GitLab names the project in the address of its archive.
        let path = locked.path.strip_prefix("api/v4/projects/");
        let rest = path.unwrap_or(&locked.path).strip_prefix(&self.path);
        let is_part = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        below && is_part
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Place, Way};

    #[test]
    fn a_folder_is_the_one_that_is_asked_for_by_its_whole_way() {
        let same = |asked: &str, locked: &str, kind| {
            let (Some(asked), Some(locked)) = (Way::of(asked), Way::of(locked)) else {
                return true;
            };
            asked.may_be(&locked, kind)
        };
        for (asked, locked, kind) in [
            ("file:libs/a", "libs/a", Kind::PoetryLock),
            ("file:./libs/a/", "libs/a", Kind::PoetryLock),
            ("file:libs/b/../a", "libs/a", Kind::PoetryLock),
            ("file:../a", "../a", Kind::PoetryLock),
            ("file:/home/somebody/a", "../a", Kind::PoetryLock),
            ("file:../a", "packages/a", Kind::PackageLock),
            ("file:../../../out/a", "../out/a", Kind::UvLock),
            ("link:../a", "link:../a", Kind::PnpmLock),
            ("file:.", "libs/a", Kind::UvLock),
            (
                "file:../a",
                "a@file:../a#../a::hash=1f&locator=x%40workspace%3A.",
                Kind::YarnBerry,
            ),
        ] {
            assert!(same(asked, locked, kind), "{asked} {locked}");
        }
        for (asked, locked, kind) in [
            ("file:libs/a", "evil/a", Kind::PoetryLock),
            ("file:libs/a", "../libs/a", Kind::PoetryLock),
            ("file:libs/a", "x/libs/a", Kind::PoetryLock),
            ("file:libs/a", "../../evil/a", Kind::UvLock),
            ("file:libs/a", "evil/a", Kind::PackageLock),
            ("file:/home/somebody/a", "../b", Kind::PoetryLock),
        ] {
            assert!(!same(asked, locked, kind), "{asked} {locked}");
        }
    }

    #[test]
    fn a_repository_is_the_same_in_all_its_spellings_and_another_is_not() {
        let same = |asked: &str, locked: &str| {
            Place::of(asked)
                .unwrap()
                .may_be(&Place::of(locked).unwrap())
        };
        for (asked, locked) in [
            (
                "github:a/Tool",
                "git+ssh://git@github.com/a/tool.git#c0ffee",
            ),
            (
                "a/tool#semver:^1",
                "https://codeload.github.com/a/tool/tar.gz/c0ffee",
            ),
            (
                "https://github.com/a/tool/tree/next",
                "git+ssh://git@github.com/a/tool.git#c0ffee",
            ),
            (
                "gitlab:a/tool",
                "https://gitlab.com/api/v4/projects/a%2Ftool/repository/archive.tar.gz",
            ),
            (
                "git@code.example:g/s/tool.git",
                "git+ssh://git@code.example/g/s/tool.git#c0ffee",
            ),
            (
                "git+git@code.example:g/tool.git",
                "git@code.example:g/tool.git",
            ),
            (
                "gist:us/11081aaa281",
                "git+ssh://git@gist.github.com/11081aaa281.git#c0ffee",
            ),
            (
                "gist:11081aaa281",
                "https://codeload.github.com/gist/11081aaa281/tar.gz/c0ffee",
            ),
            (
                "git+https://code.example/a/tool@v1.0",
                "https://code.example/a/tool?rev=v1.0#c0ffee",
            ),
            (
                "git+https://code.example:8443/a/tool",
                "git+https://code.example:8443/a/tool.git#c0ffee",
            ),
        ] {
            assert!(same(asked, locked), "{asked} {locked}");
        }
        for (asked, locked) in [
            (
                "github:a/tool",
                "git+ssh://git@github.com/evil/tool.git#c0ffee",
            ),
            (
                "github:a/tool",
                "git+ssh://git@github.com/a/tools.git#c0ffee",
            ),
            (
                "gist:us/11081aaa281",
                "git+ssh://git@gist.github.com/999.git#c0ffee",
            ),
            (
                "github:a/tool",
                "https://codeload.github.com/evil/x/tar.gz/a/tool",
            ),
            (
                "github:a/tool",
                "git+ssh://git@evilgithub.com/a/tool.git#c0ffee",
            ),
            (
                "github:a/tool",
                "git+ssh://git@github.com.evil.example/a/tool.git#c0ffee",
            ),
        ] {
            assert!(!same(asked, locked), "{asked} {locked}");
        }
    }
}
