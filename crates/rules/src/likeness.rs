//! Whether a name imitates a popular one.
//!
//! Used for young names only, so that a slow look through the list costs nothing.

use crate::distance::within;
use customs_model::{Ecosystem, Manifest, NameLikeness, PackageName};

mod popular;

pub use popular::PopularNames;
use popular::{Popular, repository_place};

/// Words that people put before or behind a popular name to make it theirs.
const BEFORE: [&str; 14] = [
    "node-",
    "js-",
    "plain-",
    "easy-",
    "simple-",
    "fast-",
    "real-",
    "official-",
    "py-",
    "python-",
    "python3-",
    "rs-",
    "rust-",
    "lib",
];
const BEHIND: [&str; 13] = [
    "-js",
    "js",
    ".js",
    "-node",
    "-npm",
    "-py",
    "-python",
    "-rs",
    "-rust",
    "-official",
    "-lib",
    "-latest",
    "-v2",
];

/// Shorter names are one letter from each other by chance.
const SHORTEST_FOR_DISTANCE: usize = 5;

/// The popular package that a name, or the metadata behind it, imitates.
///
/// `is_sibling` says whether the popular package is known to come from the same
/// identity: such a name is a sibling and imitates nobody. It is asked last, and only
/// about the package that was found. Who does not know says `false`.
pub fn imitates(
    name: &PackageName,
    manifest: &Manifest,
    popular: &PopularNames,
    is_sibling: impl Fn(&PackageName) -> bool,
) -> Option<NameLikeness> {
    if popular.holds(name) || name.scope().is_some_and(|scope| popular.owns_scope(scope)) {
        return None;
    }
    let (found, how) = popular
        .iter()
        .find_map(|other| name_likeness(name, other).map(|how| (other, how)))
        .or_else(|| metadata_likeness(manifest, popular))?;
    (!is_sibling(&found.name)).then(|| NameLikeness {
        of: found.name.clone(),
        how,
    })
}

fn name_likeness(name: &PackageName, other: &Popular) -> Option<String> {
    match (name.scope(), other.name.scope()) {
        (Some(scope), Some(theirs)) => {
            scope_likeness(scope, name.unscoped(), theirs, other.name.unscoped())
        }
        // A scope that is nobody's popular one is somebody's own house: @me/axios is
        // an honest fork as often as not.
        (Some(_), None) => None,
        (None, Some(theirs)) => {
            let joined = format!(
                "{}-{}",
                theirs.trim_start_matches('@'),
                other.name.unscoped()
            );
            (name.as_str() == joined).then(|| "its scope written into the name".to_owned())
        }
        (None, None) => bare_likeness(name.as_str(), other.name.as_str(), name.ecosystem()),
    }
}

fn scope_likeness(scope: &str, bare: &str, theirs: &str, their_bare: &str) -> Option<String> {
    let near = theirs.len() > SHORTEST_FOR_DISTANCE && within(scope, theirs, 1) == Some(1);
    let same = skeleton(scope) == skeleton(theirs) && scope != theirs;
    (bare == their_bare && (near || same)).then(|| format!("the scope {scope} looks like {theirs}"))
}

fn bare_likeness(name: &str, other: &str, ecosystem: Ecosystem) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let other = other.to_ascii_lowercase();
    if lower == other {
        return Some("capitals only".to_owned());
    }
    let (mine, theirs) = (skeleton(&lower), skeleton(&other));
    if mine == theirs {
        return Some("separators or look-alike characters only".to_owned());
    }
    if other.len() >= SHORTEST_FOR_DISTANCE && within(&lower, &other, 1).is_some() {
        return Some("one letter away".to_owned());
    }
    if other.len() >= 4
        && (lower.strip_suffix('s') == Some(&other) || other.strip_suffix('s') == Some(&lower))
    {
        return Some("a plural".to_owned());
    }
    let same = |core: &str| {
        let core = skeleton(core);
        let bare = without_language(&theirs, ecosystem);
        core == theirs && theirs.len() >= 4
            || without_language(&core, ecosystem) == bare && bare.len() >= 4
    };
    stripped(&lower)
        .any(same)
        .then(|| "a word put before or behind it".to_owned())
}

/// The name without a word that people add.
fn stripped(name: &str) -> impl Iterator<Item = &str> {
    let before = BEFORE.iter().filter_map(|word| name.strip_prefix(word));
    let behind = BEHIND.iter().filter_map(|word| name.strip_suffix(word));
    before.chain(behind)
}

