//! The policy in force: the user's file, and the project's, which may only tighten it.

use crate::error::Failure;
use crate::paths;
use customs_gate::NamedText;
use std::io::ErrorKind;
use std::path::Path;

/// The policy file that was named, or `policy.toml` in the configuration folder.
pub fn of_user(given: Option<&Path>) -> Result<Option<NamedText>, Failure> {
    match given {
        Some(path) => read(path)?
            .map(Some)
            .ok_or_else(|| Failure::usage(format!("there is no policy file {}", path.display()))),
        None => read(&paths::config()?.join("policy.toml")),
    }
}

/// A policy in the project: `customs.toml` up to the repository's root.
pub fn of_project(here: &Path) -> Result<Option<NamedText>, Failure> {
    for folder in here.ancestors() {
        for name in ["customs.toml", ".config/customs.toml"] {
            if let Some(text) = read(&folder.join(name))? {
                return Ok(Some(text));
            }
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    Ok(None)
}

/// A file that is not there is no policy; one that cannot be read is an error, since a
/// stricter policy must not vanish unseen.
fn read(path: &Path) -> Result<Option<NamedText>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(NamedText {
            name: path.display().to_string(),
            text,
        })),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(Failure::usage(format!(
            "cannot read the policy {}: {error}",
            path.display()
        ))),
    }
}
