//! Patterns of names: of scripts, and of files.

/// Whether a pattern of npm-run-all means a script: `*` stands for a part between colons, `**` for
/// any number of them.
pub(super) fn is_like(pattern: &str, name: &str) -> bool {
    let parts = |text: &str| text.split(':').map(str::to_owned).collect::<Vec<_>>();
    let (pattern, name) = (parts(pattern), parts(name));
    let ends_open = pattern.last().is_some_and(|last| last == "**");
    if ends_open {
        let fixed = pattern.len() - 1;
        return name.len() > fixed && pattern.iter().take(fixed).eq(name.iter().take(fixed));
    }
    pattern.len() == name.len()
        && pattern
            .iter()
            .zip(&name)
            .all(|(pattern, part)| is_part_like(pattern, part))
}

/// Whether a pattern of a shell means a path. `**/` stands for any folders.
pub(super) fn is_path_like(pattern: &str, path: &str) -> bool {
    if let Some(rest) = pattern.strip_prefix("**/") {
        let name = path.rsplit('/').next().unwrap_or(path);
        return is_path_like(rest, path) || is_path_like(rest, name);
    }
    let (patterns, parts) = (pattern.split('/'), path.split('/'));
    patterns.clone().count() == parts.clone().count()
        && patterns
            .zip(parts)
            .all(|(pattern, part)| is_part_like(pattern, part))
}

/// Whether a pattern with `*` means a name.
fn is_part_like(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else {
        return rest.is_empty();
    };
    for piece in middle {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}
