//! The same lies in the lockfile of every manager: what comes of each is one table, which the page
//! about verify shows. A format that has no place for a lie has no cell for it.

use super::super::testing::{graph, manifest, said_with};
use super::super::{
    ExpectedOrigin, LockfileView, Options, Outcome, explain, judge, judge_together,
};
use customs_ecosystem::lockfile::{Kind, ManifestKind};
use customs_model::{Digest, DigestAlgorithm};
use std::fmt::Write as _;

/// What is done to the entry of `left`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    Address,
    Host,
    Http,
    Removed,
    Weak,
    Swapped,
    Changed,
    Two,
    Manifest,
    Repository,
}

/// Each with its words for people, and the rules of which one has to speak.
const LIES: [(Lie, &str, &[&str]); 10] = [
    (
        Lie::Address,
        "the address, or file, of another package",
        &["lock-address"],
    ),
    (Lie::Host, "another host", &["lock-origin"]),
    (Lie::Http, "no encryption", &["lock-transport"]),
    (
        Lie::Removed,
        "the digest is gone",
        &["lock-integrity-missing"],
    ),
    (
        Lie::Weak,
        "a weak digest, or one that is cut short",
        &["lock-integrity-weak", "lock-integrity-missing"],
    ),
    (
        Lie::Swapped,
        "the digest of another package",
        &["lock-same-digest"],
    ),
    (
        Lie::Changed,
        "another digest under the same version (`--base`)",
        &["lock-edited"],
    ),
    (
        Lie::Two,
        "two digests for one version, in two lockfiles",
        &["lock-digests-differ"],
    ),
    (
        Lie::Manifest,
        "the manifest asks for another version",
        &["lock-manifest", "lock-version"],
    ),
    (
        Lie::Repository,
        "a repository in the place of the registry",
        &["lock-outside-registry"],
    ),
];

/// An honest lockfile of `left` 1.0.0 and `right` 2.0.0, and how to lie in it.
struct Form {
    name: &'static str,
    kind: Kind,
    text: String,
    /// The manifest, and what makes it ask for `left` 9; none where there is none beside it.
    manifest: Option<(ManifestKind, &'static str, [&'static str; 2])>,
    /// The registry of the user's configuration.
    registry: &'static str,
    /// Texts that are replaced, by the lie.
    edits: Vec<(Lie, Vec<(String, String)>)>,
}

fn sri(byte: &str) -> String {
    let digest = Digest::from_hex(DigestAlgorithm::Sha512, &byte.repeat(64));
    digest.unwrap().to_sri()
}

fn sha1_sri() -> String {
    let digest = Digest::from_hex(DigestAlgorithm::Sha1, &"0c".repeat(20));
    digest.unwrap().to_sri()
}

fn hex(byte: &str) -> String {
    byte.repeat(32)
}

fn put(from: &str, to: &str) -> Vec<(String, String)> {
    vec![(from.to_owned(), to.to_owned())]
}

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const OF_LEFT: &str = "https://registry.example/left/-/left-1.0.0.tgz";
const OF_RIGHT: &str = "https://registry.example/right/-/right-2.0.0.tgz";
const EVIL: &str = "https://evil.example/left/-/left-1.0.0.tgz";
const PLAIN: &str = "http://registry.example/left/-/left-1.0.0.tgz";
const PACKAGE_JSON: (ManifestKind, &str, [&str; 2]) = (
    ManifestKind::PackageJson,
    r#"{"name":"shop","dependencies":{"left":"^1.0.0","right":"^2.0.0"}}"#,
    ["^1.0.0", "^9.0.0"],
);
const PYPROJECT: (ManifestKind, &str, [&str; 2]) = (
    ManifestKind::Pyproject,
    "[project]\nname = \"shop\"\nversion = \"0.1.0\"\ndependencies = [\"left>=1\", \"right>=2\"]\n",
    ["left>=1", "left>=9"],
);

