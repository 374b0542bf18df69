//! Packages of which nothing has to be decided, found out for each policy and each advisory anew from
//! what is remembered of their documents.

use super::{Context, Judged, Registry, cargo, npm, pypi};
use crate::document::{Document, Documents, Indexed};
use crate::upstream::Upstream;
use customs_model::{Digest, Ecosystem, PackageName, Timestamp};
use std::sync::Arc;

impl Context {
    /// Whether nothing of a package has to be decided of which no release was published or first seen
    /// after `newest`, and each is dated: no rule about change looks at it, no denial may mean it, and
    /// no advisory names it. It is what [`Registry`] comes to with the document, and so must it stay:
    /// whatever else has a release judged belongs here, too.
    fn leaves(&self, package: &PackageName, newest: Timestamp, now: Timestamp) -> bool {
        let is_advised = self
            .advisories
            .known()
            .is_some_and(|all| all.knows(package));
        !is_advised
            && !self.policy.may_deny(package)
            && now.duration_since(newest) >= self.policy.change_window
    }
}

impl Registry {
    /// A package of which nothing has to be decided: where its document comes from, and the digest of
    /// its bytes, which are offered whole. That is found out from what is remembered of the document,
    /// for each policy and each advisory anew; nobody is asked, and nothing is read. `None`: it has to
    /// be judged.
    pub fn nothing_to_decide<'a>(
        &self,
        context: &'a Context,
        package: &PackageName,
    ) -> Option<(&'a Upstream, Digest)> {
        let (upstream, dated) = match package.ecosystem() {
            Ecosystem::Npm => {
                self.dated_document(context, package, &self.npm, &npm::document_path(package))
            }
            Ecosystem::PyPi => {
                self.dated_document(context, package, &self.pypi, &pypi::page_path(package))
            }
            Ecosystem::Cargo => {
                self.dated_document(context, package, &self.cargo, &cargo::file_path(package))
            }
        }?;
        let leaves = context.leaves(package, dated.newest, self.clock.now());
        leaves.then_some((upstream, dated.digest))
    }

    /// The judgement of a document of which nothing has to be decided, where that is known without
    /// a look at first sights.
    pub(super) fn undecided<T: Indexed>(
        &self,
        context: &Context,
        package: &PackageName,
        (documents, upstream, path): (&Documents<T>, &Upstream, &str),
        document: &Document<T>,
        now: Timestamp,
    ) -> Option<Arc<Judged>> {
        let dated = documents.dated(upstream, path)?;
        let is_it = dated.digest == document.digest && document.stale.is_none();
        (is_it && context.leaves(package, dated.newest, now)).then(|| {
            Arc::new(Judged {
                newest: Some(dated.newest),
                ..Judged::default()
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Upstreams;
    use customs_intel::Snapshot;
    use customs_model::{Known, SignedDuration};
    use customs_rules::Policy;

    const RECORD: &str = r#"{"id":"MAL-1","modified":"2026-11-20T00:00:00Z","summary":"inert",
        "affected":[{"package":{"ecosystem":"npm","name":"left"},"versions":["9.0.0"]}]}"#;

    fn name(text: &str) -> PackageName {
        PackageName::new(Ecosystem::Npm, text).unwrap()
    }

    fn leaves(policy: &str, advisories: &Known<Arc<Snapshot>>, age: SignedDuration) -> bool {
        let policy = Policy::parse(&format!("version = 1\n{policy}"), "policy.toml").unwrap();
        let context = Context::new(Upstreams::default(), policy, advisories.clone());
        let newest = Timestamp::from_second(1_790_000_000).unwrap();
        context.leaves(&name("left"), newest, newest + age)
    }

    #[test]
    fn nothing_has_to_be_decided_only_while_nothing_is_about_the_package() {
        let day = |days: i64| SignedDuration::from_hours(24 * days);
        let second = SignedDuration::from_secs(1);
        let none = Known::NotApplicable;
        assert!(leaves("", &none, day(30)));
        // Time.
        assert!(!leaves("", &none, day(30) - second));
        assert!(!leaves("", &none, -day(400)), "of the future");
        // Policy.
        let window = "change-window = \"40d\"\n";
        assert!(!leaves(window, &none, day(40) - second) && leaves(window, &none, day(40)));
        for denied in ["pkg:npm/left", "pkg:npm/left@>=2, <3", "pkg:npm/l*"] {
            let denied = format!("deny = [\"{denied}\"]\n");
            assert!(!leaves(&denied, &none, day(400)), "{denied}");
        }
        // A digest may be anybody's.
        let digest = format!("deny = [\"sha256:{}\"]\n", "0".repeat(64));
        assert!(!leaves(&digest, &none, day(400)));
        assert!(leaves("deny = [\"pkg:npm/right\"]\n", &none, day(400)));
        // Advisories, whichever version they name.
        let records = |text: &str| {
            let snapshot = Snapshot::from_records([("a.json", text)], Timestamp::UNIX_EPOCH);
            Known::Is(Arc::new(snapshot))
        };
        assert!(!leaves("", &records(RECORD), day(400)));
        let other = RECORD.replace("left", "right");
        assert!(leaves("", &records(&other), day(400)));
    }
}
