//! Addresses in lockfiles: which lead to the gate, and what they were. Pure.

use crate::client::Discovered;
use customs_ecosystem::lockfile::{self, Kind};
use customs_gate::{file_url_to_gate, file_url_to_upstream};
use customs_registry::Upstreams;

/// Where the gate keeps Python's index.
const SIMPLE: &str = "/-/pypi/simple";
/// What Python distributions end in.
const DISTRIBUTIONS: [&str; 4] = [".whl", ".tar.gz", ".zip", ".tar.bz2"];

/// The gate and the registries that it stands for.
pub struct Addresses {
    gate: String,
    /// The gate's address with the run's credential in it: pip asks for one on the
    /// terminal when an index that a requirements file names wants it.
    with_credential: String,
    everybodys: Upstreams,
    yarns: Upstreams,
    buns: Upstreams,
    uvs: Upstreams,
}

impl Addresses {
    /// `gate` is its address without a slash at its end, `token` the run's credential.
    pub fn new(gate: &str, token: &str, found: &Discovered) -> Self {
        Self {
            with_credential: gate.replacen("://", &format!("://customs:{token}@"), 1),
            gate: gate.to_owned(),
            everybodys: found.upstreams.clone(),
            yarns: found.of("yarn"),
            buns: found.of("bun"),
            uvs: found.of("uv"),
        }
    }

    /// The registries of the client that writes a kind of lockfile.
    fn upstreams(&self, kind: Kind) -> &Upstreams {
        match kind {
            Kind::YarnClassic | Kind::YarnBerry => &self.yarns,
            Kind::BunLock => &self.buns,
            Kind::UvLock => &self.uvs,
            Kind::PackageLock
            | Kind::PnpmLock
            | Kind::PylockToml
            | Kind::PoetryLock
            | Kind::RequirementsTxt
            | Kind::CargoLock => &self.everybodys,
        }
    }

    fn indexes(&self, kind: Kind) -> impl Iterator<Item = &str> {
        let indexes = self.upstreams(kind).pypi.iter();
        indexes.map(|upstream| upstream.base.as_str().trim_end_matches('/'))
    }

    /// The gate's own address.
    pub fn gate(&self) -> &str {
        &self.gate
    }

    /// Whether a text names the gate anywhere.
    pub fn stands_in(&self, text: &str) -> bool {
        let host = self
            .gate
            .split_once("://")
            .map_or(self.gate.as_str(), |(_, host)| host);
        !lockfile::mentions(text, host).is_empty()
    }

    /// The gate's address for one that a client would fetch as written. `None` where
    /// the client comes to the gate by itself, or the gate does not stand for it.
    pub fn to_gate(&self, kind: Kind, url: &str) -> Option<String> {
        if self.bare(url).starts_with(&self.gate) || !url.starts_with("http") {
            return None;
        }
        match kind {
            // npm replaces the host itself (`replace-registry-host`), cargo's names none
            // that is fetched, Poetry asks its sources by name.
            Kind::PackageLock | Kind::CargoLock | Kind::PoetryLock => None,
            Kind::YarnClassic | Kind::YarnBerry | Kind::BunLock | Kind::PnpmLock => {
                self.tarball(kind, url)
            }
            Kind::UvLock | Kind::PylockToml => {
                self.index(kind, &self.gate, url).or_else(|| self.file(url))
            }
            // A file that a person named by its address is that person's own choice.
            Kind::RequirementsTxt => self.index(kind, &self.with_credential, url),
        }
    }

    /// A conventional tarball of whatever host: the gate asks the configured registry
    /// for it, and its digest must be the one that the registry promises.
    fn tarball(&self, kind: Kind, url: &str) -> Option<String> {
        let upstreams = self.upstreams(kind);
        let mut bases = upstreams.npm_scopes.values().chain(&upstreams.npm);
        if let Some(rest) = bases.find_map(|npm| url.strip_prefix(npm.base.as_str())) {
            return Some(format!("{}/{rest}", self.gate));
        }
        let path = url.split_once("://")?.1.split_once('/')?.1;
        let (before, file) = path.split_once("/-/")?;
        let is_tarball = file.split(['#', '?']).next()?.ends_with(".tgz");
        is_tarball.then(|| format!("{}/{before}/-/{file}", self.gate))
    }

    /// An address without a credential in it.
    fn bare(&self, url: &str) -> String {
        match url.split_once("://").and_then(|(scheme, rest)| {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            Some((scheme, host.rsplit_once('@')?.1, path))
        }) {
            Some((scheme, host, path)) => format!("{scheme}://{host}{path}"),
            None => url.to_owned(),
        }
    }

    fn index(&self, kind: Kind, gate: &str, url: &str) -> Option<String> {
        let index = url.trim_end_matches('/');
        let slash = if url.ends_with('/') { "/" } else { "" };
        self.indexes(kind)
            .any(|known| known == index)
            .then(|| format!("{gate}{SIMPLE}{slash}"))
    }

