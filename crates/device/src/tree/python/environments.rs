use crate::tree::disk;
use customs_ecosystem::pypi::installed::VirtualEnvironment;
use std::path::{Path, PathBuf};

/// Names under which a project keeps its environment.
const NAMES: [&str; 4] = [".venv", "venv", "env", ".env"];

/// The environments of a project, sorted. One is known by its `pyvenv.cfg`; the folder itself may
/// be one.
pub fn environments(project: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::iter::once(project.to_owned())
        .chain(NAMES.iter().map(|name| project.join(name)))
        .filter(|folder| is_environment(folder))
        .collect();
    found.sort();
    found
}

fn is_environment(folder: &Path) -> bool {
    // What cannot be read is no environment that could be looked at.
    disk::read_up_to(&folder.join("pyvenv.cfg"), 64 << 10)
        .ok()
        .flatten()
        .is_some_and(|bytes| VirtualEnvironment::parse(&bytes).is_some())
}

#[cfg(test)]
mod tests {
    use super::environments;

    #[test]
    fn an_environment_is_known_by_its_settings() {
        let project = tempfile::tempdir().unwrap();
        for name in [".venv", "venv", "env"] {
            std::fs::create_dir(project.path().join(name)).unwrap();
        }
        std::fs::write(project.path().join(".venv/pyvenv.cfg"), "home = /usr/bin\n").unwrap();
        let found = environments(project.path());
        assert_eq!(found, [project.path().join(".venv")]);
    }
}
