//! The tree of a project, held against the artifacts that its lockfile names.

use super::caches::Caches;
use super::copies::{self, Copies};
use super::discover::{Installed, Project};
use super::root::below;
use customs_device::tree::disk;
use customs_device::tree::{TreeReport, cargo, npm, python};
use customs_ecosystem::lockfile::{self, Kind, Locked, Manifest, ManifestKind, Source};
use customs_ecosystem::pypi::Requirement;
use customs_model::{Answer, Ecosystem, PackageName, printable};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How closely to look.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Closely {
    /// Read everything again, whatever is remembered.
    pub deep: bool,
    /// Which copies in caches.
    pub copies: Copies,
}

/// Checks the tree of a project; none where there is nothing to look at. `locked` are the entries
/// of its lockfile, and of those beside it that its environments may have been installed from.
pub(super) fn check(
    project: &Project,
    locked: &[Locked],
    caches: &Caches,
    closely: Closely,
) -> Option<TreeReport> {
    let mut report = match (&project.installed, &project.lockfile) {
        (Installed::Nothing(_), _) | (Installed::Modules, None) => return None,
        (Installed::Modules, Some((lockfile, _))) => {
            let report = modules(project, lockfile, caches, closely);
            report.unwrap_or_else(|why| TreeReport {
                not_checked: vec![why.to_string()],
                ..TreeReport::default()
            })
        }
        (Installed::Environments { at, .. }, _) => {
            environments(project, at, locked, caches, closely)
        }
        (Installed::Crates, _) => crates(project, locked, caches, closely),
    };
    // What a copy there cannot be compared with is fetched as well.
    if closely.copies == Copies::All {
        copies::look(project, locked, caches, closely, &mut report);
    }
    Some(report)
}

/// What a report of a tree comes to.
pub(super) fn answer(project: &Project, report: Option<&TreeReport>) -> Answer {
    match (report, &project.installed) {
        (Some(report), _) if !is_empty(report) => report.answer(),
        (None, Installed::Nothing(because)) => Answer::not_checked(because),
        (_, _) => Answer::not_checked("nothing that the lockfile names is installed here"),
    }
}

fn is_empty(report: &TreeReport) -> bool {
    let things = report.packages.len() + report.loose.len() + report.not_checked.len();
    things + report.poisoned.len() == 0
}

fn modules(
    project: &Project,
    lockfile: &Path,
    caches: &Caches,
    closely: Closely,
) -> Result<TreeReport, npm::Error> {
    let options = caches.options(lockfile, closely.deep);
    let lock = npm::Lock::open(lockfile)?;
    Ok(npm::check(&project.folder, &lock, &options))
}

fn environments(
    project: &Project,
    at: &[PathBuf],
    locked: &[Locked],
    caches: &Caches,
    closely: Closely,
) -> TreeReport {
    let mut all = TreeReport::default();
    let needs = needs(project);
    let asked = asked(project, needs.as_ref());
    for environment in at {
        let options = caches.options(environment, closely.deep);
        let belongs = python::Belongs {
            locked,
            is_complete: is_complete(project, environment, locked),
            is_synced: !matches!(project.lockfile, Some((_, Kind::RequirementsTxt))),
            needs: needs.as_ref(),
            asked: &asked,
            project: Some(&project.folder),
        };
        let mut report = python::check(environment, &belongs, &options);
        let folder = below(&project.folder, environment)
            .unwrap_or_else(|| environment.display().to_string());
        report.below(&folder);
        all.extend(report);
    }
    all
}

/// What the project's manifest, and a lockfile that is installed as a whole, ask for. What cannot be read
/// asks for nothing; that is told where it is judged.
fn asked(project: &Project, needs: Option<&Needs>) -> Vec<Requirement> {
    let read = |path: &Path| disk::read_up_to(path, lockfile::limit::BYTES as u64).ok()?;
    let manifest = read(&project.folder.join(ManifestKind::Pyproject.file_name()));
    let manifest = manifest.and_then(|text| Manifest::read(ManifestKind::Pyproject, &text).ok());
    let mut asked = Vec::new();
    let Some((path, kind)) = &project.lockfile else {
        return asked;
    };
    if matches!(kind, Kind::UvLock | Kind::PoetryLock) {
        asked.extend(
            manifest
                .into_iter()
                .flat_map(|manifest| own_needs(manifest, needs)),
        );
    }
    let whole = read(path).and_then(|text| lockfile::whole(*kind, &text).ok());
    asked.extend(whole.unwrap_or_default());
    asked
}

