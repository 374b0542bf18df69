//! Over a ledger that is written as the gate writes it.

use super::*;
use customs_model::{
    Action, Decision, Digest, Dossier, Epoch, FixedClock, ReleaseId, Route, RuleId,
};
use customs_rules::{Policy, RuleSet, decide, judge};
use customs_store::{
    Asked, Delivered, LedgerRecord, Note, Refused, Seen, Served, SqliteStore, Store, Who,
};
use std::sync::Arc;

struct House {
    store: Arc<SqliteStore>,
    clock: Arc<FixedClock>,
    _folder: tempfile::TempDir,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn policy(text: &str) -> Policy {
    Policy::parse(&format!("version = 1\n{text}"), "policy.toml").unwrap()
}

fn left(version: &str) -> ReleaseId {
    format!("pkg:npm/left@{version}").parse().unwrap()
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new(at("2026-11-04T00:00:00Z")));
        let store = Arc::new(SqliteStore::open(folder.path(), clock.clone()).unwrap());
        // All in one look: what comes later than a look is taken for backdated.
        let seen = [
            ("1.0.0", "2024-01-01T00:00:00Z"),
            ("1.0.1", "2026-10-31T00:00:00Z"),
            ("1.0.2", "2026-11-03T00:00:00Z"),
        ];
        let seen = seen.map(|(version, published)| Seen {
            version: left(version).version,
            artifact: None,
            published: Some(at(published)),
        });
        let registry = "https://registry.example/";
        let package = left("1.0.0").package;
        store
            .record_sight(registry, &package, &seen, clock.now())
            .unwrap();
        Self {
            store,
            clock,
            _folder: folder,
        }
    }

    /// What the gate does when a release of this age is asked for under the default policy.
    fn ask(&self, version: &str, published: &str, who: &str) {
        let now = self.clock.now();
        let release = left(version);
        let published = Known::Is(at(published));
        let mut dossier = Dossier::bare(release.clone(), published, Route::Public);
        dossier.advisories = Known::NotApplicable;
        let verdict = judge(&dossier, &RuleSet::standard());
        let policy = Policy::default();
        let epoch = Epoch {
            policy: policy.digest().to_string(),
            ..Epoch::default()
        };
        let decision = decide(&dossier, &verdict, &policy, now, &epoch);
        self.store.record_decision(&decision).unwrap();
        self.answer(release, &decision, who);
    }

    fn answer(&self, release: ReleaseId, decision: &Decision, who: &str) {
        let who = Who {
            credential: Some(who.to_owned()),
            ..Who::default()
        };
        let rules: Vec<RuleId> = decision.reasons.iter().map(|r| r.rule.clone()).collect();
        let record = match decision.action {
            Action::Allow => LedgerRecord::Delivered(Delivered {
                artifact: "left.tgz".to_owned(),
                digest: Digest::sha256(release.to_string().as_bytes()),
                release,
                bytes: 10,
                served: Served::Full,
                who,
                action: "allow".to_owned(),
                rules,
                not_checked: Vec::new(),
                epoch: decision.epoch.clone(),
            }),
            Action::Hold { .. } | Action::Block { .. } => LedgerRecord::Refused(Refused {
                asked: Asked::Release(release),
                artifact: None,
                who,
                rules,
                status: 403,
            }),
        };
        self.store.append_wait(record).unwrap();
    }

    fn test(&self, new: &str) -> Report {
        self.test_with(new, true)
    }

    fn test_with(&self, new: &str, kept: bool) -> Report {
        let mut memory = Memory::of(self.store.clone());
        if kept {
            let default = Policy::default();
            memory.take_for(default.digest().to_string(), &default);
        }
        let mut report = Report {
            policy: "policy.toml".to_owned(),
            from: at("2026-10-05T00:00:00Z"),
            to: self.clock.now(),
            ..Report::default()
        };
        let mut testing = Testing::new(memory, policy(new), Vec::new());
        testing
            .all(report.from, |outcome| report.take(outcome))
            .unwrap();
        report.finish();
        report
    }
}

