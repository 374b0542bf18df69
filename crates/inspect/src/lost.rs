//! Entries of an archive that could not be unpacked, and whether something that runs is in them.

use crate::package::{Make, Package};

/// Whether a path is one that a client runs or imports without being told: it is not there to be
/// reached, so that its name has to say it.
pub(crate) fn is_entry(package: &Package, path: &str) -> bool {
    if path.contains("!/") {
        return false;
    }
    let parts: Vec<&str> = path.split('/').collect();
    match package.make {
        Make::Wheel => match parts[..] {
            [name] => name.ends_with(".py") || name.ends_with(".pth"),
            [_, name] => name == "__init__.py",
            _ => false,
        },
        Make::Sdist => matches!(
            parts[..],
            ["setup.py" | "pyproject.toml" | "setup.cfg"]
                | [_, "setup.py" | "pyproject.toml" | "setup.cfg"]
        ),
        Make::Npm => matches!(parts[..], ["package.json"] | [_, "package.json"]),
        Make::Crate | Make::Other => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::inspect_tree;
    use crate::unpack::{Tree, Unread, text_file};

    fn is_judged(lost: &str) -> bool {
        let code = inspect_tree(&Tree {
            entries: vec![
                text_file("a/b.py", ""),
                text_file("a-1.0.dist-info/METADATA", "Name: a\nVersion: 1.0\n"),
            ],
            unread: vec![Unread {
                path: lost.to_owned(),
                because: "it is encrypted".to_owned(),
            }],
            ..Tree::default()
        });
        code.unread.iter().all(|part| !part.reached)
    }

    #[test]
    fn a_module_that_cannot_be_unpacked_is_not_passed_over() {
        for lost in ["a/__init__.py", "a.py", "a.pth"] {
            assert!(!is_judged(lost), "{lost}");
        }
        for lost in ["a/data.bin", "a/tests/data.py", "a/a.zip!/a.py"] {
            assert!(is_judged(lost), "{lost}");
        }
    }
}
