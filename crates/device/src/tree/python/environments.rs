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

/// Whether a folder is an environment with a place for packages, and is no part of a project. Anybody can
/// put a `pyvenv.cfg` beside a project's source.
pub fn is_filled_environment(folder: &Path) -> bool {
    let has_place = || {
        let is_windows = folder.join("Lib/site-packages").is_dir();
        // What cannot be listed is looked through like any other folder.
        let versions = folder
            .join("lib")
            .read_dir()
            .into_iter()
            .flatten()
            .flatten();
        let mut versions = versions.take(VERSIONS).filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with("python") || name.starts_with("pypy")
        });
        is_windows || versions.any(|entry| entry.path().join("site-packages").is_dir())
    };
    settings(folder).is_some_and(|one| one.home.is_some()) && has_place()
}

/// Names of a `lib` that are looked at.
const VERSIONS: usize = 1_000;

fn is_environment(folder: &Path) -> bool {
    settings(folder).is_some()
}

fn settings(folder: &Path) -> Option<VirtualEnvironment> {
    // What cannot be read is no environment that could be looked at.
    let bytes = disk::read_up_to(&folder.join("pyvenv.cfg"), 64 << 10).ok()??;
    VirtualEnvironment::parse(&bytes)
}

#[cfg(test)]
mod tests {
    use super::{environments, is_filled_environment};

    #[test]
    fn a_folder_without_a_place_for_packages_is_no_environment_whatever_it_says() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pyvenv.cfg"), "").unwrap();
        std::fs::create_dir_all(folder.path().join("lib/python3.11/site-packages")).unwrap();
        assert!(!is_filled_environment(folder.path()));
        std::fs::write(folder.path().join("pyvenv.cfg"), "home = /usr/bin\n").unwrap();
        assert!(is_filled_environment(folder.path()));
        std::fs::remove_dir(folder.path().join("lib/python3.11/site-packages")).unwrap();
        assert!(!is_filled_environment(folder.path()));
    }

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
