//! What the gate wrote down of an artifact, where its bytes are gone.

use super::*;
use crate::artifact::FileLists;

/// A world in which the gate delivered everything, and its store was emptied since.
fn emptied(world: &World) -> Options {
    world.write_lock();
    let lists = world.folder.path().join("files");
    for (place, entry) in &world.lock {
        let name = place.trim_start_matches("node_modules/");
        let version = entry["version"].as_str().unwrap();
        let digest = Digest::from_sri(entry["integrity"].as_str().unwrap()).unwrap();
        let hex = digest.to_hex();
        let artifact = world.store().join("sha512").join(&hex[..2]).join(&hex[2..]);
        let release = format!("pkg:npm/{name}@{version}").parse().unwrap();
        let kept = FileLists::new(&lists).keep(&release, "a.tgz", &artifact, &digest);
        assert!(kept.unwrap());
    }
    fs::remove_dir_all(world.store()).unwrap();
    Options {
        gate_lists: Some(lists),
        ..world.options()
    }
}

#[test]
fn a_list_of_files_shows_what_was_changed_and_makes_nothing_a_yes() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    world.install("b", "1.0.0");
    let options = emptied(&world);
    world.write("node_modules/b/index.js", "module.exports = 2;\n");
    insta::assert_snapshot!(told(&world.check(&options)), @r"
    a@1.0.0 not checked: its artifact is not on this computer; fetch it with --fetch; it was compared with the gate's list of its files, which whoever changes a file can change too
    b@1.0.0 NO
      Modified index.js: UNEXPLAINED
    ");
}

#[test]
fn a_list_explains_no_copy_of_a_program() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    let only =
        serde_json::json!({"os": [if cfg!(target_os = "macos") { "darwin" } else { "linux" }]});
    let entry = world.lock.get_mut("node_modules/a").unwrap();
    entry
        .as_object_mut()
        .unwrap()
        .extend(only.as_object().unwrap().clone());
    let options = emptied(&world);
    let report = world.check(&options);
    assert!(matches!(report.packages[0].answer, Answer::NotChecked(_)));
    assert!(matches!(
        report.packages[0].against,
        Some(Against::OwnList { .. })
    ));
}
