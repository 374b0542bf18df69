//! The same of the other two ecosystems: a page of a Python project, and the file of a crate.

use super::{Team, advisory_of, days, policy, times_asked, token};
use crate::harness::{Answered, all_at};
use customs_gate::TeamSettings;
use customs_model::{Clock as _, Digest, Ecosystem};
use customs_replay::Response;
use serde_json::json;
use std::collections::BTreeMap;

const FILE: &str = "old-1.0.0-py3-none-any.whl";

/// One ecosystem, with a package whose only release is older than the window of rules about change.
struct Kind {
    ecosystem: Ecosystem,
    /// Where the gate has its document, and where the upstream does.
    here: &'static str,
    there: &'static str,
}

const PYPI: Kind = Kind {
    ecosystem: Ecosystem::PyPi,
    here: "/-/pypi/simple/old/",
    there: "/simple/old/",
};

const CARGO: Kind = Kind {
    ecosystem: Ecosystem::Cargo,
    here: "/-/cargo/index/3/o/old",
    there: "/index/3/o/old",
};

/// A gate in front of all ecosystems.
struct House {
    team: Team,
    kind: Kind,
    first: Answered,
}

impl House {
    /// One that has answered with the package.
    async fn asked(kind: Kind) -> Self {
        let team = Team::new(vec![token("ci", "one")]).await;
        let (base, digest) = (team.upstream.base(), Digest::sha256(b"x").to_hex());
        let at = team.clock.now() - days(40);
        let document = match kind.ecosystem {
            Ecosystem::PyPi => {
                let page = json!({ "meta": { "api-version": "1.1" }, "name": "old", "files": [{
                    "filename": FILE, "url": format!("{base}/files/{FILE}"),
                    "hashes": { "sha256": digest }, "upload-time": at.to_string(),
                }] });
                let media = "application/vnd.pypi.simple.v1+json";
                Response::of(200, media, page.to_string())
            }
            _ => {
                let line = json!({ "name": "old", "vers": "1.0.0", "deps": [], "features": {},
                    "yanked": false, "cksum": digest,
                    "pubtime": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string() });
                let config = json!({ "dl": format!("{base}/crates") });
                team.shelves.put_json("/index/config.json", &config);
                Response::of(200, "text/plain", format!("{line}\n"))
            }
        };
        team.shelves.put(kind.there, document);
        let mut house = Self {
            first: Answered {
                status: 0,
                headers: Default::default(),
                body: Vec::new(),
            },
            team,
            kind,
        };
        house.apply(|_, _| {}).await;
        house.first = house.get().await;
        assert!(house.offers(&house.first), "{}", house.first.text());
        house
    }

    async fn get(&self) -> Answered {
        self.team.get(self.kind.here, "one").await
    }

    async fn apply(&self, change: impl FnOnce(&Kind, &mut TeamSettings)) {
        let tokens = vec![token("ci", "one")];
        let mut settings = self.team.settings(tokens, BTreeMap::new());
        settings.upstreams = all_at(&self.team.upstream.base());
        change(&self.kind, &mut settings);
        self.team.gate.apply(settings).await.unwrap();
    }

    /// Whether the release is there for a resolver.
    fn offers(&self, answered: &Answered) -> bool {
        match self.kind.ecosystem {
            Ecosystem::PyPi => answered.status == 200 && answered.text().contains(FILE),
            _ => answered.status == 200 && answered.json()["yanked"] == false,
        }
    }

    async fn demand_withheld(&self, why: &str) {
        let answered = self.get().await;
        assert!(!self.offers(&answered), "{}", answered.text());
        if self.kind.ecosystem == Ecosystem::PyPi {
            assert!(answered.text().contains(why), "{}", answered.text());
        }
    }

    /// It is answered with the bytes and the validator of the first answer.
    async fn demand_unchanged(&self) {
        let again = self.get().await;
        assert_eq!((again.status, &again.body), (200, &self.first.body));
        assert_eq!(again.header("etag"), self.first.header("etag"));
    }
}

#[tokio::test]
async fn of_python_and_cargo_too_what_no_new_setting_is_about_stays_as_it_is_without_a_document() {
    for kind in [PYPI, CARGO] {
        let house = House::asked(kind).await;
        let type_ = house.kind.ecosystem.purl_type();
        let folder = house.team.folder.path().join("cache/documents").join(type_);
        std::fs::remove_dir_all(folder).unwrap();
        let changes: [fn(&Kind, &mut TeamSettings); 5] = [
            |kind, settings| {
                let other = format!("pkg:{}/other", kind.ecosystem.purl_type());
                settings.policy = policy(&format!("deny = [\"{other}\"]\n"));
            },
            |_, settings| settings.policy = policy("deny = [\"pkg:npm/old\"]\n"),
            |_, settings| settings.policy = policy("[rules.version-age]\nage = \"200h\"\n"),
            |kind, settings| settings.advisories = advisory_of(kind.ecosystem, "other"),
            |_, settings| settings.advisories = advisory_of(Ecosystem::Npm, "old"),
        ];
        for change in changes {
            house.apply(change).await;
            house.demand_unchanged().await;
        }
        let times = times_asked(&house.team, house.kind.there);
        assert_eq!(times, 1, "its document was gone");
    }
}

#[tokio::test]
async fn of_python_and_cargo_too_an_advisory_counts_at_once_and_so_does_its_end() {
    for kind in [PYPI, CARGO] {
        let house = House::asked(kind).await;
        house
            .apply(|kind, settings| settings.advisories = advisory_of(kind.ecosystem, "old"))
            .await;
        house.demand_withheld("MAL-2026-1").await;
        house
            .apply(|kind, settings| settings.advisories = advisory_of(kind.ecosystem, "other"))
            .await;
        house.demand_unchanged().await;
    }
}

#[tokio::test]
async fn of_python_and_cargo_too_a_denial_counts_at_once_and_so_does_its_end() {
    for kind in [PYPI, CARGO] {
        let house = House::asked(kind).await;
        for of in ["old", "old@1.0.0", "o*"] {
            house
                .apply(|kind, settings| {
                    let denied = format!("pkg:{}/{of}", kind.ecosystem.purl_type());
                    settings.policy = policy(&format!("deny = [\"{denied}\"]\n"));
                })
                .await;
            house.demand_withheld("denied").await;
            house.apply(|_, _| {}).await;
            house.demand_unchanged().await;
        }
    }
}

#[tokio::test]
async fn of_python_and_cargo_too_a_longer_window_of_rules_about_change_makes_a_release_young() {
    let longer = "change-window = \"60d\"\n[rules.version-age]\nage = \"50d\"\n";
    for kind in [PYPI, CARGO] {
        let house = House::asked(kind).await;
        house
            .apply(|_, settings| settings.policy = policy(longer))
            .await;
        house.demand_withheld("version-age").await;
        house.apply(|_, _| {}).await;
        house.demand_unchanged().await;
    }
}