/// What packages need by their lockfile.
type Needs = BTreeMap<PackageName, Vec<Requirement>>;

/// None where the lockfile does not say it, or cannot be read, which is told where it is judged.
fn needs(project: &Project) -> Option<Needs> {
    let (path, kind) = project.lockfile.as_ref()?;
    let text = disk::read_up_to(path, lockfile::limit::BYTES as u64).ok()??;
    lockfile::needs(*kind, &text).ok()?
}

/// What a manifest asks for, without what an override takes away: the lockfile has no such need of the
/// project, or has it on a condition that the manifest does not have.
fn own_needs(manifest: Manifest, needs: Option<&Needs>) -> Vec<Requirement> {
    let name = manifest.name.as_deref();
    let name = name.and_then(|name| PackageName::new(Ecosystem::PyPi, name).ok());
    let locked = needs.zip(name).and_then(|(needs, name)| needs.get(&name));
    let mut asked = manifest.needs;
    if let Some(locked) = locked {
        asked.retain(|one| {
            let mut same = locked.iter().filter(|other| other.name == one.name);
            same.any(|other| other.marker.is_none() || one.marker.is_some())
        });
    }
    asked
}

/// Whether the lockfiles of an environment name all that belongs into it.
fn is_complete(project: &Project, environment: &Path, locked: &[Locked]) -> bool {
    // One that lies deeper may be another project's.
    let is_ours = environment.parent() == Some(&project.folder)
        || environment == project.folder
        || below(&project.folder, environment).is_none();
    let read = match &project.installed {
        Installed::Environments { doubtful, .. }
            if doubtful.iter().any(|one| one == environment) =>
        {
            false
        }
        Installed::Environments { beside, .. } => {
            beside.iter().all(|path| super::lock::graph(path).is_ok())
        }
        Installed::Modules | Installed::Crates | Installed::Nothing(_) => false,
    };
    let kind = project.lockfile.as_ref().map(|(_, kind)| *kind);
    let names_all = match kind {
        Some(Kind::UvLock | Kind::PoetryLock | Kind::PylockToml) => true,
        // pip refuses what has no hash where anything has one. Further files that were installed too
        // often lie in a folder of their own.
        Some(Kind::RequirementsTxt) => {
            let is_hashed = |entry: &Locked| {
                !entry.digests.is_empty() || !matches!(entry.source, Source::Registry | Source::Url)
            };
            locked.iter().all(is_hashed) && !project.folder.join("requirements").is_dir()
        }
        Some(
            Kind::PackageLock
            | Kind::PnpmLock
            | Kind::YarnClassic
            | Kind::YarnBerry
            | Kind::BunLock
            | Kind::CargoLock,
        )
        | None => false,
    };
    // A lockfile that names nothing, or could not be read, says nothing about what lies here.
    is_ours && read && names_all && !locked.is_empty()
}

fn crates(project: &Project, locked: &[Locked], caches: &Caches, closely: Closely) -> TreeReport {
    let options = caches.options(&project.folder.join("vendor"), closely.deep);
    let mut vendored = cargo::check_vendor(&project.folder, locked, &options);
    // What settings put a vendored crate in the place of is not compiled from cargo's home. A folder that is only
    // called `vendor` stands for nothing.
    let of_home = match closely.copies == Copies::All {
        true => locked.to_vec(),
        false => cargo::of_home(&project.folder, locked, caches.cargo.as_deref()),
    };
    let is_compiled = |entry: &Locked| entry.source != Source::Path;
    if of_home.iter().any(is_compiled)
        && let Some(home) = caches.cargo.as_ref().filter(|home| home.is_dir())
    {
        let options = caches.options(&project.folder.join("Cargo.lock"), closely.deep);
        let mut report = cargo::check_registry(home, &of_home, &options);
        if !vendored.packages.is_empty() {
            // What is vendored needs to lie nowhere else.
            let is_absence = |note: &String| {
                let ends = ["are not unpacked here", "is not checked out here"];
                ends.iter().any(|end| note.ends_with(end))
            };
            report.not_checked.retain(|note| !is_absence(note));
        }
        report.below("$CARGO_HOME");
        vendored.extend(report);
    }
    vendored
}

