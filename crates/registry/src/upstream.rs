//! Upstreams: they belong to the user. None is built in.

use base64::Engine as _;
use customs_model::{Ecosystem, PackageName, Route};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use url::Url;

/// A text that must not be printed. It is serialised only towards the user's own gate.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Ends in a request header, nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How an upstream is told who asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Credential {
    /// `Authorization: Bearer …`
    Bearer(Secret),
    /// `Authorization: Basic …`
    Basic {
        /// User name.
        user: String,
        /// Password.
        password: Secret,
    },
    /// `Authorization: …`, as it stands (cargo sends its token bare).
    Verbatim(Secret),
}

impl Credential {
    /// The value of the `Authorization` header.
    pub fn header(&self) -> String {
        match self {
            Self::Bearer(token) => format!("Bearer {}", token.expose()),
            Self::Basic { user, password } => {
                let pair = format!("{user}:{}", password.expose());
                format!(
                    "Basic {}",
                    base64::engine::general_purpose::STANDARD.encode(pair)
                )
            }
            Self::Verbatim(token) => token.expose().to_owned(),
        }
    }
}

/// One registry, as the user's client is configured to reach it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Upstream {
    /// Its base, with a trailing slash.
    pub base: Url,
    /// The credential that the user's configuration has for it.
    pub credential: Option<Credential>,
    /// Whether everybody can publish there.
    pub route: Route,
    /// Certificates that the client trusts besides the system's.
    #[serde(default)]
    pub extra_roots: Vec<PathBuf>,
}

/// Why a text is no upstream.
#[derive(Debug, thiserror::Error)]
#[error("{shown:?} is no address of a registry: {why}; set it in the client's own configuration")]
pub struct UpstreamError {
    shown: String,
    why: String,
}

