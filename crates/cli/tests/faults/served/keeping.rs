//! What a gate keeps, and what is made of a backup: with the built program, while it serves.

use super::world::{LONG, Served, Site, TARBALL, TestToken, token};
use crate::program::customs;
use serde_json::Value;
use std::process::Output;
use std::time::{Duration, Instant, SystemTime};

/// Runs the program with the site's config and folders.
fn run(site: &Site, arguments: &[&str]) -> Output {
    let mut command = customs(site.folder.path(), arguments);
    command.envs(site.environment.iter().cloned());
    command.env("CUSTOMS_GATE_CONFIG", site.at("customs-gate.toml"));
    command.output().unwrap()
}

fn json(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {told}"))
}

/// An artifact that nobody was ever delivered, stored a while ago.
fn forgotten(site: &Site) -> std::path::PathBuf {
    let digest = customs_model::Digest::sha256(b"forgotten").to_hex();
    let folder = site.at("home/cache/artifacts/sha256").join(&digest[..2]);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(&digest[2..]);
    std::fs::write(&path, "forgotten").unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_hours(24 * 100))
        .unwrap();
    path
}

/// Evidence of that artifact.
fn evidence_of_it(site: &Site) -> std::path::PathBuf {
    let digest = customs_model::Digest::sha256(b"forgotten");
    let path = site.at("home/data/evidence/artifacts/ab/forgotten.json");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text = format!(r#"{{"release":"pkg:npm/gone@1.0.0","artifact":"{digest}"}}"#);
    std::fs::write(&path, text).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_hours(24 * 100))
        .unwrap();
    path
}

