//! The manifests that a lockfile is compared with.

use crate::verify::testing::Scene;

#[test]
fn a_member_of_a_workspace_of_yarn_1_needs_no_entry_and_what_is_none_does() {
    let scene = Scene::empty();
    scene.write("app/yarn.lock", b"# yarn lockfile v1\n\n\na@^1.0.0:\n  version \"1.0.0\"\n  resolved \"https://registry.example/a/-/a-1.0.0.tgz#0123456789012345678901234567890123456789\"\n");
    scene.write(
        "app/package.json",
        br#"{"name":"own","private":true,"workspaces":["packages/*"],"dependencies":{"a":"^1.0.0","m":"^1.0.0"}}"#,
    );
    let told = |scene: &Scene| -> Vec<String> {
        let report = scene.look(&[]);
        let findings = report.subjects[0].locked.findings.iter();
        let about = findings.filter(|one| one.rule.as_str() == "lock-manifest");
        about.map(|one| one.message.to_string()).collect()
    };
    let without = told(&scene);
    assert_eq!(without.len(), 1, "{without:?}");
    let member = br#"{"name":"m","version":"1.0.0","dependencies":{"a":"^1.0.0"}}"#;
    scene.write("app/packages/m/package.json", member);
    assert_eq!(told(&scene), [""; 0]);
}