impl Upstream {
    /// Parses an address as it stands in a client's configuration: `sparse+` is taken
    /// off, user and password become a credential, a trailing slash is added.
    ///
    /// # Errors
    /// Not an `http` or `https` URL with a host.
    pub fn parse(text: &str, route: Route) -> Result<Self, UpstreamError> {
        let text = text.trim();
        let refuse = |why: &str| UpstreamError {
            // What stands before an `@` may be a password.
            shown: customs_model::printable(text.rsplit('@').next().unwrap_or(""), 120),
            why: why.to_owned(),
        };
        let mut base = Url::parse(text.strip_prefix("sparse+").unwrap_or(text))
            .map_err(|e| refuse(&e.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
            return Err(refuse("it is not an http or https URL"));
        }
        let credential = (!base.username().is_empty()).then(|| Credential::Basic {
            user: decode(base.username()),
            password: Secret::new(decode(base.password().unwrap_or(""))),
        });
        base.set_username("")
            .and_then(|()| base.set_password(None))
            .map_err(|()| refuse("its user part"))?;
        base.set_query(None);
        base.set_fragment(None);
        if !base.path().ends_with('/') {
            let path = format!("{}/", base.path());
            base.set_path(&path);
        }
        Ok(Self {
            base,
            credential,
            route,
            extra_roots: Vec::new(),
        })
    }

    /// A URL below the base. `path` must be percent-encoded already.
    ///
    /// # Errors
    /// The path leads out of the base.
    pub fn join(&self, path: &str) -> Result<Url, UpstreamError> {
        let refuse = || UpstreamError {
            shown: customs_model::printable(path, 120),
            why: "the path leads out of the registry".into(),
        };
        if path.contains('\\') {
            return Err(refuse());
        }
        let joined = Url::parse(&format!("{}{path}", self.base)).map_err(|_| refuse())?;
        let inside =
            joined.origin() == self.base.origin() && joined.path().starts_with(self.base.path());
        if inside { Ok(joined) } else { Err(refuse()) }
    }

    /// Whether a URL is on this upstream's own host and port.
    pub fn owns(&self, url: &Url) -> bool {
        self.base.origin() == url.origin()
    }

    /// A name for logs and reports: host and path, never a credential.
    pub fn shown(&self) -> String {
        let port = self
            .base
            .port()
            .map(|p| format!(":{p}"))
            .unwrap_or_default();
        format!(
            "{}{port}{}",
            self.base.host_str().unwrap_or(""),
            self.base.path()
        )
    }
}

fn decode(text: &str) -> String {
    url::form_urlencoded::parse(format!("x={}", text.replace('+', "%2B")).as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// The registries of one client configuration. Several clients in one process tree may
/// disagree, so each configuration has a set of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Upstreams {
    /// npm's default registry.
    pub npm: Option<Upstream>,
    /// Registries of npm scopes (`@scope`).
    #[serde(default)]
    pub npm_scopes: BTreeMap<String, Upstream>,
    /// Python indexes, in the order in which the client asks them.
    #[serde(default)]
    pub pypi: Vec<Upstream>,
    /// The cargo sparse index.
    pub cargo: Option<Upstream>,
    /// Private npm registries that are asked for a name before the default one is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub npm_private: Vec<Upstream>,
    /// Private sparse indexes that are asked for a name before the other one is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cargo_private: Vec<Upstream>,
    /// Names that no public registry is asked for: `pkg:npm/@acme/*`, `pkg:pypi/acme-tool`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub internal: Vec<String>,
    /// Names whose origin of before is not held against them: they are looked for anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<String>,
    /// Whether a name that a private registry has is that registry's for good.
    #[serde(default, skip_serializing_if = "is_false")]
    pub keeps_origins: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Upstreams {
    /// Where an npm package comes from: its scope's registry, else the default one.
    pub fn npm_for(&self, package: &PackageName) -> Option<&Upstream> {
        self.of_scope(package).or(self.npm.as_ref())
    }

    /// The registry of a package's scope, where one is listed. Some registries do not tell capitals
    /// apart: in them a scope is not asked for elsewhere either.
    fn of_scope(&self, package: &PackageName) -> Option<&Upstream> {
        let scope = package.scope()?;
        self.npm_scopes.get(scope).or_else(|| {
            let mut all = self.npm_scopes.iter();
            all.find(|(listed, _)| listed.eq_ignore_ascii_case(scope))
                .map(|(_, upstream)| upstream)
        })
    }

    /// Python indexes in the order in which a name is looked for: the user's own ones
    /// before the public one, so that nobody can take a private name in public.
    pub fn pypi_in_order(&self) -> impl Iterator<Item = &Upstream> {
        let of = |route: Route| self.pypi.iter().filter(move |u| u.route == route);
        of(Route::Private).chain(of(Route::Public))
    }

    /// Where a name may come from, in the order in which it is looked for. Public registries are
    /// last, and none is there for a name that is internal.
    pub fn origins_of(&self, package: &PackageName) -> Vec<&Upstream> {
        let mut all: Vec<&Upstream> = match package.ecosystem() {
            Ecosystem::Npm => {
                match self.of_scope(package) {
                    // A scope that is listed comes from nowhere else.
                    Some(upstream) => vec![upstream],
                    None => self.npm_private.iter().chain(&self.npm).collect(),
                }
            }
            Ecosystem::PyPi => self.pypi_in_order().collect(),
            Ecosystem::Cargo => self.cargo_private.iter().chain(&self.cargo).collect(),
        };
        // Stable: private ones stay in their order, before the public ones.
        all.sort_by_key(|upstream| upstream.route == Route::Public);
        if self.is_internal(package) {
            all.retain(|upstream| upstream.route == Route::Private);
        }
        all
    }

    /// Whether a name is one that no public registry is asked for. Capitals do not count: the name
    /// would be told in them as well.
    pub fn is_internal(&self, package: &PackageName) -> bool {
        if self.internal.is_empty() {
            return false;
        }
        let name = url_of(package).to_lowercase();
        let mut patterns = self.internal.iter();
        patterns.any(|pattern| means(&pattern.to_lowercase(), &name))
    }

    /// Whether a name is told to no public registry: it is internal, or of a scope that a team has a
    /// private registry for.
    pub fn is_hidden(&self, package: &PackageName) -> bool {
        let of_scope = self.of_scope(package).filter(|_| self.keeps_origins);
        self.is_internal(package) || of_scope.is_some_and(|one| one.route == Route::Private)
    }

    /// Whether a name is looked for anew.
    pub fn is_moved(&self, package: &PackageName) -> bool {
        let name = url_of(package);
        self.moved.iter().any(|pattern| means(pattern, &name))
    }

    /// These, and for an ecosystem that they say nothing about the others.
    #[must_use]
    pub fn or(self, others: &Self) -> Self {
        Self {
            npm: self.npm.or_else(|| others.npm.clone()),
            npm_scopes: if self.npm_scopes.is_empty() {
                others.npm_scopes.clone()
            } else {
                self.npm_scopes
            },
            pypi: if self.pypi.is_empty() {
                others.pypi.clone()
            } else {
                self.pypi
            },
            cargo: self.cargo.or_else(|| others.cargo.clone()),
            npm_private: either(self.npm_private, &others.npm_private),
            cargo_private: either(self.cargo_private, &others.cargo_private),
            internal: either(self.internal, &others.internal),
            moved: either(self.moved, &others.moved),
            keeps_origins: self.keeps_origins || others.keeps_origins,
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Upstream> {
        self.npm
            .iter()
            .chain(self.npm_scopes.values())
            .chain(&self.pypi)
            .chain(&self.cargo)
            .chain(&self.npm_private)
            .chain(&self.cargo_private)
    }
}

/// A package as it is named in a configuration.
fn url_of(package: &PackageName) -> String {
    format!("pkg:{}/{package}", package.ecosystem().purl_type())
}

/// Whether a package URL, which may end in a star, means a name.
fn means(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

fn either<T: Clone>(own: Vec<T>, others: &[T]) -> Vec<T> {
    match own.is_empty() {
        true => others.to_vec(),
        false => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_in_an_address_is_taken_out_of_it_and_never_shown() {
        let up =
            Upstream::parse("https://ann:p%40ss@registry.example/npm", Route::Private).unwrap();
        assert_eq!(up.base.as_str(), "https://registry.example/npm/");
        assert_eq!(
            up.credential.as_ref().unwrap().header(),
            "Basic YW5uOnBAc3M="
        );
        assert!(!format!("{up:?}").contains("p@ss"));
        let error =
            Upstream::parse("ftp://ann:secret@registry.example/", Route::Public).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn a_name_is_looked_for_in_private_first_and_an_internal_one_nowhere_else() {
        let at = |host: &str, route| Upstream::parse(&format!("https://{host}/"), route).unwrap();
        let upstreams = Upstreams {
            npm: Some(at("public.example", Route::Public)),
            npm_scopes: [("@own".to_owned(), at("own.example", Route::Private))].into(),
            npm_private: vec![
                at("a.example", Route::Private),
                at("b.example", Route::Private),
            ],
            pypi: vec![
                at("public.example", Route::Public),
                at("p.example", Route::Private),
            ],
            internal: vec!["pkg:npm/@acme/*".to_owned(), "pkg:pypi/acme".to_owned()],
            ..Upstreams::default()
        };
        let asked = |ecosystem, name: &str| -> Vec<String> {
            let package = PackageName::new(ecosystem, name).unwrap();
            let all = upstreams.origins_of(&package).into_iter();
            all.map(|one| one.base.host_str().unwrap().to_owned())
                .collect()
        };
        let (npm, pypi) = (Ecosystem::Npm, Ecosystem::PyPi);
        assert_eq!(
            asked(npm, "left"),
            ["a.example", "b.example", "public.example"]
        );
        assert_eq!(asked(npm, "@acme/x"), ["a.example", "b.example"]);
        assert_eq!(asked(npm, "@ACME/X"), ["a.example", "b.example"]);
        assert_eq!(asked(npm, "@own/x"), ["own.example"]);
        assert_eq!(asked(npm, "@Own/x"), ["own.example"]);
        assert_eq!(asked(pypi, "acme"), ["p.example"]);
        assert_eq!(asked(pypi, "acme-x"), ["p.example", "public.example"]);
        assert_eq!(asked(Ecosystem::Cargo, "x"), [""; 0]);
    }

    #[test]
    fn a_path_cannot_lead_out_of_its_registry() {
        let up = Upstream::parse("https://registry.example/npm/", Route::Public).unwrap();
        assert!(up.join("a/-/a-1.0.0.tgz").is_ok());
        assert!(up.join("../secret").is_err());
        assert!(up.join("%2e%2e/secret").is_err());
        assert!(up.join("-/npm/..\\secret").is_err());
    }
}
