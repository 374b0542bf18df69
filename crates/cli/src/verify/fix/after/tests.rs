//! Two releases that are refused, of which one asks for the other.

use super::super::planning::all;
use super::super::{Plan, Project};
use super::*;
use crate::verify::policy::testing::Counter;
use crate::verify::policy::{Asking, OfRelease};
use customs_ecosystem::lockfile::{Kind, Manifest, ManifestKind};
use customs_model::{Answer, Ecosystem};
use customs_replay::{Package, find};

const AT: &str = "2026-08-20T07:30:00Z";

/// What a registry has.
#[derive(serde::Deserialize)]
struct Shelf {
    package: Vec<Package>,
}

/// A registry with `a`, whose releases ask for `b` in these words, and `b`. The newest ones are of
/// today and not offered.
async fn counter(ecosystem: Ecosystem, a: &[(&str, &str)], b: &[&str]) -> Counter {
    let day = |number: usize, of: usize| match number + 1 == of {
        true => "2026-08-20T07:15:00Z".to_owned(),
        false => format!("2024-01-{:02}T07:15:00Z", number + 1),
    };
    let of_a = a.iter().enumerate().map(|(number, (version, asks))| {
        let published = day(number, a.len());
        format!("  {{ version = \"{version}\", published = \"{published}\", dependencies = {{ b = \"{asks}\" }} }},\n")
    });
    let of_b = b.iter().enumerate().map(|(number, version)| {
        let published = day(number, b.len());
        format!("  {{ version = \"{version}\", published = \"{published}\" }},\n")
    });
    let (of_a, of_b): (String, String) = (of_a.collect(), of_b.collect());
    let text = format!(
        "[[package]]\nname = \"a\"\nreleases = [\n{of_a}]\n[[package]]\nname = \"b\"\nreleases = [\n{of_b}]\n"
    );
    let mut scenario = find("arrayref").unwrap().unwrap();
    scenario.ecosystem = ecosystem;
    scenario.packages = toml::from_str::<Shelf>(&text).unwrap().package;
    Counter::of(scenario, AT).await
}

/// What is planned about the newest releases of both, in this order; and the lockfile then.
async fn planned(
    counter: &Counter,
    (kind, lock): (Kind, &str),
    (manifest, words): (ManifestKind, &str),
    refused: &[&str],
) -> (Plan, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(kind.file_name());
    std::fs::write(&path, lock).unwrap();
    std::fs::write(folder.path().join(manifest.file_name()), words).unwrap();
    let (asker, under) = (counter.asker(), counter.under(None));
    let asking = Asking::new(&asker, Counter::context(&under), under.kept());
    let manifests = [Manifest::read(manifest, words.as_bytes()).unwrap()];
    let project = Project {
        folder: folder.path(),
        lockfile: path.clone(),
        graph: Graph::read(kind, lock.as_bytes()).unwrap(),
        manifests: &manifests,
        replaced: Vec::new(),
    };
    let of = refused.iter().map(|release| OfRelease {
        release: release.parse().unwrap(),
        answer: Answer::No,
        told: Vec::new(),
        not_checked: Vec::new(),
        verdict: None,
    });
    let of: Vec<OfRelease> = of.collect();
    let of: Vec<&OfRelease> = of.iter().collect();
    let mut plan = Plan::default();
    all(&asking, project, kind.file_name(), &of, &mut plan).await;
    plan.edits.write().unwrap();
    (plan, std::fs::read_to_string(&path).unwrap())
}

/// What stands for what, as `a 1.1.0`.
fn steps(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter();
    steps
        .map(|step| format!("{} {}", step.from.package, step.to))
        .collect()
}

const CARGO_TOML: &str =
    "[package]\nname = \"shop\"\nversion = \"0.1.0\"\n[dependencies]\na = \"1\"\n";

