//! `--fetch`: the artifacts that are needed and not at hand, each held against the
//! lockfile's digest while it arrives, kept by digest.

use super::origin::Asker;
use crate::error::{Doing as _, Failure};
use customs_device::artifact::{Form, Source as Place, Wanted};
use customs_device::tree::{Against, DifferenceKind, PackageTree, TreeReport, python};
use customs_ecosystem::lockfile::{Locked, Source};
use customs_ecosystem::pypi::tags::{Interpreter, Machine, tags_of_name};
use customs_model::{Digest, DigestAlgorithm, Ecosystem, ReleaseId, printable};
use customs_registry::artifact::Artifacts;
use customs_registry::{Context, Upstream};
use futures_util::StreamExt as _;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use url::Url;

/// Artifacts that are fetched at the same time.
const TOGETHER: usize = 16;
/// Files of one release that are fetched: an installation takes one of them.
const FILES: usize = 8;

/// What was fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fetched {
    /// Artifacts that lay there already.
    pub there: usize,
    /// Artifacts that are there now.
    pub fetched: usize,
    /// What registries promise of what the lockfile has no digest of.
    pub promised: super::unbound::Promises,
    /// What is not there, and why, a sentence each, sorted. Safe to print.
    pub missing: Vec<String>,
}

/// The entries whose artifact is still needed, after a tree was looked at with what is at hand: those
/// of packages that lie there and were compared with no artifact. What rightly does not lie there (a
/// package for another system) needs none.
pub(super) fn wanted(locked: &[Locked], tree: Option<&TreeReport>) -> Vec<Locked> {
    let packages = tree.into_iter().flat_map(|tree| &tree.packages);
    let open: BTreeSet<&ReleaseId> = packages
        .filter(|package| match package.against {
            Some(Against::Artifact { .. }) => is_of_other_file(package),
            // What a commit holds stands in a clone, and no registry has it.
            Some(Against::Commit { .. }) => false,
            Some(Against::OwnList { .. }) | None => true,
        })
        .map(|package| &package.release)
        .collect();
    let is_open = |entry: &&Locked| open.contains(&entry.release);
    locked.iter().filter(is_open).cloned().collect()
}

/// Whether what lies there says of itself that it came out of another file of the release than the
/// one that it was held against.
fn is_of_other_file(package: &PackageTree) -> bool {
    package.release.package.ecosystem() == Ecosystem::PyPi
        && package.differences.iter().any(|one| {
            one.kind == DifferenceKind::Modified && one.path.ends_with(".dist-info/WHEEL")
        })
}

/// The interpreters of the environments of a tree, by the release that lies in them.
pub(super) fn interpreters(project: &Path, tree: Option<&TreeReport>) -> Interpreters {
    let mut found = Interpreters::new();
    let packages = tree.into_iter().flat_map(|tree| &tree.packages);
    for package in packages.filter(|one| one.release.package.ecosystem() == Ecosystem::PyPi) {
        // `.venv/lib/python3.11/site-packages`, `.venv/Lib/site-packages`.
        let place = package.place.as_str();
        let folder = place
            .rsplit_once("/Lib/")
            .map_or(place, |(folder, _)| folder);
        if let Some(interpreter) = python::interpreter(&project.join(folder), place) {
            let of = found.entry(package.release.clone()).or_default();
            of.insert(interpreter);
        }
    }
    found
}

/// Which interpreters import a release.
pub(super) type Interpreters = BTreeMap<ReleaseId, BTreeSet<Interpreter>>;

/// The entries of which no place has a copy that is what the lockfile promises, for who needs all
/// artifacts.
pub(super) fn not_at_hand(locked: &[Locked], places: &[Box<dyn Place>]) -> Vec<Locked> {
    let is_there = |entry: &&Locked| {
        let wanted = Wanted {
            release: &entry.release,
            digests: &entry.digests,
            archive: None,
            resolved: entry.resolved.as_deref(),
        };
        // A place that cannot be read is told by whoever reads from it.
        let found = places.iter().filter_map(|place| place.find(&wanted).ok()?);
        let mut artifacts = found.filter(|candidate| candidate.form == Form::Artifact);
        artifacts.any(|candidate| wanted.is_promised(&candidate.path))
    };
    let all = locked.iter().filter(|entry| !is_there(entry));
    all.cloned().collect()
}

