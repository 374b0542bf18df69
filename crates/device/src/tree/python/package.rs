use super::compiled::source_of;
use super::installed::Installed;
use super::kernel;
use super::layout::Laid;
use super::scene::{Scene, join};
use super::script::{Interpreters, is_launcher, is_rewritten};
use crate::tree::disk::There;
use crate::tree::{Cause, Comparer, Difference, DifferenceKind, Standing};
use customs_ecosystem::pypi::installed::{DirectUrl, Record};
use customs_model::{Digest, printable};
use std::collections::BTreeMap;

/// What one package says about one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    /// What should lie there, where one digest says it.
    pub digest: Option<Digest>,
    /// It is as it should be.
    pub good: bool,
}

/// One package, compared.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// Every place that it owns.
    pub claims: BTreeMap<String, Claim>,
    /// What differs, by its place in the environment.
    pub differences: Vec<(String, Difference)>,
    /// Files compared.
    pub files: u64,
    /// What could not be compared, and why. Safe to print.
    pub unread: Vec<String>,
}

impl Compared {
    pub fn claim(&mut self, place: &str, digest: Option<Digest>, good: bool) {
        self.claims.insert(place.to_owned(), Claim { digest, good });
    }

    pub fn differs(&mut self, place: &str, difference: Difference) {
        self.differences.push((place.to_owned(), difference));
    }
}

/// Holds a package against its wheel.
pub(super) fn against_wheel(scene: &Scene, installed: &Installed, laid: &Laid) -> Compared {
    let mut compared = Compared {
        unread: laid.unread.clone(),
        ..Compared::default()
    };
    let mut comparer = Comparer::new(&scene.root);
    for (place, expected) in &laid.expected.entries {
        let spoken = scene.spoken(&installed.site, place);
        let mut difference = comparer.expected(&spoken, place, expected, scene.at(place));
        compared.files += 1;
        if difference
            .as_ref()
            .is_some_and(|one| is_compiled_anew(place, one))
        {
            // It is held against its source, as every other compiled file is.
            continue;
        }
        if let Some(difference) = &mut difference {
            written_kernel(scene, installed, laid, place, difference);
        }
        let good = difference.as_ref().is_none_or(is_proven);
        compared.claim(place, expected.digest(), good);
        if let Some(difference) = difference {
            compared.differs(place, difference);
        }
    }
    compared.unread.append(&mut comparer.notes);
    commands(scene, installed, laid, &mut compared);
    notes(scene, installed, &mut compared);
    own_record(scene, installed, laid, &mut compared);
    compared
}

fn is_proven(difference: &Difference) -> bool {
    matches!(difference.standing, Standing::Explained(_))
}

/// A compiled file of the artifact that is another one now: `compileall`, or a start of another
/// interpreter, writes it again. Only where Python looks at its source as well.
fn is_compiled_anew(place: &str, difference: &Difference) -> bool {
    difference.kind == DifferenceKind::Modified && source_of(place).is_some()
}

/// The kernel that `ipykernel install` wrote over the wheel's.
fn written_kernel(
    scene: &Scene,
    installed: &Installed,
    laid: &Laid,
    place: &str,
    difference: &mut Difference,
) {
    let is_own = installed.release.package.as_str() == kernel::MAKER;
    let (true, DifferenceKind::Modified, Some(shipped)) =
        (is_own, difference.kind, laid.kernels.get(place))
    else {
        return;
    };
    // What cannot be read stays unexplained.
    let Ok(bytes) = scene.bytes(place, GENERATED) else {
        return;
    };
    if difference.found.as_ref() != Some(&Digest::sha256(&bytes)) {
        return;
    }
    difference.standing = match kernel::is_installed(&bytes, shipped, &scene.interpreters) {
        true => Standing::Explained(Cause::Installer {
            what: "the wheel's kernel, which names this environment's interpreter".into(),
        }),
        false => kernel::made_here(),
    };
}

/// What is known of a file that an installer made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    /// It is what installers write here.
    Right,
    /// It is what they write for an interpreter elsewhere, as the environment says, or as a folder
    /// without an interpreter needs it.
    Elsewhere,
    /// It is something else.
    Wrong,
}

impl Made {
    /// By what may stand in a first line.
    fn by(scene: &Scene, is_right: impl Fn(&Interpreters) -> bool) -> Self {
        if is_right(&scene.interpreters) {
            Self::Right
        } else if is_right(&scene.said) {
            Self::Elsewhere
        } else {
            Self::Wrong
        }
    }
}

