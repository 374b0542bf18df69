//! Where each package of an npm-family lockfile lies on disk, as far as the file says it.
//!
//! npm writes the folder itself. bun's keys are the folders of its flat layout. pnpm and Yarn
//! say only which releases there are, so a place is the name of a folder in some
//! `node_modules`; which one, and of which release, the tree has to tell.

mod bun;
mod npm;
mod pnpm;
mod yarn;

pub use yarn::link_target;

use super::entries::Entries;
use super::tree::{Fault, Node};
use super::{Error, Kind, Source, error_of, limit, text_of};
use crate::npm::Platforms;
use customs_model::{Digest, Ecosystem, PackageName, ReleaseId, Version};
use std::collections::BTreeSet;

/// What a lockfile says about the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Which tool's file it is.
    pub kind: Kind,
    /// Every package that is not the project's own, in the order of the file.
    pub placed: Vec<Placed>,
    /// Links to folders of the project: workspace members and paths.
    pub links: Vec<LinkTo>,
    /// Folders of the project that are packages of its own, each with a `node_modules` perhaps.
    pub members: BTreeSet<String>,
    /// pnpm: names that packages are linked by, and their own names, where both differ.
    pub aliases: BTreeSet<(String, String)>,
    /// Yarn 4: the key that the names of its archives end with (`10c0`).
    pub cache_key: Option<String>,
    /// What was not read, and why. Safe to print.
    pub skipped: Vec<String>,
}

/// One installed package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Where it lies.
    pub place: Place,
    /// The real package (aliases are resolved) and its version.
    pub release: ReleaseId,
    /// Where the client takes it from.
    pub source: Source,
    /// Digests of the artifact.
    pub digests: Vec<Digest>,
    /// Yarn 4: the digest of its own archive (a zip), which is not the artifact's.
    pub archive: Option<Digest>,
    /// The artifact's URL as written, or a path.
    pub resolved: Option<String>,
    /// It may rightly be absent: an optional dependency.
    pub optional: bool,
    /// Only for development; absent where these were left out.
    pub dev: bool,
    /// The machines that it is for.
    pub platforms: Platforms,
    /// Whether it claims to run a script at install.
    pub has_install_script: Option<bool>,
    /// The patch that the manager applies, relative to the project.
    pub patch: Option<String>,
    /// pnpm: the SHA-256 of the patch, where the lockfile does not name its file. Line ends count as
    /// line feeds.
    pub patch_digest: Option<Digest>,
    /// The lockfile says that the manager changes it, and the patch is not in the project.
    pub builtin_patch: bool,
}

/// Where a package lies.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// In this folder, relative to the project, with `/`.
    At(String),
    /// In one or more folders of this name (with its scope) in some `node_modules`.
    Folder(String),
}

/// A link to a folder of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkTo {
    /// Where it lies, or the name of its folder.
    pub place: Place,
    /// Where it leads, relative to the project. Empty where the file does not say it.
    pub target: String,
}

/// Reads where the packages lie.
///
/// ```
/// use customs_ecosystem::lockfile::{Kind, places::{self, Place}};
/// let text = br#"{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0"}}}"#;
/// let places = places::read(Kind::PackageLock, text)?;
/// assert_eq!(places.placed[0].place, Place::At("node_modules/a".into()));
/// # Ok::<(), customs_ecosystem::lockfile::Error>(())
/// ```
///
/// # Errors
/// The file exceeds a bound of [`limit`], is not what its tool writes, or is no lockfile of
/// the npm family.
pub fn read(kind: Kind, bytes: &[u8]) -> Result<Places, Error> {
    let text = text_of(kind, bytes)?;
    let mut out = Collector::new(text);
    let read = match kind {
        Kind::PackageLock => npm::read(text, &mut out),
        Kind::PnpmLock => pnpm::read(text, &mut out),
        Kind::YarnClassic => yarn::classic(text, &mut out),
        Kind::YarnBerry => yarn::berry(text, &mut out),
        Kind::BunLock => bun::read(text, &mut out),
        Kind::UvLock
        | Kind::RequirementsTxt
        | Kind::PoetryLock
        | Kind::PylockToml
        | Kind::CargoLock => Err(Fault::at(0, "it is no lockfile of the npm family")),
    };
    read.map_err(|fault| error_of(kind, text, fault))?;
    Ok(Places {
        kind,
        placed: out.placed,
        links: out.links,
        members: out.members,
        aliases: out.aliases,
        cache_key: out.cache_key,
        skipped: out.entries.finish().1,
    })
}

