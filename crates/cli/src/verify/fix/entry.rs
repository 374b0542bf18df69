//! cargo, uv, Poetry and pylock: the release's entry in the lockfile itself is replaced, where the
//! other version asks for nothing that is not locked already. Otherwise its client has to resolve
//! anew, and the command for that is told.

use super::Project;
use super::asks::{Who, satisfies};
use super::edits::Edits;
use crate::verify::policy::Asking;
use customs_ecosystem::cargo::Dep;
use customs_ecosystem::lockfile::{Incoming, IncomingFile, Kind, Locked, moved};
use customs_model::{Digest, DigestAlgorithm, Ecosystem, Manifest, ReleaseId, Version, printable};
use customs_registry::CrateAsks;
use std::collections::BTreeMap;

/// Edits the lockfile. Gives what went with the release, as `name@version`.
///
/// # Errors
/// Why its client has to do it. One clause, safe to print.
pub(super) async fn edit(
    edits: &mut Edits,
    asking: &Asking<'_>,
    project: &Project<'_>,
    locked: &Locked,
    to: &Version,
    who: &Who,
) -> Result<Vec<String>, String> {
    let release = &locked.release;
    let ecosystem = release.package.ecosystem();
    let refuses = |spec: &str| satisfies(ecosystem, spec, to.as_str()) != Some(true);
    if let Some(one) = who.direct.iter().find(|one| refuses(&one.spec)) {
        return Err(format!(
            "the project itself asks for {}, which has to change first",
            printable(&one.spec, 80)
        ));
    }
    let (files, requires_python, without) = match ecosystem {
        Ecosystem::Cargo => of_crate(asking, project, locked, to).await?,
        Ecosystem::PyPi => of_python(asking, locked, to).await?,
        Ecosystem::Npm => return Err("npm locks by its manifest".to_owned()),
    };
    let incoming = Incoming {
        version: to,
        files: &files,
        requires_python: requires_python.as_deref(),
        without: &without,
    };
    let text = edits.text(&project.lockfile)?;
    let after = moved(project.graph.kind(), text, release, &incoming)?;
    edits.set(&project.lockfile, after.text)?;
    Ok(after.gone)
}

/// What its client is told, where the entry alone cannot be replaced.
///
/// # Errors
/// No command of it does that. Safe to print.
pub(super) fn by_its_client(
    kind: Kind,
    release: &ReleaseId,
    to: &Version,
    why: &str,
    notes: &mut Vec<String>,
) -> Result<String, String> {
    let name = &release.package;
    let command = match kind {
        Kind::CargoLock => format!("cargo update -p {name}@{} --precise {to}", release.version),
        Kind::UvLock => {
            notes.push(
                "uv may build a source distribution to read its metadata; --no-build forbids it"
                    .into(),
            );
            format!("uv lock --no-build --upgrade-package '{name}=={to}'")
        }
        Kind::PoetryLock => {
            return Err(format!(
                "{to} is admitted, and {why}; Poetry takes an exact version only from \
                 pyproject.toml: write {name} = \"{to}\" there, then poetry lock"
            ));
        }
        _ => {
            return Err(format!(
                "{to} is admitted, and {why}; let the tool that wrote the lockfile write it \
                 again with {name}=={to}"
            ));
        }
    };
    notes.push(format!("the lockfile is not edited here, since {why}"));
    Ok(command)
}

/// Files, versions of Python, and what is not asked for any more.
type Coming = (Vec<IncomingFile>, Option<String>, Vec<String>);

async fn of_crate(
    asking: &Asking<'_>,
    project: &Project<'_>,
    locked: &Locked,
    to: &Version,
) -> Result<Coming, String> {
    let release = &locked.release;
    let gone = |version: &Version| format!("its registry does not have {version} any more");
    let old = asking.crate_asks(locked, &release.version).await?;
    let old = old.ok_or_else(|| gone(&release.version))?;
    let new = asking.crate_asks(locked, to).await?;
    let new = new.ok_or_else(|| gone(to))?;
    let has = has(project, release);
    let without = less(&old, &new, &has)?;
    // What stays for somebody else may have had features from this one alone.
    if let Some(name) = without
        .iter()
        .find(|name| is_shared(project, release, name))
    {
        let name = printable(name, 80);
        return Err(format!(
            "{name} stays for others, and only cargo can say with which features"
        ));
    }
    let digests = asking.digests(locked, to).await?;
    let digest = digests.into_iter().next().ok_or_else(|| gone(to))?;
    let file = IncomingFile {
        name: format!("{}-{to}.crate", release.package),
        url: String::new(),
        digest,
        size: None,
        uploaded: None,
    };
    Ok((vec![file], None, without))
}

