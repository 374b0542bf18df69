//! Where it was asked, and how paths are told from there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Root {
    /// The paths, as they were given.
    pub paths: Vec<PathBuf>,
    /// The folder that paths are told from.
    pub base: PathBuf,
    /// The folder that holds `.git`, where there is one above.
    pub repository: Option<PathBuf>,
}

impl Root {
    /// Of the paths that were given; without one the current folder.
    pub fn of(paths: &[PathBuf]) -> Self {
        let paths = match paths {
            [] => vec![PathBuf::from(".")],
            paths => paths.to_vec(),
        };
        let base = match paths.as_slice() {
            [one] if one.is_dir() => one.clone(),
            [one] => parent(one),
            _ => PathBuf::from("."),
        };
        let real = real(&base);
        let repository = real.ancestors().find(|folder| folder.join(".git").exists());
        Self {
            repository: repository.map(Path::to_owned),
            paths,
            base,
        }
    }

    /// A path as it is told: from [`base`](Self::base), with `/`; `.` for that itself.
    pub fn told(&self, path: &Path) -> String {
        match below(&self.base, path) {
            Some(inner) if inner.is_empty() => ".".into(),
            Some(inner) => inner,
            None => slashes(path),
        }
    }

    /// A path from the repository's top; from the base where there is no repository.
    pub fn in_repository(&self, path: &Path) -> String {
        let inner = self.repository.as_ref().and_then(|top| below(top, path));
        inner.unwrap_or_else(|| self.told(path))
    }

    /// The folder whose `customs.lock` speaks for what was asked: the nearest one upwards to the
    /// top of the repository that has the file before a change (`had`, by a path from that top),
    /// else the nearest that has it now, else the top, else the base.
    ///
    /// Before the change comes first: who removes the file, or puts another one nearer, does not
    /// choose what a change is held against.
    pub fn trust(&self, had: &dyn Fn(&str) -> bool) -> PathBuf {
        let Some(top) = &self.repository else {
            return self.base.clone();
        };
        let start = real(&self.base);
        let folders = || {
            start
                .ancestors()
                .take_while(|folder| folder.starts_with(top))
        };
        let file = |folder: &Path| folder.join(super::pins::FILE);
        let before = |folder: &&Path| below(top, &file(folder)).is_some_and(|path| had(&path));
        let found = folders().find(before);
        let found = found.or_else(|| folders().find(|folder| is_there(&file(folder))));
        found.unwrap_or(top).to_owned()
    }

    /// Files of that name below what was asked that do not speak for it, since `trust` does: in the
    /// folders of projects and above them. As they are told.
    pub fn unheard(&self, trust: &Path, projects: &[PathBuf]) -> Vec<String> {
        let trust = real(trust);
        let tops: Vec<PathBuf> = self.paths.iter().map(|path| real(path)).collect();
        let mut found = BTreeSet::new();
        for project in projects {
            let project = real(project);
            let is_asked = |folder: &&Path| tops.iter().any(|top| folder.starts_with(top));
            for folder in project.ancestors().take_while(is_asked) {
                let file = folder.join(super::pins::FILE);
                if folder != trust && is_there(&file) {
                    found.insert(self.told(&file));
                }
            }
        }
        found.into_iter().collect()
    }
}

fn is_there(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

/// The path without links, where it can be had.
pub(super) fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// A path relative to a folder, with `/`; none where it lies elsewhere.
pub(super) fn below(folder: &Path, path: &Path) -> Option<String> {
    let plain = path.strip_prefix(folder).ok().map(slashes);
    plain.or_else(|| real(path).strip_prefix(real(folder)).ok().map(slashes))
}

fn slashes(path: &Path) -> String {
    let text = path.display().to_string();
    match cfg!(windows) {
        true => text.replace('\\', "/"),
        false => text.strip_prefix("./").unwrap_or(&text).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_where_it_was_asked_and_from_the_repository() {
        let top = tempfile::tempdir().unwrap();
        let web = top.path().join("apps/web");
        std::fs::create_dir_all(&web).unwrap();
        std::fs::create_dir(top.path().join(".git")).unwrap();
        let root = Root::of(std::slice::from_ref(&web));
        assert_eq!(root.told(&web), ".");
        assert_eq!(root.told(&web.join("yarn.lock")), "yarn.lock");
        assert_eq!(
            root.in_repository(&web.join("yarn.lock")),
            "apps/web/yarn.lock"
        );
        let nothing = |_: &str| false;
        assert_eq!(root.trust(&nothing), real(top.path()));
        std::fs::write(web.join("customs.lock"), "customs-lock 1\n").unwrap();
        assert_eq!(root.trust(&nothing), real(&web));
    }

    #[test]
    fn who_removes_the_file_or_puts_one_nearer_does_not_choose_what_speaks() {
        let top = tempfile::tempdir().unwrap();
        let web = top.path().join("apps/web");
        std::fs::create_dir_all(&web).unwrap();
        std::fs::create_dir(top.path().join(".git")).unwrap();
        std::fs::write(web.join("customs.lock"), "customs-lock 1\n").unwrap();
        let root = Root::of(std::slice::from_ref(&web));
        let had = |path: &str| path == "apps/customs.lock";
        let apps = real(&top.path().join("apps"));
        assert_eq!(root.trust(&had), apps);
        assert_eq!(
            root.unheard(&apps, std::slice::from_ref(&web)),
            ["customs.lock"]
        );
        assert!(root.unheard(&web, std::slice::from_ref(&web)).is_empty());
    }
}
