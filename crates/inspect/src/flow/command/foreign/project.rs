//! Projects that lie in the package and are installed, built or run: what that runs of them.

use super::Text;
use crate::cargo;
use crate::flow::Analysis;
use crate::flow::command::At;
use crate::package::{folder, join};
use crate::pure::FileId;
use customs_model::Zone;
use toml::Value;

/// Projects of one command line.
const MOST: usize = 16;

impl Analysis<'_> {
    /// `pip install ./x`, `cargo run --manifest-path ./x/Cargo.toml`.
    pub(super) fn installs_own(
        &mut self,
        base: &str,
        args: &[Text],
        at: &At,
        reached: &mut Vec<FileId>,
    ) {
        if at.zone == Zone::Never {
            return;
        }
        let texts: Vec<&str> = args.iter().map(|(text, _)| text.as_str()).collect();
        match (base, texts.as_slice()) {
            ("cargo", rest) => self.cargo_run(rest, at, reached),
            ("pip" | "pip3" | "pipx" | "easy_install", rest) => self.pip_builds(rest, at, reached),
            ("uv", ["pip", rest @ ..]) => self.pip_builds(rest, at, reached),
            (name, ["-m", "pip" | "build", rest @ ..]) if name.starts_with("py") => {
                self.pip_builds(rest, at, reached);
            }
            _ => {}
        }
    }

    /// The build script of a crate of the package, and its program where that is run.
    fn cargo_run(&mut self, words: &[&str], at: &At, reached: &mut Vec<FileId>) {
        let mut words = words.iter().filter(|word| !word.starts_with('+'));
        let verb = words.clone().find(|word| !word.starts_with('-')).copied();
        let runs = matches!(verb, Some("run" | "r" | "test" | "t" | "bench"));
        let builds = matches!(
            verb,
            Some("build" | "b" | "install" | "check" | "c" | "rustc" | "doc" | "clippy")
        );
        if !runs && !builds {
            return;
        }
        let mut place = ".".to_owned();
        while let Some(word) = words.next() {
            let (option, joined) = match word.split_once('=') {
                Some((option, value)) => (option, Some(value)),
                None => (*word, None),
            };
            let value = match option {
                "--manifest-path" | "--path" | "-C" => {
                    joined.or_else(|| words.next().copied()).unwrap_or_default()
                }
                "--" => break,
                _ => continue,
            };
            place = match value.strip_suffix("Cargo.toml") {
                Some("") => ".".to_owned(),
                Some(here) => here.to_owned(),
                None => value.to_owned(),
            };
        }
        let Some(folder) = self.own_folder(&place, at) else {
            return;
        };
        let manifest = cargo::manifest(self.package, &folder);
        let section = manifest.get("package");
        let script = match section.and_then(|section| section.get("build")) {
            Some(Value::String(path)) => path.clone(),
            _ => "build.rs".to_owned(),
        };
        reached.extend(self.package.find(&join(&folder, &script)));
        if !runs {
            return;
        }
        let named = manifest.get("bin").and_then(Value::as_array);
        let named = named.into_iter().flatten();
        let named = named.filter_map(|bin| bin.get("path")?.as_str());
        for path in named.chain(["src/main.rs"]).take(MOST) {
            reached.extend(self.package.find(&join(&folder, path)));
        }
        let beside = join(&folder, "src/bin");
        let beside = self.scanned().filter(|id| {
            let path = &self.package.file(*id).path;
            path.ends_with(".rs") && self::folder(path) == beside
        });
        reached.extend(beside.take(MOST));
    }

    /// What is built because it is installed by its place: a folder, or an archive.
    fn pip_builds(&mut self, words: &[&str], at: &At, reached: &mut Vec<FileId>) {
        let mut found = 0;
        for word in words {
            let path = word.split_once('=').map_or(*word, |(_, value)| value);
            let path = path.strip_prefix("file:").unwrap_or(path);
            // `.[extra]`
            let path = path.split('[').next().unwrap_or(path);
            if path.is_empty() || path.starts_with('-') || !path.contains(['.', '/']) {
                continue;
            }
            let archive = self.own_path(path, at);
            let folder = match archive {
                Some(archive) => ["setup.py", "pyproject.toml"]
                    .iter()
                    .find_map(|name| self.folder_in_archive(archive, name)),
                None => self.own_folder(path, at),
            };
            let Some(folder) = folder else {
                continue;
            };
            found += 1;
            if found > MOST {
                self.cut_short(at.zone);
                return;
            }
            self.python_builds(&folder, reached);
        }
    }

    /// What the build of a project of Python runs of its own.
    fn python_builds(&mut self, folder: &str, reached: &mut Vec<FileId>) {
        for name in ["setup.py", "hatch_build.py", "pdm_build.py"] {
            reached.extend(self.package.find(&join(folder, name)));
        }
        let manifest = self
            .package
            .find(&join(folder, "pyproject.toml"))
            .and_then(|id| self.package.file(id).bytes.as_deref())
            .and_then(|bytes| String::from_utf8_lossy(bytes).parse::<toml::Table>().ok());
        let system = manifest.as_ref().and_then(|all| all.get("build-system"));
        let Some(backend) = system.and_then(|system| system.get("build-backend")?.as_str()) else {
            return;
        };
        let paths = system.and_then(|system| system.get("backend-path")?.as_array());
        let module = backend.split(':').next().unwrap_or(backend);
        let module = module.replace('.', "/");
        let paths = paths.into_iter().flatten().filter_map(Value::as_str);
        for base in paths.take(MOST) {
            let path = join(&join(folder, base), &module);
            let names = [format!("{path}.py"), format!("{path}/__init__.py")];
            reached.extend(names.iter().find_map(|name| self.package.find(name)));
        }
    }

    /// The folder of a package of npm that is named to be installed: `./inner`, `file:inner`, and
    /// the one in an archive of the package, `./inner.tgz`.
    pub(in crate::flow::command) fn installed_folder(&self, word: &str, at: &At) -> Option<String> {
        let path = word.strip_prefix("file:").unwrap_or(word);
        let archive = self.own_path(path, at);
        if let Some(archive) = archive {
            return self.folder_in_archive(archive, "package.json");
        }
        // A name without a place is a package of a registry.
        let is_place = path.len() < word.len() || path.starts_with('.') || path.contains('/');
        let folder = is_place.then(|| self.own_folder(path, at)).flatten();
        folder.filter(|folder| !folder.is_empty())
    }
}
