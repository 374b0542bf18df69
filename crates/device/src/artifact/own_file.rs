use super::{Candidate, Form, Source, SourceError, Wanted, is_file};
use std::path::{Component, Path, PathBuf};

/// How it is called.
const NAME: &str = "the project";

/// Tarballs that lie in the project itself, and that its lockfile names by their paths
/// (`file:./vendor/a-1.0.0.tgz`).
#[derive(Debug, Clone)]
pub struct OwnFile {
    project: PathBuf,
}

impl OwnFile {
    /// Of a project.
    pub fn new(project: impl Into<PathBuf>) -> Self {
        Self {
            project: project.into(),
        }
    }
}

impl Source for OwnFile {
    fn name(&self) -> &str {
        NAME
    }

    fn find(&self, wanted: &Wanted<'_>) -> Result<Option<Candidate>, SourceError> {
        let written = wanted.resolved.and_then(|it| it.strip_prefix("file:"));
        // Yarn 1 writes a digest behind it.
        let inside = written.map(|it| Path::new(it.split('#').next().unwrap_or(it)));
        let leaves = |path: &Path| {
            path.components()
                .any(|part| !matches!(part, Component::Normal(_) | Component::CurDir))
        };
        let Some(inside) = inside.filter(|path| !leaves(path)) else {
            return Ok(None);
        };
        let path = self.project.join(inside);
        Ok(is_file(&path, NAME)?.then(|| Candidate {
            path,
            from: NAME.into(),
            form: Form::Artifact,
        }))
    }

    fn remedy(&self) -> &'static str {
        "see who changed that file; put it back, or let the package manager lock it anew"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tarball_of_the_project_is_found_and_no_path_leaves_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("project")).unwrap();
        for file in ["project/a.tgz", "b.tgz"] {
            std::fs::write(folder.path().join(file), "x").unwrap();
        }
        let source = OwnFile::new(folder.path().join("project"));
        let release = "pkg:npm/a@1.0.0".parse().unwrap();
        let finds = |resolved: &str| {
            let wanted = Wanted {
                release: &release,
                digests: &[],
                archive: None,
                resolved: Some(resolved),
            };
            source.find(&wanted).unwrap().is_some()
        };
        assert!(finds("file:./a.tgz#0123") && finds("file:a.tgz"));
        let absolute = folder.path().join("b.tgz");
        for other in ["a.tgz", "file:../b.tgz", "https://a.example/a.tgz"] {
            assert!(!finds(other), "{other}");
        }
        assert!(!finds(&format!("file:{}", absolute.display())));
    }
}
