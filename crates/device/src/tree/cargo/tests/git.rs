//! Crates of repositories, as cargo checks them out.

use super::*;
use crate::clone::testing::{Repo, git};
use crate::tree::Against;
use customs_origin::source::ObjectId;

/// A home in which a repository with two crates is cloned and checked out as cargo does it.
struct Home {
    folder: tempfile::TempDir,
    locked: Vec<Locked>,
    id: ObjectId,
    checkout: String,
}

impl Home {
    fn new() -> Self {
        let repo = Repo::new();
        let id = repo.commit(&[
            ("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]\n"),
            ("a/src/lib.rs", "pub fn a() {}\n"),
            ("b/src/lib.rs", "pub fn b() {}\n"),
        ]);
        let folder = tempfile::tempdir().unwrap();
        let checkout = format!(
            "git/checkouts/repo-0011223344556677/{}",
            &id.to_string()[..7]
        );
        let from = repo.path().to_str().unwrap();
        let (db, at) = (
            folder.path().join("git/db/repo-0011223344556677"),
            folder.path().join(&checkout),
        );
        for (place, more) in [(&db, "--bare"), (&at, "--no-hardlinks")] {
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            let place = place.to_str().unwrap();
            git(folder.path(), &["clone", "--quiet", more, from, place]);
        }
        fs::write(at.join(".cargo-ok"), "").unwrap();
        let of = |name: &str| Locked {
            release: format!("pkg:cargo/{name}@1.0.0").parse().unwrap(),
            resolved: Some(format!("git+https://git.example/repo?branch=main#{id}")),
            ..locked(Source::Git, Vec::new())
        };
        Self {
            locked: vec![of("a"), of("b")],
            folder,
            id,
            checkout,
        }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(&self.checkout).join(path)
    }

    fn check(&self) -> TreeReport {
        check_registry(self.folder.path(), &self.locked, &Options::default())
    }

    /// The answers about both crates, and what is unexplained.
    fn told(&self) -> (Vec<Answer>, Vec<String>) {
        let report = self.check();
        let answers = report.packages.iter().map(|one| one.answer.clone());
        let unexplained = report.differences().map(|(_, one)| one);
        let unexplained = unexplained.filter(|one| one.standing == Standing::Unexplained);
        (answers.collect(), unexplained.map(shown).collect())
    }
}

#[test]
fn a_checkout_is_the_commit_that_the_lockfile_names() {
    let home = Home::new();
    let report = home.check();
    assert_eq!(report.not_checked, [""; 0]);
    assert_eq!(home.told(), (vec![Answer::Yes, Answer::Yes], Vec::new()));
    let first = &report.packages[0];
    assert_eq!(first.place, home.checkout);
    assert_eq!(
        first.against,
        Some(Against::Commit {
            id: home.id.to_string(),
            from: "cargo's clone of its repository".into()
        })
    );
}

#[test]
fn what_was_changed_in_a_checkout_is_told_and_no_crate_of_it_is_green() {
    let home = Home::new();
    write(&home.at("b/src/lib.rs"), b"pub fn b() { a() }\n");
    write(&home.at("a/build.rs"), b"fn main() {}\n");
    write(&home.at(".cargo-ok"), b"more");
    let (answers, told) = home.told();
    assert_eq!(
        told,
        [
            "Extra .cargo-ok",
            "Extra a/build.rs",
            "Modified b/src/lib.rs"
        ]
    );
    assert_eq!(answers[0], Answer::No);
    assert!(matches!(&answers[1], Answer::NotChecked(why) if why.contains("told with a@1.0.0")));
}

#[test]
fn a_commit_that_was_made_in_the_checkout_is_not_the_locked_one() {
    let home = Home::new();
    write(&home.at("a/src/lib.rs"), b"pub fn other() {}\n");
    git(
        &home.at(""),
        &["commit", "--quiet", "--all", "--message", "x"],
    );
    let db = home.folder.path().join("git/db/repo-0011223344556677");
    let from = home.at("");
    let words = [
        "fetch",
        "--quiet",
        from.to_str().unwrap(),
        "+HEAD:refs/heads/main",
    ];
    git(&db, &words);
    assert_eq!(home.told().1, ["Modified a/src/lib.rs"]);
}

#[test]
fn what_cannot_be_looked_at_is_said_and_not_green() {
    let home = Home::new();
    fs::remove_dir_all(home.folder.path().join("git/db")).unwrap();
    assert_eq!(
        home.told().0,
        [Answer::Yes, Answer::Yes],
        "the checkout has the objects, too"
    );
    fs::remove_dir_all(home.at(".git")).unwrap();
    let (answers, told) = home.told();
    assert_eq!(told, [""; 0]);
    assert!(
        matches!(&answers[0], Answer::NotChecked(why) if why.contains("could not be compared"))
    );
    let mut unnamed = Home::new();
    unnamed.locked[0].resolved = Some("git+https://git.example/repo?branch=main".into());
    let said = unnamed.check().not_checked;
    assert_eq!(
        said,
        [
            "a@1.0.0: Cargo.lock does not name the commit that it is built from; let cargo write it again"
        ]
    );
    let mut absent = Home::new();
    absent.locked.truncate(1);
    let other = "54fd1711209fb1c0781092374132c66e79e2241b";
    absent.locked[0].resolved = Some(format!("git+https://git.example/repo#{other}"));
    let said = absent.check().not_checked;
    assert_eq!(
        said,
        ["a-1.0.0: commit 54fd1711209f is not checked out here"]
    );
}