/// What npm's family has in common: addresses, and digests as SRI.
fn edits_of_npm(more: Vec<(Lie, Vec<(String, String)>)>) -> Vec<(Lie, Vec<(String, String)>)> {
    let (left, right, other) = (sri("01"), sri("02"), sri("03"));
    let mut edits = vec![
        (Lie::Address, put(OF_LEFT, OF_RIGHT)),
        (Lie::Host, put(OF_LEFT, EVIL)),
        (Lie::Http, put(OF_LEFT, PLAIN)),
        (Lie::Weak, put(&left, &sha1_sri())),
        (Lie::Swapped, put(&left, &right)),
        (Lie::Changed, put(&left, &other)),
    ];
    edits.extend(more);
    edits
}

fn npm() -> Form {
    let (left, right) = (sri("01"), sri("02"));
    let entry = |name: &str, version: &str, url: &str, digest: &str| {
        format!(
            "    \"node_modules/{name}\": {{\n      \"version\": \"{version}\",\n      \"resolved\": \"{url}\",\n      \"integrity\": \"{digest}\"\n    }}"
        )
    };
    Form {
        name: "npm",
        kind: Kind::PackageLock,
        text: format!(
            "{{\n  \"name\": \"shop\",\n  \"lockfileVersion\": 3,\n  \"packages\": {{\n    \"\": {{\n      \"name\": \"shop\",\n      \"dependencies\": {{\"left\": \"^1.0.0\", \"right\": \"^2.0.0\"}}\n    }},\n{},\n{}\n  }}\n}}\n",
            entry("left", "1.0.0", OF_LEFT, &left),
            entry("right", "2.0.0", OF_RIGHT, &right)
        ),
        manifest: Some(PACKAGE_JSON),
        registry: "https://registry.example/",
        edits: edits_of_npm(vec![
            (
                Lie::Removed,
                put(&format!(",\n      \"integrity\": \"{left}\""), ""),
            ),
            (
                Lie::Repository,
                put(
                    OF_LEFT,
                    &format!("git+https://git.example/evil/left.git#{COMMIT}"),
                ),
            ),
        ]),
    }
}

fn pnpm() -> Form {
    let (left, right) = (sri("01"), sri("02"));
    Form {
        name: "pnpm",
        kind: Kind::PnpmLock,
        text: format!(
            "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      left:\n        specifier: ^1.0.0\n        version: 1.0.0\n      right:\n        specifier: ^2.0.0\n        version: 2.0.0\n\npackages:\n\n  left@1.0.0:\n    resolution: {{integrity: {left}, tarball: {OF_LEFT}}}\n\n  right@2.0.0:\n    resolution: {{integrity: {right}, tarball: {OF_RIGHT}}}\n\nsnapshots:\n\n  left@1.0.0: {{}}\n\n  right@2.0.0: {{}}\n"
        ),
        manifest: Some(PACKAGE_JSON),
        registry: "https://registry.example/",
        edits: edits_of_npm(vec![
            (Lie::Removed, put(&format!("integrity: {left}, "), "")),
            (
                Lie::Repository,
                put(
                    &format!("{{integrity: {left}, tarball: {OF_LEFT}}}"),
                    &format!(
                        "{{type: git, repo: https://git.example/evil/left.git, commit: {COMMIT}}}"
                    ),
                ),
            ),
        ]),
    }
}

fn yarn_1() -> Form {
    let (left, right) = (sri("01"), sri("02"));
    let (one, two) = ("0a".repeat(20), "0b".repeat(20));
    Form {
        name: "Yarn 1",
        kind: Kind::YarnClassic,
        text: format!(
            "# yarn lockfile v1\n\n\nleft@^1.0.0:\n  version \"1.0.0\"\n  resolved \"{OF_LEFT}#{one}\"\n  integrity {left}\n\nright@^2.0.0:\n  version \"2.0.0\"\n  resolved \"{OF_RIGHT}#{two}\"\n  integrity {right}\n"
        ),
        manifest: Some(PACKAGE_JSON),
        registry: "https://registry.example/",
        edits: edits_of_npm(vec![
            (
                Lie::Removed,
                vec![
                    (format!("  integrity {left}\n"), String::new()),
                    (format!("#{one}"), String::new()),
                ],
            ),
            (
                Lie::Repository,
                vec![
                    (format!("  integrity {left}\n"), String::new()),
                    (
                        format!("{OF_LEFT}#{one}"),
                        format!("git+https://git.example/evil/left.git#{COMMIT}"),
                    ),
                ],
            ),
        ]),
    }
}

