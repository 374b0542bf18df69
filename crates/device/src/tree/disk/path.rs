//! Paths by their letters alone.

/// Where a path leads to that a stranger wrote and that counts from `folder`; both are read from the same
/// top. None where it leads out of there, is absolute, or is one of Windows.
pub fn resolve(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains('\\') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn a_path_that_leads_out_leads_nowhere() {
        let site = "lib/python3.12/site-packages";
        assert_eq!(resolve(site, "a/b.py").unwrap(), format!("{site}/a/b.py"));
        assert_eq!(resolve(site, "../../../bin/./x").unwrap(), "bin/x");
        assert_eq!(resolve("", "a//b/../c").unwrap(), "a/c");
        for out in ["../../../../etc/passwd", "/etc/passwd", "a\\b"] {
            assert_eq!(resolve(site, out), None, "{out}");
        }
    }
}
