//! A registry of Python and of cargo with whole archives, which wants a credential.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use customs_replay::{Answer, Bound, Faults, Request, Response, Scenario, Server, Upstream};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

/// What a registry wants to be shown.
#[derive(Debug, Clone, Copy)]
pub enum Shown {
    /// It is open to everybody.
    Nothing,
    /// A user and a password.
    Basic(&'static str, &'static str),
    /// The token as it is, as cargo's registries have it.
    Verbatim(&'static str),
}

impl Shown {
    /// The header.
    pub fn header(self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Basic(user, password) => {
                let pair = STANDARD.encode(format!("{user}:{password}"));
                Some(format!("Basic {pair}"))
            }
            Self::Verbatim(token) => Some(token.to_owned()),
        }
    }
}

/// A running registry.
pub struct House {
    inside: Arc<Mutex<Inside>>,
    server: Server,
}

struct Inside {
    wants: Option<String>,
    base: String,
    releases: BTreeSet<(String, String)>,
    /// Names about which it says something else.
    instead: BTreeMap<String, u16>,
    upstream: Option<Upstream>,
}

/// What the server asks.
#[derive(Clone)]
struct Door(Arc<Mutex<Inside>>);

impl House {
    pub async fn new(wants: Shown) -> Self {
        let bound = Bound::new().await.unwrap();
        let inside = Arc::new(Mutex::new(Inside {
            wants: wants.header(),
            base: bound.base(),
            releases: BTreeSet::new(),
            instead: BTreeMap::new(),
            upstream: None,
        }));
        let server = bound.serve(Door(inside.clone()), Faults::none());
        Self { inside, server }
    }

    pub fn base(&self) -> String {
        self.server.base()
    }

    /// Publishes a release, long ago, in both ecosystems.
    pub fn publish(&self, name: &str, version: &str) {
        let mut inside = self.inside.lock().unwrap();
        inside.releases.insert((name.into(), version.into()));
        inside.build();
    }

    pub fn take_away(&self, name: &str) {
        let mut inside = self.inside.lock().unwrap();
        inside.releases.retain(|(one, _)| one != name);
        inside.build();
    }

    /// It answers questions about this name with this status from now on.
    pub fn answers(&self, name: &str, status: u16) {
        let mut inside = self.inside.lock().unwrap();
        inside.instead.insert(name.into(), status);
    }

    /// How often it was asked for anything of this name.
    pub fn asked_for(&self, name: &str) -> usize {
        let hits = self.server.hits().into_iter();
        hits.filter(|hit| is_about(&hit.path, name)).count()
    }

    /// How many artifacts of this name it gave.
    pub fn served(&self, name: &str) -> usize {
        let hits = self.server.hits().into_iter();
        let files = ["/files/", "/crates/"];
        let ours = hits.filter(|hit| is_about(&hit.path, name) && hit.status == 200);
        ours.filter(|hit| files.iter().any(|at| hit.path.starts_with(at)))
            .count()
    }

    /// Every credential that it was shown, each once.
    pub fn shown(&self) -> Vec<Option<String>> {
        let hits = self.server.hits().into_iter();
        let all: BTreeSet<_> = hits.map(|hit| hit.authorization).collect();
        all.into_iter().collect()
    }
}

/// File names of Python have a `_` where names have a `-`.
fn is_about(path: &str, name: &str) -> bool {
    path.replace('_', "-").contains(name)
}

impl Inside {
    fn build(&mut self) {
        let mut text = "id = \"house\"\ntitle = \"A registry\"\nwhat = \"Nothing happened.\"\n\
             ecosystem = \"pypi\"\nepoch = \"2026-06-01T00:00:00Z\"\nbenign = true\n\
             admitted-by-hours = 24\n"
            .to_owned();
        for (name, version) in &self.releases {
            for ecosystem in ["pypi", "cargo"] {
                let _ = writeln!(
                    text,
                    "[[package]]\nname = \"{name}\"\necosystem = \"{ecosystem}\"\nreleases = [\
                     {{ version = \"{version}\", published = \"2024-01-01T00:00:00Z\" }}]"
                );
            }
        }
        text.push_str("[[victim]]\nname = \"nobody\"\nproject = {}\ngood = {}\n");
        let scenario = Scenario::parse(&text).unwrap();
        let moment = scenario.moment(scenario.epoch);
        self.upstream = Some(Upstream::new(&scenario, moment, &self.base).unwrap());
    }
}

impl Answer for Door {
    fn answer(&self, request: &Request) -> Response {
        let inside = self.0.lock().unwrap();
        if inside.wants.is_some() && request.authorization != inside.wants {
            return Response::of(401, "text/plain", "who are you?")
                .with("www-authenticate", "Basic realm=\"house\"");
        }
        let path = request.bare_path();
        if inside.wants.is_some() && path == "/index/config.json" {
            let base = &inside.base;
            let config = serde_json::json!({
                "dl": format!("{base}/crates"), "api": base, "auth-required": true,
            });
            return Response::of(200, "application/json", config.to_string());
        }
        let mut instead = inside.instead.iter();
        if let Some((_, status)) = instead.find(|(name, _)| is_about(path, name)) {
            return Response::of(*status, "text/plain", "no");
        }
        match &inside.upstream {
            Some(upstream) => upstream.answer(request),
            None => Response::not_found(),
        }
    }
}