fn yarn_4() -> Form {
    let sum = |byte: &str| byte.repeat(64);
    let entry = |name: &str, range: &str, version: &str, sum: &str| {
        format!(
            "\"{name}@npm:{range}\":\n  version: {version}\n  resolution: \"{name}@npm:{version}\"\n  checksum: 10c0/{sum}\n  languageName: node\n  linkType: hard\n\n"
        )
    };
    Form {
        name: "Yarn 4",
        kind: Kind::YarnBerry,
        text: format!(
            "__metadata:\n  version: 8\n  cacheKey: 10c0\n\n{}{}\"shop@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"shop@workspace:.\"\n  dependencies:\n    left: \"npm:^1.0.0\"\n    right: \"npm:^2.0.0\"\n  languageName: unknown\n  linkType: soft\n",
            entry("left", "^1.0.0", "1.0.0", &sum("01")),
            entry("right", "^2.0.0", "2.0.0", &sum("02")),
        ),
        manifest: Some(PACKAGE_JSON),
        registry: "https://registry.example/",
        edits: vec![
            (
                Lie::Address,
                put(
                    "resolution: \"left@npm:1.0.0\"",
                    "resolution: \"right@npm:2.0.0\"",
                ),
            ),
            (
                Lie::Removed,
                put(&format!("  checksum: 10c0/{}\n", sum("01")), ""),
            ),
            (Lie::Weak, put(&sum("01"), "0102")),
            (Lie::Swapped, put(&sum("01"), &sum("02"))),
            (Lie::Changed, put(&sum("01"), &sum("03"))),
            (
                Lie::Repository,
                put(
                    "resolution: \"left@npm:1.0.0\"",
                    &format!(
                        "resolution: \"left@https://git.example/evil/left.git#commit={COMMIT}\""
                    ),
                ),
            ),
        ],
    }
}

fn bun() -> Form {
    let (left, right) = (sri("01"), sri("02"));
    Form {
        name: "bun",
        kind: Kind::BunLock,
        text: format!(
            "{{\n  \"lockfileVersion\": 1,\n  \"workspaces\": {{\n    \"\": {{\n      \"name\": \"shop\",\n      \"dependencies\": {{\n        \"left\": \"^1.0.0\",\n        \"right\": \"^2.0.0\",\n      }},\n    }},\n  }},\n  \"packages\": {{\n    \"left\": [\"left@1.0.0\", \"{OF_LEFT}\", {{}}, \"{left}\"],\n\n    \"right\": [\"right@2.0.0\", \"{OF_RIGHT}\", {{}}, \"{right}\"],\n  }}\n}}\n"
        ),
        manifest: Some(PACKAGE_JSON),
        registry: "https://registry.example/",
        edits: edits_of_npm(vec![
            (Lie::Removed, put(&format!(", \"{left}\""), "")),
            (
                Lie::Repository,
                put(
                    &format!("[\"left@1.0.0\", \"{OF_LEFT}\", {{}}, \"{left}\"]"),
                    &format!(
                        "[\"left@git+https://git.example/evil/left.git#{COMMIT}\", {{}}, \"{COMMIT}\"]"
                    ),
                ),
            ),
        ]),
    }
}

const WHEEL: &str = "https://registry.example/files/left-1.0.0-py3-none-any.whl";
const OTHER_WHEEL: &str = "https://registry.example/files/right-2.0.0-py3-none-any.whl";

/// What the formats of Python have in common: wheels, and SHA-256 in hex.
fn edits_of_python(more: Vec<(Lie, Vec<(String, String)>)>) -> Vec<(Lie, Vec<(String, String)>)> {
    let mut edits = vec![
        (Lie::Swapped, put(&hex("01"), &hex("02"))),
        (Lie::Changed, put(&hex("01"), &hex("03"))),
    ];
    edits.extend(more);
    edits
}

