//! What lies where under `target/tools`, and the words of the start scripts.
//!
//! ```text
//! manifest.json        what is installed; tests read it
//! bin/yarn1            starts the tool, under its name in tools.toml
//! path/yarn1/yarn      the same under the name that users type: a folder to put on PATH
//! pkg/yarn1-1.22.22/   the unpacked parts
//! ```

use super::pins::{Pin, Start};
use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Goes up when xtask begins to lay things out differently: everything is put anew then.
const LAYOUT: u32 = 1;

/// `manifest.json`: what is installed. Paths inside are relative to its folder.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manifest {
    layout: u32,
    /// The folder as it was: start scripts and Python's environments hold absolute paths,
    /// so a folder that was moved is put anew.
    root: PathBuf,
    platform: String,
    /// The tools by name.
    pub tools: BTreeMap<String, Installed>,
}

/// One installed tool.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// Its version.
    pub version: String,
    /// What starts it.
    pub program: String,
    /// A folder for PATH, in which it has the name that users type.
    pub path: String,
    /// Its unpacked parts.
    pub package: String,
    /// What it was made of: `name@version digest`.
    pub parts: Vec<String>,
}

impl Manifest {
    /// One without tools.
    pub fn empty(root: &Path, platform: &str) -> Self {
        Self {
            layout: LAYOUT,
            root: root.to_owned(),
            platform: platform.to_owned(),
            tools: BTreeMap::new(),
        }
    }

    /// What an earlier run left. A manifest that is not there, or cannot be read, or speaks of
    /// another place, platform or layout says nothing, so that everything is put anew.
    pub fn read(root: &Path, platform: &str) -> Self {
        let empty = Self::empty(root, platform);
        let Ok(text) = fs::read(root.join("manifest.json")) else {
            return empty;
        };
        match serde_json::from_slice::<Self>(&text) {
            Ok(found)
                if (found.layout, &found.root, found.platform.as_str())
                    == (LAYOUT, &empty.root, platform) =>
            {
                found
            }
            _ => empty,
        }
    }

    /// Writes it in one step, so that nobody reads half of it.
    pub fn write(&self) -> Result<(), Error> {
        let (path, new) = (
            self.root.join("manifest.json"),
            self.root.join("manifest.json.new"),
        );
        let text = serde_json::to_vec_pretty(self).map_err(|error| Error::Config {
            path: path.clone(),
            why: error.to_string(),
        })?;
        fs::write(&new, text).map_err(Error::io("write", &new))?;
        fs::rename(&new, &path).map_err(Error::io("write", &path))
    }

    /// Whether a tool is installed just as it is pinned.
    pub fn holds(&self, pin: &Pin) -> bool {
        self.tools
            .get(&pin.name)
            .is_some_and(|found| *found == Installed::of(pin))
            && self.root.join(program(pin)).is_file()
            && start_file(&self.root, pin).exists()
    }
}

impl Installed {
    /// What the manifest says about a tool that is installed as pinned.
    pub fn of(pin: &Pin) -> Self {
        Self {
            version: pin.version().to_owned(),
            program: program(pin),
            path: format!("path/{}", pin.name),
            package: format!("pkg/{}-{}", pin.name, pin.version()),
            parts: pin
                .parts
                .iter()
                .map(|part| format!("{} {}", part.spec(), part.digest))
                .collect(),
        }
    }
}

/// The folder of a tool's unpacked parts.
pub fn package(root: &Path, pin: &Pin) -> PathBuf {
    root.join(Installed::of(pin).package)
}

fn program(pin: &Pin) -> String {
    script_name("bin", &pin.name)
}

fn script_name(folder: &str, name: &str) -> String {
    format!("{folder}/{name}{}", if cfg!(windows) { ".cmd" } else { "" })
}

/// The scripts of a tool, relative to the root folder.
pub fn scripts(pin: &Pin) -> [String; 2] {
    [
        program(pin),
        script_name(&format!("path/{}", pin.name), &pin.command),
    ]
}

/// The Python of an environment.
pub fn python(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    })
}

/// The file that must be there for a tool to start.
pub fn start_file(root: &Path, pin: &Pin) -> PathBuf {
    let package = package(root, pin);
    match pin.start {
        Start::Native | Start::Node => package.join(&pin.entry),
        Start::Module => python(&package),
        Start::Python => package.join(&pin.entry).join("__init__.py"),
    }
}