/// What a reader found, not yet checked.
struct Raw<'a> {
    place: Place,
    name: &'a str,
    version: &'a str,
    source: Source,
    digests: Vec<Digest>,
}

/// Collects what the readers find.
struct Collector<'t> {
    entries: Entries<'t>,
    placed: Vec<Placed>,
    links: Vec<LinkTo>,
    members: BTreeSet<String>,
    aliases: BTreeSet<(String, String)>,
    cache_key: Option<String>,
}

impl<'t> Collector<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            entries: Entries::new(Ecosystem::Npm, text),
            placed: Vec::new(),
            links: Vec::new(),
            members: BTreeSet::new(),
            aliases: BTreeSet::new(),
            cache_key: None,
        }
    }

    /// Takes an entry. One whose name, version or place cannot be is skipped with the reason.
    fn add(&mut self, at: usize, raw: Raw<'_>) -> Result<Option<&mut Placed>, Fault> {
        let release = PackageName::new(Ecosystem::Npm, raw.name)
            .and_then(|name| Ok(ReleaseId::new(name, Version::new(raw.version)?)));
        let release = match release {
            Ok(release) => release,
            Err(why) => {
                self.entries.skip(at, raw.name, &why.to_string())?;
                return Ok(None);
            }
        };
        if let Some(path) = self.bad_place(&raw.place) {
            self.entries
                .skip(at, &path, "a place that leaves the project")?;
            return Ok(None);
        }
        if self.placed.len() >= limit::ENTRIES {
            return Err(Fault::Limit {
                what: "entries",
                limit: limit::ENTRIES,
            });
        }
        self.placed.push(Placed {
            place: raw.place,
            release,
            source: raw.source,
            digests: raw.digests,
            archive: None,
            resolved: None,
            optional: false,
            dev: false,
            platforms: Platforms::default(),
            has_install_script: None,
            patch: None,
            patch_digest: None,
            builtin_patch: false,
        });
        Ok(self.placed.last_mut())
    }

    /// A link that stands at `at`. One that lies outside of the project is skipped with the reason.
    fn link(&mut self, at: usize, place: Place, target: &str) -> Result<(), Fault> {
        if self.links.len() >= limit::ENTRIES {
            return Err(Fault::Limit {
                what: "links",
                limit: limit::ENTRIES,
            });
        }
        if let Some(path) = self.bad_place(&place) {
            return self
                .entries
                .skip(at, &path, "a link at a place that leaves the project");
        }
        self.links.push(LinkTo {
            place,
            target: target.to_owned(),
        });
        Ok(())
    }

    /// A folder of the project, which stands at `at`. One that leaves it is skipped with the reason:
    /// nothing is looked for there. The project itself is no member.
    fn member(&mut self, at: usize, folder: &str) -> Result<(), Fault> {
        if self.members.len() >= limit::ENTRIES {
            return Err(Fault::Limit {
                what: "members",
                limit: limit::ENTRIES,
            });
        }
        let folder = folder.trim_start_matches("./").trim_end_matches('/');
        if folder.is_empty() || folder == "." {
            return Ok(());
        }
        if let Some(path) = self.bad_place(&Place::At(folder.to_owned())) {
            return self
                .entries
                .skip(at, &path, "a member that lies outside of the project");
        }
        self.members.insert(folder.to_owned());
        Ok(())
    }

    fn bad_place(&self, place: &Place) -> Option<String> {
        let (Place::At(path) | Place::Folder(path)) = place;
        let good = |part: &str| !part.is_empty() && part != "." && part != "..";
        let fine = path.split('/').all(good) && !path.contains(['\\', '\0']);
        (!fine).then(|| path.clone())
    }
}

/// A list of texts, or one text.
fn texts(node: Option<&Node<'_>>) -> Vec<String> {
    let Some(node) = node else {
        return Vec::new();
    };
    match node.text() {
        // bun writes `none` where no machine that it knows fits.
        Some(one) if !one.is_empty() => vec![one.to_owned()],
        Some(_) => Vec::new(),
        None => node
            .list()
            .iter()
            .filter_map(|item| item.text().map(str::to_owned))
            .collect(),
    }
}

