//! What cargo's settings put in the place of what Cargo.lock names.

use super::*;

/// A copy of the crate beside the project, with a change in it.
fn beside(lab: &Lab) -> PathBuf {
    let folder = lab.folder.path().join("beside");
    for (path, text) in FILES {
        write(&folder.join(path), text.as_bytes());
    }
    folder
}

fn config(lab: &Lab, path: &str, text: &str) {
    write(&lab.folder.path().join(path), text.as_bytes());
}

fn overridden(lab: &Lab) -> Vec<String> {
    let report = lab.vendor();
    let all = report.packages.iter();
    let of_beside = all.filter(|package| package.place.ends_with("beside"));
    of_beside
        .flat_map(|package| {
            let answer = match &package.answer {
                Answer::Yes => "yes".to_owned(),
                Answer::No => "no".to_owned(),
                Answer::NotChecked(why) => why.clone(),
            };
            let shown = package.differences.iter().map(shown);
            [answer].into_iter().chain(shown).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn a_folder_of_paths_is_held_against_the_crate_of_its_name() {
    let lab = Lab::new();
    let folder = beside(&lab);
    assert!(overridden(&lab).is_empty());
    config(
        &lab,
        "project/.cargo/config.toml",
        "paths = [\"../beside\"]\n",
    );
    assert_eq!(overridden(&lab), ["yes"]);
    fs::write(folder.join("src/lib.rs"), "evil\n").unwrap();
    fs::write(folder.join("build.rs"), "evil\n").unwrap();
    let said = overridden(&lab);
    assert_eq!(said[0], "no");
    assert!(
        said.iter().any(|one| one.contains("src/lib.rs")),
        "{said:?}"
    );
    assert!(said.iter().any(|one| one.contains("build.rs")), "{said:?}");
    // Another version takes its place as well.
    let manifest = "[package]\nname = \"alpha\"\nversion = \"1.0.9\"\n";
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    assert_eq!(overridden(&lab)[0], "no");
    // One of a name that is not locked is the project's own.
    let manifest = "[package]\nname = \"other\"\nversion = \"1.0.0\"\n";
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    assert!(overridden(&lab).is_empty());
}

#[test]
fn settings_above_in_the_home_and_included_count_as_well() {
    for path in [".cargo/config.toml", "home/config"] {
        let lab = Lab::new();
        fs::write(beside(&lab).join("src/lib.rs"), "evil\n").unwrap();
        config(&lab, path, "paths = [\"beside\"]\n");
        assert_eq!(overridden(&lab)[0], "no", "{path}");
    }
    let lab = Lab::new();
    fs::write(beside(&lab).join("src/lib.rs"), "evil\n").unwrap();
    let including = "include = [{ path = \"more.toml\", optional = true }]\n";
    config(&lab, "project/.cargo/config.toml", including);
    assert!(overridden(&lab).is_empty());
    config(
        &lab,
        "project/.cargo/more.toml",
        "paths = [\"../beside\"]\n",
    );
    assert_eq!(overridden(&lab)[0], "no");
}

#[test]
fn a_crate_below_a_folder_of_paths_is_found_and_outputs_are_passed_over() {
    let lab = Lab::new();
    let folder = beside(&lab);
    let deep = lab.folder.path().join("many/crates");
    fs::create_dir_all(&deep).unwrap();
    fs::rename(&folder, deep.join("beside")).unwrap();
    config(
        &lab,
        "project/.cargo/config.toml",
        "paths = [\"../many\"]\n",
    );
    assert_eq!(overridden(&lab), ["yes"]);
    fs::rename(&deep, lab.folder.path().join("many/target")).unwrap();
    assert!(overridden(&lab).is_empty());
}

#[test]
fn without_the_crate_a_folder_of_paths_is_not_checked() {
    let lab = Lab {
        at_hand: false,
        ..Lab::new()
    };
    beside(&lab);
    config(
        &lab,
        "project/.cargo/config.toml",
        "paths = [\"../beside\"]\n",
    );
    let said = overridden(&lab);
    assert!(
        said[0].starts_with("`paths` in cargo's settings puts this folder in its place"),
        "{said:?}"
    );
}

#[test]
fn only_what_stands_in_the_place_of_a_registry_keeps_cargo_from_its_home() {
    let lab = Lab::new();
    let of_home = |text: &str| {
        config(&lab, "project/.cargo/config.toml", text);
        let project = lab.folder.path().join("project");
        let mut locked = lab.locked.clone();
        locked[0].resolved = Some("sparse+https://index.example/".to_owned());
        of_home(&project, &locked, Some(&lab.home(""))).len()
    };
    let folder = "[source.v]\ndirectory = \"vendor\"\n";
    assert_eq!(of_home(""), 1);
    assert_eq!(of_home(folder), 1, "nothing takes it");
    let takes = |registry: &str| {
        of_home(&format!(
            "{folder}[source.m]\nregistry = \"{registry}\"\nreplace-with = \"n\"\n[source.n]\nreplace-with = \"v\"\n"
        ))
    };
    assert_eq!(takes("sparse+https://index.example/"), 0);
    assert_eq!(takes("https://index.example"), 0);
    assert_eq!(takes("https://other.example"), 1);
    // Round and round.
    assert_eq!(
        of_home("[source.m]\nregistry = \"https://index.example\"\nreplace-with = \"m\"\n"),
        1
    );
}