/// Fetches artifacts into a folder, as [`ByDigest`](customs_device::artifact::ByDigest) reads it. Of
/// a release of PyPI, which has files for many machines and interpreters, those that an installer
/// takes for this one and for the interpreters that import it.
///
/// # Errors
/// The folder cannot be used. An artifact that cannot be had is in [`Fetched::missing`].
pub(super) async fn fetch(
    asker: &Asker,
    locked: &[Locked],
    interpreters: &Interpreters,
    into: &Path,
) -> Result<Fetched, Failure> {
    let shown = printable(&into.display().to_string(), 300);
    let store = Artifacts::new(into.to_owned(), asker.registry().fetcher.clone())
        .doing(format_args!("make the folder {shown}"))?;
    let wanted = locked
        .iter()
        .filter(|entry| entry.source == Source::Registry);
    let entries: Vec<Locked> = wanted.cloned().collect();
    let mut outcomes = futures_util::stream::iter(entries)
        .map(|entry| {
            let store = store.clone();
            async move {
                let none = BTreeSet::new();
                let of = interpreters.get(&entry.release).unwrap_or(&none);
                one(asker, &store, &entry, of).await
            }
        })
        .buffer_unordered(TOGETHER);
    let mut sum = Fetched::default();
    while let Some(outcome) = outcomes.next().await {
        sum.there += outcome.there;
        sum.fetched += outcome.fetched;
        sum.missing.extend(outcome.missing);
    }
    sum.missing.sort();
    Ok(sum)
}

async fn one(
    asker: &Asker,
    store: &Arc<Artifacts>,
    entry: &Locked,
    interpreters: &BTreeSet<Interpreter>,
) -> Fetched {
    let mut out = Fetched::default();
    let spoken = entry.release.spoken();
    let missing = |why: &str| format!("{spoken}: {}", printable(why, 300));
    if entry.digests.is_empty() {
        let why =
            "the lockfile promises no digest for it, so nothing that is fetched could be checked";
        out.missing.push(missing(why));
        return out;
    }
    // One file is what there is, or any of several.
    let single = entry.release.package.ecosystem() != Ecosystem::PyPi;
    let mut is_there = false;
    for digest in &entry.digests {
        if store.cached(digest).is_some() && store.is_sound(digest).await {
            out.there += 1;
            is_there = true;
        }
    }
    if is_there && (single || out.there == entry.digests.len()) {
        return out;
    }
    let places = match asker.context_for(entry) {
        Ok(context) => places(asker, &context, entry, interpreters).await,
        Err(why) => Err(why),
    };
    match places {
        Err(why) => out.missing.push(missing(&why)),
        Ok(places) => {
            for place in places {
                if store.cached(&place.digest).is_some() {
                    continue;
                }
                match store
                    .whole(&place.upstream, &place.url, &place.digest)
                    .await
                {
                    Ok(_) => out.fetched += 1,
                    Err(error) => out.missing.push(missing(&error.to_string())),
                }
            }
        }
    }
    out
}

/// Where an artifact is fetched from, and what it has to be.
struct From {
    upstream: Upstream,
    url: Url,
    digest: Digest,
}