fn uv() -> Form {
    let entry = |name: &str, version: &str, url: &str, sum: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = {{ registry = \"https://registry.example/simple\" }}\nwheels = [\n    {{ url = \"{url}\", hash = \"sha256:{sum}\" }},\n]\n\n"
        )
    };
    let source = "version = \"1.0.0\"\nsource = { registry = \"https://registry.example/simple\" }";
    let from = |with: &str| {
        put(
            source,
            &format!("version = \"1.0.0\"\nsource = {{ {with} }}"),
        )
    };
    Form {
        name: "uv",
        kind: Kind::UvLock,
        text: format!(
            "version = 1\nrevision = 3\nrequires-python = \">=3.11\"\n\n{}{}[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\nsource = {{ virtual = \".\" }}\ndependencies = [\n    {{ name = \"left\" }},\n    {{ name = \"right\" }},\n]\n\n[package.metadata]\nrequires-dist = [\n    {{ name = \"left\", specifier = \">=1\" }},\n    {{ name = \"right\", specifier = \">=2\" }},\n]\n",
            entry("left", "1.0.0", WHEEL, &hex("01")),
            entry("right", "2.0.0", OTHER_WHEEL, &hex("02")),
        ),
        manifest: Some(PYPROJECT),
        registry: "https://registry.example/simple",
        edits: edits_of_python(vec![
            (Lie::Address, put(WHEEL, OTHER_WHEEL)),
            (
                Lie::Host,
                from("registry = \"https://evil.example/simple\""),
            ),
            (
                Lie::Http,
                from("registry = \"http://registry.example/simple\""),
            ),
            (
                Lie::Removed,
                put(&format!(", hash = \"sha256:{}\"", hex("01")), ""),
            ),
            (
                Lie::Weak,
                put(
                    &format!("sha256:{}", hex("01")),
                    &format!("md5:{}", "0c".repeat(16)),
                ),
            ),
            (
                Lie::Repository,
                from(&format!(
                    "git = \"https://git.example/evil/left?rev=main#{COMMIT}\""
                )),
            ),
        ]),
    }
}

