//! Paths of archives, as data.

use super::Trick;
use unicode_normalization::UnicodeNormalization as _;

/// A path as it stands in an archive, read.
pub(super) struct Reading {
    /// As an unpacker resolves it.
    pub path: String,
    /// What is odd about it.
    pub tricks: Vec<Trick>,
}

impl Reading {
    pub fn of(text: &str) -> Self {
        let mut tricks = Vec::new();
        let mut chars = text.chars();
        let drive = matches!((chars.next(), chars.next()), (Some(letter), Some(':')) if letter.is_ascii_alphabetic());
        if text.starts_with('/') || drive {
            tricks.push(Trick::AbsolutePath);
        }
        if text.contains(['\\', '\0']) {
            tricks.push(Trick::StrangePath);
        }
        // A back-slash is a separator on one system and a letter on the other.
        let slashed = text.replace('\\', "/");
        if slashed.split('/').any(|part| part == "..") {
            tricks.push(Trick::Traversal);
        }
        Self {
            path: plain(&slashed),
            tricks,
        }
    }
}

/// A path as an unpacker resolves it: `package//a`, `./package/./a` and
/// `package/b/../a` are `package/a`.
pub fn plain(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// A path as a disk sees it that folds case.
pub fn folded(path: &str) -> String {
    path.to_lowercase()
}

/// A path as the most forgetful of disks sees it: one that folds case, takes a letter with an
/// accent for the two that it is made of, and drops dots and blanks at the end of names.
/// Sources: Apple's file systems; "Naming Files, Paths, and Namespaces" of Windows.
pub(super) fn on_some_disk(path: &str) -> String {
    let path = if path.is_ascii() {
        folded(path)
    } else {
        folded(&path.nfd().collect::<String>())
    };
    let parts = path.split('/').map(|part| {
        let kept = part.trim_end_matches(['.', ' ']);
        if kept.is_empty() { part } else { kept }
    });
    parts.collect::<Vec<_>>().join("/")
}

/// Whether a link's target lies outside of the top folder.
pub(super) fn leaves(path: &str, target: &str, symbolic: bool) -> bool {
    if target.starts_with(['/', '\\']) || target.contains(':') {
        return true;
    }
    // A hard link's target counts from the root of the archive, a symbolic one's from
    // the folder of the link.
    let mut depth = if symbolic {
        path.matches('/').count() as i64
    } else {
        0
    };
    for part in target.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => depth -= 1,
            _ => depth += 1,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_an_unpacker_resolves_them() {
        assert_eq!(plain("package//a"), "package/a");
        assert_eq!(plain("./package/./b/../a"), "package/a");
        assert_eq!(plain("../../etc/passwd"), "etc/passwd");
        assert_eq!(Reading::of("../x").tricks, [Trick::Traversal]);
        assert_eq!(
            Reading::of("C:\\x").tricks,
            [Trick::AbsolutePath, Trick::StrangePath]
        );
        assert_eq!(Reading::of("package/lib/..x").tricks, []);
    }

    #[test]
    fn a_link_is_followed_in_thought_only() {
        assert!(!leaves("package/bin/a", "../lib/a", true));
        assert!(leaves("package/a", "../../etc", true));
        assert!(leaves("package/a", "/etc", true));
        assert!(!leaves("package/a", "package/b", false));
        assert!(leaves("package/a", "../b", false));
    }
}