    fn file(&self, url: &str) -> Option<String> {
        let file = url.split(['#', '?']).next()?.rsplit('/').next()?;
        let is_file = DISTRIBUTIONS.iter().any(|end| file.ends_with(end));
        is_file.then(|| file_url_to_gate(&self.gate, url)).flatten()
    }

    /// Whether a requirements file names an index that the gate does not stand for.
    pub fn is_foreign_index(&self, url: &str) -> bool {
        let file = url.split(['#', '?']).next().unwrap_or(url);
        url.starts_with("http")
            && !DISTRIBUTIONS.iter().any(|end| file.ends_with(end))
            && !self.bare(url).starts_with(&self.gate)
            && self.to_gate(Kind::RequirementsTxt, url).is_none()
    }

    /// What a client would have written if the gate's address had been the registry's.
    pub fn to_upstream(&self, kind: Kind, url: &str) -> Option<String> {
        let url = self.bare(url);
        let rest = url.strip_prefix(&self.gate)?;
        if let Some(file) = file_url_to_upstream(&self.gate, &url) {
            return Some(file);
        }
        if rest.trim_end_matches('/') == SIMPLE {
            let slash = if rest.ends_with('/') { "/" } else { "" };
            return self
                .indexes(kind)
                .next()
                .map(|index| format!("{index}{slash}"));
        }
        if kind == Kind::BunLock {
            // What bun itself writes for the configured registry.
            return Some(String::new());
        }
        let path = rest.trim_start_matches('/');
        let scope = path.strip_prefix('@').and_then(|_| path.split('/').next());
        let upstreams = self.upstreams(kind);
        let of_scope = scope.and_then(|scope| upstreams.npm_scopes.get(scope));
        let upstream = of_scope.or(upstreams.npm.as_ref())?;
        Some(format!("{}{path}", upstream.base))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::Route;
    use customs_registry::Upstream;

    const GATE: &str = "http://127.0.0.1:20001";

    fn addresses() -> Addresses {
        let upstream = |url: &str| Upstream::parse(url, Route::Public).unwrap();
        let upstreams = Upstreams {
            npm: Some(upstream("https://registry.example/npm/")),
            npm_scopes: [("@acme".to_owned(), upstream("https://npm.acme.example/"))].into(),
            pypi: vec![upstream("https://index.example/simple")],
            ..Upstreams::default()
        };
        let yarns = Upstreams {
            npm: Some(upstream("https://yarn.example/")),
            ..Upstreams::default()
        };
        let found = Discovered {
            upstreams,
            of_client: [("yarn".to_owned(), yarns)].into(),
            missing: Vec::new(),
            from_project: Vec::new(),
        };
        Addresses::new(GATE, "tok", &found)
    }

    #[test]
    fn every_address_leads_to_the_gate_and_back() {
        let a = addresses();
        for (kind, url) in [
            (Kind::YarnClassic, "https://yarn.example/ms/-/ms-2.1.2.tgz"),
            (
                Kind::PnpmLock,
                "https://registry.example/npm/@a/b/-/b-1.0.0.tgz",
            ),
            (
                Kind::PnpmLock,
                "https://npm.acme.example/@acme/b/-/b-1.0.0.tgz",
            ),
            (Kind::UvLock, "https://index.example/simple"),
            (Kind::RequirementsTxt, "https://index.example/simple/"),
            (
                Kind::UvLock,
                "https://files.example/ab/six-1.0-py3-none-any.whl",
            ),
        ] {
            let there = a.to_gate(kind, url).unwrap_or_else(|| panic!("{url}"));
            assert!(a.stands_in(&there), "{there}");
            assert_eq!(a.to_upstream(kind, &there).as_deref(), Some(url));
            assert_eq!(a.to_gate(kind, &there), None, "twice is once");
        }
    }

    #[test]
    fn pip_finds_the_credential_in_the_address_of_its_requirements() {
        let there = addresses().to_gate(Kind::RequirementsTxt, "https://index.example/simple");
        assert_eq!(
            there.unwrap(),
            "http://customs:tok@127.0.0.1:20001/-/pypi/simple"
        );
    }

    #[test]
    fn a_tarball_of_another_host_comes_from_the_configured_registry_all_the_same() {
        let there = addresses().to_gate(
            Kind::YarnClassic,
            "https://mirror.example/ms/-/ms-2.1.2.tgz",
        );
        assert_eq!(there.unwrap(), format!("{GATE}/ms/-/ms-2.1.2.tgz"));
    }

    #[test]
    fn what_the_gate_does_not_stand_for_stays() {
        let a = addresses();
        for (kind, url) in [
            (
                Kind::PackageLock,
                "https://registry.example/npm/ms/-/ms-2.1.2.tgz",
            ),
            (Kind::YarnClassic, "git+ssh://git@code.example/a.git#1"),
            (
                Kind::YarnClassic,
                "https://code.example/a/archive/main.tar.gz",
            ),
            (
                Kind::RequirementsTxt,
                "https://files.example/six-1.0-py3-none-any.whl",
            ),
            (Kind::RequirementsTxt, "https://other.example/simple"),
        ] {
            assert_eq!(a.to_gate(kind, url), None, "{url}");
        }
    }
}
