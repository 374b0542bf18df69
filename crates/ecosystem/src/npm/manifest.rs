//! What one version object declares, read on demand.

use super::offers;
use super::packument::mail_domain;
use super::platform::Platforms;
use customs_model::{
    Digest, DigestAlgorithm, Evidence, ExoticDependency, Known, Manifest, Offers, Origin,
    Publisher, PublisherKind, RunsCode, printable,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A version object, as far as judgement and delivery need it.
#[derive(Debug, Clone)]
pub struct NpmRelease {
    /// The name that it gives itself.
    pub name: Option<String>,
    /// The version that it gives itself.
    pub version: Option<String>,
    /// What it declares.
    pub manifest: Manifest,
    /// Who published it, with which evidence.
    pub origin: Origin,
    /// Where its tarball is.
    pub tarball: Option<String>,
    /// What the tarball must hash to, strongest first: `integrity`, then `shasum`.
    pub digests: Vec<Digest>,
    /// Bytes of its files, as the registry counted them.
    pub unpacked_size: Option<u64>,
    /// The machines that it is for (`os`, `cpu`, `libc`).
    pub platforms: Platforms,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    name: Lenient<String>,
    #[serde(default)]
    version: Lenient<String>,
    #[serde(default)]
    dependencies: Lenient<BTreeMap<String, serde_json::Value>>,
    #[serde(default, rename = "optionalDependencies")]
    optional: Lenient<BTreeMap<String, serde_json::Value>>,
    #[serde(default, rename = "peerDependencies")]
    peers: Lenient<BTreeMap<String, serde_json::Value>>,
    #[serde(default, rename = "peerDependenciesMeta")]
    peers_meta: Lenient<BTreeMap<String, serde_json::Value>>,
    #[serde(default)]
    scripts: Lenient<BTreeMap<String, serde_json::Value>>,
    #[serde(default, rename = "hasInstallScript")]
    has_install_script: Lenient<bool>,
    #[serde(default)]
    gypfile: Lenient<bool>,
    #[serde(default)]
    bin: serde_json::Value,
    #[serde(default)]
    directories: serde_json::Value,
    #[serde(default)]
    main: serde_json::Value,
    #[serde(default)]
    exports: serde_json::Value,
    #[serde(default)]
    os: serde_json::Value,
    #[serde(default)]
    cpu: serde_json::Value,
    #[serde(default)]
    libc: serde_json::Value,
    #[serde(default)]
    dist: Lenient<RawDist>,
    #[serde(default, rename = "_npmUser")]
    user: Lenient<RawUser>,
    #[serde(default)]
    repository: serde_json::Value,
    #[serde(default)]
    description: Lenient<String>,
    #[serde(default)]
    author: serde_json::Value,
    #[serde(default)]
    deprecated: serde_json::Value,
}

/// A field of the wrong type is a field that is not there: old documents hold them.
struct Lenient<T>(Option<T>);

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = serde_json::Value::deserialize(deserializer)?;
        Ok(Self(serde_json::from_value(raw).ok()))
    }
}

#[derive(Deserialize)]
struct RawDist {
    tarball: Option<String>,
    integrity: Option<String>,
    shasum: Option<String>,
    #[serde(default, rename = "unpackedSize")]
    unpacked_size: Lenient<u64>,
    #[serde(default)]
    attestations: serde_json::Value,
}

#[derive(Deserialize)]
struct RawUser {
    name: Option<String>,
    email: Option<String>,
    #[serde(default, rename = "trustedPublisher")]
    trusted: serde_json::Value,
}

