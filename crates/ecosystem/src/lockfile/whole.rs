//! What an installation from a Python lockfile alone puts into an environment, with the conditions that
//! the file has for each: requirements, `pylock.toml`, and the main group of Poetry 2.

use super::tree::Node;
use super::{Error, Kind, error_of, poetry_lock, pylock, requirements, text_of};
use crate::pypi::Requirement;

/// What is installed whoever installs from this file, where its marker holds. Empty for formats that do
/// not say it: uv's and those of older Poetry name what is locked, and the project's manifest what
/// it needs of that.
///
/// # Errors
/// As [`read`](super::read).
pub fn whole(kind: Kind, bytes: &[u8]) -> Result<Vec<Requirement>, Error> {
    let text = text_of(kind, bytes)?;
    let fail = |fault| error_of(kind, text, fault);
    Ok(match kind {
        Kind::RequirementsTxt => requirements::lines(text)
            .filter_map(|line| Requirement::parse(&line))
            .collect(),
        Kind::PylockToml => {
            let root = pylock::parse(text).map_err(fail)?;
            let packages = pylock::packages(&root).iter();
            packages
                .filter_map(|package| conditional(package, "marker"))
                .collect()
        }
        Kind::PoetryLock => {
            let root = poetry_lock::parse(text).map_err(fail)?;
            let packages = poetry_lock::packages(&root).iter();
            let is_main = |package: &&Node<'_>| {
                let groups = package.get("groups").map(Node::list).unwrap_or_default();
                let mut groups = groups.iter().filter_map(Node::text);
                // Of several groups each may have a marker of its own.
                groups.next() == Some("main")
                    && groups.next().is_none()
                    && !package.says("optional")
            };
            packages
                .filter(is_main)
                .filter_map(|package| conditional(package, "markers"))
                .collect()
        }
        Kind::PackageLock
        | Kind::PnpmLock
        | Kind::YarnClassic
        | Kind::YarnBerry
        | Kind::BunLock
        | Kind::UvLock
        | Kind::CargoLock => Vec::new(),
    })
}

fn conditional(package: &Node<'_>, key: &str) -> Option<Requirement> {
    let name = package.get_text("name")?;
    match package.get(key) {
        None => Requirement::parse(name),
        // Another form than a text is not known.
        Some(marker) => Requirement::parse(&format!("{name} ; {}", marker.text()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: Kind, text: &str) -> String {
        let all = whole(kind, text.as_bytes()).unwrap();
        let told = all.iter().map(|one| match &one.marker {
            Some(marker) => format!("{} if {marker}", one.name),
            None => one.name.to_string(),
        });
        told.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn requirements_have_markers_and_options_are_none() {
        let text = "--index-url https://index.example/simple\na==1.0 ; python_version < '3.9' --hash=sha256:00\nb==2 \\\n    --hash=sha256:00\n";
        assert_eq!(
            told(Kind::RequirementsTxt, text),
            "a if python_version < '3.9'; b"
        );
    }

    #[test]
    fn packages_of_pylock_and_the_main_group_of_poetry_have_markers() {
        let pylock = "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\n[[packages]]\nname = \"b\"\nversion = \"1\"\nmarker = \"'dev' in dependency_groups\"\n";
        assert_eq!(
            told(Kind::PylockToml, pylock),
            "a; b if 'dev' in dependency_groups"
        );
        let poetry = "[[package]]\nname = \"a\"\nversion = \"1\"\noptional = false\ngroups = [\"main\"]\nmarkers = \"os_name == 'nt'\"\n[[package]]\nname = \"b\"\nversion = \"1\"\noptional = false\ngroups = [\"dev\"]\n[[package]]\nname = \"c\"\nversion = \"1\"\noptional = true\ngroups = [\"main\"]\n[metadata]\nlock-version = \"2.1\"\n";
        assert_eq!(told(Kind::PoetryLock, poetry), "a if os_name == 'nt'");
    }
}
