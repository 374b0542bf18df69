//! Which version of Yarn writes a project's files, by what the project says.

use serde_json::Value;
use std::path::Path;

/// Entries of the folder of releases that are looked at.
const RELEASES: usize = 64;

/// A version, and where it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Yarn {
    pub version: String,
    pub named_by: &'static str,
}

impl Yarn {
    /// The version of the first of these that names one: `yarnPath` of `.yarnrc.yml`, which starts in the
    /// place of any other; `packageManager`, `devEngines` and Volta's pin in the manifest; `.tool-versions` of
    /// asdf and mise; a release that lies alone in `.yarn/releases`. The number of the lockfile's format names
    /// none: many versions write the same.
    pub fn named(
        project: &Path,
        path: Option<&str>,
        manifest: &Value,
        tools: &[u8],
    ) -> Option<Self> {
        let of = |version: &str, named_by| Self {
            version: version.split('+').next().unwrap_or(version).to_owned(),
            named_by,
        };
        if let Some(path) = path {
            // Whatever else says another one does not start.
            return released(path).map(|version| of(version, "yarnPath of .yarnrc.yml"));
        }
        let manager = manifest["packageManager"].as_str();
        if let Some(version) = manager.and_then(|text| text.strip_prefix("yarn@")) {
            return Some(of(version, "package.json"));
        }
        if let Some(version) = engine(&manifest["devEngines"]["packageManager"]) {
            return Some(of(version, "devEngines of package.json"));
        }
        if let Some(version) = manifest["volta"]["yarn"].as_str() {
            return Some(of(version, "volta of package.json"));
        }
        if let Some(version) = tool(&String::from_utf8_lossy(tools)) {
            return Some(of(version, ".tool-versions"));
        }
        let alone = alone(project)?;
        Some(of(&alone, "the only release in .yarn/releases"))
    }
}

/// One manager, or a list of them.
fn engine(value: &Value) -> Option<&str> {
    let one = std::slice::from_ref(value);
    let all = value.as_array().map_or(one, Vec::as_slice);
    let yarn = all.iter().find(|manager| manager["name"] == "yarn")?;
    yarn["version"].as_str()
}

/// `yarn 4.18.1`, of several the first.
fn tool(text: &str) -> Option<&str> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("yarn")).then(|| words.next())?
    })
}

/// The version of the only release that lies in the project.
fn alone(project: &Path) -> Option<String> {
    let entries = std::fs::read_dir(project.join(".yarn/releases")).ok()?;
    let mut versions = Vec::new();
    for entry in entries.take(RELEASES) {
        // What cannot be read may be another one.
        let name = entry.ok()?.file_name().into_string().ok()?;
        versions.extend(released(&name).map(str::to_owned));
    }
    match versions.as_slice() {
        [only] => Some(only.clone()),
        [] | [_, _, ..] => None,
    }
}

/// The version in the name of a release of Yarn, as `yarn set version` calls it:
/// `.yarn/releases/yarn-4.18.1.cjs`.
fn released(path: &str) -> Option<&str> {
    let path = path.split(" #").next().unwrap_or(path);
    let path = path.trim().trim_matches(['"', '\'']);
    let name = path.rsplit('/').next()?;
    name.strip_prefix("yarn-")?.strip_suffix(".cjs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_release_of_yarn_is_named_by_its_file() {
        for (path, version) in [
            (" .yarn/releases/yarn-4.18.1.cjs", Some("4.18.1")),
            (" \"tools/yarn-4.6.0.cjs\" # ours", Some("4.6.0")),
            (" .yarn/releases/yarn-sources.cjs", Some("sources")),
            (" .yarn/releases/yarn.js", None),
        ] {
            assert_eq!(released(path), version, "{path}");
        }
    }

    #[test]
    fn the_first_that_names_a_version_counts() {
        let folder = tempfile::tempdir().unwrap();
        let named = |path: Option<&str>, manifest: Value, tools: &str| {
            let found = Yarn::named(folder.path(), path, &manifest, tools.as_bytes());
            found.map_or_else(String::new, |it| {
                format!("{} by {}", it.version, it.named_by)
            })
        };
        let none = || json!({});
        assert_eq!(named(None, none(), "nodejs 24.0.0\n"), "");
        let releases = folder.path().join(".yarn/releases");
        std::fs::create_dir_all(&releases).unwrap();
        std::fs::write(releases.join("yarn-4.6.0.cjs"), "").unwrap();
        assert_eq!(
            named(None, none(), ""),
            "4.6.0 by the only release in .yarn/releases"
        );
        let tools = "nodejs 24.0.0\nyarn 4.7.0 system # ours\n";
        assert_eq!(named(None, none(), tools), "4.7.0 by .tool-versions");
        let volta = json!({"volta": {"yarn": "4.8.1"}});
        assert_eq!(named(None, volta, tools), "4.8.1 by volta of package.json");
        let engines =
            json!([{"name": "npm", "version": "11"}, {"name": "yarn", "version": "4.9.4"}]);
        for engine in [engines.clone(), engines[1].clone()] {
            let manifest =
                json!({"devEngines": {"packageManager": engine}, "volta": {"yarn": "4.8.1"}});
            assert_eq!(
                named(None, manifest, tools),
                "4.9.4 by devEngines of package.json"
            );
        }
        let manager = json!({"packageManager": "yarn@4.18.1+sha512.0", "devEngines": {"packageManager": engines}});
        assert_eq!(named(None, manager.clone(), ""), "4.18.1 by package.json");
        let path = Some(" .yarn/releases/yarn-4.2.2.cjs");
        assert_eq!(
            named(path, manager.clone(), tools),
            "4.2.2 by yarnPath of .yarnrc.yml"
        );
        assert_eq!(named(Some(" tools/ours.js"), manager, tools), "");
        // Of two nobody knows which one is meant.
        std::fs::write(releases.join("yarn-4.5.3.cjs"), "").unwrap();
        assert_eq!(named(None, none(), ""), "");
    }
}