/// The versions that a release has of what it asks for, by their names.
fn has(project: &Project<'_>, release: &ReleaseId) -> BTreeMap<String, Vec<String>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let graph = &project.graph;
    let is_meant =
        |package: &&customs_ecosystem::lockfile::Package| graph.release(package) == Some(release);
    for ask in graph
        .packages
        .iter()
        .filter(is_meant)
        .flat_map(|it| &it.asks)
    {
        let to = ask.to.and_then(|at| graph.packages.get(at));
        let version = to.map(|to| to.version.clone()).unwrap_or_default();
        out.entry(ask.name.clone()).or_default().push(version);
    }
    out
}

/// Whether another package or project asks for a crate of this name as well.
fn is_shared(project: &Project<'_>, release: &ReleaseId, name: &str) -> bool {
    let graph = &project.graph;
    let others = graph.packages.iter();
    let others = others.filter(|package| graph.release(package) != Some(release));
    let asks = others.flat_map(|package| &package.asks);
    let mut asks = asks.chain(graph.importers.iter().flat_map(|importer| &importer.asks));
    asks.any(|ask| ask.name == name)
}

/// What the new version of a crate does not ask for any more.
///
/// # Errors
/// It asks for something that the old one did not, or that the locked version does not do for.
fn less(
    old: &CrateAsks,
    new: &CrateAsks,
    has: &BTreeMap<String, Vec<String>>,
) -> Result<Vec<String>, String> {
    if old.features.is_none() || old.features != new.features {
        return Err("the features of the two versions are not the same".to_owned());
    }
    if new.asked.iter().any(|one| !old.asked.contains(one)) {
        return Err("the other version asks for other features of what it needs".to_owned());
    }
    let same = |a: &Dep, b: &Dep| {
        Dep {
            req: String::new(),
            ..a.clone()
        } == Dep {
            req: String::new(),
            ..b.clone()
        }
    };
    for dep in &new.deps {
        let name = printable(dep.package_name(), 80);
        if !old.deps.iter().any(|other| same(dep, other)) {
            return Err(format!("the other version asks for {name} in another way"));
        }
        let locked = has.get(dep.package_name()).map(Vec::as_slice);
        let fits = |version: &String| satisfies(Ecosystem::Cargo, &dep.req, version) == Some(true);
        // What no feature switches on is not locked.
        let locked = locked.unwrap_or_default();
        if !locked.is_empty() && !locked.iter().any(fits) {
            return Err(format!(
                "the other version asks for {name} {}",
                printable(&dep.req, 80)
            ));
        }
    }
    let names = old.deps.iter().map(Dep::package_name);
    let mut without: Vec<String> = names
        .filter(|name| !new.deps.iter().any(|dep| dep.package_name() == *name))
        .map(str::to_owned)
        .collect();
    without.sort();
    without.dedup();
    // A package that is asked for twice, once less: which of its versions goes is cargo's to say.
    let lost = |dep: &&Dep| {
        !without.iter().any(|name| name == dep.package_name())
            && !new.deps.iter().any(|other| same(dep, other))
    };
    match old.deps.iter().find(lost) {
        Some(dep) => Err(format!(
            "the other version asks for {} in another way",
            printable(dep.package_name(), 80)
        )),
        None => Ok(without),
    }
}