fn house() -> House {
    let house = House::new();
    house.ask("1.0.0", "2024-01-01T00:00:00Z", "run:a");
    house.ask("1.0.1", "2026-10-31T00:00:00Z", "run:a");
    house.ask("1.0.1", "2026-10-31T00:00:00Z", "run:b");
    house.ask("1.0.2", "2026-11-03T00:00:00Z", "run:b");
    house
}

#[test]
fn the_policy_that_was_in_force_changes_nothing() {
    let report = house().test("");
    assert_eq!((report.deliveries, report.refusals), (3, 1));
    assert_eq!(report.unchanged, 4, "{report:#?}");
    assert_eq!(report.code().unwrap(), 0);
}

#[test]
fn a_stricter_policy_names_what_would_be_held_and_who_asked() {
    let report = house().test("[rules.version-age]\nage = \"7d\"\n");
    assert_eq!(report.code().unwrap(), 1);
    insta::assert_snapshot!(text::text(&report), @"
    policy.toml over 2026-10-05 00:00 UTC to 2026-11-04 00:00 UTC: 3 deliveries and 1 refusal looked at

    What was delivered and would be held or refused: 2 events of 1 release
      version-age: 2
      pkg:npm/left@1.0.1  version-age: published 2026-10-31 00:00 UTC, policy wants 7 d
          2 times, last 2026-11-04 00:00 UTC; a lockfile that names it would be served
          asked by credential run:a
          asked by credential run:b

    Nothing was refused and would be delivered.

    2 events would be as they were.
    ");
}

#[test]
fn a_looser_policy_names_what_would_be_delivered() {
    let report = house().test("[rules.version-age]\nage = \"1h\"\n");
    insta::assert_snapshot!(text::text(&report), @"
    policy.toml over 2026-10-05 00:00 UTC to 2026-11-04 00:00 UTC: 3 deliveries and 1 refusal looked at

    Nothing was delivered and would be held or refused.

    What was refused and would be delivered: 1 event of 1 release
      version-age: 1
      pkg:npm/left@1.0.2  version-age: version-age would not speak
          1 time, last 2026-11-04 00:00 UTC
          asked by credential run:b

    3 events would be as they were.
    ");
}

#[test]
fn what_cannot_be_judged_again_is_never_green() {
    let house = house();
    house
        .store
        .append_wait(LedgerRecord::Refused(Refused {
            asked: Asked::Path("/-/other".to_owned()),
            artifact: None,
            who: Who::default(),
            rules: Vec::new(),
            status: 403,
        }))
        .unwrap();
    let report = house.test_with("", false);
    assert_eq!(report.code().unwrap(), 3);
    insta::assert_snapshot!(text::text(&report), @"
    policy.toml over 2026-10-05 00:00 UTC to 2026-11-04 00:00 UTC: 3 deliveries and 2 refusals looked at

    Nothing was delivered and would be held or refused, as far as it was judged again.

    Nothing was refused and would be delivered, as far as it was judged again.

    NOT judged again: 4 events, which may go either way
      3 × the policy that it was decided under was not kept
          pkg:npm/left@1.0.0, pkg:npm/left@1.0.1
      1 × what was asked for names no release
          /-/other

    1 event would be as they were.
    ");
}

#[test]
fn what_lies_before_the_days_and_what_is_no_answer_is_left_out() {
    let house = house();
    let text = "a note".to_owned();
    house
        .store
        .append_wait(LedgerRecord::Note(Note { text }))
        .unwrap();
    house.clock.advance(SignedDuration::from_hours(24 * 60));
    house.ask("1.0.0", "2024-01-01T00:00:00Z", "run:c");
    let mut testing = Testing::new(Memory::of(house.store.clone()), policy(""), Vec::new());
    let mut count = 0;
    testing
        .all(at("2026-12-01T00:00:00Z"), |_| count += 1)
        .unwrap();
    assert_eq!(count, 1);
}

#[test]
fn an_empty_ledger_is_no_answer() {
    let why = House::new().test("").code().unwrap_err();
    assert_eq!(why.code, 3, "{why}");
}