impl From<bool> for Made {
    fn from(is_right: bool) -> Self {
        match is_right {
            true => Self::Right,
            false => Self::Wrong,
        }
    }
}

/// Scripts, which no artifact holds as they lie here.
fn commands(scene: &Scene, installed: &Installed, laid: &Laid, compared: &mut Compared) {
    for (place, entry) in &laid.launchers {
        if windows_launcher(scene, installed, place, compared) {
            continue;
        }
        let is_right = |bytes: &[u8]| Made::by(scene, |by| is_launcher(bytes, entry, by));
        let what = format!(
            "the command of the entry point {}",
            printable(&entry.name, 60)
        );
        // Installers of pip write more and fewer names of it, by its version and Python's.
        let optional = matches!(installed.release.package.as_str(), "pip" | "setuptools");
        if optional && scene.at(place) == There::Nothing {
            continue;
        }
        generated(scene, installed, place, &what, &is_right, compared);
    }
    if installed.release.package.as_str() == "pip" {
        pip_aliases(scene, installed, laid, compared);
    }
    for (place, original) in &laid.rewritten {
        let is_right = |bytes: &[u8]| Made::by(scene, |by| is_rewritten(bytes, original, by));
        let what = "its first line names this environment's interpreter";
        generated(scene, installed, place, what, &is_right, compared);
    }
}

/// `pip3`, `pip3.11`, `pip-3.11`: made for `pip` whatever its entry points say.
fn pip_aliases(scene: &Scene, installed: &Installed, laid: &Laid, compared: &mut Compared) {
    let Some(entry) = laid.launchers.values().find(|entry| entry.name == "pip") else {
        return;
    };
    let folder = format!("{}/", scene.scripts);
    let is_alias = |place: &str| {
        place
            .strip_prefix(&folder)
            .and_then(|name| name.strip_prefix("pip"))
            .is_some_and(|rest| {
                rest.bytes()
                    .all(|b| b.is_ascii_digit() || b".-".contains(&b))
            })
    };
    let places: Vec<String> = scene
        .disk
        .entries
        .keys()
        .filter(|place| is_alias(place) && !laid.launchers.contains_key(*place))
        .cloned()
        .collect();
    for place in places {
        let is_right = |bytes: &[u8]| Made::by(scene, |by| is_launcher(bytes, entry, by));
        generated(
            scene,
            installed,
            &place,
            "a further name of pip",
            &is_right,
            compared,
        );
    }
}

/// On Windows a command is a program with the script behind it, which is not read.
fn windows_launcher(
    scene: &Scene,
    installed: &Installed,
    place: &str,
    compared: &mut Compared,
) -> bool {
    let program = format!("{place}.exe");
    if scene.at(place) != There::Nothing || scene.at(&program) == There::Nothing {
        return false;
    }
    compared.claim(&program, None, true);
    compared.unread.push(format!(
        "{}: programs that start a command are not compared",
        printable(&scene.spoken(&installed.site, &program), 200)
    ));
    true
}

/// One file that the installer made. It is listed as what the artifact does not hold.
fn generated(
    scene: &Scene,
    installed: &Installed,
    place: &str,
    what: &str,
    is_right: &dyn Fn(&[u8]) -> Made,
    compared: &mut Compared,
) {
    let spoken = scene.spoken(&installed.site, place);
    let there = scene.at(place);
    compared.files += 1;
    let (mut difference, mut made) = (Difference::new(&spoken, DifferenceKind::Extra), Made::Wrong);
    match scene.bytes(place, GENERATED) {
        // What is told is told of the bytes that were looked at.
        Ok(bytes) => {
            made = is_right(&bytes);
            difference.found = Some(Digest::sha256(&bytes));
        }
        Err(_) if there == There::Nothing => difference.kind = DifferenceKind::Missing,
        Err(_) => {
            difference = Comparer::new(&scene.root).extra(&spoken, place, there);
            if there.kind().is_some() && !there.is_file() {
                difference.kind = DifferenceKind::OtherType;
            }
        }
    }
    difference.standing = match made {
        Made::Right => Standing::Explained(Cause::Installer { what: what.into() }),
        // Nothing but pyvenv.cfg says so, which anybody can write.
        Made::Elsewhere => Standing::MadeHere {
            maker: "an installer, for another interpreter or place".into(),
            pinned: None,
        },
        Made::Wrong => Standing::Unexplained,
    };
    compared.claim(place, None, made == Made::Right);
    compared.differs(place, difference);
}

/// Bytes of a file that an installer makes.
const GENERATED: usize = customs_ecosystem::pypi::installed::RECORD_LIMIT;

