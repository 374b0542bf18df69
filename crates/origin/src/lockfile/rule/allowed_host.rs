use super::super::address::Address;
use super::super::doc::LockRuleDoc;
use super::super::finding::{Findings, Said};
use super::super::view::LockfileView;
use super::super::words::{shown, spoken};
use super::LockRule;
use customs_ecosystem::lockfile::Package;
use customs_model::Severity;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// An address at a host that is not on the user's list.
pub(super) struct AllowedHost;

static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-allowed-hosts",
    title: "Something is fetched from a host that is not on the list.",
    what: "Compares every host of a lockfile (registries, files, repositories) with the list that the user \
           gives. Silent without a list.",
    why: "A project that knows its sources can say so once; then a new one is seen by whoever adds it.",
    effect: "fails",
    to_do: "Add the host to the list in a reviewed change, or take the package from an allowed one.",
    fires: &["`--allowed-hosts registry.example` and an entry at files.example."],
    silent: &["No list is given.", "The gate's own address."],
    learnt_from: "lockfile-lint's `--allowed-hosts`.",
};

impl LockRule for AllowedHost {
    fn doc(&self) -> &'static LockRuleDoc {
        &DOC
    }

    fn judge(&self, view: &LockfileView<'_>, findings: &mut Findings<'_>) {
        let allowed = &view.options.allowed_hosts;
        if allowed.is_empty() {
            return;
        }
        let mut others: BTreeMap<Cow<'_, str>, Vec<&Package>> = BTreeMap::new();
        for package in &view.graph.packages {
            let own = view
                .graph
                .locked(package)
                .and_then(|l| l.resolved.as_deref());
            let own = own.or(package.resolved.as_deref());
            let files = package.files.iter().filter_map(|file| file.url.as_deref());
            for address in own.into_iter().chain(files).filter_map(Address::parse) {
                let hosts = allowed.iter().chain(&view.options.own_hosts);
                if hosts.into_iter().any(|host| address.is_at(host)) {
                    continue;
                }
                let packages = others.entry(address.host).or_default();
                if packages.last().is_none_or(|last| last.line != package.line) {
                    packages.push(package);
                }
            }
        }
        for (host, packages) in others {
            findings.add(Said {
                severity: Severity::High,
                message: format!("{} is not on the list of allowed hosts", shown(&host)),
                file: view.path,
                line: packages.first().map(|package| package.line),
                release: None,
                evidence: packages.iter().map(|package| spoken(package)).collect(),
            });
        }
    }
}