impl NpmRelease {
    /// Reads a version object.
    ///
    /// # Errors
    /// It is no JSON object.
    pub fn read(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        // Through a value: of a doubled key the last counts, as with every client.
        let value: serde_json::Value = serde_json::from_slice(bytes)?;
        let raw: Raw = serde_json::from_value(value)?;
        let dist = raw.dist.0;
        let attested = dist.as_ref().is_some_and(|d| d.attestations.is_object());
        let user = raw.user.0;
        let trusted = user.as_ref().is_some_and(|u| u.trusted.is_object());
        let digests = dist.as_ref().map(digests).unwrap_or_default();
        let optional = specs(raw.optional.0);
        let mut dependencies = specs(raw.dependencies.0);
        // npm copies optional dependencies into `dependencies`; there they are optional too.
        dependencies.retain(|name, _| !optional.contains_key(name));
        // npm installs peers since 7 unless they are marked optional; what others bring
        // with them can be new all the same.
        let meta = raw.peers_meta.0.unwrap_or_default();
        let mut peers = specs(raw.peers.0);
        peers.retain(|name, _| {
            meta.get(name).and_then(|m| m.get("optional")) != Some(&serde_json::Value::Bool(true))
        });
        let (dependencies, mut optional) = (targets(dependencies), targets(optional));
        for (name, spec) in targets(peers) {
            if !dependencies.contains_key(&name) {
                optional.entry(name).or_insert(spec);
            }
        }
        let exotic = dependencies
            .iter()
            .chain(&optional)
            .filter(|(_, spec)| is_exotic(spec))
            .map(|(name, spec)| ExoticDependency {
                name: printable(name, 214),
                spec: printable(spec, 300),
            })
            .collect();
        let runs = runs(
            raw.scripts.0.unwrap_or_default(),
            raw.has_install_script.0.unwrap_or(false),
            raw.gypfile.0,
        );
        let offers = Offers {
            commands: offers::commands(&raw.bin, &raw.directories, raw.name.0.as_deref()),
            main: raw.main.as_str().map(offers::path),
            exports: offers::exports(&raw.exports),
            features: None,
        };
        Ok(Self {
            name: raw.name.0,
            version: raw.version.0,
            manifest: Manifest {
                dependencies,
                optional_dependencies: optional,
                dependencies_unknown: None,
                exotic,
                runs,
                offers,
                repository: text_or_url(&raw.repository),
                description: raw.description.0.map(|d| printable(&d, 400)),
                author: text_or_name(&raw.author),
                withdrawn: raw.deprecated.as_str().is_some_and(|t| !t.is_empty())
                    || raw.deprecated.as_bool() == Some(true),
            },
            origin: Origin {
                publisher: match user.and_then(|u| Some((u.name?, u.email))) {
                    Some((name, mail)) => Known::Is(Publisher {
                        name: printable(&name, 100),
                        mail_domain: mail
                            .as_deref()
                            .and_then(mail_domain)
                            .map(|d| printable(&d, 255)),
                        kind: if trusted {
                            PublisherKind::TrustedPublisher
                        } else {
                            PublisherKind::Account
                        },
                    }),
                    None => Known::not_known("the document names no publisher"),
                },
                evidence: Known::Is(match (attested, trusted) {
                    (true, true) => Evidence::TrustedPublisher,
                    (true, false) => Evidence::Provenance,
                    (false, _) => Evidence::None,
                }),
            },
            tarball: dist.as_ref().and_then(|d| d.tarball.clone()),
            platforms: Platforms::read(&raw.os, &raw.cpu, &raw.libc),
            unpacked_size: dist.and_then(|d| d.unpacked_size.0),
            digests,
        })
    }
}

/// The entries of a dependency map that are text. One that is not does not hide the rest.
fn specs(map: Option<BTreeMap<String, serde_json::Value>>) -> BTreeMap<String, String> {
    let text = |(name, spec): (String, serde_json::Value)| Some((name, spec.as_str()?.to_owned()));
    map.unwrap_or_default()
        .into_iter()
        .filter_map(text)
        .collect()
}

/// By the name of the package that is really asked for, which an alias hides.
fn targets(map: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for (name, spec) in &map {
        let (target, range) = resolve_alias(name, spec);
        // Of two aliases of one package the first keeps the plain name.
        match out.get(target) {
            None => out.insert(target.to_owned(), range.to_owned()),
            Some(_) => out.insert(name.clone(), spec.clone()),
        };
    }
    out
}

fn digests(dist: &RawDist) -> Vec<Digest> {
    let integrity = dist
        .integrity
        .as_deref()
        .and_then(|t| Digest::from_sri(t).ok());
    let shasum = dist
        .shasum
        .as_deref()
        .and_then(|t| Digest::from_hex(DigestAlgorithm::Sha1, t).ok());
    let mut digests: Vec<Digest> = integrity.into_iter().chain(shasum).collect();
    digests.dedup();
    digests
}

fn runs(
    scripts: BTreeMap<String, serde_json::Value>,
    declared: bool,
    gypfile: Option<bool>,
) -> RunsCode {
    let mut hooks: BTreeMap<String, String> = scripts
        .into_iter()
        .filter(|(name, _)| matches!(name.as_str(), "preinstall" | "install" | "postinstall"))
        .filter_map(|(name, command)| Some((name, printable(command.as_str()?, 400))))
        .collect();
    // The registry adds `install: node-gyp rebuild` where it sees a binding.gyp.
    let gyp = gypfile == Some(true)
        || hooks
            .get("install")
            .is_some_and(|command| command.trim() == "node-gyp rebuild");
    if hooks.is_empty() && declared {
        hooks.insert("install".into(), RunsCode::UNNAMED.into());
    }
    RunsCode {
        scripts: hooks,
        binding_gyp: gyp.then_some(true),
        ..RunsCode::default()
    }
}

