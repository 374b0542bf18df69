//! Files of configuration in the same change that decide where packages come from, or what is
//! checked and run.

mod keys;

use super::doc::LockRuleDoc;
use super::finding::Outcome;
use super::words::shown;
use customs_ecosystem::lockfile::{Settings, SettingsKind};
use customs_model::{Digest, Severity, printable};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub(super) static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-settings",
    title: "The change also changes where packages come from.",
    what: "Compares the files that configure package managers (.npmrc, .yarnrc, .yarnrc.yml, pnpm-workspace.yaml, \
           bunfig.toml, .cargo/config.toml, pip.conf, uv.toml, [tool.uv]) before and after a change, by their \
           keys: registries and indexes, what is taken instead (overrides, patches), what is no longer checked, \
           programs that are run, credentials. Of files of the repository that a package manager runs (`yarnPath`, \
           plugins, `.pnpmfile.cjs`) it says that their content changed.",
    why: "A lockfile can be right and the packages still be a stranger's, if the registry's address changed beside \
          it. Configuration is small and easily overlooked in a large change.",
    effect: "warns; fails where a check is switched off; a note for a credential whose value changed and for what \
             became stricter",
    to_do: "Review the configuration on its own. Values of credentials are never shown.",
    fires: &[
        "`registry` of .npmrc has another host.",
        "`strict-ssl=false`, `trusted-host`, `unsafeHttpWhitelist`.",
        "`yarnPath`, a plugin, `rustc-wrapper`: a program that runs with every command.",
    ],
    silent: &[
        "Keys that decide neither origin nor checks, such as `save-exact`.",
        "Comments and order.",
    ],
    learnt_from: "Dependency confusion (2021); `.yarnrc.yml` with a changed `yarnPath` in pull requests.",
};

/// What a setting decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Where packages come from.
    Origin,
    /// What is taken instead of what is asked for.
    Replaces,
    /// Which checks are made.
    Checks,
    /// A program that runs, or whether programs of packages may run.
    Runs,
    /// A credential; its value is never shown.
    Credential,
}

/// A file before and after a change.
#[derive(Debug, Clone, Copy)]
pub struct FileChange<'a> {
    /// Its path in the repository, with `/`.
    pub path: &'a str,
    /// What it was; none where it is new.
    pub before: Option<&'a [u8]>,
    /// What it is; none where it is gone.
    pub now: Option<&'a [u8]>,
}

/// A setting that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingChange {
    /// The file, safe to print.
    pub file: String,
    /// The key, with dots between its parts, safe to print. Empty where the file could not be read.
    pub key: String,
    /// What it decides.
    pub effect: Effect,
    /// The value before, safe to print; none where there was none.
    pub before: Option<String>,
    /// The value now, safe to print; none where there is none.
    pub now: Option<String>,
    /// How bad that is.
    pub severity: Severity,
    /// Why the file could not be compared.
    pub unread: Option<String>,
}

impl SettingChange {
    /// What follows from it.
    pub const fn outcome(&self) -> Outcome {
        Outcome::of(self.severity)
    }

    /// One sentence, safe to print.
    pub fn message(&self) -> String {
        if let Some(why) = &self.unread {
            return format!("{} could not be compared: {why}", self.file);
        }
        let what = match self.effect {
            Effect::Origin => "decides where packages come from",
            Effect::Replaces => "decides what is taken instead",
            Effect::Checks => "decides what is checked",
            Effect::Runs => "decides what runs",
            Effect::Credential => "is a credential",
        };
        let change = match (self.effect, &self.before, &self.now) {
            (Effect::Credential, Some(_), Some(_)) => "has another value".to_owned(),
            (Effect::Credential, None, _) => "is new".to_owned(),
            (_, None, Some(now)) => format!("is new: {now}"),
            (_, Some(before), None) => format!("is gone; it was {before}"),
            (_, Some(before), Some(now)) => format!("was {before} and is {now}"),
            (_, None, None) => "changed".to_owned(),
        };
        format!("{}: {} {change} ({what})", self.file, self.key)
    }
}

