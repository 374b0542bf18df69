use super::super::address::Address;
use super::super::doc::LockRuleDoc;
use super::super::finding::{Findings, Said};
use super::super::view::LockfileView;
use super::super::words::{count, shown, spoken};
use super::LockRule;
use customs_ecosystem::lockfile::{Package, Source};
use customs_model::Severity;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// An address that is fetched without encryption.
pub(super) struct Transport;

static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-transport",
    title: "Artifacts are fetched over a connection that anybody on the way can change.",
    what: "Looks for addresses with `http`, `git` (the unauthenticated protocol) and `ftp`. One finding for each \
           host. Addresses of this machine, of the gate, and of registries that the user's own configuration \
           names with `http` are left out.",
    why: "Whoever sits on the way chooses the bytes. A digest still binds them; without one nothing does.",
    effect: "warns; fails where an entry has no digest",
    to_do: "Use the `https` address of the same registry, or have it get one.",
    fires: &["`resolved \"http://registry.example/ms/-/ms-2.1.2.tgz#…\"`"],
    silent: &["`http://127.0.0.1:…`, `git+ssh://`, `git+https://`."],
    learnt_from: "lockfile-lint's `--validate-https`, which influxdata, etherpad and nodejs.org run in CI.",
};

/// What comes from one host.
#[derive(Default)]
struct OfHost<'a> {
    packages: Vec<&'a Package>,
    unbound: Option<&'a Package>,
}

impl LockRule for Transport {
    fn doc(&self) -> &'static LockRuleDoc {
        &DOC
    }

    fn judge(&self, view: &LockfileView<'_>, findings: &mut Findings<'_>) {
        let mut hosts: BTreeMap<(Cow<'_, str>, Cow<'_, str>), OfHost<'_>> = BTreeMap::new();
        for (package, locked) in view.locked() {
            let Some(address) = open_address(view, package) else {
                continue;
            };
            let bound = match locked.source {
                // A commit is a digest.
                Source::Git => address.fragment.is_some(),
                _ => !locked.digests.is_empty(),
            };
            let address = address.into_owned();
            let of = hosts.entry((address.host, address.scheme)).or_default();
            of.packages.push(package);
            if !bound && of.unbound.is_none() {
                of.unbound = Some(package);
            }
        }
        for ((host, scheme), of) in hosts {
            let first = of.unbound.or(of.packages.first().copied());
            let (severity, but) = match of.unbound {
                Some(package) => (
                    Severity::High,
                    format!(", and {} has no digest", spoken(package)),
                ),
                None => (Severity::Medium, String::new()),
            };
            findings.add(Said {
                severity,
                message: format!(
                    "{} fetched from {} by {scheme}, without encryption{but}",
                    match of.packages.len() {
                        1 => "1 artifact is".to_owned(),
                        many => format!("{} are", count(many, "artifact", "artifacts")),
                    },
                    shown(&host)
                ),
                file: view.path,
                line: first.map(|package| package.line),
                release: None,
                evidence: of.packages.iter().map(|package| spoken(package)).collect(),
            });
        }
    }
}

/// The first address of a package that is fetched in the open.
fn open_address<'v>(
    view: &'v LockfileView<'_>,
    package: &'v Package,
) -> Option<Cow<'v, Address<'v>>> {
    let is_open = |address: &Address<'_>| {
        matches!(&*address.scheme, "http" | "git" | "ftp")
            && !address.is_loopback()
            && !view.is_configured(address)
    };
    let own = view.address(package).map(Cow::Borrowed);
    let files = package.files.iter().filter_map(|file| file.url.as_deref());
    let files = files.filter_map(Address::parse).map(Cow::Owned);
    own.into_iter()
        .chain(files)
        .find(|address| is_open(address))
}