/// The words of a start script for the present platform.
pub fn script(root: &Path, pin: &Pin) -> String {
    let file = start_file(root, pin).to_string_lossy().into_owned();
    let words = match pin.start {
        Start::Native => vec![file],
        Start::Node => vec!["node".to_owned(), file],
        Start::Module => vec![file, "-m".to_owned(), pin.entry.clone()],
        Start::Python => {
            let path = format!("PYTHONPATH={}", package(root, pin).display());
            if cfg!(windows) {
                return format!("@set \"{path}\"\r\n@python -m {} %*\r\n", pin.entry);
            }
            let words = ["env", &path, "python3", "-m", &pin.entry];
            words.map(str::to_owned).to_vec()
        }
    };
    if cfg!(windows) {
        batch(&words)
    } else {
        shell(&words)
    }
}

fn shell(words: &[String]) -> String {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| format!("'{}'", word.replace('\'', r"'\''")))
        .collect();
    format!("#!/bin/sh\nexec {} \"$@\"\n", quoted.join(" "))
}

fn batch(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    format!("@{} %*\r\n", quoted.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::pins::{Part, Registry};
    use customs_model::Digest;

    fn pin() -> Pin {
        Pin {
            name: "yarn1".into(),
            registry: Registry::Npm,
            start: Start::Node,
            entry: "bin/yarn.js".into(),
            command: "yarn".into(),
            parts: vec![Part {
                package: "yarn".into(),
                version: "1.22.22".into(),
                digest: Digest::sha256(b"yarn"),
            }],
        }
    }

    fn put(root: &Path, pin: &Pin) -> Manifest {
        for file in [start_file(root, pin), root.join(program(pin))] {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, b"").unwrap();
        }
        let mut manifest = Manifest::empty(root, "linux-x86_64");
        manifest.tools.insert(pin.name.clone(), Installed::of(pin));
        manifest.write().unwrap();
        Manifest::read(root, "linux-x86_64")
    }

    #[test]
    fn a_tool_that_lies_as_pinned_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        assert!(put(root.path(), &pin()).holds(&pin()));
    }

    #[test]
    fn another_digest_or_a_lost_file_means_that_the_tool_is_put_anew() {
        let root = tempfile::tempdir().unwrap();
        let manifest = put(root.path(), &pin());
        let mut moved = pin();
        moved.parts[0].digest = Digest::sha256(b"another yarn");
        assert!(!manifest.holds(&moved));
        fs::remove_file(start_file(root.path(), &pin())).unwrap();
        assert!(!manifest.holds(&pin()));
    }

    #[test]
    fn a_manifest_of_another_place_platform_or_layout_says_nothing() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), &pin());
        assert!(
            Manifest::read(root.path(), "macos-aarch64")
                .tools
                .is_empty()
        );
        let elsewhere = tempfile::tempdir().unwrap();
        let (from, to) = (
            root.path().join("manifest.json"),
            elsewhere.path().join("manifest.json"),
        );
        fs::copy(from, &to).unwrap();
        assert!(
            Manifest::read(elsewhere.path(), "linux-x86_64")
                .tools
                .is_empty()
        );
        fs::write(&to, b"{ half").unwrap();
        assert!(
            Manifest::read(elsewhere.path(), "linux-x86_64")
                .tools
                .is_empty()
        );
    }

    #[test]
    fn the_manifest_is_what_tests_read() {
        let mut manifest = Manifest::empty(Path::new("/t"), "linux-x86_64");
        manifest.tools.insert("yarn1".into(), Installed::of(&pin()));
        insta::assert_snapshot!(serde_json::to_string_pretty(&manifest).unwrap(), @r#"
        {
          "layout": 1,
          "root": "/t",
          "platform": "linux-x86_64",
          "tools": {
            "yarn1": {
              "version": "1.22.22",
              "program": "bin/yarn1",
              "path": "path/yarn1",
              "package": "pkg/yarn1-1.22.22",
              "parts": [
                "yarn@1.22.22 sha256:ec4e598bd0f312a7c49bf83984b70176f311af142a47ca354f35424fb79f2bfd"
              ]
            }
          }
        }
        "#);
    }

    #[test]
    fn a_start_script_survives_any_folder_name() {
        let words = ["node".to_owned(), "/it's here/$HOME/yarn.js".to_owned()];
        insta::assert_snapshot!(shell(&words), @r#"
        #!/bin/sh
        exec 'node' '/it'\''s here/$HOME/yarn.js' "$@"
        "#);
        assert_eq!(
            batch(&words),
            "@\"node\" \"/it's here/$HOME/yarn.js\" %*\r\n"
        );
    }
}