/// The entries of further lockfiles, and why one could not be read. Safe to print.
pub(super) fn beside(installed: &Installed) -> (Vec<Locked>, Vec<String>) {
    let Installed::Environments { beside, .. } = installed else {
        return (Vec::new(), Vec::new());
    };
    let (mut all, mut unread) = (Vec::new(), Vec::new());
    for path in beside {
        match super::lock::graph(path) {
            Ok(graph) => all.extend(graph.lockfile.entries),
            Err(why) => unread.push(format!(
                "{}: {why}",
                printable(&path.display().to_string(), 300)
            )),
        }
    }
    (all, unread)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{sha512, tarball};
    use super::*;
    use customs_device::tree::Standing;
    use customs_model::Digest;
    use std::fs;

    const CACHES: Closely = Closely {
        deep: true,
        copies: Copies::All,
    };

    /// As a project is looked at: what is only told of caches comes last.
    fn looked(
        project: &Project,
        locked: &[Locked],
        caches: &Caches,
        closely: Closely,
    ) -> TreeReport {
        let mut report = check(project, locked, caches, closely).unwrap();
        copies::wrong(project, locked, caches, closely, &mut report);
        report
    }

    fn write(path: &Path, bytes: &[u8]) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    #[test]
    fn of_vendored_crates_the_copies_below_cargos_home_are_hashed_too() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        let manifest = b"[package]\nname = \"a\"\nversion = \"1.0.0\"\n";
        let archive = tarball(&[("a-1.0.0/Cargo.toml", manifest)]);
        let digest = Digest::sha256(&archive);
        let hex = digest.to_hex();
        // The copy that is used is right, and the one that the next project takes is not.
        write(
            &at(&format!("gate/sha256/{}/{}", &hex[..2], &hex[2..])),
            &archive,
        );
        write(&at("cargo/registry/cache/index/a-1.0.0.crate"), b"evil");
        write(&at("app/vendor/a/Cargo.toml"), manifest);
        let files = format!(
            r#"{{"files":{{"Cargo.toml":"{}"}},"package":"{hex}"}}"#,
            Digest::sha256(manifest).to_hex()
        );
        write(&at("app/vendor/a/.cargo-checksum.json"), files.as_bytes());
        let locked = [Locked {
            release: "pkg:cargo/a@1.0.0".parse().unwrap(),
            source: Source::Registry,
            digests: vec![digest],
            resolved: Some("registry+https://index.example/".to_owned()),
            has_install_script: None,
            line: None,
        }];
        let settings = "[source.main]\nregistry = \"https://index.example\"\nreplace-with = \"v\"\n[source.v]\ndirectory = \"vendor\"\n";
        write(&at("app/.cargo/config.toml"), settings.as_bytes());
        let project = Project {
            folder: at("app"),
            lockfile: None,
            installed: Installed::Crates,
        };
        let caches = Caches {
            gate: Some(at("gate")),
            cargo: Some(at("cargo")),
            ..Caches::default()
        };
        let found = |closely| looked(&project, &locked, &caches, closely);
        let only_used = found(Closely::default());
        assert_eq!((only_used.packages.len(), only_used.loose.len()), (1, 0));
        let all = found(CACHES);
        let [copy] = &all.loose[..] else {
            panic!("{all:?}")
        };
        assert_eq!(copy.standing, Standing::Unexplained);
        assert!(copy.path.ends_with("a-1.0.0.crate"), "{copy:?}");
        assert_eq!(all.not_checked, only_used.not_checked);
        let wrong = found(Closely {
            copies: Copies::Wrong,
            ..CACHES
        });
        assert_eq!(wrong.loose, all.loose);
        // A folder that nothing puts in the place of the registry is not what is compiled.
        fs::remove_file(at("app/.cargo/config.toml")).unwrap();
        assert_eq!(found(Closely::default()).loose.len(), 1);
    }

    #[test]
    fn what_an_override_takes_away_the_project_does_not_ask_for() {
        let manifest = |asked: &str| {
            let text = format!("[project]\nname = \"Own\"\ndependencies = [{asked}]\n");
            Manifest::read(ManifestKind::Pyproject, text.as_bytes()).unwrap()
        };
        let need = |text| Requirement::parse(text).unwrap();
        let own = PackageName::new(Ecosystem::PyPi, "own").unwrap();
        let locked = vec![need("a"), need("b ; os_name == 'none'"), need("c ; x")];
        let needs = Needs::from([(own, locked)]);
        let asked = manifest(r#""a", "b", "c ; x", "d""#);
        let names = |needs| -> Vec<String> {
            let asked = own_needs(asked.clone(), needs).into_iter();
            asked.map(|one| one.name.to_string()).collect()
        };
        assert_eq!(names(Some(&needs)), ["a", "c"]);
        assert_eq!(names(None), ["a", "b", "c", "d"]);
    }

    #[test]
    fn caches_whose_copies_nobody_can_bind_are_said_to_be_unchecked() {
        let folder = tempfile::tempdir().unwrap();
        let environment = folder.path().join(".venv");
        write(&environment.join("pyvenv.cfg"), b"home = /usr/bin\n");
        let project = Project {
            folder: folder.path().to_owned(),
            lockfile: None,
            installed: Installed::Environments {
                at: vec![environment],
                beside: Vec::new(),
                doubtful: Vec::new(),
            },
        };
        let caches = Caches {
            pip: Some(folder.path().to_owned()),
            poetry: Some(folder.path().join("absent")),
            ..Caches::default()
        };
        let said = |closely| {
            let report = looked(&project, &[], &caches, closely);
            let notes = report.not_checked.into_iter();
            notes
                .filter(|note| note.contains("does not say which file"))
                .collect::<Vec<_>>()
        };
        assert!(said(Closely::default()).is_empty());
        let notes = said(CACHES);
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].starts_with("pip's cache"), "{notes:?}");
        // Who did not ask for the caches is not told what of them is not checked.
        let wrong = Closely {
            copies: Copies::Wrong,
            ..CACHES
        };
        assert!(said(wrong).is_empty());
    }

    #[test]
    fn a_copy_that_no_tree_needs_is_hashed_and_what_cannot_be_compared_is_nothing_about_the_tree() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        let manifest = br#"{"name":"a","version":"1.0.0"}"#;
        let archive = tarball(&[("package/package.json", manifest)]);
        let digest = sha512(&archive);
        let hex = digest.to_hex();
        write(
            &at(&format!("gate/sha512/{}/{}", &hex[..2], &hex[2..])),
            &archive,
        );
        let content = format!(
            "npm/_cacache/content-v2/sha512/{}/{}",
            &hex[..2],
            &hex[2..4]
        );
        write(&at(&content).join(&hex[4..]), b"evil");
        write(&at("app/node_modules/a/package.json"), manifest);
        let lock = format!(
            r#"{{"lockfileVersion": 3, "packages": {{"node_modules/a": {{"version": "1.0.0", "integrity": "{}"}}}}}}"#,
            digest.to_sri()
        );
        write(&at("app/package-lock.json"), lock.as_bytes());
        let project = Project {
            folder: at("app"),
            lockfile: Some((at("app/package-lock.json"), Kind::PackageLock)),
            installed: Installed::Modules,
        };
        let caches = Caches {
            gate: Some(at("gate")),
            npm: Some(at("npm")),
            ..Caches::default()
        };
        let found = |copies| {
            let closely = Closely { deep: true, copies };
            looked(&project, &[], &caches, closely)
        };
        assert_eq!(found(Copies::Used).answer(), Answer::Yes);
        let wrong = found(Copies::Wrong);
        assert_eq!((wrong.poisoned.len(), wrong.answer()), (1, Answer::No));
        // A cache that cannot be read is told to who asks for the caches.
        fs::remove_dir_all(at("npm")).unwrap();
        write(&at("yarn"), b"no folder");
        let caches = Caches {
            yarn_classic: Some(at("yarn")),
            ..caches.clone()
        };
        let answer = |copies| {
            let closely = Closely { deep: true, copies };
            looked(&project, &[], &caches, closely).answer()
        };
        assert_eq!(answer(Copies::Wrong), answer(Copies::Used));
        assert!(matches!(answer(Copies::All), Answer::NotChecked(_)));
    }
}
