//! Whether the registries that the clients are configured with hand on evidence of origin. Where one
//! strips it, nothing that comes from there can be verified, and no client says so.

use crate::client::Discovered;
use crate::error::{Doing as _, Failure};
use customs_model::{Answer, Ecosystem, SystemClock, printable};
use customs_registry::evidence::HandedOn;
use customs_registry::http::Fetcher;
use customs_registry::{Registry, Upstream};
use customs_store::SqliteStore;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// How long a registry may be silent.
const SILENCE: Duration = Duration::from_secs(20);
/// How long one may take in all.
const PATIENCE: Duration = Duration::from_secs(60);

/// A registry, and what it hands on.
#[derive(Debug, serde::Serialize)]
pub(super) struct OfRegistry {
    /// Host and path, safe to print.
    registry: String,
    ecosystem: Ecosystem,
    /// The clients that are configured with it.
    clients: Vec<&'static str>,
    hands_on: Vec<HandedOn>,
    /// Why it could not be asked in time; none where it was.
    not_checked: Option<String>,
}

/// The registries of these clients, each once.
fn registries(
    discovered: &Discovered,
    clients: &[&'static str],
) -> Vec<(Ecosystem, Upstream, Vec<&'static str>)> {
    let mut all: Vec<(Ecosystem, Upstream, Vec<&'static str>)> = Vec::new();
    for client in clients {
        let of = discovered.of(client);
        let own: Vec<(Ecosystem, Upstream)> = match *client {
            "npm" | "pnpm" | "yarn" | "bun" => of
                .npm
                .into_iter()
                .chain(of.npm_scopes.into_values())
                .map(|upstream| (Ecosystem::Npm, upstream))
                .collect(),
            "pip" | "uv" => {
                let indexes = of.pypi.into_iter();
                indexes.map(|index| (Ecosystem::PyPi, index)).collect()
            }
            // Documents of cargo registries hold no evidence that one could strip.
            _ => Vec::new(),
        };
        for (ecosystem, upstream) in own {
            let is_same = |one: &&mut (Ecosystem, Upstream, Vec<&'static str>)| {
                one.0 == ecosystem && one.1 == upstream
            };
            match all.iter_mut().find(is_same) {
                Some((_, _, clients)) if clients.contains(client) => {}
                Some((_, _, clients)) => clients.push(client),
                None => all.push((ecosystem, upstream, vec![client])),
            }
        }
    }
    all
}

/// Asks each of them. Documents are fetched anew: what a registry showed yesterday says nothing.
pub(super) async fn examine(
    discovered: &Discovered,
    clients: &[&'static str],
) -> Result<Vec<OfRegistry>, Failure> {
    let folder = tempfile::tempdir().doing("make a folder for documents")?;
    let clock = Arc::new(SystemClock);
    let store = SqliteStore::open(&folder.path().join("memory"), clock.clone())
        .doing("open the memory of this check")?;
    let fetcher = Fetcher::with_silence(SILENCE);
    let cache = folder.path().join("cache");
    let registry = Registry::open(&cache, fetcher, clock, Arc::new(store))
        .doing("open the folder for documents")?;
    let mut all = Vec::new();
    for (ecosystem, upstream, clients) in registries(discovered, clients) {
        let asked = registry.hands_on(ecosystem, &upstream);
        let told = tokio::time::timeout(PATIENCE, asked).await;
        let late = || format!("it did not answer within {} s", PATIENCE.as_secs());
        all.push(OfRegistry {
            registry: printable(&upstream.shown(), 200),
            ecosystem,
            clients,
            not_checked: told.is_err().then(late),
            hands_on: told.unwrap_or_default(),
        });
    }
    Ok(all)
}

/// For people.
pub(super) fn text(all: &[OfRegistry]) -> String {
    let mut text = String::new();
    for one in all {
        let whose = format!("{} ({})", one.registry, one.clients.join(", "));
        if let Some(because) = &one.not_checked {
            let because = printable(because, 300);
            // Writing to a string does not fail.
            let _ = writeln!(text, "evidence {whose}: not checked, because {because}");
        }
        for kind in &one.hands_on {
            let said = words(kind);
            let _ = writeln!(text, "evidence {whose}: {}: {said}", kind.kind.words());
        }
    }
    text
}

fn words(one: &HandedOn) -> String {
    match &one.answer {
        Answer::Yes => "yes, it hands them on".to_owned(),
        Answer::No => format!(
            "no, it strips them: {}. Nothing that comes from there can be verified by them; take a \
             registry that passes them on",
            printable(one.seen.as_deref().unwrap_or("none came"), 300)
        ),
        Answer::NotChecked(because) => {
            format!("not checked, because {}", printable(because, 300))
        }
    }
}

#[cfg(test)]
mod tests;