async fn places(
    asker: &Asker,
    context: &Context,
    entry: &Locked,
    interpreters: &BTreeSet<Interpreter>,
) -> Result<Vec<From>, String> {
    let address = |text: &str| Url::parse(text).map_err(|error| error.to_string());
    let strongest = entry.digests.iter().max_by_key(|digest| digest.algorithm());
    let strongest = strongest.ok_or("the lockfile promises no digest for it")?;
    if strongest.algorithm() == DigestAlgorithm::Sha1 {
        // Whoever can make two files with one SHA-1 could hand out either.
        return Err("the lockfile promises a SHA-1 only, which can be forged".to_owned());
    }
    if entry.release.package.ecosystem() == Ecosystem::Npm
        && let Some(url) = entry
            .resolved
            .as_deref()
            .and_then(|text| Url::parse(text).ok())
        && let Some(upstream) = context.upstreams.npm_for(&entry.release.package)
        && upstream.owns(&url)
    {
        // The lockfile says where it is: no document is needed.
        return Ok(vec![From {
            upstream: upstream.clone(),
            url,
            digest: strongest.clone(),
        }]);
    }
    let found = asker
        .registry()
        .locate(context, &entry.release)
        .await
        .map_err(|error| error.to_string())?;
    if found.is_empty() {
        return Err("the registry does not have it".to_owned());
    }
    if entry.release.package.ecosystem() != Ecosystem::PyPi {
        let one = found.into_iter().next().ok_or("it has no artifact")?;
        return Ok(vec![From {
            url: address(&one.url)?,
            upstream: one.upstream,
            digest: strongest.clone(),
        }]);
    }
    let promised = found.into_iter().filter_map(|file| {
        let digest = file.digest.clone().filter(|d| entry.digests.contains(d))?;
        Some((file, digest))
    });
    let mut promised: Vec<_> = promised.collect();
    if promised.is_empty() {
        return Err("no file of the registry is one that the lockfile promises".to_owned());
    }
    let names: Vec<&str> = promised
        .iter()
        .map(|(file, _)| file.file.as_str())
        .collect();
    let taken: BTreeSet<String> = taken(&names, interpreters, python::machine())
        .into_iter()
        .map(str::to_owned)
        .collect();
    promised.retain(|(file, _)| taken.contains(&file.file));
    promised
        .into_iter()
        .map(|(file, digest)| {
            Ok(From {
                url: address(&file.url)?,
                upstream: file.upstream,
                digest,
            })
        })
        .collect()
}

/// Of the files of a release those of which an installer takes one, for each interpreter; where that
/// is not known, for any one.
fn taken<'f>(
    files: &[&'f str],
    interpreters: &BTreeSet<Interpreter>,
    machine: Machine,
) -> BTreeSet<&'f str> {
    let asked: Vec<Option<Interpreter>> = match interpreters.is_empty() {
        true => vec![None],
        false => interpreters.iter().copied().map(Some).collect(),
    };
    let mut all = BTreeSet::new();
    for interpreter in asked {
        let rank = |file: &str| rank(file, interpreter, machine);
        let best = files.iter().map(|file| rank(file)).min();
        let mut equal: Vec<&str> = files.to_vec();
        equal.retain(|file| Some(rank(file)) == best);
        equal.sort_unstable_by(|a, b| b.cmp(a));
        equal.truncate(FILES);
        all.extend(equal);
    }
    all
}

