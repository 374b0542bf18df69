//! The axios scenario, 89 seconds after the publication: what was locked then, and what would stand
//! in its place.

use super::asks::Who;
use super::planning::all;
use super::*;
use crate::verify::policy::testing::Counter;
use crate::verify::policy::{Asking, OfRelease};
use customs_ecosystem::lockfile::{Kind, ManifestKind};
use customs_model::Answer;
use std::fs;

const AT_ONCE: &str = "2026-03-31T00:23:27Z";

const MANIFEST: &str =
    "{\n\t\"name\": \"shop\",\n\t\"dependencies\": {\n\t\t\"axios\": \"^1.14.0\"\n\t}\n}\n";

fn lock(base: &str) -> String {
    let entry = |name: &str, version: &str| {
        serde_json::json!({
            "version": version,
            "resolved": format!("{base}/{name}/-/{name}-{version}.tgz"),
            "integrity": format!("sha512-{}==", "A".repeat(86)),
        })
    };
    let mut axios = entry("axios", "1.14.1");
    axios["dependencies"] = serde_json::json!({
        "follow-redirects": "^1.15.11", "form-data": "^4.0.5", "plain-crypto-js": "^4.2.1"
    });
    serde_json::json!({
        "name": "shop", "lockfileVersion": 3, "requires": true,
        "packages": {
            "": {"name": "shop", "dependencies": {"axios": "^1.14.0"}},
            "node_modules/axios": axios,
            "node_modules/follow-redirects": entry("follow-redirects", "1.15.11"),
            "node_modules/form-data": entry("form-data", "4.0.5"),
            "node_modules/plain-crypto-js": entry("plain-crypto-js", "4.2.1"),
        },
    })
    .to_string()
}