/// Whether a dependency specification leads anywhere but to a registry.
pub fn is_exotic(spec: &str) -> bool {
    let spec = spec.trim();
    let within = ["npm:", "workspace:", "catalog:"];
    if within.iter().any(|protocol| spec.starts_with(protocol)) {
        return false;
    }
    // No range and no tag has a colon: an address, `github:…`, `file:…` or `host:path`.
    spec.contains(':')
        || spec.starts_with(['/', '~']) && spec.contains('/')
        || spec.starts_with("./")
        || spec.starts_with("../")
        || is_hosted_shorthand(spec)
}

/// `owner/repository#ref`.
fn is_hosted_shorthand(spec: &str) -> bool {
    let path = spec.split('#').next().unwrap_or(spec);
    !spec.starts_with('@')
        && path.split('/').count() == 2
        && path.split('/').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        })
}

/// The name and range that a dependency really asks for (`npm:other@^1` is an alias).
pub fn resolve_alias<'a>(name: &'a str, spec: &'a str) -> (&'a str, &'a str) {
    let Some(target) = spec.trim().strip_prefix("npm:") else {
        return (name, spec);
    };
    match target.get(1..).and_then(|t| t.find('@')) {
        Some(at) => (&target[..=at], &target[at + 2..]),
        None => (target, "*"),
    }
}

fn text_or_url(value: &serde_json::Value) -> Option<String> {
    let text = value
        .as_str()
        .or_else(|| value.get("url").and_then(|u| u.as_str()))?;
    Some(printable(text, 300))
}

fn text_or_name(value: &serde_json::Value) -> Option<String> {
    let text = value
        .as_str()
        .or_else(|| value.get("name").and_then(|u| u.as_str()))?;
    Some(printable(text, 200))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_from_a_version_object() {
        let release = NpmRelease::read(
            br#"{"name":"a","dependencies":{"b":"^1.0.0","c":"git+https://h.example/c","o":"1"},
                "optionalDependencies":{"o":"1"},"scripts":{"postinstall":"node setup.js","test":"x"},
                "_npmUser":{"name":"ci","email":"ci@pipeline.example","trustedPublisher":{"id":"x"}},
                "repository":{"type":"git","url":"git+https://h.example/a"},
                "dist":{"tarball":"https://registry.example/a/-/a-1.0.0.tgz",
                        "shasum":"2553649f2322049666871cea80a5d0d6adc700ca","attestations":{"url":"u"}}}"#,
        )
        .unwrap();
        assert_eq!(
            release.manifest.runs.scripts.keys().collect::<Vec<_>>(),
            ["postinstall"]
        );
        assert_eq!(release.manifest.exotic[0].name, "c");
        assert!(!release.manifest.dependencies.contains_key("o"));
        assert_eq!(
            release.origin.evidence,
            Known::Is(Evidence::TrustedPublisher)
        );
        assert_eq!(release.digests[0].algorithm(), DigestAlgorithm::Sha1);
    }

    #[test]
    fn fields_of_the_wrong_type_are_fields_that_are_not_there() {
        let release =
            NpmRelease::read(br#"{"dependencies":[],"scripts":"x","dist":7,"_npmUser":null}"#)
                .unwrap();
        assert!(release.manifest.dependencies.is_empty() && release.tarball.is_none());
        assert!(matches!(release.origin.publisher, Known::NotKnown(_)));
    }

    #[test]
    fn exotic_and_aliased_specifications_are_told_apart() {
        for spec in [
            "git+ssh://h.example/x",
            "github:a/b",
            "a/b#main",
            "https://h.example/x.tgz",
            "file:../x",
        ] {
            assert!(is_exotic(spec), "{spec}");
        }
        for spec in [
            "^1.0.0",
            "latest",
            "npm:@s/x@^1",
            "workspace:*",
            ">=1 <2",
            "1.x || 2.x",
        ] {
            assert!(!is_exotic(spec), "{spec}");
        }
        assert_eq!(resolve_alias("x", "npm:@s/y@^1"), ("@s/y", "^1"));
        assert_eq!(resolve_alias("x", "npm:y"), ("y", "*"));
        assert_eq!(resolve_alias("x", "^2"), ("x", "^2"));
    }
}