async fn deliver(served: &Served, site: &Site, ci: &TestToken) {
    let got = served.get(TARBALL, ci).await;
    let same = got.body == site.bytes;
    assert!(got.status == 200 && same, "{}", got.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_collects_what_nobody_was_delivered_and_keeps_what_somebody_was() {
    let mut site = Site::new().await;
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    let (old, evidence) = (forgotten(&site), evidence_of_it(&site));
    // First by command, beside a gate that serves: it only says so.
    let served = site.start().await;
    deliver(&served, &site, &ci).await;
    let would = json(&run(
        &site,
        &["gate", "gc", "--age", "1d", "--dry-run", "--json"],
    ));
    assert_eq!(would["schema"], "customs/gate-gc-v1");
    assert_eq!(would["shelves"][0]["removed"]["files"], 1, "{would}");
    assert_eq!(would["shelves"][2]["name"], "evidence", "{would}");
    assert_eq!(would["shelves"][2]["removed"]["files"], 1, "{would}");
    assert!(old.exists() && evidence.exists());
    drop(served);
    // Then by itself, with bounds that would remove everything.
    site.more = "keep = { size = \"0\", age = \"1d\", every = \"1s\" }\n".to_owned();
    let served = site.start().await;
    let begun = Instant::now();
    while old.exists() || evidence.exists() {
        assert!(begun.elapsed() < LONG, "{}", served.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let asked = site.upstream.hits().len();
    deliver(&served, &site, &ci).await;
    let again = site.upstream.hits().into_iter().skip(asked);
    let fetched = again.filter(|hit| hit.path == TARBALL).count();
    assert_eq!(
        fetched, 0,
        "what was delivered lately is still in the cache"
    );
    // Nothing says what may go.
    site.more.clear();
    site.write_config();
    let refused = run(&site, &["gate", "gc"]);
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("--size, --age or --ledger"), "{told}");
}

/// On the ledger that the environment of `site` names.
async fn restored(mut site: Site, other: impl FnOnce(&mut Site)) {
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    // Evidence, where a gate of before kept it.
    let before = site.at("home/cache/evidence/artifacts/ab/cd.json");
    std::fs::create_dir_all(before.parent().unwrap()).unwrap();
    std::fs::write(&before, "[1]").unwrap();
    let evidence = site.at("home/data/evidence/artifacts/ab/cd.json");
    let mut served = site.start().await;
    assert!(!before.exists() && evidence.exists(), "{}", served.log());
    deliver(&served, &site, &ci).await;
    // A list of files, as the gate writes one down for an archive.
    let list = site.at("home/data/files/sha256/ab/cd.json");
    std::fs::create_dir_all(list.parent().unwrap()).unwrap();
    std::fs::write(&list, "{}").unwrap();
    let to = site.at("backup");
    let to = to.to_str().unwrap();
    let taken = run(&site, &["gate", "backup", to, "--with-key", "--json"]);
    assert!(taken.status.success(), "{taken:?}");
    let taken = json(&taken);
    assert_eq!(taken["schema"], "customs/gate-backup-v1");
    assert_eq!(taken["backup"]["artifacts"], 1, "{taken}");
    let checked = run(&site, &["gate", "restore", to, "--check"]);
    let told = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(
        checked.status.success() && told.contains("hang together"),
        "{told}"
    );
    // It serves on: what is delivered now is not in the backup.
    deliver(&served, &site, &ci).await;
    // Where something is recorded nothing is restored.
    let refused = run(&site, &["gate", "restore", to]);
    assert_eq!(refused.status.code(), Some(4), "{refused:?}");
    // In order, so that a head covers the last record.
    served.signal("TERM");
    assert!(served.ended().await.success(), "{}", served.log());

    // The disk is lost, and with it everything but the heads that were kept elsewhere.
    let kept = site.at("kept-heads.jsonl");
    let heads = ["home/data/heads.jsonl", "home/data/team/heads.jsonl"].map(|name| site.at(name));
    let heads = heads.iter().find(|path| path.exists()).unwrap();
    std::fs::copy(heads, &kept).unwrap();
    std::fs::remove_dir_all(site.at("home")).unwrap();
    other(&mut site);
    let kept = kept.to_str().unwrap();
    let restored = run(&site, &["gate", "restore", to, "--heads", kept, "--json"]);
    assert!(restored.status.success(), "{restored:?}");
    let restored = json(&restored);
    assert_eq!(restored["artifacts"], 1, "{restored}");
    // Beside these two what the gate kept of the delivery meanwhile.
    assert!(restored["files"].as_u64() >= Some(2), "{restored}");
    assert!(
        restored["missing"].as_array().unwrap().is_empty(),
        "{restored}"
    );
    assert!(
        restored["gaps"][0]["restored"]["signed"].as_u64()
            > restored["gaps"][0]["records"].as_u64()
    );
    assert_eq!(std::fs::read_to_string(list).unwrap(), "{}");
    assert_eq!(std::fs::read_to_string(evidence).unwrap(), "[1]");
    let asked = site.upstream.hits().len();
    let mut served = site.start().await;
    deliver(&served, &site, &ci).await;
    let again = site.upstream.hits().into_iter().skip(asked);
    assert_eq!(again.filter(|hit| hit.path == TARBALL).count(), 0);
    served.signal("TERM");
    assert!(served.ended().await.success(), "{}", served.log());
    let mut verify = customs(site.folder.path(), &["ledger", "verify", "--heads", kept]);
    verify.env("CUSTOMS_DATA_DIR", site.at("home/data"));
    verify.env("CUSTOMS_STATE_DIR", site.at("home/state"));
    verify.envs(site.environment.iter().cloned());
    let output = verify.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("GAP: ") && told.contains("restoring a backup"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_taken_while_the_gate_serves_and_restored_with_a_gap() {
    restored(Site::new().await, |_| {}).await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_database_is_restored_into_another_one() {
    use crate::team::server::Server;
    let (Some(one), Some(two)) = (Server::new(), Server::new()) else {
        return;
    };
    let store = |server: &Server| vec![("CUSTOMS_STORE".to_owned(), server.url("postgres"))];
    let mut site = Site::new().await;
    site.environment = store(&one);
    restored(site, |site| site.environment = store(&two)).await;
}
