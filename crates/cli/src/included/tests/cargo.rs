//! Projects of cargo.

use super::*;

/// Crates are compiled out of cargo's home, which is no folder of the project.
#[test]
fn what_is_compiled_out_of_cargos_home_is_told_file_by_file() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(
        root,
        &[
            (
                "home/registry/src/index.example-0011/alpha-1.0.0/src/lib.rs",
                "a",
            ),
            ("home/git/checkouts/beta-0011/54fd171/src/lib.rs", "b"),
            ("home/git/checkouts/beta-0011/54fd171/.git/HEAD", "x"),
        ],
    );
    let place = |inside: &str| format!("$CARGO_HOME/{inside}");
    let of_registry = tree(
        "pkg:cargo/alpha@1.0.0",
        &place("registry/src/index.example-0011/alpha-1.0.0"),
        artifact("alpha"),
    );
    let of_repository = tree(
        "pkg:cargo/beta@1.0.0",
        &place("git/checkouts/beta-0011/54fd171"),
        Some(Against::Commit {
            id: "54fd1711209fb1c0781092374132c66e79e2241b".into(),
            from: "cargo's clone of its repository".into(),
        }),
    );
    let installed = TreeReport {
        packages: vec![of_registry, of_repository],
        ..TreeReport::default()
    };
    let report = report(vec![subject("sub", None, Some(installed))]);
    let record = recorded(root, &report, &Policy::default(), LATE);
    let packages = record.packages.iter().map(|one| {
        let files = one.files.iter();
        let files = files.map(|file| format!("{} {}", file.path, file.standing));
        (one.places.join(", "), files.collect::<Vec<String>>())
    });
    let told: Vec<(String, Vec<String>)> = packages.collect();
    let files = || vec!["src/lib.rs same".to_owned()];
    assert_eq!(
        told,
        [
            (
                place("registry/src/index.example-0011/alpha-1.0.0"),
                files()
            ),
            (place("git/checkouts/beta-0011/54fd171"), files()),
        ]
    );
}