async fn of_python(asking: &Asking<'_>, locked: &Locked, to: &Version) -> Result<Coming, String> {
    let old = asking.declared(locked, &locked.release.version).await?;
    let new = asking.declared(locked, to).await?;
    let without = less_of_python(&old, &new)?;
    let files = asking.files(locked, to).await?;
    let mut python: Vec<Option<String>> =
        files.iter().map(|it| it.requires_python.clone()).collect();
    python.sort();
    python.dedup();
    let [python] = python.as_slice() else {
        return Err("its files are for different versions of Python".to_owned());
    };
    // For which versions of Python it is, the old one was found to do for the project.
    let of_old = asking.files(locked, &locked.release.version).await?;
    if of_old.is_empty() {
        return Err(
            "its index does not say any more for which Python the old version is".to_owned(),
        );
    }
    if of_old.iter().any(|it| it.requires_python != *python) {
        return Err("the two versions are for different versions of Python".to_owned());
    }
    let is_strong = |digest: &&Digest| digest.algorithm() == DigestAlgorithm::Sha256;
    let coming = files.iter().map(|file| {
        let digest = file.digests.iter().find(is_strong);
        let digest = digest.ok_or("its index promises no SHA-256 for its files")?;
        Ok(IncomingFile {
            name: file.filename.clone(),
            url: file.url.clone(),
            digest: digest.clone(),
            size: file.size,
            uploaded: file.upload_time,
        })
    });
    let coming: Vec<IncomingFile> = coming.collect::<Result<_, String>>()?;
    Ok((coming, python.clone(), without))
}

/// What the new version does not ask for any more.
///
/// # Errors
/// It asks for something that the old one did not ask for in the same words.
fn less_of_python(old: &Manifest, new: &Manifest) -> Result<Vec<String>, String> {
    let differs = || "the two versions do not ask for the same in the same words".to_owned();
    if old.optional_dependencies != new.optional_dependencies || old.exotic != new.exotic {
        return Err(differs());
    }
    for (name, words) in &new.dependencies {
        if old.dependencies.get(name) != Some(words) {
            return Err(differs());
        }
    }
    let names = old.dependencies.keys();
    Ok(names
        .filter(|name| !new.dependencies.contains_key(*name))
        .cloned()
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dep(name: &str, req: &str) -> Dep {
        Dep {
            name: name.to_owned(),
            package: None,
            req: req.to_owned(),
            kind: customs_ecosystem::cargo::DepKind::Normal,
            optional: false,
            registry: None,
            target: None,
        }
    }

    fn asks(deps: &[Dep]) -> CrateAsks {
        CrateAsks {
            deps: deps.to_vec(),
            features: Some("[{},{}]".to_owned()),
            asked: vec![r#"{"features":[],"name":"a"}"#.to_owned()],
        }
    }

    #[test]
    fn a_crate_may_ask_for_less_and_for_nothing_else() {
        let has = BTreeMap::from([
            ("a".to_owned(), vec!["1.2.0".to_owned()]),
            ("b".to_owned(), vec!["2.0.0".to_owned()]),
        ]);
        let old = asks(&[dep("a", "^1.1"), dep("b", "^2")]);
        let less = |new: &[Dep]| less(&old, &asks(new), &has);
        assert_eq!(less(&[dep("a", "^1.2"), dep("b", "^2")]), Ok(vec![]));
        assert_eq!(less(&[dep("a", "^1.1")]), Ok(vec!["b".to_owned()]));
        assert!(less(&[dep("a", "^1.3"), dep("b", "^2")]).is_err());
        assert!(less(&[dep("a", "^1.1"), dep("c", "^2")]).is_err());
        let optional = Dep {
            optional: true,
            ..dep("a", "^1.1")
        };
        assert!(less(&[optional, dep("b", "^2")]).is_err());
        let other = CrateAsks {
            features: Some("[{\"x\":[]},{}]".to_owned()),
            ..old.clone()
        };
        assert!(super::less(&old, &other, &has).is_err());
        let of_a = r#"{"features":["derive"],"name":"a"}"#;
        let derives = CrateAsks {
            asked: vec![of_a.to_owned()],
            ..old.clone()
        };
        assert!(super::less(&old, &derives, &has).is_err());
        let lost = CrateAsks {
            features: None,
            ..old.clone()
        };
        assert!(super::less(&lost, &lost, &has).is_err());
    }

    #[test]
    fn a_package_of_python_has_to_ask_in_the_same_words() {
        let manifest = |words: &[(&str, &str)]| Manifest {
            dependencies: words
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect(),
            ..Manifest::default()
        };
        let old = manifest(&[("idna", ">=2.8"), ("extra", ">=1")]);
        assert_eq!(less_of_python(&old, &old), Ok(vec![]));
        let new = manifest(&[("idna", ">=2.8")]);
        assert_eq!(less_of_python(&old, &new), Ok(vec!["extra".to_owned()]));
        assert!(less_of_python(&new, &old).is_err());
        assert!(less_of_python(&old, &manifest(&[("idna", ">=3")])).is_err());
    }
}
