//! Words that no file of the project may hold: hosts of public registries, because upstreams
//! come from the user's own configuration, and paths of the machine that somebody works on.

use super::files::Tracked;
use std::path::Path;

/// A word, in lower case, and what is wrong with it.
pub struct Rule {
    word: String,
    /// A path counts only where it begins: as the end of a longer one it is something else.
    at_start: bool,
    why: &'static str,
}

/// The rules. The words are put together here from parts, so that this file obeys them.
pub fn rules(root: &Path) -> Vec<Rule> {
    let host = |parts: &[&str]| Rule {
        word: parts.join("."),
        at_start: false,
        why: "the host of a public registry; use registry.example",
    };
    let path = |word: String| Rule {
        word: word.to_ascii_lowercase(),
        at_start: true,
        why: "a path of one machine",
    };
    vec![
        host(&["npmjs", "org"]),
        host(&["npmjs", "com"]),
        // Whatever stands behind it: made-up endings name the registry as well.
        host(&["registry", "npmjs"]),
        host(&["yarnpkg", "com"]),
        host(&["pypi", "org"]),
        host(&["pythonhosted", "org"]),
        host(&["index", "crates", "io"]),
        host(&["static", "crates", "io"]),
        path(format!("{}/", root.display())),
        path(["", "work", ""].join("/")),
        path(["", "root", ""].join("/")),
    ]
}

/// The places where a rule is broken, as `file:line: why`. The lock file is cargo's own: it
/// names the index in a form that cargo alone decides.
pub fn find(tracked: &Tracked, rules: &[Rule]) -> Vec<String> {
    let mut places = Vec::new();
    for (name, bytes) in tracked.files() {
        if name == "Cargo.lock" || name.ends_with("/Cargo.lock") {
            continue;
        }
        for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            // A host inside a regular expression has a backslash before each dot.
            let line: String = String::from_utf8_lossy(line)
                .replace('\\', "")
                .to_ascii_lowercase();
            // One place is told once.
            if let Some(rule) = rules.iter().find(|rule| rule.breaks(&line)) {
                places.push(format!(
                    "{name}:{}: {}: {}",
                    number + 1,
                    rule.word,
                    rule.why
                ));
            }
        }
    }
    places
}

impl Rule {
    fn breaks(&self, line: &str) -> bool {
        line.match_indices(&self.word).any(|(at, _)| {
            !self.at_start
                || !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-/~}>*".contains(c))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(files: &[(&str, &str)]) -> Vec<String> {
        find(&Tracked::of(files), &rules(Path::new("/srv/customs")))
    }

    #[test]
    fn a_public_registry_is_found_in_every_disguise() {
        for text in [
            format!("https://{}/axios", ["registry", "npmjs", "org"].join(".")),
            format!(
                "https://{}/axios",
                ["registry", "npmjs", "invalid"].join(".")
            ),
            format!("https://{}/simple", ["PyPI", "org"].join(".")),
            format!("r\"{}\"", ["files", "pythonhosted", "org"].join(r"\.")),
            format!("sparse+https://{}/", ["index", "crates", "io"].join(".")),
        ] {
            assert_eq!(places(&[("a.rs", &text)]).len(), 1, "{text}");
        }
    }

    #[test]
    fn names_of_registries_and_cargos_own_lock_file_are_no_hosts() {
        let index = "registry+https://github.com/rust-lang/crates.io-index";
        assert!(places(&[("a.md", index), ("b.md", "PyPI, npm and crates.io")]).is_empty());
        let host = ["index", "crates", "io"].join(".");
        assert!(places(&[("fuzz/Cargo.lock", &host)]).is_empty());
        assert_eq!(places(&[("fuzz/Cargo.toml", &host)]).len(), 1);
    }

    #[test]
    fn a_path_of_this_machine_is_found_where_it_begins() {
        let text = "x\n\"/srv/customs/target\"\n";
        assert_eq!(
            places(&[("a.rs", text)]),
            ["a.rs:2: /srv/customs/: a path of one machine"]
        );
        let inner = format!("home{}x", ["", "work", ""].join("/"));
        assert!(places(&[("a.rs", &inner)]).is_empty());
        let absolute = format!("cd {}x", ["", "work", ""].join("/"));
        assert_eq!(places(&[("a.rs", &absolute)]).len(), 1);
    }

    #[test]
    fn this_file_obeys_its_own_rules() {
        let this = Tracked::of(&[("forbidden.rs", include_str!("forbidden.rs"))]);
        assert_eq!(
            find(&this, &rules(Path::new("/elsewhere"))),
            Vec::<String>::new()
        );
    }
}
