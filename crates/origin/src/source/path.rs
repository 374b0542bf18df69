//! Paths inside archives and trees: `/` between the parts, relative, never climbing.

/// Parts that one path may have.
pub const DEPTH: usize = 64;
/// Bytes that one path may have.
pub const LENGTH: usize = 4096;

/// A path without empty parts and `.`; none where it is absolute, climbs, or is too long or deep.
/// A backslash is a letter of a name, as it is to git and to tar.
pub fn plain(path: &str) -> Option<String> {
    if path.starts_with('/') || path.len() > LENGTH || path.contains('\0') {
        return None;
    }
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let fits = !parts.is_empty() && parts.len() <= DEPTH && !parts.contains(&"..");
    fits.then(|| parts.join("/"))
}

/// A path as somebody writes it in a file that lies in `folder`: `../src/a.ts`. None where it
/// leads out of the tree.
pub fn resolve(folder: &str, path: &str) -> Option<String> {
    if path.len() > LENGTH || path.starts_with('/') || path.contains('\0') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    (parts.len() <= DEPTH).then(|| parts.join("/"))
}

/// Both, with `/` between where there are two.
pub fn join(folder: &str, path: &str) -> String {
    if folder.is_empty() {
        path.to_owned()
    } else if path.is_empty() {
        folder.to_owned()
    } else {
        format!("{folder}/{path}")
    }
}

/// The last part.
pub fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// All but the last part; empty at the top.
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// What stands below a folder; the path itself below the top.
pub fn below<'a>(folder: &str, path: &'a str) -> Option<&'a str> {
    if folder.is_empty() {
        Some(path)
    } else {
        path.strip_prefix(folder)?.strip_prefix('/')
    }
}

/// The folder that `path` stands in when `end` is taken off its end at a `/`.
pub fn before<'a>(path: &'a str, end: &str) -> Option<&'a str> {
    let folder = path.strip_suffix(end)?;
    if folder.is_empty() {
        Some("")
    } else {
        folder.strip_suffix('/')
    }
}

/// The path and all its ends: `a/b/c`, `b/c`, `c`.
pub fn ends(path: &str) -> impl Iterator<Item = &str> {
    let after = path
        .match_indices('/')
        .filter_map(|(at, _)| path.get(at + 1..));
    std::iter::once(path).chain(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_climbs_is_no_path() {
        assert_eq!(
            plain("package/./a//b.js").as_deref(),
            Some("package/a/b.js")
        );
        for bad in ["../a", "a/../b", "/etc/passwd", "", ".", "a\0b"] {
            assert_eq!(plain(bad), None, "{bad:?}");
        }
        assert_eq!(plain("a\\b").as_deref(), Some("a\\b"));
    }

    #[test]
    fn a_source_is_found_from_where_its_map_lies() {
        assert_eq!(
            resolve("dist/esm", "../../src/a.ts").as_deref(),
            Some("src/a.ts")
        );
        assert_eq!(resolve("dist", "../../a.ts"), None);
    }

    proptest! {
        #[test]
        fn a_plain_path_stays_below_its_root(text in "[a/.\\\\ ]{0,40}") {
            if let Some(path) = plain(&text) {
                prop_assert!(!path.starts_with('/') && !path.ends_with('/'));
                prop_assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")));
                prop_assert_eq!(plain(&path), Some(path.clone()));
                prop_assert_eq!(join(folder(&path), name(&path)), path);
            }
        }

        #[test]
        fn a_resolved_path_never_leaves_the_tree(at in "[ab/]{0,12}", text in "[ab/.]{0,30}") {
            if let Some(path) = resolve(&at, &text) {
                prop_assert!(path.split('/').all(|part| part != ".."));
                prop_assert!(!path.starts_with('/'));
            }
        }

        #[test]
        fn before_and_below_are_the_two_halves_of_a_join(at in "[a-c]{0,3}(/[a-c]{1,3}){0,2}", end in "[a-c]{1,3}(/[a-c]{1,3}){0,2}") {
            let at = at.trim_start_matches('/');
            let path = join(at, &end);
            prop_assert_eq!(below(at, &path), Some(end.as_str()));
            prop_assert_eq!(before(&path, &end), Some(at));
            prop_assert!(ends(&path).any(|e| e == end));
            prop_assert!(ends(&path).all(|e| before(&path, e).is_some()));
        }
    }
}