/// A lockfile of cargo with both.
fn cargo_lock(counter: &Counter, a: &str, b: &str) -> String {
    let source = format!("sparse+{}/index/", counter.server.base());
    let entry = |name: &str, version: &str, asks: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"{source}\"\nchecksum = \"{}\"\n{asks}\n",
            "0".repeat(64)
        )
    };
    format!(
        "version = 4\n\n{}{}[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n]\n",
        entry("a", a, "dependencies = [\n \"b\",\n]\n"),
        entry("b", b, "")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crate_that_asks_for_what_another_replacement_moved_is_judged_by_what_it_moved_to() {
    let a = [("1.1.0", "^1.5"), ("1.2.0", "^1.0")];
    let counter = counter(Ecosystem::Cargo, &a, &["1.4.0", "1.6.0"]).await;
    let lock = cargo_lock(&counter, "1.2.0", "1.6.0");
    let (kinds, manifest) = (Kind::CargoLock, (ManifestKind::CargoToml, CARGO_TOML));
    let (one, other) = ("pkg:cargo/a@1.2.0", "pkg:cargo/b@1.6.0");
    // Each does alone.
    for (alone, stands) in [(one, "a 1.1.0"), (other, "b 1.4.0")] {
        let (plan, _) = planned(&counter, (kinds, &lock), manifest, &[alone]).await;
        assert_eq!((steps(&plan), plan.open), (vec![stands.to_owned()], vec![]));
    }
    // Whichever comes first, the second one does not go with it.
    let (plan, after) = planned(&counter, (kinds, &lock), manifest, &[one, other]).await;
    assert_eq!(steps(&plan), ["a 1.1.0"]);
    assert!(plan.open[0].contains("a: ^1.5"), "{:?}", plan.open);
    assert!(after.contains("version = \"1.6.0\""), "{after}");
    let (plan, after) = planned(&counter, (kinds, &lock), manifest, &[other, one]).await;
    assert_eq!(steps(&plan), ["b 1.4.0"]);
    assert!(plan.open[0].contains("b ^1.5"), "{:?}", plan.open);
    assert!(after.contains("version = \"1.2.0\""), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crate_that_only_another_replacement_makes_room_for_is_replaced_in_whatever_order() {
    let a = [("1.1.0", "^1.4"), ("1.2.0", "^1.5")];
    let counter = counter(Ecosystem::Cargo, &a, &["1.4.0", "1.6.0"]).await;
    let lock = cargo_lock(&counter, "1.2.0", "1.6.0");
    let (kinds, manifest) = (Kind::CargoLock, (ManifestKind::CargoToml, CARGO_TOML));
    let (one, other) = ("pkg:cargo/a@1.2.0", "pkg:cargo/b@1.6.0");
    let (plan, _) = planned(&counter, (kinds, &lock), manifest, &[other]).await;
    assert!(plan.steps.is_empty(), "{:?}", plan.steps);
    for refused in [[one, other], [other, one]] {
        let (plan, after) = planned(&counter, (kinds, &lock), manifest, &refused).await;
        assert_eq!(steps(&plan), ["a 1.1.0", "b 1.4.0"]);
        assert_eq!((plan.open, plan.commands), (vec![], vec![]));
        assert!(after.contains("version = \"1.4.0\""), "{after}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_override_of_npm_is_judged_by_what_the_other_replacement_asks_for() {
    let a = [("1.1.0", "^1.5.0"), ("1.2.0", "^1.0.0")];
    let counter = counter(Ecosystem::Npm, &a, &["1.4.0", "1.6.0"]).await;
    let lock = r#"{"name":"shop","lockfileVersion":3,"requires":true,"packages":{
        "":{"name":"shop","dependencies":{"a":"^1.0.0"}},
        "node_modules/a":{"version":"1.2.0","dependencies":{"b":"^1.0.0"}},
        "node_modules/b":{"version":"1.6.0"}}}"#;
    let words = "{\n  \"name\": \"shop\",\n  \"dependencies\": {\n    \"a\": \"^1.0.0\"\n  }\n}\n";
    let (kinds, manifest) = (Kind::PackageLock, (ManifestKind::PackageJson, words));
    let (one, other) = ("pkg:npm/a@1.2.0", "pkg:npm/b@1.6.0");
    let (plan, _) = planned(&counter, (kinds, lock), manifest, &[one, other]).await;
    assert_eq!(steps(&plan), ["a 1.1.0"]);
    assert!(plan.open[0].contains("a: ^1.5.0"), "{:?}", plan.open);
    let (plan, _) = planned(&counter, (kinds, lock), manifest, &[other, one]).await;
    assert_eq!(steps(&plan), ["b 1.4.0"]);
    assert!(plan.open[0].contains("b ^1.5.0"), "{:?}", plan.open);
}