fn platforms(entry: &Node<'_>) -> Platforms {
    Platforms::of_lists(
        texts(entry.get("os")),
        texts(entry.get("cpu")),
        texts(entry.get("libc")),
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::FIXTURES;
    use super::*;
    use proptest::prelude::*;
    use std::fmt::Write as _;

    pub(super) fn told(kind: Kind, text: &str) -> String {
        let places = read(kind, text.as_bytes()).unwrap();
        let mut out = String::new();
        for placed in &places.placed {
            let place = match &placed.place {
                Place::At(path) => path.clone(),
                Place::Folder(name) => format!("*/{name}"),
            };
            write!(out, "{place}: {}", placed.release.spoken()).unwrap();
            let digests = placed.digests.iter().chain(&placed.archive);
            for digest in digests {
                let short: String = digest.to_string().chars().take(11).collect();
                write!(out, " {short}").unwrap();
            }
            for (said, word) in [
                (placed.optional, "optional"),
                (placed.dev, "dev"),
                (placed.source == Source::Bundled, "bundled"),
                (placed.platforms.restricts(), "platform"),
                (placed.has_install_script == Some(true), "script"),
            ] {
                if said {
                    write!(out, " +{word}").unwrap();
                }
            }
            if let Some(patch) = &placed.patch {
                write!(out, " patch {patch}").unwrap();
            }
            if let Some(digest) = &placed.patch_digest {
                let short: String = digest.to_string().chars().take(11).collect();
                write!(out, " patch {short}").unwrap();
            }
            out.push('\n');
        }
        for link in &places.links {
            writeln!(out, "link {:?} -> {}", link.place, link.target).unwrap();
        }
        for line in &places.skipped {
            writeln!(out, "skipped {line}").unwrap();
        }
        out
    }

    #[test]
    fn a_member_or_link_outside_of_the_project_is_said_and_the_project_itself_is_not() {
        let pnpm = "lockfileVersion: '9.0'\nimporters:\n  .: {}\n  ../beside:\n    dependencies:\n      m:\n        specifier: workspace:*\n        version: link:../m\n  inside: {}\n";
        insta::assert_snapshot!(told(Kind::PnpmLock, pnpm), @r"
        skipped line 4: ../beside: a member that lies outside of the project
        skipped line 6: ../beside/node_modules/m: a link at a place that leaves the project
        ");
        let npm = r#"{"lockfileVersion": 3, "packages": {"": {}, "../beside": {}, "inside": {},
            "../x/node_modules/m": {"resolved": "inside", "link": true}}}"#;
        insta::assert_snapshot!(told(Kind::PackageLock, npm), @r"
        skipped line 1: ../beside: a member that lies outside of the project
        skipped line 2: ../x/node_modules/m: a link at a place that leaves the project
        ");
        let yarn = "__metadata:\n  version: 8\n\n\"m@workspace:../m\":\n  version: 0.0.0-use.local\n  resolution: \"m@workspace:../m\"\n";
        insta::assert_snapshot!(told(Kind::YarnBerry, yarn), @r#"
        link Folder("m") -> ../m
        skipped line 4: ../m: a member that lies outside of the project
        "#);
        let bun = "{\"lockfileVersion\": 1, \"workspaces\": {\"\": {}, \"../beside\": {}}, \"packages\": {}}";
        insta::assert_snapshot!(told(Kind::BunLock, bun), @"skipped line 1: ../beside: a member that lies outside of the project");
        let inside = read(Kind::PackageLock, npm.as_bytes()).unwrap().members;
        assert_eq!(inside.into_iter().collect::<Vec<_>>(), ["inside"]);
    }

    #[test]
    fn a_lockfile_of_another_ecosystem_is_refused() {
        assert!(read(Kind::CargoLock, b"version = 4\n").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn a_damaged_lockfile_is_read_or_refused_and_no_place_leaves_the_project(
            fixture in 0..FIXTURES.len(),
            from in any::<prop::sample::Index>(),
            length in 0usize..40,
            with in "\\PC{0,6}|[./\\\\@]{0,8}",
        ) {
            let (kind, text) = FIXTURES[fixture];
            let mut start = from.index(text.len());
            while !text.is_char_boundary(start) { start -= 1; }
            let mut end = (start + length).min(text.len());
            while !text.is_char_boundary(end) { end -= 1; }
            let text = format!("{}{with}{}", &text[..start], &text[end.max(start)..]);
            if let Ok(places) = read(kind, text.as_bytes()) {
                for placed in &places.placed {
                    let (Place::At(path) | Place::Folder(path)) = &placed.place;
                    prop_assert!(!path.split('/').any(|part| matches!(part, "" | "." | "..")));
                }
            }
        }
    }
}
