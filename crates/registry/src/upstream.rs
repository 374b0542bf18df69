//! Upstreams: they belong to the user. None is built in.

use base64::Engine as _;
use customs_model::{PackageName, Route};
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
}

impl Upstreams {
    /// Where an npm package comes from: its scope's registry, else the default one.
    pub fn npm_for(&self, package: &PackageName) -> Option<&Upstream> {
        package
            .scope()
            .and_then(|scope| self.npm_scopes.get(scope))
            .or(self.npm.as_ref())
    }

    /// Python indexes in the order in which a name is looked for: the user's own ones
    /// before the public one, so that nobody can take a private name in public.
    pub fn pypi_in_order(&self) -> impl Iterator<Item = &Upstream> {
        let of = |route: Route| self.pypi.iter().filter(move |u| u.route == route);
        of(Route::Private).chain(of(Route::Public))
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
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Upstream> {
        self.npm
            .iter()
            .chain(self.npm_scopes.values())
            .chain(&self.pypi)
            .chain(&self.cargo)
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
    fn a_path_cannot_lead_out_of_its_registry() {
        let up = Upstream::parse("https://registry.example/npm/", Route::Public).unwrap();
        assert!(up.join("a/-/a-1.0.0.tgz").is_ok());
        assert!(up.join("../secret").is_err());
        assert!(up.join("%2e%2e/secret").is_err());
        assert!(up.join("-/npm/..\\secret").is_err());
    }
}
