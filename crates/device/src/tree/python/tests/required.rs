//! What is asked for and not installed.

use super::*;

/// An environment in which `beta` asks for this, and whose lockfile has these too.
fn lab(asked: &[&str], locked_too: &[&str]) -> Lab {
    let mut lab = Lab::new();
    for name in locked_too {
        lab.locked
            .push(locked(name, Digest::sha256(name.as_bytes())));
    }
    metadata(&lab, "beta", asked);
    lab
}

fn metadata(lab: &Lab, name: &str, asked: &[&str]) {
    let asked: String = asked
        .iter()
        .map(|one| format!("Requires-Dist: {one}\n"))
        .collect();
    let text = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{asked}\n");
    let path = format!("{name}-1.0.dist-info/METADATA");
    lab.edit(&path, &text);
    lab.record(name, &[(path, text)]);
}

fn missing(lab: &Lab) -> Vec<String> {
    let report = lab.check();
    let packages = report.packages.iter();
    let missing = packages.filter(|package| {
        let mut differences = package.differences.iter();
        differences.any(|one| one.path.is_empty() && one.kind == DifferenceKind::Missing)
    });
    missing
        .map(|package| {
            assert_eq!(package.answer, Answer::No);
            package.release.package.to_string()
        })
        .collect()
}

#[test]
fn a_marker_that_holds_here_makes_a_package_missing_and_one_that_does_not_excuses_it() {
    let asked = [
        "gamma; python_version >= '3.9'",
        "delta; python_version < '3.9'",
        "epsilon; python_full_version >= '3.11.3'",
    ];
    let lab = lab(&asked, &["gamma", "delta", "epsilon"]);
    assert_eq!(missing(&lab), ["gamma"]);
}

#[test]
fn an_extra_that_somebody_asks_for_brings_along_what_it_needs() {
    let lab = lab(&["gamma[Fast]"], &["gamma", "delta", "epsilon"]);
    let asked = ["delta; extra == 'fast'", "epsilon; extra == 'slow'"];
    metadata(&lab, "gamma", &asked);
    assert_eq!(missing(&lab), ["delta"]);
}

#[test]
fn what_the_project_asks_for_is_missing_unless_nothing_of_it_is_installed() {
    let mut lab = lab(&[], &["gamma", "delta"]);
    let asked = [
        "alpha",
        "gamma ; os_name == 'posix' or os_name == 'nt'",
        "delta ; extra == 'x'",
    ];
    lab.asked = asked
        .iter()
        .map(|one| Requirement::parse(one).unwrap())
        .collect();
    // Other lockfiles do not name all that is installed from them.
    assert_eq!(missing(&lab), [""; 0]);
    lab.is_complete = true;
    assert_eq!(missing(&lab), ["gamma"]);
    // A group for developers alone.
    lab.asked.remove(0);
    assert_eq!(missing(&lab), [""; 0]);
}

#[test]
fn what_no_lockfile_names_is_not_missing() {
    let lab = lab(&["gamma"], &[]);
    assert_eq!(missing(&lab), [""; 0]);
}

#[test]
fn what_an_override_of_the_project_takes_away_is_not_missing() {
    let mut lab = lab(&["gamma", "delta"], &["gamma", "delta"]);
    let name = |name| PackageName::new(Ecosystem::PyPi, name).unwrap();
    let need = |text| Requirement::parse(text).unwrap();
    let of_beta = vec![need("gamma ; os_name == 'none'"), need("delta")];
    lab.needs = Some([(name("beta"), of_beta)].into());
    assert_eq!(missing(&lab), ["delta"]);
    lab.needs = None;
    assert_eq!(missing(&lab), ["delta", "gamma"]);
}
