use crate::tree::disk;
use customs_ecosystem::pypi::installed::VirtualEnvironment;
use customs_model::Digest;
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

/// Letters of the digest in the name of an environment that Poetry keeps elsewhere.
const POETRYS: usize = 8;

/// The environments of a project that Poetry keeps in a folder of its own, which it does where nobody asks for
/// one beside the project; sorted. Each is called `NAME-HASH-pyX.Y`, and the hash is of the project's real path.
/// Source: `generate_env_name` of Poetry 1.0 to 2.2 (measured with 2.2.1).
pub fn of_poetry(project: &Path, folder: &Path) -> Vec<PathBuf> {
    // Neither is there a project, nor what was made for it, where nothing can be looked at.
    let Ok(real) = project.canonicalize() else {
        return Vec::new();
    };
    let digest = Digest::sha256(real.as_os_str().as_encoded_bytes()).to_sri();
    let letters = digest.trim_start_matches("sha256-").chars();
    let letters = letters.take(POETRYS).map(|letter| match letter {
        '+' => '-',
        '/' => '_',
        letter => letter,
    });
    let mark = format!("-{}-py", letters.collect::<String>());
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .take(VERSIONS)
        .filter(|entry| entry.file_name().to_string_lossy().contains(&mark))
        .map(|entry| entry.path())
        .filter(|path| is_environment(path))
        .collect();
    found.sort();
    found
}

/// Whether a folder is an environment with a place for packages. Anybody can put a `pyvenv.cfg` beside a
/// project's source.
fn is_filled_environment(folder: &Path) -> bool {
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

/// Folders of an environment that hold what its distributions bring along.
const BROUGHT: [&str; 4] = ["etc", "include", "lib64", "share"];

/// Whether a folder is an environment's by its place, and no project's: an environment under a usual
/// name, or the folders of another one that packages and their data lie in. Whatever else lies in one
/// may be source of a project in which somebody put settings and a place for packages.
pub fn is_of_environment(folder: &Path) -> bool {
    let name = |folder: &Path| {
        let name = folder.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let own = name(folder);
    if own.starts_with('.') || NAMES.contains(&own.as_str()) {
        return is_filled_environment(folder);
    }
    let Some(parent) = folder.parent() else {
        return false;
    };
    let is_libraries = || {
        let is_version = own.starts_with("python") || own.starts_with("pypy");
        let is_windows = own == "site-packages" && name(parent) == "Lib";
        let is_place = is_windows || (is_version && name(parent) == "lib");
        is_place && parent.parent().is_some_and(is_filled_environment)
    };
    (BROUGHT.contains(&own.as_str()) && is_filled_environment(parent)) || is_libraries()
}

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
    use super::{environments, is_filled_environment, is_of_environment, of_poetry};
    use customs_model::Digest;
    use std::path::Path;

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
    fn of_an_environment_are_its_packages_and_not_all_that_lies_around_them() {
        let folder = tempfile::tempdir().unwrap();
        for environment in ["venv", "app"] {
            let at = folder.path().join(environment);
            for inner in ["lib/python3.11/site-packages", "share", "src"] {
                std::fs::create_dir_all(at.join(inner)).unwrap();
            }
            std::fs::write(at.join("pyvenv.cfg"), "home = /usr/bin\n").unwrap();
        }
        std::fs::create_dir_all(folder.path().join("lib/python3.11")).unwrap();
        std::fs::create_dir_all(folder.path().join("share")).unwrap();
        let is_of = |path: &str| is_of_environment(&folder.path().join(Path::new(path)));
        assert!(is_of("venv") && is_of("app/lib/python3.11") && is_of("app/share"));
        assert!(!is_of("app") && !is_of("app/src") && !is_of("app/lib"));
        assert!(!is_of("lib/python3.11") && !is_of("share"));
    }

    #[test]
    fn poetrys_environment_is_known_by_the_path_of_its_project() {
        let folder = tempfile::tempdir().unwrap();
        let (project, kept) = (folder.path().join("a"), folder.path().join("kept"));
        std::fs::create_dir_all(&project).unwrap();
        let real = project.canonicalize().unwrap();
        let digest = Digest::sha256(real.to_str().unwrap().as_bytes());
        let hash = digest.to_sri().replace('+', "-").replace('/', "_");
        let hash = &hash["sha256-".len().."sha256-".len() + 8];
        for name in [
            format!("a-{hash}-py3.11"),
            format!("a-{hash}-py3.9"),
            "a-00000000-py3.11".to_owned(),
        ] {
            let at = kept.join(name);
            std::fs::create_dir_all(&at).unwrap();
            std::fs::write(at.join("pyvenv.cfg"), "home = /usr/bin\n").unwrap();
        }
        std::fs::create_dir_all(kept.join(format!("b-{hash}-py3.12"))).unwrap();
        let found = of_poetry(&project, &kept);
        let own = ["py3.11", "py3.9"].map(|version| kept.join(format!("a-{hash}-{version}")));
        assert_eq!(found, own);
        assert!(of_poetry(&project, &folder.path().join("none")).is_empty());
        assert!(of_poetry(&folder.path().join("gone"), &kept).is_empty());
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
