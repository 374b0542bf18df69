//! A disk that is really full: the gate's folders lie on a small file system of its own, in
//! namespaces that need no rights. Where the machine allows none, nothing is asked.

use super::world::{LONG, Served, Site, TARBALL, TestToken, token};
use crate::harness::{many_bytes, try_read};
use crate::program::customs;
use crate::shelves::{days, package, release};
use customs_model::{Clock as _, SystemClock};
use customs_replay::Faults;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Set: a test that cannot make a small file system fails.
const REQUIRED: &str = "CUSTOMS_SMALL_DISK_REQUIRED";

/// Whether a small file system can be made here; says so if not.
fn can_mount(folder: &Path) -> bool {
    let mut tried = Command::new("unshare");
    tried.args(["-rm", "mount", "-t", "tmpfs", "-o", "size=1m", "small"]);
    let tried = tried.arg(folder).stdin(Stdio::null()).output();
    let can = tried.is_ok_and(|output| output.status.success());
    if !can {
        let said = b"no file system of its own can be made here: nothing was asked\n";
        std::io::stderr().write_all(said).unwrap();
        assert!(std::env::var_os(REQUIRED).is_none(), "no small disk");
    }
    can
}

/// Everything that is left of the disk, in a file.
fn fill(folder: &Path) -> PathBuf {
    let path = folder.join("filler");
    let mut file = std::fs::File::create(&path).unwrap();
    for piece in [1 << 20, 1 << 12, 1] {
        let bytes = vec![0; piece];
        while file.write_all(&bytes).is_ok() {}
    }
    path
}

async fn status(served: &Served, path: &str, ci: &TestToken) -> (u16, String) {
    let got = try_read(served.ask(path, ci)).await.unwrap();
    (got.status, got.text())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_with_a_sentence_and_is_over_when_there_is_room() {
    let mut site = Site::with(Faults::none(), many_bytes(3_000)).await;
    let home = site.at("home");
    std::fs::create_dir(&home).unwrap();
    if !can_mount(&home) {
        return;
    }
    let other = vec![release("1.0.0", days(400)).bytes(many_bytes(600_000))];
    let other = package("right", SystemClock.now(), other).tags(&[("latest", "1.0.0")]);
    site.shelves.npm(&site.upstream.base(), &other);
    let small = "mount -t tmpfs -o size=12m,mode=0700 small \"$0\" && exec \"$@\"";
    site.wrap = ["unshare", "-rm", "sh", "-c", small]
        .map(str::to_owned)
        .into();
    site.wrap.push(home.display().to_string());
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    let mut served = site.start().await;
    // What the gate sees there.
    let seen = PathBuf::from(format!("/proc/{}/root{}", served.id(), home.display()));
    assert!(seen.join("data/ledger.db").exists());
    let mut delivered = 0;
    assert_eq!(status(&served, TARBALL, &ci).await.0, 200);
    delivered += 1;
    let filler = fill(&seen);
    // An artifact that is not there yet has nowhere to go.
    let (refused, told) = status(&served, "/right/-/right-1.0.0.tgz", &ci).await;
    assert!([500, 507].contains(&refused), "{refused}: {told}");
    assert!(told.contains("customs: "), "{told}");
    // One that is there leaves as long as the ledger has room for its record, and no longer.
    let begun = Instant::now();
    loop {
        let (answered, told) = status(&served, TARBALL, &ci).await;
        if answered != 200 {
            assert!([500, 507].contains(&answered), "{answered}: {told}");
            assert!(told.contains("full"), "{told}");
            break;
        }
        delivered += 1;
        assert!(begun.elapsed() < LONG, "the ledger grew on a full disk");
    }
    assert_eq!(served.operations("/healthz").await.status, 200);
    std::fs::remove_file(filler).unwrap();
    let begun = Instant::now();
    while status(&served, TARBALL, &ci).await.0 != 200 {
        assert!(begun.elapsed() < LONG, "{}", served.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    delivered += 1;
    let (answered, told) = status(&served, "/right/-/right-1.0.0.tgz", &ci).await;
    assert_eq!(answered, 200, "{told}");
    // Each delivery is in the ledger, and the ledger is whole.
    // Looked at in a copy, since nothing is written now and the file system goes with the gate.
    std::fs::create_dir(site.at("data")).unwrap();
    for entry in std::fs::read_dir(seen.join("data")).unwrap().flatten() {
        let name = entry.file_name();
        if entry.file_type().unwrap().is_file() && name != "ledger.db-shm" {
            std::fs::copy(entry.path(), site.at("data").join(name)).unwrap();
        }
    }
    let ask = |arguments: &[&str]| {
        let output = customs(site.folder.path(), arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output, told)
    };
    let (who, told) = ask(&["ledger", "who", "pkg:npm/left@1.0.0", "--json"]);
    let who: serde_json::Value = serde_json::from_slice(&who.stdout).expect(&told);
    assert_eq!(who["total"], delivered, "{who}");
    let (verified, _) = ask(&["ledger", "verify"]);
    let told = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success(), "{told}");
    served.signal("TERM");
    assert!(served.ended().await.success(), "{}", served.log());
}
