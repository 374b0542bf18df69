//! What a project and a command themselves ask npm's registries for: where the gate
//! begins to look ahead. Nothing is decided by it.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

/// Bytes of a manifest that are read, and requirements that are passed on.
const BYTES: u64 = 4 << 20;
const MOST: usize = 4_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    #[serde(default)]
    dependencies: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    peer_dependencies: BTreeMap<String, serde_json::Value>,
}

/// The requirements of the manifest that a command in `here` works on, and of the command
/// line: `npm install name@range`, `npx name`.
pub fn of(here: &Path, command: &[OsString]) -> BTreeMap<String, String> {
    let mut roots: BTreeMap<String, String> = command
        .iter()
        .skip(1)
        .filter_map(|word| requirement(word.to_str()?))
        .collect();
    let manifest = here
        .ancestors()
        .map(|folder| folder.join("package.json"))
        .find(|file| file.is_file())
        .and_then(|file| read(&file));
    if let Some(manifest) = manifest {
        for table in [
            manifest.dependencies,
            manifest.dev_dependencies,
            manifest.optional_dependencies,
            manifest.peer_dependencies,
        ] {
            for (name, range) in table {
                if let Some(range) = range.as_str() {
                    roots.entry(name).or_insert_with(|| range.to_owned());
                }
            }
        }
    }
    roots.into_iter().take(MOST).collect()
}

/// A manifest that cannot be read is the client's to complain about.
fn read(file: &Path) -> Option<Manifest> {
    let is_small = std::fs::metadata(file).is_ok_and(|meta| meta.len() <= BYTES);
    let text = is_small.then(|| std::fs::read(file).ok()).flatten()?;
    serde_json::from_slice(&text).ok()
}

/// `name`, `name@range`, `@scope/name@range`.
fn requirement(word: &str) -> Option<(String, String)> {
    if word.starts_with(['-', '.', '/']) || word.contains(':') {
        return None;
    }
    let behind_scope = usize::from(word.starts_with('@'));
    match word[behind_scope..].find('@') {
        Some(at) => {
            let (name, range) = word.split_at(at + behind_scope);
            Some((name.to_owned(), range[1..].to_owned()))
        }
        None => Some((word.to_owned(), "latest".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn a_command_and_the_nearest_manifest_say_what_is_asked_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("src");
        std::fs::create_dir(&inner).expect("a folder");
        let text = r#"{"dependencies": {"a": "^1", "b": 7}, "devDependencies": {"@s/c": "~2"}}"#;
        std::fs::write(folder.path().join("package.json"), text).expect("written");
        let command = words(&["npm", "install", "--save", "@s/d@3", "e", "./local", "a@2"]);
        let roots = of(&inner, &command);
        let roots: Vec<(&str, &str)> = roots.iter().map(|(n, r)| (&**n, &**r)).collect();
        let expected = [
            ("@s/c", "~2"),
            ("@s/d", "3"),
            ("a", "2"),
            ("e", "latest"),
            ("install", "latest"),
        ];
        assert_eq!(roots, expected);
    }

    #[test]
    fn a_manifest_that_is_none_asks_for_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("package.json"), "[1]").expect("written");
        assert!(of(folder.path(), &words(&["npm", "-v"])).is_empty());
    }
}