/// `dayjs` and `day-js` and `day` are one thing to a reader.
fn without_language(skeleton: &str, ecosystem: Ecosystem) -> &str {
    let word = match ecosystem {
        Ecosystem::Npm => "js",
        Ecosystem::PyPi => "py",
        Ecosystem::Cargo => "rs",
    };
    skeleton.strip_suffix(word).unwrap_or(skeleton)
}

/// A name as the eye takes it: without separators, digits that look like letters as
/// these letters, `rn` as `m`, `vv` as `w`.
fn skeleton(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' => {}
            '0' => out.push('o'),
            '1' | 'i' => out.push('l'),
            '5' => out.push('s'),
            c => out.push(c.to_ascii_lowercase()),
        }
    }
    out.replace("rn", "m").replace("vv", "w")
}

fn metadata_likeness<'p>(
    manifest: &Manifest,
    popular: &'p PopularNames,
) -> Option<(&'p Popular, String)> {
    let declared = repository_place(manifest.repository.as_deref()?)?;
    let found = popular
        .iter()
        .find(|other| other.repository.as_deref() == Some(&declared))?;
    Some((found, format!("declares the repository of {}", found.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(ecosystem: Ecosystem, name: &str, repository: Option<&str>) -> Option<String> {
        let name = PackageName::new(ecosystem, name).unwrap();
        let manifest = Manifest {
            repository: repository.map(str::to_owned),
            ..Manifest::default()
        };
        imitates(&name, &manifest, PopularNames::built_in(ecosystem), |_| {
            false
        })
        .map(|l| format!("{}: {}", l.of, l.how))
    }

    #[test]
    fn names_of_known_attacks_are_seen() {
        let npm = |name| likeness(Ecosystem::Npm, name, None);
        let of =
            |found: Option<String>| found.map(|text| text.split(':').next().unwrap().to_owned());
        assert_eq!(of(npm("plain-crypto-js")).as_deref(), Some("crypto-js"));
        assert_eq!(of(npm("easy-day-js")).as_deref(), Some("dayjs"));
        assert_eq!(of(npm("axois")).as_deref(), Some("axios"));
        assert_eq!(of(npm("l0dash")).as_deref(), Some("lodash"));
        assert_eq!(of(npm("lodash-js")).as_deref(), Some("lodash"));
        assert_eq!(of(npm("cross-env.js")).as_deref(), Some("cross-env"));
        assert_eq!(of(npm("crossenv")).as_deref(), Some("cross-env"));
        assert_eq!(of(npm("@bable/core")).as_deref(), Some("@babel/core"));
        assert_eq!(of(npm("babel-core")).as_deref(), Some("@babel/core"));
        assert_eq!(
            of(likeness(Ecosystem::Cargo, "proc-macro1", None)).as_deref(),
            Some("proc-macro2")
        );
        assert_eq!(
            of(likeness(Ecosystem::PyPi, "python-requests", None)).as_deref(),
            Some("requests")
        );
        assert_eq!(
            of(likeness(Ecosystem::PyPi, "reqeusts", None)).as_deref(),
            Some("requests")
        );
    }

    #[test]
    fn metadata_of_another_package_is_seen_however_it_is_written() {
        for url in [
            "git+https://github.com/brix/crypto-js.git",
            "git@github.com:brix/crypto-js.git",
            "github:brix/crypto-js",
            "https://github.com/Brix/crypto-js/tree/main#readme",
        ] {
            let found = likeness(Ecosystem::Npm, "quite-another-thing", Some(url));
            assert_eq!(
                found.as_deref(),
                Some("crypto-js: declares the repository of crypto-js"),
                "{url}"
            );
        }
        assert_eq!(
            likeness(
                Ecosystem::Npm,
                "quite-another-thing",
                Some("https://github.com/me/mine")
            ),
            None
        );
    }

    #[test]
    fn siblings_forks_and_strangers_imitate_nobody() {
        for honest in [
            "axios",
            "@types/new-thing",
            "@babel/corre",
            "@me/axios",
            "quite-another-thing",
            "vu",
            "is-odd-number",
        ] {
            assert_eq!(likeness(Ecosystem::Npm, honest, None), None, "{honest}");
        }
        let name = PackageName::new(Ecosystem::Npm, "lodash-js").unwrap();
        let popular = PopularNames::built_in(Ecosystem::Npm);
        assert_eq!(
            imitates(&name, &Manifest::default(), popular, |of| of.as_str()
                == "lodash"),
            None
        );
    }

    #[test]
    fn popular_names_do_not_call_each_other_imitations() {
        for ecosystem in Ecosystem::ALL {
            for other in PopularNames::built_in(ecosystem).iter() {
                assert_eq!(
                    likeness(ecosystem, other.name.as_str(), other.repository.as_deref()),
                    None
                );
            }
        }
    }
}
