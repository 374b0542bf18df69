use super::super::address::{Address, Names, doubt, normal, npm_names};
use super::super::doc::LockRuleDoc;
use super::super::finding::{Findings, Said};
use super::super::view::LockfileView;
use super::super::words::{count, shown, spoken};
use super::LockRule;
use customs_ecosystem::lockfile::{Kind, Locked, Package};
use customs_ecosystem::pypi;
use customs_model::{Ecosystem, Severity};

/// An address that names another release than its entry.
pub(super) struct AddressNamesAnother;

static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-address",
    title: "An entry names one release and points at another.",
    what: "Compares what the address of each artifact names with the name and version of its entry: the \
           path of a tarball in all forms that registries use, the file names of Python's distributions, \
           Yarn 4's resolution. Only the path counts, never the host, so mirrors and gates are no \
           difference. What the manifest asks for by an address is not compared. Addresses that clients read in \
           different ways, or not at all, are named too, of every source.",
    why: "The package manager installs what stands behind the address, and shows the name of the entry: \
          `npm ls` prints is-number@7.0.0 where is-odd@3.0.1 was installed.",
    effect: "fails; warns where an unusual address seems to name another release",
    to_do: "Do not install from this lockfile. Find the commit that wrote the line and who made it, and let \
            the package manager write the entry again.",
    fires: &[
        "`node_modules/is-number` 7.0.0 with `resolved` …/is-odd/-/is-odd-3.0.1.tgz.",
        "A wheel of another project among the files of a package in uv.lock.",
        "`https://registry.example\\@files.example/…`: one host to some clients, the other to others.",
    ],
    silent: &[
        "An alias: the entry's real name counts, not the folder.",
        "A mirror, the gate's own address, `%2f` in a scope, `+build` that the file's name leaves out.",
        "An address without a name in it: it is counted as not checked.",
    ],
    learnt_from: "Measured with npm 11.19, Yarn 1.22 and 4.18, bun 1.4.5: all install it. pnpm 12.21 refuses. \
                  Pull requests that change a lockfile alone have been used for it since 2019.",
};

impl LockRule for AddressNamesAnother {
    fn doc(&self) -> &'static LockRuleDoc {
        &DOC
    }

    fn judge(&self, view: &LockfileView<'_>, findings: &mut Findings<'_>) {
        doubtful(view, findings);
        match view.ecosystem() {
            Ecosystem::Npm => npm(view, findings),
            Ecosystem::PyPi => python(view, findings),
            // Cargo.lock names no address of an artifact.
            Ecosystem::Cargo => {}
        }
    }
}

/// Whatever another rule says of such an address, it may say of another host than the client asks.
fn doubtful(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    for package in &view.graph.packages {
        let locked = view.graph.locked(package);
        let own = locked.and_then(|locked| locked.resolved.as_deref());
        let own = own.or(package.resolved.as_deref());
        let own = own.filter(|_| !view.address(package).is_some_and(Address::is_plain));
        let files = package.files.iter().filter_map(|file| file.url.as_deref());
        let first = own.into_iter().chain(files);
        let Some((url, why)) = first.filter_map(|url| Some((url, doubt(url)?))).next() else {
            continue;
        };
        findings.add(Said {
            severity: Severity::High,
            message: format!(
                "the address of {} is one that clients read in different ways: {why}",
                spoken(package)
            ),
            file: view.path,
            line: Some(package.line),
            release: view.graph.release(package),
            evidence: vec![format!("address: {}", shown(url))],
        });
    }
}

fn npm(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    let mut untold = 0;
    for (package, locked) in view.of_registry() {
        if view.graph.kind() == Kind::YarnBerry {
            reference(view, package, locked, findings);
        }
        let Some(url) = locked.resolved.as_deref() else {
            continue;
        };
        let (name, version) = (
            locked.release.package.as_str(),
            locked.release.version.as_str(),
        );
        match npm_names(url, view.address(package), name, version) {
            Names::This => {}
            Names::Untold => untold += 1,
            Names::Another(other) => {
                let usual =
                    url.contains("/-/") || url.contains("/download/") || !url.contains("://");
                let severity = if usual {
                    Severity::High
                } else {
                    Severity::Medium
                };
                add(
                    view,
                    package,
                    locked,
                    &shown(&other),
                    url,
                    severity,
                    findings,
                );
            }
        }
    }
    if untold > 0 {
        findings.not_checked(format!(
            "{}: {} not say which release it is for; the registry would have to be asked",
            shown(view.path),
            match untold {
                1 => "1 address does".to_owned(),
                many => format!("{} do", count(many, "address", "addresses")),
            }
        ));
    }
}

