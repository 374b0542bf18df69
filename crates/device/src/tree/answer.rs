use crate::artifact::Poisoned;
use customs_model::{Answer, Digest, ReleaseId, printable};
use serde::{Deserialize, Serialize};

/// What was found in the tree of one project (or one environment, or one vendor folder).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeReport {
    /// Every package, in the order of its place.
    pub packages: Vec<PackageTree>,
    /// Files and folders that belong to no package (`node_modules/.cache`, a stray `.pth`).
    pub loose: Vec<Difference>,
    /// What was not looked at, and why. Safe to print.
    pub not_checked: Vec<String>,
    /// Copies in caches and stores that are not what the lockfile promises.
    #[serde(default)]
    pub poisoned: Vec<Poisoned>,
    /// Packages that were not read again, because nothing about their files changed since they
    /// were.
    #[serde(default)]
    pub unchanged: u64,
}

impl TreeReport {
    /// Whether all that lies there is as it should be: *no* where anything is known to be wrong,
    /// here or in a cache that the next installation would take from; *not checked* where
    /// something was not looked at.
    pub fn answer(&self) -> Answer {
        let of_packages = self.packages.iter().map(|package| package.answer.clone());
        let of_loose = self.loose.iter().map(Difference::answer);
        let notes = self.not_checked.iter().cloned().map(Answer::NotChecked);
        let nothing = match self.packages.is_empty() {
            true => Answer::not_checked("no package was found to compare"),
            false => Answer::Yes,
        };
        let answer = of_packages
            .chain(of_loose)
            .chain(notes)
            .fold(nothing, Answer::and);
        match self.poisoned.is_empty() {
            true => answer,
            false => Answer::No,
        }
    }

    /// All differences with the package that they are of, in the order of their places.
    pub fn differences(&self) -> impl Iterator<Item = (Option<&PackageTree>, &Difference)> {
        let of_packages = self.packages.iter();
        let of_packages = of_packages.flat_map(|package| {
            package
                .differences
                .iter()
                .map(move |one| (Some(package), one))
        });
        of_packages.chain(self.loose.iter().map(|one| (None, one)))
    }

    /// Puts a folder before every place, so that what several checks found can stand in one
    /// report.
    pub fn below(&mut self, folder: &str) {
        for package in &mut self.packages {
            package.place = joined(folder, &package.place);
        }
        for difference in &mut self.loose {
            difference.path = joined(folder, &difference.path);
        }
    }

    /// Adds what another check found.
    pub fn extend(&mut self, other: Self) {
        self.packages.extend(other.packages);
        self.loose.extend(other.loose);
        self.not_checked.extend(other.not_checked);
        self.poisoned.extend(other.poisoned);
        self.unchanged += other.unchanged;
    }

    /// Tells what was made here from what is pinned: `pins` gives the digest that `customs.lock`
    /// has for a path (relative to the project). Answers are told anew.
    pub fn pin(&mut self, pins: &dyn Fn(&str) -> Option<Digest>) {
        for package in &mut self.packages {
            let mut any = false;
            for difference in &mut package.differences {
                let path = joined(&package.place, &difference.path);
                any |= difference.pin(pins(&path));
            }
            // What was not checked for another reason stays so: a list that nobody signs is no
            // better for a pin.
            if any {
                package.judge();
            }
        }
        for difference in &mut self.loose {
            let pin = pins(&difference.path);
            difference.pin(pin);
        }
    }
}

/// A path below a folder, with `/`; either may be empty.
fn joined(folder: &str, path: &str) -> String {
    match (folder.is_empty() || folder == ".", path.is_empty()) {
        (true, _) => path.to_owned(),
        (false, true) => folder.to_owned(),
        (false, false) => format!("{folder}/{path}"),
    }
}

/// One installed package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageTree {
    /// Which release the lockfile says it is.
    pub release: ReleaseId,
    /// Where it lies, relative to the project, with `/`. Not safe to print as it is.
    pub place: String,
    /// Whether every file is as the artifact has it, or explained.
    pub answer: Answer,
    /// What it was compared with. None where nothing was there to compare with.
    pub against: Option<Against>,
    /// Files compared.
    pub files: u64,
    /// What differs.
    pub differences: Vec<Difference>,
    /// The manifest on disk names this instead: a decoy.
    pub decoy: Option<String>,
    /// What of it could not be compared, and why, the weightiest first. While there is any, the
    /// answer is never *yes*. Safe to print.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<String>,
}

