//! Over a ledger that is written as the gate writes it.

use super::*;
use customs_model::{Decision, Dossier, Epoch, FixedClock, ReleaseId, Route};
use customs_rules::{RuleSet, decide, judge};
use customs_store::{Seen, SqliteStore, Store};

struct House {
    store: Arc<SqliteStore>,
    now: Timestamp,
    _folder: tempfile::TempDir,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn policy(text: &str) -> Policy {
    Policy::parse(&format!("version = 1\n{text}"), "policy.toml").unwrap()
}

const RELEASES: [(&str, &str); 3] = [
    ("1.0.0", "2024-01-01T00:00:00Z"),
    ("1.0.1", "2026-10-31T00:00:00Z"),
    ("1.1.0", "2026-11-03T00:00:00Z"),
];

impl House {
    /// A gate that looked at `left` under the default policy.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = at("2026-11-04T00:00:00Z");
        let clock = Arc::new(FixedClock::new(now));
        let store = Arc::new(SqliteStore::open(folder.path(), clock).unwrap());
        let house = Self {
            store,
            now,
            _folder: folder,
        };
        // All in one look: what comes later than a look is taken for backdated.
        let seen = RELEASES.map(|(version, published)| Seen {
            version: Version::new(version).unwrap(),
            artifact: None,
            published: Some(at(published)),
        });
        let package = PackageSpec::parse("left", Ecosystem::Npm).unwrap().package;
        let place = "https://registry.example/";
        house
            .store
            .record_sight(place, &package, &seen, now)
            .unwrap();
        for (version, published) in &RELEASES[1..] {
            let release = ReleaseId::new(package.clone(), Version::new(version).unwrap());
            house
                .store
                .record_decision(&decided(release, published, now))
                .unwrap();
        }
        house
    }

    fn ask(&self, target: &str, text: &str, now: Timestamp) -> (Explained, bool) {
        let question = Question {
            target: PackageSpec::parse(target, Ecosystem::Npm).unwrap(),
            policy: policy(text),
            advisories: Known::NotApplicable,
            now,
        };
        let mut memory = Memory::of(self.store.clone());
        let default = Policy::default();
        memory.take_for(default.digest().to_string(), &default);
        let answer = offline::ask(&question, &mut memory).unwrap().unwrap();
        let is_known = answer.is_known(&question);
        let explained = explained(question, "policy.toml".to_owned(), answer, Vec::new());
        (explained, is_known)
    }
}

fn decided(release: ReleaseId, published: &str, now: Timestamp) -> Decision {
    let dossier = Dossier::bare(release, Known::Is(at(published)), Route::Public);
    let verdict = judge(&dossier, &RuleSet::standard());
    let policy = Policy::default();
    let epoch = Epoch {
        policy: policy.digest().to_string(),
        rules: customs_rules::RULE_SET_VERSION,
        engine: customs_inspect::ENGINE_VERSION,
        ..Epoch::default()
    };
    decide(&dossier, &verdict, &policy, now, &epoch)
}