/// Yarn 4 names the version twice: `version: 7.0.0`, `resolution: "is-number@npm:7.0.0"`.
fn reference(
    view: &LockfileView<'_>,
    package: &Package,
    locked: &Locked,
    findings: &mut Findings<'_>,
) {
    let resolution = package.resolved.as_deref().unwrap_or_default();
    let version = resolution
        .rsplit_once("@npm:")
        .map(|(_, rest)| rest.split("::").next().unwrap_or(rest));
    if let Some(version) = version
        && normal(version) != normal(&package.version)
    {
        let other = shown(&format!("{}@{version}", package.name));
        add(
            view,
            package,
            locked,
            &other,
            resolution,
            Severity::High,
            findings,
        );
    }
}

fn python(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    for (package, locked) in view.of_registry() {
        let own = pypi::canonical(locked.release.version.as_str());
        for file in &package.files {
            let of_file = pypi::version_of(&file.name, &locked.release.package);
            let same = match (&own, &of_file) {
                (Some(own), Some(of_file)) => own == of_file.as_str(),
                // Its own version is none that can be compared.
                (None, _) => true,
                (Some(_), None) => false,
            };
            let url = file.url.as_deref().unwrap_or(&file.name);
            if same {
                // A name that stands beside an address does not say what lies there.
                let other = named_by(url).filter(|name| *name != file.name);
                let other = other.filter(|name| {
                    own.is_some()
                        && own
                            != pypi::version_of(name, &locked.release.package)
                                .map(|it| it.as_str().to_owned())
                });
                if let Some(other) = other {
                    let other = shown(&other);
                    add(view, package, locked, &other, url, Severity::High, findings);
                }
            } else {
                add(
                    view,
                    package,
                    locked,
                    &shown(&file.name),
                    url,
                    Severity::High,
                    findings,
                );
            }
        }
    }
}

/// The file that an address names, where it ends in the name of one that is installed.
fn named_by(url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let name = unescaped(path.rsplit('/').next()?);
    let is_file = pypi::FileKind::of(&name) != pypi::FileKind::Other;
    is_file.then_some(name)
}

/// A name without its escapes, as a client asks for it. What is no letter is a sign that no file has.
fn unescaped(name: &str) -> String {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        let digits = behind
            .get(..2)
            .and_then(|two| std::str::from_utf8(two).ok());
        let value = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        match (byte, value) {
            (b'%', Some(value)) => {
                out.push(value);
                rest = behind.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(*byte);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn add(
    view: &LockfileView<'_>,
    package: &Package,
    locked: &Locked,
    other: &str,
    url: &str,
    severity: Severity,
    findings: &mut Findings<'_>,
) {
    findings.add(Said {
        severity,
        message: format!(
            "the entry says {} and its address names {other}: that is what would be installed",
            spoken(package)
        ),
        file: view.path,
        line: Some(package.line),
        release: Some(&locked.release),
        evidence: vec![format!("address: {}", shown(url))],
    });
}

#[cfg(test)]
mod tests {
    use super::named_by;

    #[test]
    fn the_file_of_an_address_is_named_whatever_is_escaped_in_it() {
        for (url, name) in [
            (
                "https://r.example/f/a-1.0-py3-none-any.whl",
                Some("a-1.0-py3-none-any.whl"),
            ),
            (
                "https://r.example/f/a-1.0-py3-none-any.wh%6C#x",
                Some("a-1.0-py3-none-any.whl"),
            ),
            (
                "https://r.example/f/a-1.0%2bb.tar.gz",
                Some("a-1.0+b.tar.gz"),
            ),
            (
                "https://r.example/f/%ff-1.0.tar.gz",
                Some("\u{fffd}-1.0.tar.gz"),
            ),
            ("https://r.example/f/a", None),
        ] {
            assert_eq!(named_by(url).as_deref(), name, "{url}");
        }
    }
}
