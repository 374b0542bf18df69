use super::*;
use crate::clone::testing::Repo;

fn checked(repo: &Repo, id: ObjectId) -> Checked {
    let outside = BTreeSet::from([".git".to_owned()]);
    let found = disk::walk(repo.path(), &outside).unwrap();
    let mut commit = Commit::read(&[repo.path().to_owned()], id).unwrap();
    commit.compare(repo.path(), &found, &|_| None).unwrap()
}

fn shown(checked: &Checked) -> Vec<String> {
    let differences = checked.compared.differences.iter();
    differences
        .map(|one| {
            format!(
                "{:?} {} {}",
                one.kind,
                one.path,
                one.standing != Standing::Unexplained
            )
        })
        .collect()
}

#[test]
fn the_commit_is_what_an_address_names_in_full() {
    let id = "54fd1711209fb1c0781092374132c66e79e2241b";
    for text in [
        format!("git+https://git.example/a/b.git?rev=main#{id}"),
        format!("git+ssh://git@git.example/a/b.git#{id}"),
        format!("name@https://git.example/a/b.git#commit={id}"),
        format!("git+https://git.example/a/b.git@{id}#egg=b"),
    ] {
        assert_eq!(
            named(&text).map(|id| id.to_string()).as_deref(),
            Some(id),
            "{text}"
        );
    }
    for text in [
        "https://git.example/a/b.git",
        "git+https://git.example/a/b.git#main",
        "git+https://git.example/a/b.git#54fd171",
        "git+https://git.example/a/b.git@v1#egg=b",
    ] {
        assert_eq!(named(text), None, "{text}");
    }
}

#[test]
fn a_folder_is_held_against_the_commit_and_not_against_what_its_clone_says_of_it() {
    let repo = Repo::new();
    let id = repo.commit(&[("a/lib.rs", "one\n"), ("gone", "x\n"), ("same", "y\n")]);
    let untouched = checked(&repo, id);
    assert_eq!(shown(&untouched), [""; 0]);
    assert_eq!(untouched.same.len(), 3);
    assert!(untouched.open.is_empty());
    repo.write(&[("a/lib.rs", "two\n"), ("more", "z\n")]);
    std::fs::remove_file(repo.path().join("gone")).unwrap();
    // Who changes a file can make it a commit, too.
    repo.commit(&[]);
    let touched = checked(&repo, id);
    assert_eq!(
        shown(&touched),
        [
            "Modified a/lib.rs false",
            "Missing gone false",
            "Extra more false"
        ]
    );
    assert_eq!(touched.same.iter().collect::<Vec<_>>(), ["same"]);
    let found = touched.compared.differences[0].found.as_ref();
    assert_eq!(found, Some(&Digest::sha256(b"two\n")));
    let expected = touched.compared.differences[0].expected.as_ref();
    assert_eq!(expected, Some(&Digest::sha256(b"one\n")));
}

#[cfg(unix)]
#[test]
fn a_link_is_one_and_leads_where_the_commit_says() {
    let repo = Repo::new();
    std::os::unix::fs::symlink("lib", repo.path().join("to")).unwrap();
    let id = repo.commit(&[("lib", "x\n")]);
    assert_eq!(shown(&checked(&repo, id)), [""; 0]);
    std::fs::remove_file(repo.path().join("to")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", repo.path().join("to")).unwrap();
    assert_eq!(shown(&checked(&repo, id)), ["Modified to false"]);
    // The same bytes as a file are no link.
    std::fs::remove_file(repo.path().join("to")).unwrap();
    repo.write(&[("to", "lib")]);
    assert_eq!(shown(&checked(&repo, id)), ["OtherType to false"]);
    // And a link that leads to the right bytes is no file.
    std::fs::remove_file(repo.path().join("lib")).unwrap();
    std::os::unix::fs::symlink("to", repo.path().join("lib")).unwrap();
    let told = shown(&checked(&repo, id));
    assert_eq!(told, ["OtherType lib false", "OtherType to false"]);
}

#[test]
fn line_ends_are_gits_where_the_commit_asks_for_them() {
    let repo = Repo::new();
    let id = repo.commit(&[(".gitattributes", "*.txt eol=crlf\n"), ("a.txt", "a\nb\n")]);
    repo.write(&[("a.txt", "a\r\nb\r\n")]);
    assert_eq!(shown(&checked(&repo, id)), ["Modified a.txt true"]);
    repo.write(&[("a.txt", "a\r\nc\r\n")]);
    assert_eq!(shown(&checked(&repo, id)), ["Modified a.txt false"]);
    let other = Repo::new();
    let id = other.commit(&[("a.txt", "a\nb\n")]);
    other.write(&[("a.txt", "a\r\nb\r\n")]);
    assert_eq!(shown(&checked(&other, id)), ["Modified a.txt false"]);
}

#[test]
fn other_repositories_in_it_are_said_and_not_green() {
    let inner = Repo::new();
    inner.commit(&[("x", "x\n")]);
    let repo = Repo::new();
    repo.git(&[
        "submodule",
        "--quiet",
        "add",
        inner.path().to_str().unwrap(),
        "sub",
    ]);
    let id = repo.commit(&[("a", "a\n")]);
    let told = checked(&repo, id);
    assert_eq!(shown(&told), [""; 0]);
    assert_eq!(told.open.len(), 1, "{:?}", told.open);
    assert!(told.open[0].contains("sub"));
}

#[test]
fn a_clone_without_the_commit_says_so() {
    let repo = Repo::new();
    repo.commit(&[("a", "a\n")]);
    let id = ObjectId::parse("54fd1711209fb1c0781092374132c66e79e2241b").unwrap();
    let why = Commit::read(&[repo.path().to_owned()], id).err().unwrap();
    assert!(why.contains("is not in this clone"), "{why}");
    assert!(Commit::read(&[], id).err().unwrap().contains("no clone"));
}
