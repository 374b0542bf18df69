//! An entry of `packages` in a `package-lock.json`, looked through once.

use super::tree::Node;

/// What stands under the keys that count. Of a key that stands twice the last one counts, as for npm.
#[derive(Default)]
pub(super) struct Entry<'a> {
    pub name: Option<&'a str>,
    pub version: Option<&'a str>,
    pub resolved: Option<&'a str>,
    pub integrity: Option<&'a str>,
    pub link: bool,
    pub in_bundle: bool,
    pub has_install_script: bool,
    pub dev: bool,
    pub optional: bool,
    pub dev_optional: bool,
    /// It has `os`, `cpu` or `libc`.
    pub conditional: bool,
    pub bin: Option<&'a Node<'a>>,
    /// `bundleDependencies`, and the other spelling.
    pub bundled: [Option<&'a Node<'a>>; 2],
    /// What it asks for: to run, to develop, if it can be had, and beside it.
    pub maps: [Option<&'a Node<'a>>; 4],
}

impl<'a> Entry<'a> {
    pub fn of(entry: &'a Node<'_>) -> Self {
        let mut all = Self::default();
        for (key, value) in entry.map() {
            let says = || value.text() == Some("true");
            match key.text().unwrap_or_default() {
                "version" => all.version = value.text(),
                "resolved" => all.resolved = value.text(),
                "integrity" => all.integrity = value.text(),
                "dependencies" => all.maps[0] = Some(value),
                "dev" => all.dev = says(),
                "optional" => all.optional = says(),
                "bin" => all.bin = Some(value),
                "devDependencies" => all.maps[1] = Some(value),
                "optionalDependencies" => all.maps[2] = Some(value),
                "peerDependencies" => all.maps[3] = Some(value),
                "name" => all.name = value.text(),
                "link" => all.link = says(),
                "inBundle" => all.in_bundle = says(),
                "hasInstallScript" => all.has_install_script = says(),
                "devOptional" => all.dev_optional = says(),
                "os" | "cpu" | "libc" => all.conditional = true,
                "bundleDependencies" => all.bundled[0] = Some(value),
                "bundledDependencies" => all.bundled[1] = Some(value),
                _ => {}
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::json::{Style, parse};
    use super::Entry;

    #[test]
    fn the_last_of_two_equal_keys_counts_even_where_it_is_no_text() {
        let text = r#"{"version": "1.0.0", "dev": true, "version": {}, "dev": false, "os": ["linux"],
            "dependencies": {"a": "1"}, "dependencies": {"b": "1"}}"#;
        let node = parse(text, Style::Strict).unwrap();
        let entry = Entry::of(&node);
        assert_eq!(
            (entry.version, entry.dev, entry.conditional),
            (None, false, true)
        );
        assert_eq!(entry.maps[0].unwrap().map()[0].0.text(), Some("b"));
    }
}
