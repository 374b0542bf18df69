//! Whose an environment is, and what hides no lockfile.

use crate::verify::testing::Scene;
use customs_model::Answer;

const HASH: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn lock(scene: &Scene, folder: &str) {
    let text = format!(
        "version = 1\n\n[[package]]\nname = \"named\"\nversion = \"1.0\"\nsource = {{ registry = \"https://index.example/simple\" }}\nwheels = [\n    {{ url = \"https://files.example/named-1.0-py3-none-any.whl\", hash = \"{HASH}\" }},\n]\n"
    );
    scene.write(&format!("{folder}/uv.lock"), text.as_bytes());
}

/// An environment in which a distribution lies that no lockfile names.
fn environment(scene: &Scene, folder: &str) {
    let settings = b"home = /usr/bin\nversion = 3.11.7\n";
    scene.write(&format!("{folder}/pyvenv.cfg"), settings);
    let info = format!("{folder}/lib/python3.11/site-packages/other-1.0.dist-info");
    let metadata = b"Metadata-Version: 2.1\nName: other\nVersion: 1.0\n";
    scene.write(&format!("{info}/METADATA"), metadata);
    let record = b"other-1.0.dist-info/METADATA,,\nother-1.0.dist-info/RECORD,,\n";
    scene.write(&format!("{info}/RECORD"), record);
}

/// The trees of the projects, each with whether `other` is a no.
fn told(scene: &Scene, words: &[&str]) -> Vec<(String, bool, bool)> {
    let report = scene.look(words);
    let of = |subject: &crate::verify::report::Subject| {
        let packages = subject.installed.iter().flat_map(|found| &found.packages);
        let mut others = packages.filter(|one| one.release.package.as_str() == "other");
        let other = others.next();
        (
            subject.lockfile.clone().unwrap_or_default(),
            other.is_some(),
            other.is_some_and(|one| one.answer == Answer::No),
        )
    };
    report.subjects.iter().map(of).collect()
}

#[test]
fn an_environment_beside_another_project_is_that_project_s_and_no_other_s() {
    let scene = Scene::empty();
    lock(&scene, "app/a");
    lock(&scene, "app/b");
    environment(&scene, "app/b/.venv");
    let named = scene.path("app/b/.venv").display().to_string();
    let told = told(&scene, &["--environment", &named]);
    assert_eq!(
        told,
        [
            ("a/uv.lock".to_owned(), false, false),
            ("b/uv.lock".to_owned(), true, true)
        ]
    );
}

#[test]
fn an_environment_that_lies_elsewhere_may_be_of_another_project_of_the_run() {
    let scene = Scene::empty();
    lock(&scene, "app/a");
    environment(&scene, "env");
    let named = scene.path("env").display().to_string();
    let words = ["--environment", named.as_str()];
    assert_eq!(told(&scene, &words), [("a/uv.lock".to_owned(), true, true)]);
    lock(&scene, "app/b");
    assert_eq!(
        told(&scene, &words),
        [
            ("a/uv.lock".to_owned(), true, false),
            ("b/uv.lock".to_owned(), false, false)
        ]
    );
}

#[test]
fn what_pip_installs_from_a_list_may_lie_beside_what_was_installed_before() {
    let scene = Scene::empty();
    let list = format!("named==1.0 --hash={HASH}\n");
    scene.write("app/requirements.txt", list.as_bytes());
    environment(&scene, "app/.venv");
    let told = told(&scene, &[]);
    assert_eq!(told, [("requirements.txt".to_owned(), true, false)]);
}

#[test]
fn settings_of_an_environment_without_one_hide_no_lockfile() {
    let scene = Scene::empty();
    lock(&scene, "app");
    lock(&scene, "app/sub");
    scene.write("app/sub/pyvenv.cfg", b"");
    assert_eq!(scene.look(&[]).subjects.len(), 2);
    // A real one is made of strangers' files.
    lock(&scene, "app/env/share");
    environment(&scene, "app/env");
    let report = scene.look(&[]);
    let names = report
        .subjects
        .iter()
        .filter_map(|one| one.lockfile.clone());
    assert_eq!(names.collect::<Vec<_>>(), ["uv.lock", "sub/uv.lock"]);
}