/// What changed in the configuration of package managers, in the order of the files and keys.
/// Files of other sorts are passed over; one that cannot be read is said.
pub fn settings_changes(files: &[FileChange<'_>]) -> Vec<SettingChange> {
    let mut out = Vec::new();
    for file in files {
        let Some(kind) = SettingsKind::of_path(file.path) else {
            continue;
        };
        let read =
            |bytes: Option<&[u8]>| bytes.map_or(Ok(Settings::new()), |bytes| kind.read(bytes));
        match (read(file.before), read(file.now)) {
            (Ok(before), Ok(now)) => compare(file.path, kind, &before, &now, &mut out),
            (_, Err(why)) => out.push(unread(file.path, &format!("now, {why}"))),
            (Err(why), Ok(_)) => out.push(unread(file.path, &format!("before, {why}"))),
        }
    }
    out
}

/// The files of the project that a file of configuration lets run, relative to its folder, as they are
/// written. None where it cannot be read, which [`settings_changes`] says.
pub fn programs(path: &str, bytes: &[u8]) -> Vec<String> {
    let settings =
        SettingsKind::of_path(path).and_then(|kind| Some((kind, kind.read(bytes).ok()?)));
    let Some((kind, settings)) = settings else {
        return Vec::new();
    };
    let runs = settings
        .into_iter()
        .filter(|(key, _)| keys::effect(kind, key) == Some(Effect::Runs));
    runs.flat_map(|(_, values)| values)
        // What has no folder and no ending is a name, a number or a yes.
        .filter(|value| value.contains(['/', '.']) && !value.contains("://"))
        .collect()
}

/// A file that a package manager runs has other bytes.
pub fn program_changed(path: &str, before: Option<&[u8]>, now: Option<&[u8]>) -> SettingChange {
    let digest = |bytes: Option<&[u8]>| bytes.map(|bytes| Digest::sha256(bytes).to_string());
    SettingChange {
        file: shown(path),
        key: "its content".to_owned(),
        effect: Effect::Runs,
        before: digest(before),
        now: digest(now),
        severity: Severity::Medium,
        unread: None,
    }
}

fn unread(path: &str, why: &str) -> SettingChange {
    SettingChange {
        file: shown(path),
        key: String::new(),
        effect: Effect::Origin,
        before: None,
        now: None,
        severity: Severity::Medium,
        unread: Some(why.to_owned()),
    }
}

fn compare(
    path: &str,
    kind: SettingsKind,
    before: &Settings,
    now: &Settings,
    out: &mut Vec<SettingChange>,
) {
    let keys: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    for key in keys {
        let (was, is) = (before.get(key), now.get(key));
        if was == is {
            continue;
        }
        let Some(effect) = keys::effect(kind, key) else {
            continue;
        };
        let hidden = effect == Effect::Credential;
        let value = |values: Option<&Vec<String>>| {
            values.map(|values| match hidden {
                true => "(hidden)".to_owned(),
                false => printable(&joined(values), 300),
            })
        };
        out.push(SettingChange {
            file: shown(path),
            key: shown(key),
            effect,
            before: value(was),
            now: value(is),
            severity: severity(effect, key, was, is),
            unread: None,
        });
    }
}

fn joined(values: &[String]) -> String {
    let bare: Vec<String> = values
        .iter()
        .map(|value| super::words::without_credential(value))
        .collect();
    bare.join(", ")
}

fn severity(
    effect: Effect,
    key: &str,
    was: Option<&Vec<String>>,
    is: Option<&Vec<String>>,
) -> Severity {
    match effect {
        Effect::Credential => Severity::Note,
        Effect::Origin | Effect::Replaces => Severity::Medium,
        Effect::Checks | Effect::Runs => match keys::loosens(key, was, is) {
            Some(true) => Severity::High,
            Some(false) => Severity::Note,
            None => Severity::Medium,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_changes(path: &str, before: &str, now: &str) -> String {
        let change = FileChange {
            path,
            before: Some(before.as_bytes()),
            now: Some(now.as_bytes()),
        };
        let all = settings_changes(&[change]);
        all.iter()
            .map(|c| format!("{} {}\n", c.outcome().word(), c.message()))
            .collect()
    }

    #[test]
    fn files_that_settings_let_run_are_named() {
        let yarn = "yarnPath: .yarn/releases/yarn-4.1.0.cjs\nplugins:\n  - ./tools/a.cjs\n  - path: .yarn/plugins/b.cjs\n    spec: https://plugins.example/b.js\nenableScripts: true\n";
        let mut found = programs("web/.yarnrc.yml", yarn.as_bytes());
        found.sort();
        assert_eq!(
            found,
            [
                "./tools/a.cjs",
                ".yarn/plugins/b.cjs",
                ".yarn/releases/yarn-4.1.0.cjs"
            ]
        );
        assert_eq!(programs(".npmrc", b"ignore-scripts=true\n"), [""; 0]);
        let change = program_changed(".pnpmfile.cjs", Some(b"a"), Some(b"b")).message();
        insta::assert_snapshot!(change, @".pnpmfile.cjs: its content was sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb and is sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d (decides what runs)");
    }

    #[test]
    fn registries_scopes_checks_and_credentials_of_npmrc_are_named_and_no_secret_is_shown() {
        let before = "registry=https://registry.example/\nsave-exact=true\n//registry.example/:_authToken=one\n";
        let now = "registry=https://user:secret@mirror.example/\n@acme:registry=https://npm.acme.example/\nstrict-ssl=false\nsave-exact=false\n//registry.example/:_authToken=two\nignore-scripts=true\ngit=./tools/git\n";
        let text = shown_changes(".npmrc", before, now);
        assert!(!text.contains("secret") && !text.contains("two"), "{text}");
        insta::assert_snapshot!(text, @r"
        note .npmrc: //registry.example/:_authToken has another value (is a credential)
        warning .npmrc: @acme:registry is new: https://npm.acme.example/ (decides where packages come from)
        warning .npmrc: git is new: ./tools/git (decides what runs)
        note .npmrc: ignore-scripts is new: true (decides what runs)
        warning .npmrc: registry was https://registry.example/ and is https://mirror.example/ (decides where packages come from)
        failed .npmrc: strict-ssl is new: false (decides what is checked)
        ");
    }

    #[test]
    fn every_client_has_keys_that_count() {
        insta::assert_snapshot!(shown_changes(".yarnrc.yml", "enableScripts: false\n", "enableScripts: true\nyarnPath: .yarn/yarn.cjs\nnpmScopes:\n  acme:\n    npmRegistryServer: \"https://a.example\"\n"), @r"
        failed .yarnrc.yml: enableScripts was false and is true (decides what runs)
        warning .yarnrc.yml: npmScopes.acme.npmRegistryServer is new: https://a.example (decides where packages come from)
        warning .yarnrc.yml: yarnPath is new: .yarn/yarn.cjs (decides what runs)
        ");
        insta::assert_snapshot!(shown_changes("pnpm-workspace.yaml", "packages:\n  - a\noverrides:\n  a: 1\n", "packages:\n  - a\n  - b\noverrides:\n  a: 2\nminimumReleaseAge: 0\ndangerouslyAllowAllBuilds: true\n"), @r"
        failed pnpm-workspace.yaml: dangerouslyAllowAllBuilds is new: true (decides what runs)
        failed pnpm-workspace.yaml: minimumReleaseAge is new: 0 (decides what is checked)
        warning pnpm-workspace.yaml: overrides.a was 1 and is 2 (decides what is taken instead)
        ");
        insta::assert_snapshot!(shown_changes(".cargo/config.toml", "", "[source.mirror]\nregistry = \"sparse+https://crates.example/\"\n[build]\nrustc-wrapper = \"tools/wrap\"\njobs = 2\n"), @r"
        warning .cargo/config.toml: build.rustc-wrapper is new: tools/wrap (decides what runs)
        warning .cargo/config.toml: source.mirror.registry is new: sparse+https://crates.example/ (decides where packages come from)
        ");
        insta::assert_snapshot!(shown_changes("pip.conf", "[global]\nindex-url = https://index.example/simple\n", "[global]\nindex-url = https://index.example/simple\nextra-index-url = https://other.example/simple\ntrusted-host = other.example\n"), @r"
        warning pip.conf: global.extra-index-url is new: https://other.example/simple (decides where packages come from)
        failed pip.conf: global.trusted-host is new: other.example (decides what is checked)
        ");
        insta::assert_snapshot!(shown_changes("uv.toml", "exclude-newer = \"2026-01-01\"\n", "[[index]]\nname = \"b\"\nurl = \"https://b.example/simple\"\n"), @r"
        warning uv.toml: exclude-newer is gone; it was 2026-01-01 (decides what is checked)
        warning uv.toml: index is new: b (decides where packages come from)
        warning uv.toml: index.b.name is new: b (decides where packages come from)
        warning uv.toml: index.b.url is new: https://b.example/simple (decides where packages come from)
        ");
        insta::assert_snapshot!(shown_changes("bunfig.toml", "", "[install]\nregistry = \"https://r.example\"\n"), @r"
        warning bunfig.toml: install.registry is new: https://r.example (decides where packages come from)
        ");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_said_and_other_files_are_passed_over() {
        insta::assert_snapshot!(shown_changes(".yarnrc.yml", "", "a: &x 1\n"), @r"
        warning .yarnrc.yml could not be compared: now, line 1: a YAML feature that no lockfile needs; read the change of this file by eye
        ");
        assert_eq!(shown_changes("README.md", "a", "b"), "");
    }

    #[test]
    fn a_package_whose_name_ends_like_a_secret_is_no_secret() {
        insta::assert_snapshot!(shown_changes("pnpm-workspace.yaml", "", "overrides:\n  jsonwebtoken: npm:other@1\n  a.key: 2\nallowBuilds:\n  some-token: true\n"), @r"
        warning pnpm-workspace.yaml: allowBuilds.some-token is new: true (decides what runs)
        warning pnpm-workspace.yaml: overrides.a.key is new: 2 (decides what is taken instead)
        warning pnpm-workspace.yaml: overrides.jsonwebtoken is new: npm:other@1 (decides what is taken instead)
        ");
        insta::assert_snapshot!(shown_changes(".cargo/config.toml", "", "[alias]\ntoken = \"run --bin x\"\n[registries.own]\ntoken = \"secret\"\n"), @r"
        warning .cargo/config.toml: alias.token is new: run --bin x (decides what runs)
        note .cargo/config.toml: registries.own.token is new (is a credential)
        ");
        let yarn = shown_changes(
            ".yarnrc.yml",
            "",
            "npmScopes:\n  acme:\n    npmAuthToken: secret\n",
        );
        insta::assert_snapshot!(yarn, @"note .yarnrc.yml: npmScopes.acme.npmAuthToken is new (is a credential)");
    }

    #[test]
    fn which_index_is_the_default_and_which_comes_first_is_seen() {
        let index = |name: &str, more: &str| {
            format!("[[index]]\nname = \"{name}\"\nurl = \"https://{name}.example/simple\"\n{more}")
        };
        let default = "default = true\n";
        let before = index("a", default) + &index("b", "");
        let now = index("a", "") + &index("b", default);
        insta::assert_snapshot!(shown_changes("uv.toml", &before, &now), @r"
        warning uv.toml: index.a.default is gone; it was true (decides where packages come from)
        warning uv.toml: index.b.default is new: true (decides where packages come from)
        ");
        let turned = index("b", "") + &index("a", default);
        insta::assert_snapshot!(shown_changes("uv.toml", &before, &turned), @"warning uv.toml: index was a, b and is b, a (decides where packages come from)");
        let bare = |first: &str, second: &str| {
            format!(
                "[[index]]\nurl = \"https://a.example\"\n{first}[[index]]\nurl = \"https://b.example\"\n{second}"
            )
        };
        assert_ne!(
            shown_changes("uv.toml", &bare(default, ""), &bare("", default)),
            ""
        );
        let include = shown_changes(
            ".cargo/config.toml",
            "",
            "[[include]]\npath = \"other.toml\"\n",
        );
        assert!(include.contains("where packages come from"), "{include}");
    }

    #[test]
    fn what_is_new_is_judged_like_what_changed() {
        for (path, now) in [
            (".npmrc", "strict-ssl=0\n"),
            (".npmrc", "strict-ssl=\n"),
            (".npmrc", "strict-ssl=true\nstrict-ssl=false\n"),
            (".npmrc", "min-release-age=0\n"),
            (".yarnrc.yml", "checksumBehavior: ignore\n"),
            ("pnpm-workspace.yaml", "trustPolicy: off\n"),
            (
                "pnpm-workspace.yaml",
                "minimumReleaseAgeExclude:\n  - '*'\n",
            ),
            ("pip.conf", "[global]\nTRUSTED_HOST = a.example\n"),
            ("pip.conf", "[install]\nrequire-hashes = off\n"),
        ] {
            let said = shown_changes(path, "", now);
            assert!(said.starts_with("failed "), "{path} {now:?}: {said}");
        }
        // A hole that took the place of two others is a new one; one that was closed is none.
        let hosts = |all: &str| format!("[global]\ntrusted-host = {all}\n");
        let said = shown_changes("pip.conf", &hosts("a\n  b"), &hosts("c"));
        assert!(said.starts_with("failed "), "{said}");
        let said = shown_changes("pip.conf", &hosts("a\n  b"), &hosts("a"));
        assert!(said.starts_with("note "), "{said}");
        let said = shown_changes(
            "pnpm-workspace.yaml",
            "",
            "minimumReleaseAgeExclude:\n  - a\n",
        );
        assert!(said.starts_with("warning "), "{said}");
    }
}