impl PackageTree {
    /// Where a file of it lies, relative to the project. Not safe to print as it is.
    pub fn path(&self, difference: &Difference) -> String {
        joined(&self.place, &difference.path)
    }

    /// A package of which nothing was looked at yet.
    pub fn new(release: ReleaseId, place: impl Into<String>) -> Self {
        Self {
            release,
            place: place.into(),
            answer: Answer::not_checked(NOTHING),
            against: None,
            files: 0,
            differences: Vec::new(),
            decoy: None,
            open: Vec::new(),
        }
    }

    /// Tells the answer from everything else that is known of it. It is the only place where it
    /// becomes *yes*: the artifact's own bytes were compared with, nothing was left out, and
    /// every difference is explained; or it rightly lies nowhere.
    pub fn judge(&mut self) {
        let mut answer = match &self.against {
            Some(Against::Artifact { .. } | Against::Commit { .. }) => Answer::Yes,
            Some(Against::OwnList { list }) => self.not_checked(&format!(
                "it was compared with {}, which whoever changes a file can change too",
                printable(list, 100)
            )),
            None if self.is_rightly_absent() => Answer::Yes,
            None => self.not_checked(NOTHING),
        };
        if let Some(why) = self.open.first() {
            answer = answer.and(Answer::not_checked(why));
        }
        if self.decoy.is_some() {
            answer = Answer::No;
        }
        for difference in &self.differences {
            answer = answer.and(difference.answer());
        }
        self.answer = answer;
    }

    /// What was found out before weighs more than what can be said of every package.
    fn not_checked(&self, otherwise: &str) -> Answer {
        Answer::not_checked(self.open.first().map_or(otherwise, String::as_str))
    }

    /// The whole of it is missing, and that is explained.
    fn is_rightly_absent(&self) -> bool {
        let [only] = self.differences.as_slice() else {
            return false;
        };
        self.open.is_empty()
            && only.path.is_empty()
            && only.kind == DifferenceKind::Missing
            && matches!(only.standing, Standing::Explained(_))
    }
}

const NOTHING: &str = "nothing was there to compare it with";

/// What an installed package was compared with, strongest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Against {
    /// The artifact's own bytes, hashed again and equal to what the lockfile promises.
    Artifact {
        /// Its digest.
        digest: Digest,
        /// Whose copy it was ("npm's cache", "the gate's store").
        from: String,
    },
    /// A commit that the lockfile names by its id, which is a digest of all that the commit holds.
    Commit {
        /// Its id, in hexadecimal.
        id: String,
        /// Whose clone had it ("cargo's clone of its repository").
        from: String,
    },
    /// A list of digests that is itself not bound to the lockfile (pnpm's store index, RECORD,
    /// `.cargo-checksum.json`): whoever changed a file could have changed it too.
    OwnList {
        /// Which list.
        list: String,
    },
}

/// One file, folder or link that is not as the artifact has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Relative to the package's place, with `/`. Not safe to print as it is.
    pub path: String,
    /// What differs.
    pub kind: DifferenceKind,
    /// What the artifact has.
    pub expected: Option<Digest>,
    /// What lies there (SHA-256).
    pub found: Option<Digest>,
    /// Whether anything explains it.
    pub standing: Standing,
    /// What is known of why nothing explains it. Safe to print.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
}

impl Difference {
    /// Nothing is known of the bytes, and nothing explains it as yet.
    pub fn new(path: impl Into<String>, kind: DifferenceKind) -> Self {
        Self {
            path: path.into(),
            kind,
            expected: None,
            found: None,
            standing: Standing::Unexplained,
            why: Vec::new(),
        }
    }

    /// Whether it is as it should be.
    pub fn answer(&self) -> Answer {
        match (&self.standing, self.kind) {
            (Standing::Explained(_), _)
            | (
                Standing::MadeHere {
                    pinned: Some(true), ..
                },
                _,
            ) => Answer::Yes,
            (Standing::MadeHere { pinned: None, .. }, _) => Answer::not_checked(
                "files were made here that nobody has pinned; look at them, and pin them",
            ),
            (Standing::Unexplained, DifferenceKind::Unreadable) => Answer::not_checked(
                "a file cannot be read; run the check as a user who may read it",
            ),
            (
                Standing::MadeHere {
                    pinned: Some(false),
                    ..
                }
                | Standing::Unexplained,
                _,
            ) => Answer::No,
        }
    }