/// Plans what to do about these releases.
async fn planned(
    counter: &Counter,
    folder: &Path,
    graph: &Graph,
    manifest: &str,
    refused: &[&str],
) -> Plan {
    let (asker, under) = (counter.asker(), counter.under(None));
    let asking = Asking::new(&asker, Counter::context(&under), under.kept());
    let manifests = [Manifest::read(ManifestKind::PackageJson, manifest.as_bytes()).unwrap()];
    let project = Project {
        folder,
        lockfile: folder.join("package-lock.json"),
        graph: graph.clone(),
        manifests: &manifests,
        replaced: Vec::new(),
    };
    let mut of = Vec::new();
    for release in refused {
        let entries = graph.lockfile.entries.iter();
        let entry = entries
            .clone()
            .find(|entry| entry.release.to_string() == *release);
        of.push(asking.entry(entry.unwrap()).await);
    }
    let of: Vec<&OfRelease> = of.iter().collect();
    let mut plan = Plan::default();
    all(&asking, project, "package-lock.json", &of, &mut plan).await;
    plan
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_admitted_version_in_the_range_stands_in_its_place_and_the_file_keeps_its_style()
{
    let counter = Counter::open("axios", AT_ONCE).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("package.json");
    fs::write(&path, MANIFEST).unwrap();
    let graph = Graph::read(Kind::PackageLock, lock(&counter.server.base()).as_bytes()).unwrap();
    let refused = ["pkg:npm/axios@1.14.1", "pkg:npm/plain-crypto-js@4.2.1"];
    let plan = planned(&counter, folder.path(), &graph, MANIFEST, &refused).await;
    assert_eq!(plan.open, [""; 0]);
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(plan.steps[0].to.as_str(), "1.14.0");
    assert_eq!(
        plan.gone,
        ["plain-crypto-js@4.2.1, which only axios asks for"]
    );
    assert_eq!(
        plan.commands,
        ["npm install --package-lock-only --ignore-scripts"]
    );
    let text = shown(&plan);
    for part in [
        "axios@1.14.1 → 1.14.0",
        "-        \"axios\": \"^1.14.0\"",
        "+        \"axios\": \"1.14.0\"",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    // Until somebody says so nothing is written.
    assert_eq!(fs::read_to_string(&path).unwrap(), MANIFEST);
    plan.edits.write().unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        MANIFEST.replace("^1.14.0", "1.14.0")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_ask_for_is_overridden_and_only_within_their_ranges() {
    let counter = Counter::open("axios", AT_ONCE).await;
    let folder = tempfile::tempdir().unwrap();
    let manifest = "{\n  \"name\": \"shop\",\n  \"dependencies\": {\n    \"b\": \"1\"\n  }\n}\n";
    fs::write(folder.path().join("package.json"), manifest).unwrap();
    let lock = |range: &str| {
        let text = serde_json::json!({
            "name": "shop", "lockfileVersion": 3, "requires": true,
            "packages": {
                "": {"name": "shop", "dependencies": {"b": "1"}},
                "node_modules/b": {"version": "1.0.0", "dependencies": {"axios": range}},
                "node_modules/axios": {"version": "1.14.1"},
            },
        });
        Graph::read(Kind::PackageLock, text.to_string().as_bytes()).unwrap()
    };
    let refused = ["pkg:npm/axios@1.14.1"];
    let plan = planned(
        &counter,
        folder.path(),
        &lock("^1.13.0"),
        manifest,
        &refused,
    )
    .await;
    assert_eq!(plan.open, [""; 0]);
    assert!(
        shown(&plan).contains("+  \"overrides\": {\n+    \"axios\": \"1.14.0\"\n"),
        "{}",
        shown(&plan)
    );
    let plan = planned(
        &counter,
        folder.path(),
        &lock(">=1.14.1"),
        manifest,
        &refused,
    )
    .await;
    assert!(plan.edits.is_empty() && plan.steps.is_empty());
    assert!(plan.open[0].contains("b: >=1.14.1"), "{:?}", plan.open);
}

/// A lockfile of Python that the shop's registry would have given.
async fn python(counter: &Counter, kind: Kind, name: &str) -> (tempfile::TempDir, Plan) {
    let folder = tempfile::tempdir().unwrap();
    let (asker, under) = (counter.asker(), counter.under(None));
    let asking = Asking::new(&asker, Counter::context(&under), under.kept());
    let release = "pkg:pypi/litellm@1.82.8";
    let promised = counter.locked(&asking, release).await.digests;
    let hash = promised[0].to_hex();
    let wheel = "litellm-1.82.8-py3-none-any.whl";
    let text = match kind {
        Kind::PoetryLock => format!(
            "[[package]]\nname = \"litellm\"\nversion = \"1.82.8\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\nfiles = [\n    {{file = \"{wheel}\", hash = \"sha256:{hash}\"}},\n]\n\n[metadata]\nlock-version = \"2.1\"\n"
        ),
        _ => format!(
            "lock-version = \"1.0\"\ncreated-by = \"pip\"\n\n[[packages]]\nname = \"litellm\"\nversion = \"1.82.8\"\n\n[[packages.wheels]]\nname = \"{wheel}\"\nurl = \"https://files.example/{wheel}\"\n\n[packages.wheels.hashes]\nsha256 = \"{hash}\"\n"
        ),
    };
    let path = folder.path().join(name);
    fs::write(&path, &text).unwrap();
    let graph = Graph::read(kind, text.as_bytes()).unwrap();
    let project = Project {
        folder: folder.path(),
        lockfile: path,
        graph: graph.clone(),
        manifests: &[],
        replaced: Vec::new(),
    };
    let of = asking.entry(&graph.lockfile.entries[0]).await;
    assert_eq!(of.answer, Answer::No, "{of:?}");
    let mut plan = Plan::default();
    all(&asking, project, name, &[&of], &mut plan).await;
    (folder, plan)
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_of_poetry_and_pylock_are_moved_with_their_files() {
    let counter = Counter::open("litellm", "2026-03-24T11:00:00Z").await;
    for (kind, name) in [
        (Kind::PoetryLock, "poetry.lock"),
        (Kind::PylockToml, "pylock.toml"),
    ] {
        let (folder, plan) = python(&counter, kind, name).await;
        assert_eq!(plan.open, [""; 0], "{name}");
        assert_eq!(plan.commands, [""; 0], "{name}");
        assert_eq!(plan.steps[0].to.as_str(), "1.82.6", "{name}");
        assert!(
            shown(&plan).contains("+version = \"1.82.6\""),
            "{}",
            shown(&plan)
        );
        plan.edits.write().unwrap();
        let text = fs::read_to_string(folder.path().join(name)).unwrap();
        let graph = Graph::read(kind, text.as_bytes()).unwrap();
        let (asker, under) = (counter.asker(), counter.under(None));
        let asking = Asking::new(&asker, Counter::context(&under), under.kept());
        let promised = counter.locked(&asking, "pkg:pypi/litellm@1.82.6").await;
        let [entry] = graph.lockfile.entries.as_slice() else {
            panic!("{text}")
        };
        assert_eq!(entry.release, promised.release, "{name}");
        assert_eq!(entry.digests, promised.digests, "{name}");
    }
}

#[test]
fn a_file_that_changed_meanwhile_or_lies_behind_a_link_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("package.json");
    fs::write(&path, MANIFEST).unwrap();
    let mut edits = Edits::default();
    edits.set(&path, "{}".to_owned()).unwrap();
    fs::write(&path, "{ }").unwrap();
    assert!(edits.write().is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "{ }");
    #[cfg(unix)]
    {
        let link = folder.path().join("link.json");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(Edits::default().text(&link).is_err());
    }
}

fn who(direct: &[&str], packages: &[Option<&str>]) -> Who {
    let direct = direct.iter().map(|spec| asks::Direct {
        folder: String::new(),
        name: "a".to_owned(),
        spec: (*spec).to_owned(),
        kind: customs_ecosystem::lockfile::AskKind::Runtime,
    });
    let packages = packages.iter().map(|range| asks::Package {
        name: "b".to_owned(),
        range: range.map(str::to_owned),
        declared: range.is_some(),
    });
    Who {
        direct: direct.collect(),
        packages: packages.collect(),
        beside: 0,
    }
}

#[test]
fn a_version_has_to_do_for_everybody() {
    let release: ReleaseId = "pkg:npm/a@1.2.4".parse().unwrap();
    let allows = |who: &Who, version: &str| who.allows(&release, &Version::new(version).unwrap());
    assert!(allows(&who(&["^1.0.0"], &[Some("~1.2.0")]), "1.2.3"));
    assert!(!allows(&who(&["^1.0.0"], &[Some("~1.2.0")]), "1.3.0"));
    // The project's own pin gives way within its release line, nobody else's does.
    assert!(allows(&who(&["1.2.4"], &[]), "1.2.3"));
    assert!(!allows(&who(&[], &[Some("1.2.4")]), "1.2.3"));
    // Where nobody says what would do, only what is near does; a prerelease never.
    assert!(allows(&who(&[], &[None]), "1.2.3"));
    assert!(!allows(&who(&[], &[]), "2.0.0"));
    assert!(!allows(&who(&["*"], &[]), "1.2.3-rc.1"));
}

#[test]
fn crates_and_python_packages_keep_to_their_ranges_too() {
    let release: ReleaseId = "pkg:cargo/a@1.2.4".parse().unwrap();
    let version = Version::new("1.2.3").unwrap();
    assert!(who(&["1.2"], &[]).allows(&release, &version));
    assert!(!who(&["1.2.4"], &[]).allows(&release, &version));
    let release: ReleaseId = "pkg:pypi/a@1.2.4".parse().unwrap();
    assert!(who(&[">=1,<2"], &[]).allows(&release, &version));
    assert!(!who(&[">1.2.3"], &[]).allows(&release, &version));
}
