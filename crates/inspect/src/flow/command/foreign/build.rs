//! Builders whose rules are a language of their own, and go by files that they look for.

use super::Text;
use crate::flow::Analysis;
use crate::flow::command::At;
use crate::package::join;
use crate::pure::FileId;

/// A builder: its names, the verbs with which it runs its rules (any where there are none), the
/// files that it looks for, and what these are written in.
type Builder = (
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
    &'static str,
);

const BUILDERS: &[Builder] = &[
    (
        &["docker", "podman", "nerdctl", "buildah"],
        &["build", "buildx", "bud"],
        &["Dockerfile", "Containerfile"],
        "a container's recipe",
    ),
    (
        &["docker", "podman", "docker-compose", "podman-compose"],
        &["compose", "up", "run"],
        &[
            "compose.yaml",
            "compose.yml",
            "docker-compose.yml",
            "docker-compose.yaml",
        ],
        "a container's recipe",
    ),
    (
        &["rake"],
        &[],
        &["Rakefile", "rakefile", "Rakefile.rb"],
        "Ruby",
    ),
    (&["bundle", "bundler"], &[], &["Gemfile", "gems.rb"], "Ruby"),
    (&["pod"], &["install", "update"], &["Podfile"], "Ruby"),
    (
        &["fastlane"],
        &[],
        &["fastlane/Fastfile", "Fastfile"],
        "Ruby",
    ),
    (&["vagrant"], &["up", "provision"], &["Vagrantfile"], "Ruby"),
    (
        &["gradle", "gradlew"],
        &[],
        &[
            "build.gradle",
            "build.gradle.kts",
            "settings.gradle",
            "settings.gradle.kts",
        ],
        "Gradle",
    ),
    (&["sbt"], &[], &["build.sbt"], "Scala"),
    (&["ant"], &[], &["build.xml"], "Ant"),
    (
        &["just"],
        &[],
        &["justfile", "Justfile", ".justfile"],
        "just",
    ),
    (
        &["task", "go-task"],
        &[],
        &["Taskfile.yml", "Taskfile.yaml"],
        "Task",
    ),
    (&["mage"], &[], &["magefile.go"], "Go"),
    (&["xmake"], &[], &["xmake.lua"], "Lua"),
    (
        &["premake5", "premake4", "premake"],
        &[],
        &["premake5.lua", "premake4.lua"],
        "Lua",
    ),
    (&["tup"], &[], &["Tupfile"], "tup"),
    (
        &["bazel", "bazelisk", "buck", "buck2"],
        &["build", "run", "test"],
        &["BUILD", "BUILD.bazel", "WORKSPACE", "MODULE.bazel", "BUCK"],
        "Starlark",
    ),
    (&["zig"], &["build"], &["build.zig"], "Zig"),
    (
        &["swift"],
        &["build", "run", "test"],
        &["Package.swift"],
        "Swift",
    ),
    (&["mix"], &[], &["mix.exs"], "Elixir"),
    (
        &["cabal", "stack"],
        &["build", "install", "run", "test"],
        &["Setup.hs"],
        "Haskell",
    ),
    (
        &["terraform", "tofu"],
        &["apply"],
        &["main.tf"],
        "Terraform",
    ),
    (
        &["nix-build", "nix-shell"],
        &[],
        &["default.nix", "shell.nix"],
        "Nix",
    ),
    (
        &["nix"],
        &["build", "run", "develop", "shell"],
        &["flake.nix", "default.nix"],
        "Nix",
    ),
];
/// Programs that run the file that is named behind a verb.
const RUNNERS: &[(&str, &[&str], &str)] = &[
    ("go", &["run", "generate", "test"], "Go"),
    ("zig", &["run", "test"], "Zig"),
    ("nim", &["r", "run"], "Nim"),
    ("v", &["run"], "V"),
    ("dub", &["run", "build", "test"], "D"),
    ("rdmd", &[], "D"),
    ("tcc", &["-run"], "C"),
    ("swift", &[], "Swift"),
    ("dotnet", &[], ".NET"),
    ("gem", &["install", "build", "exec"], "Ruby"),
    ("sqlite3", &["-init"], "SQL"),
    ("msiexec", &["/i", "/package", "-i"], "an installer"),
    ("dpkg", &["-i", "--install"], "an installer"),
    (
        "rpm",
        &["-i", "-U", "-ivh", "-Uvh", "--install"],
        "an installer",
    ),
    ("installer", &["-pkg"], "an installer"),
];

impl Analysis<'_> {
    /// `docker build .`, `go run ./x.go`, `rake`: rules of the package, or a file of it.
    pub(super) fn builds_by_rules(&mut self, base: &str, args: &[Text], line: &str, at: &At) {
        let texts: Vec<&str> = args.iter().map(|(text, _)| text.as_str()).collect();
        let has_verb = |verbs: &[&str]| {
            let mut first = texts.iter().take(3);
            verbs.is_empty() || first.any(|text| verbs.contains(text))
        };
        for (names, verbs, files, language) in BUILDERS {
            if names.contains(&base)
                && has_verb(verbs)
                && let Some(file) = self.rules_of(&texts, files, at)
            {
                self.starts_unread(file, language, line, at);
                return;
            }
        }
        let runner = RUNNERS
            .iter()
            .find(|(name, verbs, _)| *name == base && has_verb(verbs));
        let Some((_, _, language)) = runner else {
            return;
        };
        let named = texts.iter().find_map(|text| {
            let path = self.own_path(text, at);
            path.or_else(|| self.own_go(base, text, at))
        });
        if let Some(file) = named {
            self.starts_unread(file, language, line, at);
        }
    }

    /// The rules that a builder finds: those that are named, or in a folder that is named, or
    /// where it runs.
    fn rules_of(&self, texts: &[&str], files: &[&str], at: &At) -> Option<FileId> {
        let mut folders = Vec::new();
        for text in texts {
            let value = text.split_once('=').map_or(*text, |(_, value)| value);
            if let Some(file) = self.own_path(value, at) {
                let name = self.package.file(file).path.rsplit('/').next()?;
                let is_rules = |known: &&str| {
                    let known = known.rsplit('/').next().unwrap_or(known);
                    name == known || name.starts_with(&format!("{known}."))
                };
                if files.iter().any(is_rules) || texts.contains(&"-f") || texts.contains(&"--file")
                {
                    return Some(file);
                }
            } else if value.contains(['.', '/']) {
                folders.extend(self.own_folder(value, at));
            }
        }
        if self.runs_in_package(at) {
            folders.push(at.folder.clone());
        }
        folders.iter().find_map(|folder| {
            let mut names = files.iter();
            names.find_map(|name| self.package.find(&join(folder, name)))
        })
    }
}