fn poetry() -> Form {
    let entry = |name: &str, version: &str, sum: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = [\n    {{file = \"{name}-{version}-py3-none-any.whl\", hash = \"sha256:{sum}\"}},\n]\n\n"
        )
    };
    let next = "[[package]]\nname = \"right\"";
    let from = |lines: &str| put(next, &format!("[package.source]\n{lines}\n\n{next}"));
    Form {
        name: "Poetry",
        kind: Kind::PoetryLock,
        text: format!(
            "{}{}[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.11\"\ncontent-hash = \"{}\"\n",
            entry("left", "1.0.0", &hex("01")),
            entry("right", "2.0.0", &hex("02")),
            hex("0f"),
        ),
        manifest: Some(PYPROJECT),
        registry: "https://registry.example/simple",
        edits: edits_of_python(vec![
            (
                Lie::Address,
                put(
                    "left-1.0.0-py3-none-any.whl",
                    "right-2.0.0-py3-none-any.whl",
                ),
            ),
            (
                Lie::Host,
                from(
                    "type = \"legacy\"\nurl = \"https://evil.example/simple\"\nreference = \"evil\"",
                ),
            ),
            (
                Lie::Http,
                from(
                    "type = \"legacy\"\nurl = \"http://registry.example/simple\"\nreference = \"ours\"",
                ),
            ),
            (
                Lie::Removed,
                put(&format!(", hash = \"sha256:{}\"", hex("01")), ""),
            ),
            (
                Lie::Weak,
                put(
                    &format!("sha256:{}", hex("01")),
                    &format!("md5:{}", "0c".repeat(16)),
                ),
            ),
            (
                Lie::Repository,
                from(&format!(
                    "type = \"git\"\nurl = \"https://git.example/evil/left.git\"\nreference = \"main\"\nresolved_reference = \"{COMMIT}\""
                )),
            ),
        ]),
    }
}

fn pylock() -> Form {
    let entry = |name: &str, version: &str, url: &str, sum: &str| {
        format!(
            "[[packages]]\nname = \"{name}\"\nversion = \"{version}\"\nindex = \"https://registry.example/simple\"\nwheels = [{{ name = \"{name}-{version}-py3-none-any.whl\", url = \"{url}\", hashes = {{ sha256 = \"{sum}\" }} }}]\n\n"
        )
    };
    let index = "version = \"1.0.0\"\nindex = \"https://registry.example/simple\"";
    let from = |with: &str| put(index, &format!("version = \"1.0.0\"\n{with}"));
    Form {
        name: "pylock",
        kind: Kind::PylockToml,
        text: format!(
            "lock-version = \"1.0\"\ncreated-by = \"some-tool\"\n\n{}{}",
            entry("left", "1.0.0", WHEEL, &hex("01")),
            entry("right", "2.0.0", OTHER_WHEEL, &hex("02")),
        ),
        manifest: Some(PYPROJECT),
        registry: "https://registry.example/simple",
        edits: edits_of_python(vec![
            (Lie::Address, put(WHEEL, OTHER_WHEEL)),
            (Lie::Host, from("index = \"https://evil.example/simple\"")),
            (
                Lie::Http,
                from("index = \"http://registry.example/simple\""),
            ),
            (
                Lie::Removed,
                put(&format!("sha256 = \"{}\"", hex("01")), ""),
            ),
            (
                Lie::Weak,
                put(
                    &format!("sha256 = \"{}\"", hex("01")),
                    &format!("md5 = \"{}\"", "0c".repeat(16)),
                ),
            ),
            (
                Lie::Repository,
                from(&format!(
                    "vcs = {{ type = \"git\", url = \"https://git.example/evil/left\", commit-id = \"{COMMIT}\" }}"
                )),
            ),
        ]),
    }
}

fn requirements() -> Form {
    Form {
        name: "requirements",
        kind: Kind::RequirementsTxt,
        text: format!(
            "left==1.0.0 \\\n    --hash=sha256:{}\nright==2.0.0 \\\n    --hash=sha256:{}\n",
            hex("01"),
            hex("02")
        ),
        manifest: None,
        registry: "https://registry.example/simple",
        edits: edits_of_python(vec![
            (
                Lie::Removed,
                put(&format!(" \\\n    --hash=sha256:{}", hex("01")), ""),
            ),
            (
                Lie::Repository,
                put(
                    &format!("left==1.0.0 \\\n    --hash=sha256:{}", hex("01")),
                    &format!("left @ git+https://git.example/evil/left@{COMMIT}"),
                ),
            ),
            (
                Lie::Weak,
                put(
                    &format!("sha256:{}", hex("01")),
                    &format!("md5:{}", "0c".repeat(16)),
                ),
            ),
        ]),
    }
}

fn cargo() -> Form {
    let source = "registry+https://registry.example/index";
    let entry = |name: &str, version: &str, sum: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"{source}\"\nchecksum = \"{sum}\"\n\n"
        )
    };
    let of_left = format!("version = \"1.0.0\"\nsource = \"{source}\"");
    let from = |with: &str| {
        put(
            &of_left,
            &format!("version = \"1.0.0\"\nsource = \"{with}\""),
        )
    };
    Form {
        name: "cargo",
        kind: Kind::CargoLock,
        text: format!(
            "version = 4\n\n{}{}[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\ndependencies = [\n \"left\",\n \"right\",\n]\n",
            entry("left", "1.0.0", &hex("01")),
            entry("right", "2.0.0", &hex("02")),
        ),
        manifest: Some((
            ManifestKind::CargoToml,
            "[package]\nname = \"shop\"\nversion = \"0.1.0\"\n[dependencies]\nleft = \"1\"\nright = \"2\"\n",
            ["left = \"1\"", "left = \"9\""],
        )),
        registry: source,
        edits: vec![
            (Lie::Host, from("registry+https://evil.example/index")),
            (Lie::Http, from("registry+http://registry.example/index")),
            (
                Lie::Removed,
                put(&format!("checksum = \"{}\"\n", hex("01")), ""),
            ),
            (Lie::Weak, put(&hex("01"), "0102")),
            (Lie::Swapped, put(&hex("01"), &hex("02"))),
            (Lie::Changed, put(&hex("01"), &hex("03"))),
            (
                Lie::Repository,
                from(&format!("git+https://git.example/evil/left#{COMMIT}")),
            ),
        ],
    }
}

fn forms() -> [Form; 10] {
    [
        npm(),
        pnpm(),
        yarn_1(),
        yarn_4(),
        bun(),
        uv(),
        poetry(),
        pylock(),
        requirements(),
        cargo(),
    ]
}

impl Form {
    fn options(&self) -> Options {
        Options {
            expected_origins: vec![ExpectedOrigin {
                scope: None,
                address: self.registry.to_owned(),
            }],
            ..Options::default()
        }
    }