/// Lowest first: wheels in an installer's order, the source, what is for others.
fn rank(file: &str, interpreter: Option<Interpreter>, machine: Machine) -> (u8, u16) {
    if !file.ends_with(".whl") {
        return (1, 0);
    }
    let tags = tags_of_name(file);
    match tags.and_then(|tags| machine.rank(interpreter, &tags)) {
        Some(rank) => (0, rank),
        None => (2, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_device::artifact::ByDigest;
    use customs_device::tree::Difference;

    fn entry(name: &str, bytes: &[u8]) -> Locked {
        Locked {
            release: format!("pkg:npm/{name}@1.0.0").parse().unwrap(),
            source: Source::Registry,
            digests: vec![Digest::sha256(bytes)],
            resolved: None,
            has_install_script: None,
            line: None,
        }
    }

    #[test]
    fn only_what_lies_there_and_was_compared_with_no_artifact_is_fetched() {
        let locked = ["compared", "open", "absent"].map(|name| entry(name, b""));
        let mut compared = PackageTree::new(locked[0].release.clone(), "node_modules/compared");
        compared.against = Some(Against::Artifact {
            digest: Digest::sha256(b""),
            from: "npm's cache".into(),
        });
        let open = PackageTree::new(locked[1].release.clone(), "node_modules/open");
        let tree = TreeReport {
            packages: vec![compared, open],
            ..TreeReport::default()
        };
        assert_eq!(wanted(&locked, Some(&tree)), [locked[1].clone()]);
        assert!(wanted(&locked, None).is_empty());
    }

    #[test]
    fn a_copy_with_other_bytes_is_not_at_hand() {
        let folder = tempfile::tempdir().unwrap();
        let locked = ["good", "bad", "none"].map(|name| entry(name, name.as_bytes()));
        for (entry, bytes) in locked.iter().zip(["good", "evil"]) {
            let hex = entry.digests[0].to_hex();
            let path = folder.path().join("sha256").join(&hex[..2]);
            std::fs::create_dir_all(&path).unwrap();
            std::fs::write(path.join(&hex[2..]), bytes).unwrap();
        }
        let places: Vec<Box<dyn Place>> = vec![Box::new(ByDigest::gate(folder.path()))];
        let missing = not_at_hand(&locked, &places);
        assert_eq!(missing, locked[1..]);
    }

    const LINUX: Machine = Machine {
        system: "linux",
        processor: "x86_64",
        musl: false,
        glibc: true,
    };

    fn python(site: &str) -> BTreeSet<Interpreter> {
        BTreeSet::from([Interpreter::of_site(site).unwrap()])
    }

    #[test]
    fn of_very_many_wheels_the_one_for_the_environment_is_fetched() {
        let mut names: Vec<String> = (8..=14)
            .flat_map(|minor| {
                ["manylinux_2_17_x86_64", "win_amd64", "musllinux_1_2_x86_64"]
                    .map(|platform| format!("a-1.0-cp3{minor}-cp3{minor}-{platform}.whl"))
            })
            .collect();
        names.push("a-1.0-py3-none-any.whl".into());
        names.push("a-1.0.tar.gz".into());
        let files: Vec<&str> = names.iter().map(String::as_str).collect();
        let of = |interpreters| Vec::from_iter(taken(&files, &interpreters, LINUX));
        assert_eq!(
            of(python("lib/python3.11/site-packages")),
            ["a-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"]
        );
        assert_eq!(of(python("lib/python3.15/x")), ["a-1.0-py3-none-any.whl"]);
        let mut two = python("lib/python3.11/x");
        two.extend(python("lib/python3.14/x"));
        assert_eq!(of(two).len(), 2);
        // Nobody knows which: some of them, and the one for every machine.
        assert_eq!(of(BTreeSet::new()).len(), FILES);
    }

    #[test]
    fn the_source_is_fetched_where_no_wheel_fits_and_foreign_ones_are_last() {
        let of = |files: &[&str]| {
            let found = taken(files, &python("lib/python3.11/x"), LINUX);
            found.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let foreign = "a-1.0-cp312-cp312-plan9_mips.whl";
        assert_eq!(of(&[foreign, "a-1.0.tar.gz"]), ["a-1.0.tar.gz"]);
        assert_eq!(of(&[foreign]), [foreign]);
    }

    #[test]
    fn what_was_held_against_another_file_of_its_release_is_fetched_too() {
        let mut entry = entry("a", b"");
        entry.release = "pkg:pypi/a@1.0".parse().unwrap();
        let mut package =
            PackageTree::new(entry.release.clone(), ".venv/lib/python3.11/site-packages");
        package.against = Some(Against::Artifact {
            digest: Digest::sha256(b""),
            from: "the gate's store".into(),
        });
        let of = |package: PackageTree| TreeReport {
            packages: vec![package],
            ..TreeReport::default()
        };
        let locked = [entry];
        assert!(wanted(&locked, Some(&of(package.clone()))).is_empty());
        let other = Difference::new("a-1.0.dist-info/WHEEL", DifferenceKind::Modified);
        package.differences.push(other);
        let tree = of(package);
        assert_eq!(wanted(&locked, Some(&tree)), locked);
        let interpreters = interpreters(Path::new("/srv/app"), Some(&tree));
        assert_eq!(interpreters[&locked[0].release], python("lib/python3.11/x"));
    }
}
