//! Files of Python's releases that lie elsewhere than those of the same index.

use super::super::super::address::Address;
use super::super::super::finding::{Findings, Said};
use super::super::super::view::LockfileView;
use super::super::super::words::{shown, spoken};
use super::OTHERS;
use customs_ecosystem::lockfile::{Locked, Package};
use customs_model::{Ecosystem, Severity};
use std::collections::BTreeMap;

/// Packages by the host of their files.
type Hosts<'a> = BTreeMap<String, Vec<(&'a Package, &'a Locked)>>;

pub(super) fn judge(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    if view.ecosystem() != Ecosystem::PyPi {
        return;
    }
    let mut indexes: BTreeMap<&str, Hosts<'_>> = BTreeMap::new();
    for (package, locked) in view.of_registry() {
        let index = locked.resolved.as_deref().unwrap_or_default();
        for url in package.files.iter().filter_map(|file| file.url.as_deref()) {
            let Some(address) = Address::parse(url) else {
                continue;
            };
            if view.is_own(&address) {
                continue;
            }
            let hosts = indexes.entry(index).or_default();
            let of = hosts.entry(address.host.into_owned()).or_default();
            if of.last().is_none_or(|(last, _)| last.line != package.line) {
                of.push((package, locked));
            }
        }
    }
    for (index, hosts) in indexes {
        let of_index = Address::parse(index).map(|address| address.host.into_owned());
        of_one_index(view, of_index.as_deref(), &hosts, findings);
    }
}

fn of_one_index(
    view: &LockfileView<'_>,
    index: Option<&str>,
    hosts: &Hosts<'_>,
    findings: &mut Findings<'_>,
) {
    let usual = hosts.iter().max_by_key(|(_, of)| of.len());
    let Some((usual, many)) = usual.filter(|(_, of)| of.len() >= OTHERS) else {
        return;
    };
    for (host, of) in hosts {
        let [(package, locked)] = of.as_slice() else {
            continue;
        };
        if is_beside(host, usual) || index.is_some_and(|index| is_beside(host, index)) {
            continue;
        }
        let parted = many.iter().any(|(other, _)| other.line == package.line);
        let (severity, what) = match parted {
            true => (Severity::High, "some files of"),
            false => (Severity::Medium, "the files of"),
        };
        findings.add(Said {
            severity,
            message: format!(
                "{what} {} alone lie at {}, while those of {} releases of the same index lie at {}",
                spoken(package),
                shown(host),
                many.len(),
                shown(usual)
            ),
            file: view.path,
            line: Some(package.line),
            release: Some(&locked.release),
            evidence: package
                .files
                .iter()
                .filter_map(|file| file.url.as_deref())
                .filter(|url| Address::parse(url).is_some_and(|at| at.host == host.as_str()))
                .map(|url| format!("address: {}", shown(url)))
                .collect(),
        });
    }
}

/// Whether two hosts are the same or stand side by side below one name of two parts or more, as
/// the hosts of one index do.
fn is_beside(one: &str, other: &str) -> bool {
    let above = |host: &str| {
        let above = host.split_once('.').map(|(_, above)| above.to_owned());
        above.filter(|above| above.contains('.'))
    };
    one == other || above(one).is_some_and(|name| above(other) == Some(name))
}

#[cfg(test)]
mod tests {
    use super::is_beside;

    #[test]
    fn hosts_below_one_name_belong_together_and_those_below_an_ending_do_not() {
        assert!(is_beside("files.py.example", "files-2.py.example"));
        assert!(!is_beside("files.example", "evil.example"));
        assert!(!is_beside("files.py.example", "files.evil.example"));
    }
}