#[test]
fn each_release_that_is_not_offered_is_told_with_its_rule_and_its_end() {
    let house = House::new();
    let (told, is_known) = house.ask("left", "", house.now);
    assert!(is_known);
    assert_eq!(told.code(), 0);
    insta::assert_snapshot!(text::text(&told), @"
    pkg:npm/left under policy.toml, 2026-11-04 00:00 UTC
    (from the gate's ledger; its document was looked at 2026-11-04 00:00 UTC)

    1.1.0  held until 2026-11-06 00:00 UTC, since 2026-11-04 00:00 UTC
        version-age: published 2026-11-03 00:00 UTC, policy wants 72 h (until 2026-11-06 00:00 UTC)

    A resolver gets 1.0.1; 2 of 3 releases are offered.
    note: from the gate's ledger and memory: what its registry withdrew is not told, and tags are not known; --online asks the registry
    ");
}

#[test]
fn a_hold_that_is_over_is_over_although_nobody_asked_since() {
    let house = House::new();
    let (told, is_known) = house.ask("left", "", at("2026-11-06T00:00:00Z"));
    assert!(!is_known, "the document was looked at two days ago");
    assert_eq!(told.resolves.unwrap().as_str(), "1.1.0");
}

#[test]
fn one_release_is_told_alone_and_its_exemption_with_it() {
    let house = House::new();
    let exempt = "[[exemption]]\nmatch = \"pkg:npm/left@1.1.0\"\nrules = [\"version-age\"]\nreason = \"hot fix\"\nowner = \"ann\"\nexpires = 2026-11-05\n";
    let (told, is_known) = house.ask("left@1.1.0", exempt, house.now);
    assert!(is_known);
    assert_eq!(told.code(), 0);
    insta::assert_snapshot!(text::text(&told), @"
    pkg:npm/left under policy.toml, 2026-11-04 00:00 UTC
    (from the gate's ledger; its document was looked at 2026-11-04 00:00 UTC)

    1.1.0  offered
        version-age: published 2026-11-03 00:00 UTC, policy wants 72 h; no effect: exempted by ann until 2026-11-05 00:00 UTC: hot fix (policy.toml:2)

    A resolver gets 1.1.0; 3 of 3 releases are offered.
    exemption line 2: pkg:npm/left@1.1.0 from version-age waived by ann until 2026-11-05 00:00 UTC: hot fix
    note: from the gate's ledger and memory: what its registry withdrew is not told, and tags are not known; --online asks the registry
    ");
}

#[test]
fn what_the_ledger_cannot_know_is_not_known() {
    let house = House::new();
    let tighter = "[rules.dormant-name]\nafter = \"30d\"\n";
    let (told, is_known) = house.ask("left@1.0.1", tighter, house.now);
    assert!(!is_known);
    assert_eq!(told.code(), 3);
    let one = &told.releases[0];
    assert_eq!(one.state, State::NotKnown);
    assert_eq!(one.not_known.len(), 1, "{:?}", one.not_known);
    let (told, is_known) = house.ask("left@9.9.9", "", house.now);
    assert!(!is_known && told.releases.is_empty());
    assert_eq!(told.code(), 3);
}

#[test]
fn what_older_rules_decided_is_not_known_now() {
    let house = House::new();
    let release: ReleaseId = "pkg:npm/left@1.0.1".parse().unwrap();
    let mut decision = decided(release, "2026-10-31T00:00:00Z", house.now);
    decision.epoch.rules = 0;
    decision.epoch.policy = "another".to_owned();
    house.store.record_decision(&decision).unwrap();
    let (told, is_known) = house.ask("left@1.0.1", "", house.now);
    assert!(!is_known);
    assert_eq!(told.releases[0].state, State::NotKnown);
}

#[test]
fn what_a_private_registry_has_is_judged_as_private_while_it_is_its_origin() {
    let house = House::new();
    let key = "origin:npm:left";
    house
        .store
        .set_meta(key, "https://registry.example/")
        .unwrap();
    let (told, _) = house.ask("left", "", house.now);
    assert_eq!(told.resolves.unwrap().as_str(), "1.1.0", "young, and ours");
    // It moved: where it was looked at last is another place.
    house.store.set_meta(key, "https://old.example/").unwrap();
    let (told, _) = house.ask("left", "", house.now);
    assert_eq!(told.resolves.unwrap().as_str(), "1.0.1");
}

#[test]
fn the_form_for_programs_has_its_schema_and_every_state() {
    let house = House::new();
    let (told, _) = house.ask("left", "", house.now);
    let value = serde_json::to_value(&told).unwrap();
    assert_eq!(value["schema"], "customs/policy-explain-v1");
    assert_eq!(value["source"]["asked"], "ledger");
    assert_eq!(value["releases"][0]["state"], "held");
    assert_eq!(value["resolves"], "1.0.1");
}
