//! An installed project that is put back as it was before each case.

use crate::answers::Answers;
use crate::ask::{self, Evidence};
use crate::world::World;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What belongs to the project and to the managers' caches; the running gate's own state does not.
const KEPT: [&str; 7] = [
    "project",
    ".npm",
    ".bun",
    ".cargo",
    "cache",
    "data",
    "gate/cache/artifacts",
];

/// A home with an installed project.
pub struct Ground {
    world: World,
    pristine: PathBuf,
}

impl Ground {
    /// Keeps what was installed.
    pub fn keep(world: World) -> Self {
        let home = world.dir().parent().unwrap().to_owned();
        let pristine = home.parent().unwrap().join("pristine");
        let ground = Self { world, pristine };
        copy(&ground.home(), &ground.pristine);
        ground
    }

    /// Puts everything back as it was kept. Hard links stay hard links.
    pub fn restore(&self) {
        for kept in KEPT {
            let path = self.home().join(kept);
            if path.exists() {
                std::fs::remove_dir_all(&path).unwrap();
            }
        }
        copy(&self.pristine, &self.home());
    }

    /// The user's home.
    pub fn home(&self) -> PathBuf {
        self.world.dir().parent().unwrap().to_owned()
    }

    /// The project in it.
    pub fn project(&self) -> PathBuf {
        self.world.dir()
    }

    /// A path in the home.
    pub fn at(&self, path: &str) -> PathBuf {
        self.home().join(path)
    }

    /// A folder of customs' own, outside of the home.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.pristine.parent().unwrap().join("customs").join(name)
    }

    /// Runs a command of the user's in the project.
    pub fn run(&self, command: &[&str]) {
        self.world.run(command).succeeded();
    }

    /// What customs answers, with all that is at hand.
    pub fn verify(&self) -> Answers {
        self.verify_by(Evidence::All)
    }

    /// What customs answers, with some of it.
    pub fn verify_by(&self, evidence: Evidence) -> Answers {
        Answers::of(&ask::report(self, evidence))
    }

    /// What customs answers, asked for more.
    pub fn verify_with(&self, more: &[&str]) -> Answers {
        Answers::of(&ask::report_with(self, Evidence::All, more))
    }

    /// The only entry of a folder of the home whose path contains all of `parts`, below `folder`.
    pub fn find(&self, folder: &str, parts: &[&str]) -> PathBuf {
        let mut found = Vec::new();
        search(&self.at(folder), parts, &mut found);
        found.sort();
        assert!(
            !found.is_empty(),
            "nothing below {folder} has all of {parts:?} in its path"
        );
        found.swap_remove(0)
    }
}

fn search(folder: &Path, parts: &[&str], found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.map(Result::unwrap) {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        let text = path.to_string_lossy().into_owned();
        if kind.is_dir() {
            search(&path, parts, found);
        } else if parts.iter().all(|part| text.contains(part)) {
            found.push(path);
        }
    }
}

/// All at once, so that files that share an inode go on to share one.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    let there: Vec<&str> = KEPT
        .into_iter()
        .filter(|kept| from.join(kept).exists())
        .collect();
    let script = r#"tar -cf - -- "$@" | tar -xpf - -C "$TO""#;
    let copied = Command::new("sh")
        .args(["-c", script, "sh"])
        .args(there)
        .env("TO", to)
        .current_dir(from)
        .status()
        .unwrap();
    assert!(copied.success());
}