    /// What is said of a text, and of the manifest as it is or as it asks for something else.
    fn said(&self, text: &str, lying: bool) -> Vec<(String, Outcome)> {
        let options = self.options();
        let manifests: Vec<_> = self
            .manifest
            .iter()
            .map(|(kind, text, [from, to])| {
                let text = match lying {
                    true => text.replace(from, to),
                    false => (*text).to_owned(),
                };
                manifest(*kind, "", &text)
            })
            .collect();
        let graph = graph(self.kind, text);
        let view = LockfileView::new(self.kind.file_name(), &graph, &manifests, &options);
        outcomes(&judge(&view).findings)
    }

    fn edited(&self, lie: Lie) -> Option<String> {
        let (_, edits) = self.edits.iter().find(|(one, _)| *one == lie)?;
        let mut text = self.text.clone();
        for (from, to) in edits {
            assert!(text.contains(from), "{}: {lie:?}: {from}", self.name);
            text = text.replace(from, to);
        }
        Some(text)
    }

    /// What comes of a lie; none where the format has no place for it.
    fn of(&self, lie: Lie) -> Option<Vec<(String, Outcome)>> {
        let options = self.options();
        // Neither a list of requirements nor what was made of one says what a project asks for.
        if (self.kind, lie) == (Kind::PylockToml, Lie::Manifest) {
            return None;
        }
        match lie {
            Lie::Manifest => {
                self.manifest.as_ref()?;
                Some(self.said(&self.text, true))
            }
            Lie::Changed => {
                let now = graph(self.kind, &self.edited(lie)?);
                let base = graph(self.kind, &self.text);
                let change = explain(self.kind.file_name(), &base, &now);
                Some(outcomes(&change.findings))
            }
            Lie::Two => {
                let other = graph(self.kind, &self.edited(Lie::Changed)?);
                let one = graph(self.kind, &self.text);
                let views = [
                    LockfileView::new("a/lock", &one, &[], &options),
                    LockfileView::new("b/lock", &other, &[], &options),
                ];
                Some(outcomes(&judge_together(&views).findings))
            }
            _ => Some(self.said(&self.edited(lie)?, false)),
        }
    }
}

fn outcomes(findings: &[super::super::LockFinding]) -> Vec<(String, Outcome)> {
    findings
        .iter()
        .map(|finding| (finding.rule.to_string(), finding.outcome()))
        .collect()
}

#[test]
fn of_an_honest_lockfile_of_each_manager_nothing_is_said() {
    for form in forms() {
        let said = form.said(&form.text, false);
        let loud: Vec<_> = said.iter().filter(|(_, it)| *it > Outcome::Notes).collect();
        assert!(
            loud.is_empty(),
            "{}: {}",
            form.name,
            said_with(form.kind, &form.text, &[], &form.options())
        );
    }
}

/// The table, as the page has it.
fn table() -> String {
    let forms = forms();
    let mut out = String::from("| Lie |");
    for form in &forms {
        write!(out, " {} |", form.name).unwrap();
    }
    writeln!(out, "\n|---|{}", "---|".repeat(forms.len())).unwrap();
    for (lie, words, rules) in LIES {
        write!(out, "| {words} |").unwrap();
        for form in &forms {
            let cell = match form.of(lie) {
                None => "",
                Some(said) => {
                    let of_rules = said
                        .iter()
                        .filter(|(rule, _)| rules.contains(&rule.as_str()));
                    match of_rules.map(|(_, outcome)| *outcome).max() {
                        Some(Outcome::Fails) => "fails",
                        Some(Outcome::Warns) => "warns",
                        Some(Outcome::Notes) => "note",
                        None => "**missed**",
                    }
                }
            };
            write!(out, " {cell} |").unwrap();
        }
        out.push('\n');
    }
    out
}

#[test]
fn the_page_says_what_comes_of_each_lie_in_each_lockfile() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/verify.md");
    let page = std::fs::read_to_string(path).unwrap();
    let table = table();
    assert!(
        page.contains(&table),
        "docs/verify.md does not have the table of lies:\n{table}"
    );
    // Each of these is explained below the table.
    assert_eq!(table.matches("missed").count(), 3, "{table}");
}