/// What installers note in the metadata of a package.
fn notes(scene: &Scene, installed: &Installed, compared: &mut Compared) {
    for name in ["INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"] {
        let place = installed.own(name);
        if compared.claims.contains_key(&place) || scene.at(&place) == There::Nothing {
            continue;
        }
        let is_right = |bytes: &[u8]| Made::from(is_note(name, bytes));
        let what = format!("the installer's own {name}");
        generated(scene, installed, &place, &what, &is_right, compared);
    }
}

/// Whether a note says what installers say in it, and no more.
fn is_note(name: &str, bytes: &[u8]) -> bool {
    match name {
        "INSTALLER" => std::str::from_utf8(bytes).is_ok_and(|text| {
            let mut words = text.split_whitespace();
            let known = [
                "pip",
                "uv",
                "poetry",
                "Poetry",
                "pdm",
                "installer",
                "hatch",
                "conda",
            ];
            words.next().is_some_and(|tool| known.contains(&tool)) && words.count() <= 1
        }),
        "REQUESTED" => bytes.is_empty(),
        // The lockfile names an artifact of a registry or an address, which this is compared with:
        // a note that it was built here, or that other files are imported, is no installer's.
        "direct_url.json" => DirectUrl::parse(bytes).is_ok_and(|direct| match direct {
            DirectUrl::Archive { .. } => !direct.is_source_archive(),
            DirectUrl::Vcs { .. } | DirectUrl::Folder { .. } => false,
        }),
        "uv_cache.json" => {
            bytes.len() <= 64 << 10
                && serde_json::from_slice::<serde_json::Value>(bytes).is_ok_and(|v| v.is_object())
        }
        _ => false,
    }
}

/// The list that the installer wrote anew. It must say nothing but what the wheel says: it is what
/// others check by, and what is deleted when the package goes.
fn own_record(scene: &Scene, installed: &Installed, laid: &Laid, compared: &mut Compared) {
    let place = installed.own("RECORD");
    if compared.claims.contains_key(&place) {
        return;
    }
    let stranger = match &installed.record {
        None => Some("there is none".to_owned()),
        Some(Err(why)) => Some(why.to_string()),
        Some(Ok(record)) => stranger_in(record, scene, installed, laid, compared),
    };
    let is_right = |bytes: &[u8]| {
        let is_read = installed.record_digest.as_ref() == Some(&Digest::sha256(bytes));
        Made::from(stranger.is_none() && is_read)
    };
    let what = "the installer's list of what it wrote, which agrees with the wheel";
    generated(scene, installed, &place, what, &is_right, compared);
    if let Some(why) = stranger {
        let spoken = scene.spoken(&installed.site, &place);
        compared
            .unread
            .push(format!("{}: {why}", printable(&spoken, 200)));
    }
}

/// The first row that neither the wheel nor an installer's habit explains.
fn stranger_in(
    record: &Record,
    scene: &Scene,
    installed: &Installed,
    laid: &Laid,
    compared: &Compared,
) -> Option<String> {
    for row in &record.rows {
        let shown = printable(&row.path, 200);
        let Some(place) = scene.place(&installed.site, &row.path) else {
            return Some(format!(
                "it lists {shown}, which lies outside of the environment"
            ));
        };
        if place == installed.own("RECORD") || source_of(&place).is_some() {
            continue;
        }
        if let Some(entry) = laid.expected.entries.get(&place) {
            let agrees = match (&row.digest, entry.digest()) {
                (Some(listed), Some(digest)) if listed.algorithm() == digest.algorithm() => {
                    *listed == digest
                }
                _ => true,
            };
            if !agrees {
                return Some(format!(
                    "it lists {shown} with another digest than the wheel has"
                ));
            }
        } else if !compared.claims.contains_key(&place) {
            return Some(format!("it lists {shown}, which the wheel does not hold"));
        }
    }
    None
}

/// The headers of a package: installers spell its name as they like.
pub(super) fn headers(scene: &Scene, installed: &Installed) -> String {
    let version = installed
        .site
        .split('/')
        .find(|part| part.starts_with("python"))
        .unwrap_or("python3");
    let folder = format!("include/site/{version}");
    let name = scene.disk.entries.keys().find_map(|place| {
        let name = place.strip_prefix(&folder)?.strip_prefix('/')?;
        let same = customs_model::PackageName::new(customs_model::Ecosystem::PyPi, name)
            .is_ok_and(|found| found == installed.release.package);
        same.then(|| name.to_owned())
    });
    join(
        &folder,
        &name.unwrap_or_else(|| installed.release.package.as_str().to_owned()),
    )
}
