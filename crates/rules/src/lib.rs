//! The judgement of customs.
//!
//! [`judge`] says what is there: findings, without policy and without clock.
//! [`decide`] applies a [`Policy`] at an instant: allow, hold or block, each with its
//! reasons and its end. Every front door asks these two and none has its own idea of
//! "young" or "malicious". One file per rule stands in `src/rule/`; its page in
//! `docs/rules/` is made from it.
//!
//! ```
//! use customs_model::{Action, Epoch};
//! use customs_rules::{Policy, RuleSet, decide, judge, sentence};
//! # let dossier: customs_model::Dossier = serde_json::from_str(r#"{
//! #   "release": "pkg:npm/axios@1.14.0", "artifact": null, "digests": [],
//! #   "published": {"is": "2026-03-27T19:01:40Z"}, "last_modified": null,
//! #   "first_seen": null, "published_before": null,
//! #   "history": {"earliest": "2014-08-29T23:08:36Z", "previous_publication": null,
//! #     "lines_within_hour": 1, "earlier_mail_domains": [], "earlier_publishers": []},
//! #   "manifest": {"dependencies": {}, "optional_dependencies": {}, "exotic": [],
//! #     "runs": {"scripts": {}, "binding_gyp": false, "build_script": null,
//! #       "proc_macro": null, "build_backend": null, "startup_hook": null},
//! #     "repository": null, "description": null, "author": null, "withdrawn": false},
//! #   "origin": {"publisher": "not_applicable", "evidence": "not_applicable"},
//! #   "predecessor": null, "added_dependencies": [], "unmet": [],
//! #   "activity": "not_applicable", "likeness": null, "advisories": "not_applicable",
//! #   "route": "public" }"#)?;
//! let policy = Policy::parse("version = 1\n[rules.version-age]\nage = \"5d\"\n", "customs.toml")?;
//! let now = "2026-03-31T00:00:00Z".parse()?;
//! let verdict = judge(&dossier, &RuleSet::standard());
//! let decision = decide(&dossier, &verdict, &policy, now, &Epoch::default());
//! assert!(matches!(decision.action, Action::Hold { .. }));
//! assert!(sentence(&decision, &dossier.release, None).starts_with("customs: axios@1.14.0 is held until"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It hands out the two functions, [`locked_decision`] for what a lockfile names, the
//! [`Policy`] with its file format, the refusal's [`sentence`], the effective [`Age`],
//! the name check ([`imitates`]), the [`score()`] of an inspection with its [`SIGNALS`], what the
//! user's own rules ([`add_own_rules`]) and a content that changed ([`add_altered`]) add to a
//! verdict, and the documentation of the rules ([`page`], [`overview`]) and of what quiets them
//! ([`recognisers`]).

mod again;
mod age;
mod altered;
#[cfg(test)]
mod cases;
mod decide;
mod distance;
mod doc;
mod judge;
mod likeness;
mod locked;
mod novelty;
mod own;
mod phantom;
mod policy;
mod recognise;
mod rule;
#[cfg(test)]
mod sample;
mod score;
mod words;

pub use again::{Again, Past, decide_again};
pub use age::Age;
pub use altered::add_altered;
pub use decide::{decide, sentence};
pub use distance::did_you_mean;
pub use doc::{Amount, Facts, RuleDoc, Setting, Tighter, overview, page};
pub use judge::{Findings, RULE_SET_VERSION, RuleSet, judge, judge_code, judge_code_against};
pub use likeness::{PopularNames, imitates};
pub use locked::{LockedOutcome, locked_decision};
pub use novelty::{ability, compare};
pub use own::add_own_rules;
pub use phantom::{Phantom, PhantomKind, Phantoms, phantoms};
pub use policy::{
    Exemption, GUARDED, Grant, Ignored, LockedMode, Mode, NamePattern, Policy, PolicyError, Problem,
};
pub use recognise::{Recogniser, recognisers};
pub use rule::{Ask, Case, ORIGIN_LOOKED_AT, Rule, adds_content, hook_hold, lane_objection};
pub use score::{CAP, SIGNALS, Score, Shown, Signal, THRESHOLD, score};
pub use words::{end as show_end, instant as show_instant, parse_duration};