    /// Whether it was made here, so that a pin means something for it.
    fn pin(&mut self, pin: Option<Digest>) -> bool {
        match &mut self.standing {
            Standing::MadeHere { pinned, .. } => {
                *pinned = pin.map(|pin| self.found.as_ref() == Some(&pin));
                true
            }
            Standing::Explained(_) | Standing::Unexplained => false,
        }
    }
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// Other bytes.
    Modified,
    /// In the artifact, not on disk.
    Missing,
    /// On disk, not in the artifact.
    Extra,
    /// A folder where a file should be, a link where a file should be, and so on.
    OtherType,
    /// The same bytes; it can be executed now, or cannot any more, or runs with its owner's rights.
    Mode,
    /// It could not be read, so nobody knows.
    Unreadable,
}

/// Whether a difference is explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// It is ordinary, and this proves it.
    Explained(Cause),
    /// Made here, by use: listed, neither green nor failing. `pinned` tells whether `customs.lock`
    /// knows these bytes.
    MadeHere {
        /// Who likely made it ("the bundler's cache").
        maker: String,
        /// `Some(true)`: as pinned; `Some(false)`: pinned with other bytes; none: not pinned.
        pinned: Option<bool>,
    },
    /// Nothing explains it.
    Unexplained,
}

/// What explains a difference. Each names the bytes that it was compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Cause {
    /// The manager does this to every artifact (npm renames `.gitignore`, cargo vendor drops it).
    Manager {
        /// What it does, in words.
        what: String,
    },
    /// Equal to a file of another verified package (esbuild's binary).
    CopyOf {
        /// Which package.
        release: ReleaseId,
        /// Which file of it.
        path: String,
    },
    /// A patch file of the project, applied to the artifact, gives these bytes. Whether it is
    /// committed is not asked: who changes one of the project's own files is seen in a review.
    Patch {
        /// The patch file, relative to the project.
        file: String,
    },
    /// Generated by the installer from what the artifact says (scripts of entry points).
    Installer {
        /// What it is, in words.
        what: String,
    },
    /// Compiled from a source that is as it should be.
    Bytecode {
        /// The source, relative to the package's place.
        source: String,
    },
    /// Rightly absent: for another system or processor.
    OtherPlatform,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(place: &str, answer: Answer) -> PackageTree {
        PackageTree {
            release: "pkg:npm/a@1.0.0".parse().unwrap(),
            place: place.into(),
            answer,
            against: None,
            files: 0,
            differences: Vec::new(),
            decoy: None,
            open: Vec::new(),
        }
    }

    #[test]
    fn a_report_is_good_only_where_all_of_it_is_and_all_was_looked_at() {
        let mut report = TreeReport {
            packages: vec![package("a", Answer::Yes)],
            ..TreeReport::default()
        };
        assert_eq!(report.answer(), Answer::Yes);
        report.not_checked.push("a folder cannot be read".into());
        assert!(matches!(report.answer(), Answer::NotChecked(_)));
        report.packages.push(package("b", Answer::No));
        assert_eq!(report.answer(), Answer::No);
    }

    #[test]
    fn pins_turn_nothing_good_that_was_not_checked_for_another_reason() {
        let weak = || Answer::not_checked("only RECORD is here");
        let mut one = package("a", weak());
        one.against = Some(Against::OwnList {
            list: "RECORD".into(),
        });
        let mut report = TreeReport {
            packages: vec![one],
            ..TreeReport::default()
        };
        report.pin(&|_| None);
        assert_eq!(report.packages[0].answer, weak());
    }

    #[test]
    fn reports_of_several_environments_stand_in_one_with_their_folders() {
        let of = |place: &str| TreeReport {
            packages: vec![package(place, Answer::Yes)],
            ..TreeReport::default()
        };
        let (mut all, mut other) = (of("lib"), of(""));
        other.below("venv");
        all.extend(other);
        let places: Vec<&str> = all.packages.iter().map(|p| p.place.as_str()).collect();
        assert_eq!(places, ["lib", "venv"]);
    }
}
